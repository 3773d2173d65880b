"""DynST (Wu et al. 2024, arXiv 2403.02914): a learned mask over sensors, pruned step by step, with drop and regrow.

There is one mask for all input steps (the paper's stream morph). The published text gives the idea, not the equations, so
the following is our reconstruction. Forecasts see the hard choice: which sites are on. Behind it each site has a soft value,
theta, which learns from the slope of the loss with regard to the site's gate (straight through: Bengio et al. 2013). The
share that is off grows by a cubic ramp (Zhu and Gupta 2017) from a tenth to six tenths of the epochs. In each round active
sites of small theta are dropped. As many of the others grow back: those with the steepest accumulated slope of the loss with
regard to their gate (RigL, Evci et al. 2020). There are fewer in each round. At three quarters of the epochs the mask
freezes, and the model is tuned on it.

Slopes of single sensors do not see redundancy, so three things are ours (``warm = none`` and ``check = false`` give the plain
form). Beforehand a model trains for a few epochs with sensors off at random; it tells which of the masks known from the data
is best. The run begins with that mask at full sparsity (in our trials every epoch on all sensors was one too few for the
mask). And sites are exchanged only where that lowers the validation error by half a per cent, since unchecked exchanges made
the mask worse. Of sensors that read the same, one is kept before all others.
"""

from functools import cached_property
from typing import Literal

import numpy as np
from typing_extensions import override

from stcore.options import option
from stcore.registry import MaskCard
from stcore.sensors.candidates import best_order
from stcore.sensors.choose import gap_notes, mask_by_order
from stcore.sensors.duplicates import duplicate_groups, one_of_each
from stcore.sensors.mask import Judge, Mask
from stcore.sensors.options import MaskOptions
from stcore.sensors.sites import Sites

BEGIN, END, FREEZE = 0.1, 0.6, 0.75  # shares of the epochs: first round, full sparsity, frozen mask
SURE = 0.005  # share by which the error has to fall
MEMORY = 0.9  # of the accumulated slope, per step
FIRST, SECOND, TINY = 0.9, 0.999, 1e-8  # Adam's, for theta


class DynSTOptions(MaskOptions):
    """Options of DynST."""

    rounds: int = option(6, "How often sensors are dropped and regrown.", ge=1, le=100)
    ramp: float | None = option(
        None, "Share of the epochs in which the sparsity grows; none after a pilot, else six tenths.", ge=0, le=0.75
    )
    regrow: float = option(0.1, "Largest share of the active sensors that is exchanged in a round.", ge=0, le=0.9)
    penalty: float = option(1e-4, "Pull of the soft mask towards zero (L1).", ge=0, le=1)
    warm: Literal["best", "none"] = option(
        "best", "Begin from the best of the masks that are known from the data, or from nothing as in plain DynST."
    )
    pilot: float = option(
        0.3, "Epochs of the model that compares the masks, as a share of the run's; they are counted apart.", gt=0, le=1
    )
    check: bool = option(True, "Accept an exchange only where the measured error falls; plain DynST accepts all.")
    copies: bool = option(True, "Of sensors that read the same, keep one before all others.")


class DynST(Mask):
    """``theta`` [R] soft values, ``slope`` [R] accumulated slope of every site, off or on; ``first`` and ``second`` [R]
    Adam's means; ``prior`` [R] worth by the first mask; ``steps`` [2] learning steps and the epoch."""

    options: DynSTOptions
    learns = True
    arrays = (*Mask.arrays, "theta", "slope", "first", "second", "prior", "steps")

    def __init__(self, options: DynSTOptions, sites: Sites, epochs: int, seed: int) -> None:
        super().__init__(options, sites, epochs, seed)
        count = sites.count
        self.theta, self.slope, self.prior = np.ones(count), np.zeros(count), np.zeros(count)
        self.first, self.second = np.zeros(count), np.zeros(count)
        self.steps = np.zeros(2, np.int64)
        self.pilot = pilot_epochs(options, epochs)
        self.freeze = min(int(np.ceil(FREEZE * epochs)), epochs - 1)
        share = options.ramp if options.ramp is not None else 0.0 if self.pilot else END
        begin = min(int(np.ceil(BEGIN * epochs)), self.freeze) if share else 0
        end = min(int(np.ceil(END * epochs)), self.freeze)
        self.full_at = min(int(np.ceil(share * epochs)), self.freeze)
        self.at = np.unique(np.linspace(begin, end, min(options.rounds, end - begin + 1)).round().astype(int))

    @property
    def epoch(self) -> int:
        """The epoch that ``begin`` was called for last."""
        return int(self.steps[1])

    # ---- rounds ----------------------------------------------------------------------------------------------------
    @override
    def begin(self, epoch: int, judge: Judge) -> bool:
        """A round where one is due: first drop sites, up the ramp, then exchange some."""
        self.steps[1], before = epoch, self.keep.copy()
        if epoch in self.at:
            self.prune(self.ramp(epoch))
            self.exchange(epoch, judge)
        elif self.at[-1] < epoch <= self.freeze:
            self.exchange(epoch, judge)
        self.score = self.worth()
        change, self.keep = self.keep, before
        if epoch == self.freeze:
            self.notes += gap_notes(change, self.sites)
        return self.switch(change)

    def ramp(self, epoch: int) -> float:
        """Sparsity after the round before an epoch: s (1 - (1 - u)^3), where u is the share of the rounds that are done."""
        rounds = self.at[self.at <= self.full_at]
        done = (np.searchsorted(rounds, epoch) + 1) / max(len(rounds), 1)
        return self.options.sparsity * (1 - (1 - min(done, 1.0)) ** 3)

    @override
    def compare(self, judge: Judge, slope: np.ndarray) -> None:
        """Begin from the best simple mask, judged at full sparsity."""
        order, note = best_order(self.sites, judge, self.seed, {"gradient": np.argsort(-slope, kind="stable")})
        self.prior[order] = 1 - np.arange(len(order)) / len(order)
        self.notes.append(note)

    def prune(self, sparsity: float) -> None:
        """Switch off the sites of least worth to reach the sparsity; a site that is off comes after all that are on."""
        self.put_in_force(mask_by_order(self.by_worth(self.worth() + self.keep), self.sites, sparsity))

    def exchange(self, epoch: int, judge: Judge) -> None:
        """Once there are slopes: drop active sites of least worth, and regrow as many of the others with the steepest slope."""
        if not self.steps[0]:
            return
        share = 0.5 * self.options.regrow * (1 + np.cos(np.pi * epoch / max(self.freeze, 1)))
        most = min(round(share * self.keep.sum()), int((~self.keep).sum()))
        for number in sorted({most, most // 2, most // 4} - {0}, reverse=True):
            keep = self.after_exchange(number)
            if not self.options.check:
                self.put_in_force(keep)
                return
            now, then = judge(np.stack([self.keep, keep]))
            if then < (1 - SURE) * now:
                self.put_in_force(keep)

    def after_exchange(self, number: int) -> np.ndarray:
        """The mask after exchanging ``number`` sites."""
        worth = np.where(self.keep, self.theta, self.slope / max(self.slope.max(), TINY))
        on, off = np.flatnonzero(self.keep), np.flatnonzero(~self.keep)
        dropped = on[np.argsort(worth[on], kind="stable")[:number]]
        grown = off[np.argsort(-worth[off], kind="stable")[:number]]
        rank = np.where(self.keep, 2.0 + self.prior, self.prior)
        rank[dropped], rank[grown] = self.prior[dropped] - 1, 3.0
        return mask_by_order(self.by_worth(rank), self.sites, self.ramp(min(self.epoch, int(self.at[-1]))))

    def by_worth(self, worth: np.ndarray) -> np.ndarray:
        """[R] sites by their worth, highest first; of duplicates one leads and the others come last."""
        order = np.argsort(-worth, kind="stable")
        return one_of_each(order, self.duplicates) if self.options.copies else order

    @cached_property
    def duplicates(self) -> np.ndarray:
        """[R] group of duplicates of each site; a site that is forced off stands for nobody."""
        group = duplicate_groups(self.sites)
        group[self.sites.off] = -1
        return group

    def put_in_force(self, keep: np.ndarray) -> None:
        """Put a mask into force; a site that grows back begins at the mean theta of the active ones."""
        grown = keep & ~self.keep
        self.theta[grown] = self.theta[self.keep].mean()
        self.keep = keep

    def worth(self) -> np.ndarray:
        """[R] in 0..1: what a site is worth, half by the first mask and half by what was learnt since."""
        learnt = np.where(self.keep, self.theta, 0) / max(float(self.theta.max()), TINY)
        return 0.5 * self.prior + 0.5 * learnt

    # ---- steps -----------------------------------------------------------------------------------------------------
    @override
    def gate(self, epoch: int, batch: int) -> np.ndarray | None:
        """The hard choice, so that forecasts can gather what is on; the soft values learn from its slope."""
        return self.keep.astype(np.float32)

    @override
    def learn(self, gradient: np.ndarray, rate: float) -> None:
        """Accumulate every site's slope; move the soft values of the active ones by Adam, until the mask freezes."""
        self.slope = MEMORY * self.slope + (1 - MEMORY) * np.abs(gradient)
        if self.epoch >= self.freeze:
            return
        self.steps[0] += 1
        steps = int(self.steps[0])
        pull = np.where(self.keep, gradient + self.options.penalty * np.sign(self.theta) / self.sites.count, 0)
        self.first = FIRST * self.first + (1 - FIRST) * pull
        self.second = SECOND * self.second + (1 - SECOND) * pull**2
        step = self.first / (1 - FIRST**steps) / (np.sqrt(self.second / (1 - SECOND**steps)) + TINY)
        self.theta = np.where(self.keep, np.clip(self.theta - rate * step, 0.05, 2.0), self.theta)

    @property
    @override
    def is_final(self) -> bool:
        return self.epoch >= self.freeze


def begins_from_the_best(options: DynSTOptions, grid: bool) -> bool:
    """Whether other masks are compared before the run; plain DynST begins from nothing."""
    return options.warm == "best"


def pilot_epochs(options: DynSTOptions, epochs: int) -> int:
    """Epochs of the model that compares them."""
    return max(1, round(options.pilot * epochs)) if options.warm == "best" else 0


CARD = MaskCard(
    "dynst",
    "A learned mask: it begins from the best simple one (with a ramp: from all sensors), drops and regrows where that pays.",
    "Wu et al. 2024, arXiv 2403.02914; mechanics reconstructed, warm start and check ours",
    "stcore.sensors.dynst:DynST",
    DynSTOptions,
    title="DynST",
    compares=begins_from_the_best,
    pilot=pilot_epochs,
)
