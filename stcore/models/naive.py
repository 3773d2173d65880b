"""Forecasts that need no training: what every trained model has to beat. Plain numpy, in units; they see no future value."""

from typing import NamedTuple

import numpy as np

from stcore.data.windows import Windows


class Naive(NamedTuple):
    """Which series it repeats, and from how many steps back; ``note`` says it in words."""

    series: np.ndarray  # [T, N, C'] without gaps: the last observed value stands where nothing was measured
    back: int  # the period in steps; 0 repeats the last value
    note: str

    def forecast(self, windows: Windows, ids: np.ndarray) -> np.ndarray:
        """[B, H, N, C'] for the windows ``ids`` [B]."""
        origin = windows.origins[ids]
        ahead = np.arange(1, windows.horizon + 1)
        if not self.back:
            return np.repeat(self.series[origin][:, None], windows.horizon, axis=1)
        periods = -(-ahead // self.back)  # whole periods until the source lies at or before the origin
        source = origin[:, None] + ahead - periods * self.back
        return self.series[np.maximum(source, 0)]


def persistence(values: np.ndarray, train: np.ndarray, step_seconds: float) -> Naive:
    """The last observed value of each sensor, repeated. ``values`` [T, N, C'], ``train`` [T] bool."""
    return Naive(fill_gaps(values, train), 0, "the last observed value")


def seasonal_naive(values: np.ndarray, train: np.ndarray, step_seconds: float) -> Naive:
    """The series one period back: a week where training holds two, else a day where it holds two, else persistence."""
    series = fill_gaps(values, train)
    for name, seconds in (("week", 604_800), ("day", 86_400)):
        period = seconds / step_seconds
        if period >= 1 and period == round(period) and train.sum() >= 2 * period:
            return Naive(series, round(period), f"the value one {name} before")
    return Naive(series, 0, "the last observed value, since training holds neither two weeks nor two days")


def fill_gaps(values: np.ndarray, train: np.ndarray) -> np.ndarray:
    """The values with gaps filled by the sensor's last observed value, or before the first one by its mean in training."""
    observed = np.isfinite(values)
    last = np.maximum.accumulate(np.where(observed, np.arange(len(values))[:, None, None], -1), axis=0)
    carried = np.take_along_axis(values, np.maximum(last, 0), axis=0)
    known = observed & train[:, None, None]
    count = known.sum(axis=0)
    mean = np.where(known, values, 0).sum(axis=0) / np.maximum(count, 1)
    overall = mean[count > 0].mean() if (count > 0).any() else 0.0
    return np.where(last >= 0, carried, np.where(count > 0, mean, overall)).astype(np.float32)
