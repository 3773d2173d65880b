"""What a mask is: a gate for each site (sensor or region), asked for at every step and told the loss's slope.

A mask is plain arrays, like a pruning strategy: the trainer makes the gate a tensor, multiplies the inputs by it, lets the
model weigh by it what sensors pass on, and gives the gradient back. All targets stay targets.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from stcore.sensors.choose import chosen, gaps, idle, lonely, room, silent_last
from stcore.sensors.options import SiteOptions
from stcore.sensors.sites import Sites

Judge = Callable[[np.ndarray], np.ndarray]
"""Errors [M] of the model as it stands under the masks [M, R] bool, on some of the validation windows."""


class SensorMask(Protocol):
    """A mask over R sites. ``keep`` [R] bool is in force, ``score`` [R] says how much each site is worth (higher: more)."""

    keep: np.ndarray
    score: np.ndarray
    notes: list[str]
    learns: bool  # whether ``learn`` is to be called
    pilot: int  # epochs for which a model is to be trained beforehand that forecasts under any mask

    def compare(self, judge: Judge, slope: np.ndarray) -> None:
        """After the pilot: take in how good masks are, and the mean ``slope`` [R] of its loss with regard to each gate."""

    def begin(self, epoch: int, judge: Judge) -> bool:
        """Before an epoch: change the mask, or not; says whether ``keep`` has changed."""

    def gate(self, epoch: int, batch: int) -> np.ndarray | None:
        """The gate [R] of one training step, float32 in 0..1; None where all are on."""

    def held(self) -> np.ndarray | None:
        """The gate [R] that forecasts are made with."""

    def learn(self, gradient: np.ndarray, rate: float) -> None:
        """Take the slope of the step's loss with regard to the gate [R], those that are off included."""

    @property
    def settled(self) -> bool:
        """Whether ``keep`` will not change any more."""

    @property
    def report(self) -> dict[str, float]:
        """Numbers for the epoch's event: how many are ``active``, were ``dropped`` and ``regrown``."""

    def state_dict(self) -> dict[str, np.ndarray]:
        """All that resuming needs."""

    def load_state_dict(self, state: dict[str, np.ndarray]) -> None:
        """Go on from a state."""


class Fixed:
    """A mask that is known before training: the sites in their ``order`` of worth, as many as there is room for.

    A method gives ``order``, most worth keeping first; forced sites, connected parts and budget are met here, once for all.
    """

    learns, pilot = False, 0
    ARRAYS: tuple[str, ...] = ("keep", "score")  # what a resumed mask has to know; methods add their own

    def __init__(self, options: SiteOptions, sites: Sites, epochs: int, seed: int) -> None:
        self.options, self.sites, self.epochs, self.seed = options, sites, epochs, seed
        room(sites)  # a plan that cannot be is refused now
        self.notes: list[str] = self.idle()
        self.keep, self.score = np.ones(sites.count, bool), np.zeros(sites.count)
        self.moved = 0, 0  # dropped and regrown by the last change

    def idle(self) -> list[str]:
        """A note where the mask can switch nothing off."""
        return idle(self.sites)

    def order(self) -> np.ndarray:
        """[R] sites, most worth keeping first."""
        raise TypeError(f"{type(self).__name__} has no order")

    def compare(self, judge: Judge, slope: np.ndarray) -> None:
        """See SensorMask; nothing is asked for."""

    def begin(self, epoch: int, judge: Judge) -> bool:
        """The order decides once, before the first epoch."""
        if epoch:
            return self.take(self.keep)
        order = silent_last(self.order(), self.sites)
        self.score[order] = 1 - np.arange(len(order)) / len(order)
        changed = self.take(chosen(order, self.sites))
        self.notes += gaps(self.keep, self.sites)
        return changed

    def take(self, keep: np.ndarray) -> bool:
        """Put a mask into force; says whether it is another one."""
        before, self.keep = self.keep, keep.copy()
        self.moved = int((before & ~keep).sum()), int((keep & ~before).sum())
        return any(self.moved)

    def gate(self, epoch: int, batch: int) -> np.ndarray | None:
        """See SensorMask."""
        return self.held()

    def held(self) -> np.ndarray | None:
        """See SensorMask."""
        return None if self.keep.all() else self.keep.astype(np.float32)

    def learn(self, gradient: np.ndarray, rate: float) -> None:
        """See SensorMask; nothing is learnt."""

    @property
    def settled(self) -> bool:
        """See SensorMask."""
        return True

    @property
    def report(self) -> dict[str, float]:
        """See SensorMask; ``lonely`` counts connected parts without a kept site, ``cost`` what the kept ones cost."""
        told = {"active": self.keep.sum(), "dropped": self.moved[0], "regrown": self.moved[1]}
        told |= {"lonely": lonely(self.keep, self.sites), "cost": self.sites.cost[self.keep].sum()}
        return {name: float(value) for name, value in told.items()}

    def state_dict(self) -> dict[str, np.ndarray]:
        """See SensorMask."""
        return {**{name: getattr(self, name).copy() for name in self.ARRAYS}, "moved": np.array(self.moved)}

    def load_state_dict(self, state: dict[str, np.ndarray]) -> None:
        """See SensorMask."""
        for name in self.ARRAYS:
            setattr(self, name, state[name].copy())
        self.moved = int(state["moved"][0]), int(state["moved"][1])

    def generator(self, *what: int) -> np.random.Generator:
        """Random draws that depend on the seed and on what they are for, alone."""
        return np.random.default_rng([self.seed, 11, *what])
