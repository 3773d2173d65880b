"""Z-scores fitted on training steps and observed values only, so that nothing of validation or test leaks in."""

from typing import NamedTuple

import numpy as np


class Scale(NamedTuple):
    """Mean and spread (standard deviation) per channel, both [C] float64; a constant channel has spread 1."""

    mean: np.ndarray
    spread: np.ndarray

    def apply(self, values: np.ndarray) -> np.ndarray:
        """[..., C] in units to z-scores, float32; NaN stays NaN."""
        return ((values - self.mean) / self.spread).astype(np.float32)

    def undo(self, scaled: np.ndarray) -> np.ndarray:
        """[..., C] z-scores back to units."""
        return scaled * self.spread + self.mean

    def only(self, channels: list[int]) -> "Scale":
        """The same for some channels, in that order."""
        return Scale(self.mean[channels], self.spread[channels])


def fit(values: np.ndarray) -> Scale:
    """Scale of the observed entries of ``values`` [T, N, C]; a channel without any has mean 0 and spread 1."""
    observed = np.isfinite(values)
    count = np.maximum(observed.sum(axis=(0, 1)), 1)
    clean = np.where(observed, values, 0.0)
    mean = clean.sum(axis=(0, 1), dtype=np.float64) / count
    variance = (np.where(observed, values - mean, 0.0) ** 2).sum(axis=(0, 1), dtype=np.float64) / count
    spread = np.sqrt(variance)
    return Scale(mean, np.where(spread > 1e-8 * np.abs(mean), spread, 1.0))
