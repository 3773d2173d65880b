"""Gradient: sensors by how steeply the loss depends on them, measured while a model trains on all of them.

This is the mean absolute slope of the loss with regard to a sensor's gate. At an open gate it is gradient times input
(Shrikumar et al. 2016, arXiv 1605.01713), summed over time and channels. It sees single sensors, not redundancy.
"""

import numpy as np
from typing_extensions import override

from stcore.registry import MaskCard
from stcore.sensors.choose import gap_notes, mask_by_order
from stcore.sensors.mask import Judge, Mask
from stcore.sensors.options import MaskOptions
from stcore.sensors.sites import Sites

PRUNED = 0.3  # share of the epochs after which the mask is chosen


class Gradient(Mask):
    """``slope`` [R] summed over the steps with all sensors on."""

    learns = True
    arrays = (*Mask.arrays, "slope")

    def __init__(self, options: MaskOptions, sites: Sites, epochs: int, seed: int) -> None:
        super().__init__(options, sites, epochs, seed)
        self.at, self.epoch = min(int(np.ceil(PRUNED * epochs)), epochs - 1), 0
        self.slope = np.zeros(sites.count)
        if not self.at:
            self.notes.append("one epoch leaves no time to measure importance: the first sensors are kept")

    @override
    def begin(self, epoch: int, judge: Judge) -> bool:
        """Choose once, at epoch ``at``."""
        self.epoch = epoch
        if epoch != self.at:
            return self.switch(self.keep)
        self.score = self.slope / max(float(self.slope.max()), 1e-30)
        changed = self.switch(mask_by_order(np.argsort(-self.slope, kind="stable"), self.sites))
        self.notes += gap_notes(self.keep, self.sites)
        return changed

    @override
    def gate(self, epoch: int, batch: int) -> np.ndarray | None:
        """Until the mask is chosen, all on: ones, so that the loss has a slope with regard to them."""
        return np.ones(self.sites.count, np.float32) if epoch < self.at else self.forecast_gate()

    @override
    def learn(self, gradient: np.ndarray, rate: float) -> None:
        if self.epoch < self.at:
            self.slope += np.abs(gradient)

    @property
    @override
    def is_final(self) -> bool:
        return self.epoch >= self.at


CARD = MaskCard(
    "gradient",
    "Sensors on which the loss depends most steeply, measured in the first third of the epochs, on all sensors.",
    "Shrikumar et al. 2016, arXiv 1605.01713; as a mask ours",
    "stcore.sensors.gradient:Gradient",
    MaskOptions,
)
