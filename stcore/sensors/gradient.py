"""Gradient: sensors by how steeply the loss depends on them, found while a model trains on all.

The mean absolute slope of the loss with regard to a sensor's gate, which at an open gate is gradient times input (Shrikumar
et al. 2016, arXiv 1605.01713) summed over time and channels. It sees single sensors, not redundancy.
"""

import numpy as np

from stcore.registry import MaskCard
from stcore.sensors.choose import chosen, gaps
from stcore.sensors.mask import Fixed, Judge
from stcore.sensors.options import MaskOptions
from stcore.sensors.sites import Sites

PRUNED = 0.3  # share of the epochs after which the mask is chosen


class Gradient(Fixed):
    """``slope`` [R] summed over the steps with all sensors on."""

    learns = True
    ARRAYS = (*Fixed.ARRAYS, "slope")

    def __init__(self, options: MaskOptions, sites: Sites, epochs: int, seed: int) -> None:
        super().__init__(options, sites, epochs, seed)
        self.at, self.epoch = min(int(np.ceil(PRUNED * epochs)), epochs - 1), 0
        self.slope = np.zeros(sites.count)
        if not self.at:
            self.notes.append("one epoch leaves no time to measure importance: the first sensors are kept")

    def begin(self, epoch: int, judge: Judge) -> bool:
        """Choose once, when the time has come."""
        self.epoch = epoch
        if epoch != self.at:
            return self.take(self.keep)
        self.score = self.slope / max(float(self.slope.max()), 1e-30)
        changed = self.take(chosen(np.argsort(-self.slope, kind="stable"), self.sites))
        self.notes += gaps(self.keep, self.sites)
        return changed

    def gate(self, epoch: int, batch: int) -> np.ndarray | None:
        """All on, as ones that can be differentiated, until the mask is chosen."""
        return np.ones(self.sites.count, np.float32) if epoch < self.at else self.held()

    def learn(self, gradient: np.ndarray, rate: float) -> None:
        """See SensorMask."""
        if self.epoch < self.at:
            self.slope += np.abs(gradient)

    @property
    def settled(self) -> bool:
        """See SensorMask."""
        return self.epoch >= self.at


CARD = MaskCard(
    "gradient",
    "Sensors on which the loss depends most steeply, after a third of the epochs on all.",
    "Shrikumar et al. 2016, arXiv 1605.01713; as a mask ours",
    "stcore.sensors.gradient:Gradient",
    MaskOptions,
)
