"""Highest variance: the sensors whose readings vary most, in the target's own unit.

The simplest rule of feature selection. It knows nothing of duplicates; the other masks are compared with it.
"""

import numpy as np
from typing_extensions import override

from stcore.registry import MaskCard
from stcore.sensors.mask import Ranked
from stcore.sensors.options import MaskOptions


class Variance(Ranked):
    """Sites by the variance of their training readings (of a region: of its mean), largest first."""

    @override
    def order(self) -> np.ndarray:
        """[R] by falling variance. All sites share one scale, so z-scores rank them as readings in units do."""
        return np.argsort(-variances(self.sites.series), kind="stable")


def variances(series: np.ndarray) -> np.ndarray:
    """[R] variances over the observed steps of [T, R]; 0 where nothing was measured."""
    seen = np.isfinite(series)
    count = np.maximum(seen.sum(axis=0), 1)
    clean = np.where(seen, series, 0).astype(np.float64)
    return (np.where(seen, clean - clean.sum(axis=0) / count, 0) ** 2).sum(axis=0) / count


CARD = MaskCard(
    "variance",
    "Sensors whose readings vary most, in units of the target.",
    "a common baseline of feature selection",
    "stcore.sensors.variance:Variance",
    MaskOptions,
    candidate=True,
)
