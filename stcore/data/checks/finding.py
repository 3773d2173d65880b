"""What a check takes and gives, its findings, the word for a sensor, and counts over stretches of the readings.

Functions over all readings work on a stretch of steps at a time, so that no second array of their size is made.
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import xarray as xr

from stcore.findings import Finding

Answers = Mapping[str, str]
CheckResult = tuple[xr.Dataset, list[Finding]]
Check = Callable[[xr.Dataset, Answers], CheckResult]


def note(code: str, text: str) -> Finding:
    """Something that was noticed and left unchanged."""
    return Finding("note", code, text)


def repair(code: str, text: str) -> Finding:
    """Something that was changed, because only one meaning was possible or harmless."""
    return Finding("repaired", code, text)


def sensor_word(ds: xr.Dataset) -> str:
    """What one sensor is called in texts: ``cell`` in a grid, else ``sensor``."""
    return "cell" if "cell" in ds and "grid" in ds.attrs else "sensor"


def with_sensor_word(text: str, ds: xr.Dataset) -> str:
    """A text about sensors with the right word for these data."""
    return text.replace("sensor", sensor_word(ds))


MOST = 2**21
"""Readings in one stretch."""
Test = Callable[[np.ndarray], np.ndarray]
"""Says which readings [t, N, C] of a stretch are meant."""


def stretches(value: np.ndarray) -> Iterator[slice]:
    """Slices of the steps of ``value`` [T, N, C], one after the other."""
    steps = max(MOST // max(value[0].size, 1), 1)
    for first in range(0, len(value), steps):
        yield slice(first, first + steps)


def count_where(value: np.ndarray, test: Test) -> np.ndarray:
    """[N, C] number of steps at which the test is true."""
    total = np.zeros(value.shape[1:], np.int64)
    for part in stretches(value):
        total += np.count_nonzero(test(value[part]), axis=0)
    return total


def first_where(value: np.ndarray, test: Test) -> tuple[int, int] | None:
    """Step and sensor of the first reading for which the test is true, or None."""
    for part in stretches(value):
        if (hits := test(value[part])).any():
            step, sensor, _ = np.unravel_index(int(hits.argmax()), hits.shape)
            return part.start + int(step), int(sensor)
    return None


def extremes(value: np.ndarray, left_out: Test | None = None) -> tuple[float, ...]:
    """Lowest and highest reading, without those ``left_out``; empty where all are equal or there is none."""
    pairs = []
    for part in stretches(value):
        block = value[part] if left_out is None else np.where(left_out(value[part]), np.nan, value[part])
        pairs.append((np.fmin.reduce(block, axis=None), np.fmax.reduce(block, axis=None)))
    low, high = float(np.fmin.reduce([pair[0] for pair in pairs])), float(np.fmax.reduce([pair[1] for pair in pairs]))
    return (low, high) if np.isfinite(low) and low < high else ()


def without_where(ds: xr.Dataset, test: Test) -> xr.Dataset:
    """The dataset, in which readings become missing where the test is true. They are changed in place: nobody else has them."""
    value = ds["value"].values
    value = value if value.flags.writeable else value.copy()
    for part in stretches(value):
        value[part][test(value[part])] = np.nan
    return ds.assign(value=(ds["value"].dims, value))
