"""What a mask is: a gate for each site (a sensor or a region). The trainer asks for it at every step.

A mask is plain arrays, like a pruning strategy. The trainer makes the gate a tensor and multiplies the inputs by it. The
model weighs by it what sensors pass on. The mask gets the slope of the loss with regard to the gate. All targets stay
targets.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from typing_extensions import override

from stcore.sensors.choose import allowance, gap_notes, idle_notes, mask_by_order, silent_last, unkept_parts
from stcore.sensors.options import SiteOptions
from stcore.sensors.sites import Sites

Judge = Callable[[np.ndarray], np.ndarray]
"""Errors [M] of the model as it stands under the masks [M, R] bool, on some of the validation windows."""


class SensorMask(Protocol):
    """What the training loop asks of a mask over R sites."""

    keep: np.ndarray  # [R] bool, in force
    score: np.ndarray  # [R] how much each site is worth; higher is more
    notes: list[str]  # where the mask differs from what was asked
    learns: bool  # whether ``learn`` is called
    pilot: int  # epochs of a model that is trained beforehand and forecasts under any mask

    def compare(self, judge: Judge, slope: np.ndarray) -> None:
        """After the pilot: take in how good masks are, and the mean ``slope`` [R] of its loss with regard to each gate."""

    def begin(self, epoch: int, judge: Judge) -> bool:
        """Before an epoch: change the mask, or not; says whether ``keep`` has changed."""

    def gate(self, epoch: int, batch: int) -> np.ndarray | None:
        """The gate [R] of one training step, float32 in 0..1; None where all are on."""

    def forecast_gate(self) -> np.ndarray | None:
        """The gate [R] that forecasts are made with; None where all are on."""

    def learn(self, gradient: np.ndarray, rate: float) -> None:
        """Take in the slope of the step's loss with regard to the gate [R], of sites that are off too."""

    @property
    def is_final(self) -> bool:
        """Whether ``keep`` stays as it is until the end."""

    @property
    def report(self) -> dict[str, float]:
        """Numbers for the epoch's event: how many sites are ``active``, were ``dropped`` and ``regrown``."""

    def state_dict(self) -> dict[str, np.ndarray]:
        """All that resuming needs, arrays only."""

    def load_state_dict(self, state: dict[str, np.ndarray]) -> None:
        """Go on from a state."""


class Mask(SensorMask):
    """Base of our masks: its hooks do nothing, all sites stay on, and its state is ``arrays``.

    ``stcore.testing.check_mask`` holds a mask to what its card promises.
    """

    learns = False
    pilot = 0
    # Names of the attributes that make up the state. They are loaded in place.
    arrays: tuple[str, ...] = ("keep", "score", "moved")

    def __init__(self, options: SiteOptions, sites: Sites, epochs: int, seed: int) -> None:
        self.options, self.sites, self.epochs, self.seed = options, sites, epochs, seed
        allowance(sites)  # a mask that cannot be is refused now
        self.notes: list[str] = self.idle_notes()
        self.keep, self.score = np.ones(sites.count, bool), np.zeros(sites.count)
        self.moved = np.zeros(2, np.int64)  # sites that the last change dropped and regrew

    def idle_notes(self) -> list[str]:
        """A note where the mask can switch nothing off."""
        return idle_notes(self.sites)

    def switch(self, keep: np.ndarray) -> bool:
        """Put ``keep`` [R] into force; says whether it is another mask."""
        before, self.keep = self.keep, keep.copy()
        self.moved = np.array([(before & ~keep).sum(), (keep & ~before).sum()])
        return bool(self.moved.any())

    def generator(self, *what: int) -> np.random.Generator:
        """Random draws that depend on the seed and on what they are for, alone."""
        return np.random.default_rng([self.seed, 11, *what])

    @override
    def compare(self, judge: Judge, slope: np.ndarray) -> None:
        pass

    @override
    def begin(self, epoch: int, judge: Judge) -> bool:
        return False

    @override
    def gate(self, epoch: int, batch: int) -> np.ndarray | None:
        return self.forecast_gate()

    @override
    def forecast_gate(self) -> np.ndarray | None:
        return None if self.keep.all() else self.keep.astype(np.float32)

    @override
    def learn(self, gradient: np.ndarray, rate: float) -> None:
        pass

    @property
    @override
    def is_final(self) -> bool:
        return True

    @property
    @override
    def report(self) -> dict[str, float]:
        """``lonely`` counts connected parts without a kept site; ``cost`` is what the kept ones cost."""
        numbers = {"active": self.keep.sum(), "dropped": self.moved[0], "regrown": self.moved[1]}
        numbers |= {"lonely": unkept_parts(self.keep, self.sites), "cost": self.sites.cost[self.keep].sum()}
        return {name: float(value) for name, value in numbers.items()}

    @override
    def state_dict(self) -> dict[str, np.ndarray]:
        return {name: np.array(getattr(self, name)) for name in self.arrays}

    @override
    def load_state_dict(self, state: dict[str, np.ndarray]) -> None:
        for name in self.arrays:
            getattr(self, name)[...] = state[name]


class Ranked(Mask):
    """A mask that is known before training: the sites in their ``order``, as many as there is room for.

    A method gives ``order``. Forced sites, connected parts and the budget are met here, once for all.
    """

    def order(self) -> np.ndarray:
        """[R] sites, most worth keeping first."""
        raise TypeError(f"{type(self).__name__} has no order")

    @override
    def begin(self, epoch: int, judge: Judge) -> bool:
        """The order decides once, before the first epoch."""
        if epoch:
            return self.switch(self.keep)
        order = silent_last(self.order(), self.sites)
        self.score[order] = 1 - np.arange(len(order)) / len(order)
        changed = self.switch(mask_by_order(order, self.sites))
        self.notes += gap_notes(self.keep, self.sites)
        return changed
