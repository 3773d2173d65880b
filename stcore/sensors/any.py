"""Any mask: other sensors are switched off in each training step, so that the model forecasts under every mask.

What dropout does to hidden units (Srivastava et al. 2014), done to whole sensors; that a model trained so needs no
retraining for a new mask is our use of it. By turns random sensors are off, those that a simple mask would switch off, and
none: networks that serve many sub-networks train the whole one beside random ones (Yu & Huang 2019, arXiv 1903.05134),
and masks that people ask about are not random. Over regions of a grid random ones in every step forecast better, with
every mask (bench/results/sensors-tried.md). Nothing is off when the run ends but what was forced off.
"""

from typing import Literal

import numpy as np

from stcore.options import Names, option
from stcore.registry import MaskCard
from stcore.sensors.candidates import orders
from stcore.sensors.choose import idle, silent_last
from stcore.sensors.mask import Fixed, Judge
from stcore.sensors.options import COSTS, PARTS, SiteOptions
from stcore.sensors.sites import Sites

SMALL = 1.5  # power of an even draw: how much more often few sensors are off than many


class AnyOptions(SiteOptions):
    """Options of the any-mask model."""

    sparsity: float = option(0.7, "Largest share of the unforced sensors that is off in one step.", ge=0, le=0.9)
    turns: Literal["auto", "three", "random"] = option(
        "auto",
        "By turns random sensors are off, the last of a simple mask, and none; or random ones in every step; auto takes three "
        "turns, on grids random ones.",
    )
    connected: bool = option(True, PARTS)
    costs: Names | None = option(None, COSTS)


class AnyMask(Fixed):
    """Every step draws a share and then the sites, or a simple mask whose last they are, or has none off; on a grid it draws
    the sites. All are on where the model is measured.

    Its ``score`` is the mean absolute slope of the loss with regard to each site's gate, the greatest 1.
    """

    options: AnyOptions
    learns = True
    ARRAYS = (*Fixed.ARRAYS, "slope")

    def __init__(self, options: AnyOptions, sites: Sites, epochs: int, seed: int) -> None:
        super().__init__(options, sites, epochs, seed)
        self.slope = np.zeros(sites.count)
        self.random = not takes_turns(options, "grid" in sites.data.ds.attrs)
        known = {} if self.random else orders(sites, seed)
        self.known = [silent_last(order, sites) for order in known.values()]  # [R] each, most worth keeping first
        self.notes.append("other sensors are off in each training step; validation and test are measured with all on")

    def idle(self) -> list[str]:
        """See Fixed."""
        return idle(self.sites, self.options.sparsity)

    def begin(self, epoch: int, judge: Judge) -> bool:
        """Only what is forced off is off for good."""
        self.score = self.slope / max(float(self.slope.max()), 1e-30)
        keep = np.ones(self.sites.count, bool)
        keep[self.sites.off] = False
        return self.take(keep)

    def gate(self, epoch: int, batch: int) -> np.ndarray | None:
        """See SensorMask."""
        generator, most = self.generator(1, epoch, batch), self.options.sparsity
        turn = 0 if self.random else (epoch + batch) % 3
        if turn == 1 and self.known:
            return drawn(generator, self.sites, most, self.known[int(generator.integers(len(self.known)))])
        return drawn(generator, self.sites, most if turn < 2 else 0.0)

    def learn(self, gradient: np.ndarray, rate: float) -> None:
        """See SensorMask."""
        self.slope += np.abs(gradient)


def drawn(generator: np.random.Generator, sites: Sites, most: float, order: np.ndarray | None = None) -> np.ndarray:
    """[R] float32 gate with a share of the sites off, at random up to ``most``, small shares more often; at least one is on.

    Which ones is drawn too, or they are the last in an ``order`` [R]. Forced sites stay as they are forced. An even draw up
    to ``most`` forecasts sparse masks better and full ones worse.
    """
    free = np.setdiff1d(np.arange(sites.count), np.concatenate([sites.on, sites.off]))
    gate = np.ones(sites.count, np.float32)
    gate[sites.off] = 0
    spare = 0 if len(sites.on) else 1
    off = min(int(most * generator.uniform() ** SMALL * len(free)), len(free) - spare)
    last = None if order is None else order[np.isin(order, free)][::-1][: max(off, 0)]
    gate[generator.choice(free, max(off, 0), replace=False) if last is None else last] = 0
    return gate


def takes_turns(options: AnyOptions, grid: bool) -> bool:
    """Whether the candidates' last sensors are off by turns; else random ones are off in every step."""
    return options.turns == "three" or (options.turns == "auto" and not grid)


CARD = MaskCard(
    "any",
    "No sensor for good: training steps switch others off, so that the model forecasts under every mask.",
    "after Srivastava et al. 2014, JMLR 15, and Yu & Huang 2019, arXiv 1903.05134; for sensors ours",
    "stcore.sensors.any:AnyMask",
    AnyOptions,
    ours=True,
    title="any mask",
    off="steps",
    compares=takes_turns,
)
