"""Sensors that look faulty by their readings alone: stuck at one value, drifting away, or suddenly noisy.

The checks are persistence, spatial and step checks as weather services make them (Zahumensky 2004, WMO guidelines on quality
control); their forms and thresholds are ours. A sensor is compared with the median of what single others predict of it, which
no one broken neighbour can move. The checks name suspects; they change nothing.

Dimensions: T steps, N sensors, D days (blocks of 24 steps where a day has fewer), Q quarters of days.
"""

import warnings
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from stcore.data import STData
from stcore.sensors.correlation import correlation
from stcore.sensors.daily_course import hours

REPEATS, LONGER, USUAL = 24, 8.0, 4  # fewest readings of one value, and of them in the sensor's 4th longest run
OTHERS, ENOUGH, ALIKE = 7, 3, 0.3  # most and fewest sensors that predict another one, and their least correlation
DAYS, FAR, SHARE = (3, 10), 12.0, 0.4  # days of a drift, and its end in usual departures and in stds
MOST, LEAST = 0.6, 0.25  # a day's rise: its most of the whole rise, its least of the mean day's
ANEW = 0.35  # the departure at a drift's start, at most this share of that at its end
QUARTERS, ROUGHER, RARE = 3, 2.0, 5.0  # fewest quarters of a day, how much rougher than usual, and in how many stds
SEVERAL = 5  # fewest sensors that say what holds for all
DEVIATION = 1.4826  # from a median absolute deviation to a standard deviation

Spell = tuple[int, int, float]
"""From one position up to another, and how bad it was."""


class Fault(NamedTuple):
    """``sensor`` (position) looks ``stuck``, ``drifting`` or ``noisy`` from step ``start`` up to ``end``; why, in words."""

    sensor: int
    kind: str
    start: int
    end: int
    reason: str


def find_faults(data: STData, target: int = 0) -> list[Fault]:
    """Suspects among N sensors by the readings of one channel, ordered by sensor; a sensor may have several faults."""
    values = data.values[..., target].astype(np.float64)
    unit = _unit(data, target)
    day = max(round(86_400 / data.step_seconds), 24)
    faults = []
    for sensor, readings in enumerate(values.T):
        for start, end, value in stuck(readings):
            faults.append(Fault(sensor, "stuck", start, end, f"stuck at {value:g}{unit} {when(data, start, end)}"))
            readings[start:end] = np.nan  # a stuck value is no reading, and would look like a drift
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # about days without any reading
        faults += [*_drifting(data, target, values, day), *_noisy(data, target, values, day)]
    return sorted(faults)


def _drifting(data: STData, target: int, values: np.ndarray, day: int) -> Iterator[Fault]:
    away = departures(without_usual_hours(data, values), day)
    for sensor, (start, end, height) in drifts(medians(away, day), np.nanstd(away, axis=0)):
        steps, side = (start * day, end * day), "above" if height > 0 else "below"
        much = f"up to {abs(height):.3g}{_unit(data, target)} {side}"
        yield Fault(sensor, "drifting", *steps, f"drifting {when(data, *steps)}, {much} what similar sensors predict")


def _noisy(data: STData, target: int, values: np.ndarray, day: int) -> Iterator[Fault]:
    for sensor, (start, end, ratio) in noises(values, day):
        steps, much = (start * (day // 4), end * (day // 4)), f"{ratio:.2g} times as much as usual"
        yield Fault(
            sensor, "noisy", *steps, f"noisy {when(data, *steps)}, changing {much} from one reading to the next"
        )


def _unit(data: STData, target: int) -> str:
    return f" {data.units[data.channels[target]]}".rstrip()


# ---- stuck -------------------------------------------------------------------------------------------------------------
def stuck(readings: np.ndarray) -> list[Spell]:
    """Runs of one value among [T] readings, gaps left out, that are far longer than this sensor's runs usually are."""
    seen = np.flatnonzero(np.isfinite(readings))
    if not len(seen):
        return []
    first = np.flatnonzero(np.diff(readings[seen], prepend=np.inf) != 0)
    last = np.append(first[1:], len(seen))
    length = last - first
    usual = np.sort(length)[-USUAL] if len(length) >= USUAL else 1
    long = length >= max(REPEATS, LONGER * usual)
    spells = zip(seen[first[long]], seen[last[long] - 1] + 1, readings[seen[first[long]]], strict=True)
    return [(int(start), int(end), float(value)) for start, end, value in spells]


# ---- drifting ----------------------------------------------------------------------------------------------------------
def without_usual_hours(data: STData, values: np.ndarray) -> np.ndarray:
    """[T, N] readings less the sensor's median at that hour of a working day or weekend; a fault hardly moves it."""
    hour, left = hours(data.local_time), np.empty_like(values)
    for one in np.unique(hour):
        left[hour == one] = values[hour == one] - np.nanmedian(values[hour == one], axis=0)
    return left


def departures(residuals: np.ndarray, day: int) -> np.ndarray:
    """[D * day, N] each sensor less the median of what others, one by one, predict of it; NaN without others.

    Which sensors predict which, and how much, comes from the courses within days; a drift hardly touches those.
    """
    residuals = residuals[: len(residuals) // day * day]
    within = residuals - np.repeat(medians(residuals, day), day, axis=0)
    alike, std = correlation(within), np.nanstd(within, axis=0)
    np.fill_diagonal(alike, 0)
    away = np.full_like(residuals, np.nan)
    for sensor, row in enumerate(alike):
        others = np.argsort(-row, kind="stable")[:OTHERS]
        others = others[row[others] >= ALIKE]
        if len(others) >= ENOUGH:
            slopes = row[others] * std[sensor] / std[others]
            away[:, sensor] = residuals[:, sensor] - np.nanmedian(residuals[:, others] * slopes, axis=1)
    return away


def medians(values: np.ndarray, block: int) -> np.ndarray:
    """[T // block, N] medians of [T, N] over blocks of steps, NaN left out."""
    whole = len(values) // block * block
    return np.nanmedian(values[:whole].reshape(-1, block, values.shape[1]), axis=1)


def drifts(level: np.ndarray, std: np.ndarray) -> Iterator[tuple[int, Spell]]:
    """Sensors with spells of days in which their departure ``level`` [D, N] grows steadily from next to nothing.

    A spell comes with the departure at its end. Of spells that overlap, only the one that rises most is given.
    """
    change = np.diff(level, axis=0)
    least = np.maximum(FAR * np.nanquantile(np.abs(level), 0.75, axis=0), SHARE * std)
    rises: list[tuple[float, int, int, int]] = []
    for length in range(DAYS[0], min(DAYS[1], len(level)) + 1):
        for start in range(len(level) - length + 1):
            end = start + length
            rise, steps = level[end - 1] - level[start], change[start : end - 1]
            part = steps / np.where(rise == 0, np.nan, rise)
            steady = (part.min(axis=0) >= LEAST / (length - 1)) & (part.max(axis=0) <= MOST)
            high = np.abs(level[end - 1])
            anew = np.abs(level[start]) <= ANEW * high
            hit = np.flatnonzero(steady & anew & (high >= least)).tolist()
            rises += [(-abs(float(rise[sensor])), sensor, start, end) for sensor in hit]
    given: dict[int, list[tuple[int, int]]] = {}
    for _, sensor, start, end in sorted(rises):
        if all(end <= other[0] or start >= other[1] for other in given.get(sensor, [])):
            given.setdefault(sensor, []).append((start, end))
            yield sensor, (start, end, float(level[end - 1, sensor]))


# ---- noisy -------------------------------------------------------------------------------------------------------------
def noises(values: np.ndarray, day: int) -> Iterator[tuple[int, Spell]]:
    """Sensors with spells of quarters of days in which readings [T, N] change far more than usual from step to step.

    Usual is the sensor's own median at that quarter of the day, times what holds for all sensors at that moment.
    """
    quarter = day // 4
    change = np.abs(np.diff(values, axis=0, prepend=np.nan))[: len(values) // day * day]
    rough = medians(change, quarter)  # [Q, N]
    usual = np.nanmedian(rough.reshape(-1, 4, rough.shape[1]), axis=0)
    lively = np.nanmedian(usual, axis=0) > 0
    floor = usual.max(axis=0) / 4 + 1e-12
    ratio = (rough + floor) / (np.tile(usual, (len(rough) // 4, 1)) + floor)
    if lively.sum() >= SEVERAL:  # a storm shakes all
        ratio /= np.nanmedian(ratio[:, lively], axis=1, keepdims=True)
    std = DEVIATION * np.nanmedian(np.abs(np.log(ratio)), axis=0)
    least = ROUGHER * np.maximum(np.nanquantile(ratio, 0.75, axis=0), 1)
    loud = (ratio > np.maximum(least, np.exp(RARE * std))) & lively
    for sensor in np.flatnonzero(loud.sum(axis=0) >= QUARTERS):
        for start, end in spells(loud[:, sensor]):
            if end - start >= QUARTERS:
                yield int(sensor), (start, end, float(np.median(ratio[start:end, sensor])))


def spells(flags: np.ndarray) -> list[tuple[int, int]]:
    """Begin and end of every run of true in [Q]."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]])))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]


# ---- in words ----------------------------------------------------------------------------------------------------------
def when(data: STData, start: int, end: int) -> str:
    """From one step up to another, as days: ``on 12 Mar``, ``from 12 Mar to 19 Mar``, ``throughout``."""
    if end - start >= 0.98 * data.steps:
        return "throughout"
    first, last = data.clock(np.array([start, end - 1]))
    year = "" if data.local_time[0].year == data.local_time[-1].year else " %Y"
    begin, until = (f"{moment.day} {moment.strftime('%b' + year)}" for moment in (first, last))
    return f"on {begin}" if begin == until else f"from {begin} to {until}"
