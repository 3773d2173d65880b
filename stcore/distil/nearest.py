"""Which real windows are nearest to synthetic ones: what a learned window has become, held against what was measured."""

import numpy as np


def nearest(windows: np.ndarray, series: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each of ``windows`` [M, S, K] the position among ``starts`` [W] of the window of ``series`` [T, K] that is nearest.

    Gives positions [M] and mean squared distances [M] over what both know; a window that shares nothing with any is at
    infinity.
    """
    places, apart = np.zeros(len(windows), np.int64), np.full(len(windows), np.inf)
    for number, window in enumerate(windows):
        total, count = np.zeros(len(starts)), np.zeros(len(starts), np.int64)
        for step, values in enumerate(window):
            squared = np.square(series[starts + step] - values)
            total += np.nansum(squared, axis=1, dtype=np.float64)
            count += np.isfinite(squared).sum(axis=1)
        mean = np.where(count > 0, total / np.maximum(count, 1), np.inf)
        places[number] = mean.argmin()
        apart[number] = mean[places[number]]
    return places, apart
