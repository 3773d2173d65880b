"""Highest variance: sensors whose readings spread most, in the target's own unit, are taken to tell most.

The simplest rule of feature selection; that it knows nothing of copies is what the others are held against.
"""

import numpy as np

from stcore.registry import MaskCard
from stcore.sensors.mask import Fixed
from stcore.sensors.options import MaskOptions


class Variance(Fixed):
    """Sites by the variance of their training readings (of a region: of its mean), largest first."""

    def order(self) -> np.ndarray:
        """[R] by falling variance. All sites share one scale, so that z-scores rank as readings in units do."""
        return np.argsort(-spreads(self.sites.series), kind="stable")


def spreads(series: np.ndarray) -> np.ndarray:
    """[R] variances over the observed steps of [T, R]; 0 where nothing was measured."""
    seen = np.isfinite(series)
    count = np.maximum(seen.sum(axis=0), 1)
    clean = np.where(seen, series, 0).astype(np.float64)
    return (np.where(seen, clean - clean.sum(axis=0) / count, 0) ** 2).sum(axis=0) / count


CARD = MaskCard(
    "variance",
    "Sensors whose readings spread most, in units of the target.",
    "a common baseline of feature selection",
    "stcore.sensors.variance:Variance",
    MaskOptions,
    candidate=True,
)
