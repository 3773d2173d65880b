"""One constant step: gaps become missing values; where the step is irregular, a question is asked."""

import re

import numpy as np
import xarray as xr

from stcore.data.checks.finding import Answers, CheckResult, repair
from stcore.findings import Finding, refuse
from stcore.words import duration, moment, quantity

MOST_GROWTH = 4
"""The filled axis has at most so many times the rows of the file."""
REGULAR = 0.95
"""The most common difference is the step if it makes up this share of all differences."""


def check_step(ds: xr.Dataset, answers: Answers) -> CheckResult:
    """One constant step; missing rows of a regular axis become missing values."""
    stamps = ds["time"].values.astype(np.int64)
    if len(stamps) < 2:
        raise refuse("too-short", "There is only one time step; a forecast needs many more.")
    steps, counts = np.unique(np.diff(stamps), return_counts=True)
    if len(steps) == 1:
        return ds, []
    step = int(steps[counts.argmax()])
    if "start" in ds:
        raise refuse(
            "gaps", "The dataset says where windows start, but its time axis has gaps; one of the two must be wrong."
        )
    if not _regular(steps, counts, step):
        return _average_within(ds, step, float(counts.max() / counts.sum()), answers)
    full, finding = _whole_axis(ds["time"].values, step)
    return _reindex(ds, full), [finding]


def _reindex(ds: xr.Dataset, full: np.ndarray) -> xr.Dataset:
    """The dataset on a whole axis [T]. A step without a row is missing; it belongs to the part (split) of the row before it."""
    filled = ds.reindex(time=full)
    if "split" in ds:
        before = np.searchsorted(ds["time"].values, full, side="right") - 1
        filled = filled.assign(split=("time", ds["split"].values[before]))
    return filled


def fill_gaps(stamps: np.ndarray) -> tuple[np.ndarray, list[Finding]]:
    """The axis [T] with the steps that it lacks, for readers that need a row for each of them early.

    An axis that is not regular comes back unchanged; ``check_step`` deals with it. Raises DataError where too many steps
    are missing.
    """
    if stamps.dtype.kind != "M" or len(stamps) < 3 or np.isnat(stamps).any():
        return stamps, []
    exact = stamps.astype("datetime64[ns]")
    steps, counts = np.unique(np.diff(exact.astype(np.int64)), return_counts=True)
    step = int(steps[counts.argmax()])
    if len(steps) == 1 or steps[0] <= 0 or not _regular(steps, counts, step):
        return stamps, []
    full, finding = _whole_axis(exact, step)
    return full, [finding]


def _regular(steps: np.ndarray, counts: np.ndarray, step: int) -> bool:
    """Whether the most common difference is the step and all others are gaps."""
    known = counts.max() / counts.sum() >= REGULAR or _mostly_gaps(steps, counts, step)
    return bool(known and not np.any(steps % step))


def _mostly_gaps(steps: np.ndarray, counts: np.ndarray, step: int) -> bool:
    """Whether the axis is regular with many gaps: all differences are multiples of the smallest, which is the most common."""
    return step == steps[0] and not np.any(steps % step) and counts.max() * 2 > counts.sum()


def _whole_axis(times: np.ndarray, step: int) -> tuple[np.ndarray, Finding]:
    """The whole axis, and the finding that says what was missing."""
    stamps = times.astype(np.int64)
    length = int((stamps[-1] - stamps[0]) // step) + 1
    gaps = np.diff(stamps) // step - 1
    widest = int(gaps.argmax())
    text = (
        f"{quantity(length - len(stamps), 'time step')} of {length} had no row and became missing values, "
        f"in {quantity(int((gaps > 0).sum()), 'gap')}; "
        f"the widest has {quantity(int(gaps[widest]), 'step')} after {moment(times[widest])}."
    )
    if length > MOST_GROWTH * len(stamps):
        raise refuse(
            "gaps",
            f"The rows are too sparse for a step of {duration(step / 1e9)}: "
            f"{length - len(stamps)} of {length} would be missing.",
        )
    return (stamps[0] + step * np.arange(length)).view("datetime64[ns]"), repair("gaps", text)


def _average_within(ds: xr.Dataset, step: int, explained: float, answers: Answers) -> CheckResult:
    """The dataset with readings averaged within the step that was answered. Raises DataError without an answer."""
    choices = {"<step>": "average the readings within every such step: a number and s, min, h or d, such as 15min"}
    text = f"The time step is irregular: the most common one ({duration(step / 1e9)}) explains {explained:.0%} of the rows."
    wanted = re.fullmatch(r"(\d+)\s*(s|min|h|d)", answers.get("step", "").strip().lower())
    if not wanted or int(wanted[1]) == 0:
        raise refuse("step", f"{text} Choose a step.", choices)
    size = int(wanted[1]) * {"s": 1, "min": 60, "h": 3600, "d": 86400}[wanted[2]] * 10**9
    stamps = ds["time"].values.astype(np.int64)
    slot = (stamps - stamps[0] // size * size) // size
    if slot[-1] + 1 > MOST_GROWTH * len(stamps):
        raise refuse(
            "step", f"A step of {wanted[0]} is far finer than the readings: most steps would be missing.", choices
        )
    firsts = np.flatnonzero(np.r_[True, np.diff(slot) > 0])
    averaged = ds.isel(time=firsts).assign(
        value=(ds["value"].dims, group_means(ds["value"].values, np.cumsum(np.r_[True, np.diff(slot) > 0]) - 1))
    )
    averaged = averaged.assign_coords(time=(stamps[0] // size * size + size * slot[firsts]).view("datetime64[ns]"))
    finding = Finding(
        "repaired", "step", f"{text} Readings were averaged within {wanted[0]}.", choices, answers["step"]
    )
    full = (averaged["time"].values[0].astype(np.int64) + size * np.arange(slot[-1] + 1)).view("datetime64[ns]")
    return _reindex(averaged, full), [finding]


def group_means(value: np.ndarray, group: np.ndarray) -> np.ndarray:
    """[G, N, C] averages of the observed readings in each ``group`` [rows] of rows."""
    shape = (group[-1] + 1, *value.shape[1:])
    total, number = np.zeros(shape), np.zeros(shape)
    seen = np.isfinite(value)
    np.add.at(total, group, np.where(seen, value, 0))
    np.add.at(number, group, seen)
    return np.where(number > 0, total / np.maximum(number, 1), np.nan).astype(np.float32)
