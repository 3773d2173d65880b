"""What is left of readings when their usual course of the day is taken out: what has to be measured to be known."""

import numpy as np

from stcore.sensors.sites import Sites


def daily_rest(sites: Sites) -> np.ndarray:
    """[T, R] float64: training z-scores less each site's mean at that hour of a working day or weekend; 0 where missing."""
    series = sites.series.astype(np.float64)
    seen = np.isfinite(series)
    clock = sites.data.local_time[sites.train]
    hour = (clock.hour + 24 * (clock.day_of_week >= 5)).to_numpy()
    filled = np.where(seen, series, 0)
    sums, counts = np.zeros((48, sites.count)), np.zeros((48, sites.count))
    np.add.at(sums, hour, filled)
    np.add.at(counts, hour, seen)
    return np.where(seen, filled - (sums / np.maximum(counts, 1))[hour], 0)
