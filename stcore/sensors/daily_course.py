"""The usual course of the day, and readings less that course: what has to be measured to be known."""

import numpy as np
import pandas as pd

from stcore.sensors.sites import Sites

HOURS = 48  # of a working day, then of a day of the weekend


def daily_residuals(sites: Sites) -> np.ndarray:
    """[T, R] float64: training z-scores less each site's mean at that hour of a working day or weekend; 0 where missing."""
    series = sites.series.astype(np.float64)
    seen, hour = np.isfinite(series), hours(sites.data.local_time[sites.train])
    return np.where(seen, series - course(series, seen, hour)[hour], 0)


def hours(clock: pd.DatetimeIndex) -> np.ndarray:
    """[T] hour of the day, plus 24 at weekends."""
    return (clock.hour + 24 * (clock.day_of_week >= 5)).to_numpy()


def course(series: np.ndarray, seen: np.ndarray, hour: np.ndarray) -> np.ndarray:
    """[48, R] float64 means of readings [T, R] by ``hour`` [T], where they were ``seen`` [T, R]; 0 where none was."""
    means = np.zeros((HOURS, series.shape[1]))
    for one in np.unique(hour):
        rows = hour == one
        there = seen[rows]
        means[one] = series[rows].sum(axis=0, where=there, dtype=np.float64) / np.maximum(there.sum(axis=0), 1)
    return means
