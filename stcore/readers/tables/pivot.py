"""Rows of (time, sensor, values) in any order as [T, N, C]. Duplicate rows become findings or questions."""

from typing import NamedTuple

import numpy as np

from stcore.findings import Finding, refuse
from stcore.readers.archives.start_times import parse_step
from stcore.readers.reader import Answers
from stcore.readers.safe.limits import check_room

SPARSE = 0.05
"""The share of filled entries below which irregular times become a question, before a large array is made."""
REGULAR = 0.95


class Rows(NamedTuple):
    """``time`` [R] instants, ``sensor`` [R] and ``channel`` [R] (or None) as positions in the lists ``sensors`` and
    ``channels``, and ``values``: [R, C], or [R, 1] of the row's own channel."""

    time: np.ndarray
    sensor: np.ndarray
    values: np.ndarray
    sensors: list[str]
    channels: list[str]
    channel: np.ndarray | None = None


def pivot(rows: Rows, name: str, answers: Answers) -> tuple[np.ndarray, np.ndarray, list[Finding]]:
    """(stamps [T], values [T, N, C] float32 with NaN where there is no row, findings). DataError where it is too large, or
    where a sensor has different readings at one time and no answer says which counts."""
    stamps, step = np.unique(rows.time, return_inverse=True)
    findings: list[Finding] = []
    many = len(rows.sensors)
    if len(rows.time) < SPARSE * len(stamps) * many and not _is_regular(stamps):
        stamps, step, findings = _average_within_steps(rows, stamps, name, answers)
    per_row = rows.values.shape[1]
    check_room(
        12 * len(stamps) * many * len(rows.channels), f"{name} as a table of {len(stamps)} times and {many} sensors"
    )
    cell = step.astype(np.int64) * many + rows.sensor
    if rows.channel is not None:
        cell = cell * len(rows.channels) + rows.channel
    cells = len(stamps) * many * len(rows.channels) // per_row
    seen = np.zeros(cells, bool)
    seen[cell] = True
    values_by_row = rows.values
    if seen.sum() < len(cell):
        cell, values_by_row, more = _merge_duplicates(
            rows, cell, stamps, name, {"duplicate-times": "mean"} if findings else answers
        )
        findings += [] if findings else more
    values = np.full((cells, per_row), np.nan, np.float32)
    values[cell] = values_by_row
    return stamps, values.reshape(len(stamps), many, len(rows.channels)), findings


def _is_regular(stamps: np.ndarray) -> bool:
    """Whether most times follow one another at the same distance."""
    if len(stamps) < 3:
        return True
    _, counts = np.unique(np.diff(stamps), return_counts=True)
    return bool(counts.max() >= REGULAR * counts.sum())


def _average_within_steps(
    rows: Rows, stamps: np.ndarray, name: str, answers: Answers
) -> tuple[np.ndarray, np.ndarray, list[Finding]]:
    """Times rounded down to the answered step, within which readings are averaged; DataError without an answer."""
    choices = {"<step>": "average the readings within every such step: a number and s, min, h or d, such as 15min"}
    text = f"The sensors of {name} have different times: {len(stamps)} different ones in {len(rows.time)} rows."
    if "step" not in answers or rows.time.dtype.kind != "M":
        raise refuse("step", f"{text} Choose a step.", choices)
    size = np.timedelta64(parse_step(answers["step"]), "s").astype("timedelta64[ns]").astype(np.int64)
    ticks = rows.time.astype("datetime64[ns]").astype(np.int64) // size * size
    coarse, step = np.unique(ticks, return_inverse=True)
    finding = Finding(
        "repaired", "step", f"{text} Readings were averaged within {answers['step']}.", choices, answers["step"]
    )
    return coarse.view("datetime64[ns]"), step, [finding]


def _merge_duplicates(
    rows: Rows, cell: np.ndarray, stamps: np.ndarray, name: str, answers: Answers
) -> tuple[np.ndarray, np.ndarray, list[Finding]]:
    """Each position once: one of equal rows, and of different ones the first or the mean."""
    order = np.argsort(cell, kind="stable")
    ordered, values = cell[order], rows.values[order]
    again = np.flatnonzero(ordered[1:] == ordered[:-1]) + 1
    keep = np.ones(len(ordered), bool)
    keep[again] = False
    same = (values[again] == values[again - 1]) | (np.isnan(values[again]) & np.isnan(values[again - 1]))
    example = again[0] if same.all() else again[(~same).any(axis=1)][0]
    position = int(ordered[example]) // (len(rows.channels) if rows.channel is not None else 1)
    where = f"{rows.sensors[position % len(rows.sensors)]} at {_time_text(stamps[position // len(rows.sensors)])}"
    text = f"{len(again)} of {len(cell)} rows of {name} have the sensor and the time of another row; the first: {where}"
    if same.all():
        text = f"{text}. Their readings are equal; one of each was kept."
        return ordered[keep], values[keep], [Finding("repaired", "duplicate-times", text)]
    rule = answers.get("duplicate-times")
    choices = {"first": "keep the first reading of each time", "mean": "average the readings of each time"}
    if rule not in choices:
        hint = (
            " Is it the hour that repeats when daylight saving time ends?"
            if _in_autumn_hours(rows, order[again])
            else ""
        )
        text = f"{text}. {int((~same.all(axis=1)).sum())} of them have different readings.{hint} Choose which counts."
        raise refuse("duplicate-times", text, choices)
    values_once = values[keep]
    if rule == "mean":
        starts, is_known = np.flatnonzero(keep), np.isfinite(values)
        total = np.add.reduceat(np.where(is_known, values, 0).astype(np.float64), starts, axis=0)
        number = np.add.reduceat(is_known.astype(np.int64), starts, axis=0)
        values_once = np.where(number > 0, total / np.maximum(number, 1), np.nan).astype(np.float32)
    return ordered[keep], values_once, [Finding("repaired", "duplicate-times", f"{text}.", choices, rule)]


def _time_text(stamp: np.generic) -> str:
    return str(stamp.astype("datetime64[m]")).replace("T", " ") if stamp.dtype.kind == "M" else str(stamp)


def _in_autumn_hours(rows: Rows, where: np.ndarray) -> bool:
    """Whether all times are in the small hours of days on which clocks are set back."""
    if rows.time.dtype.kind != "M":
        return False
    stamps = rows.time[where].astype("datetime64[h]")
    days = stamps.astype("datetime64[D]")
    hour, month = (stamps - days).astype(int), days.astype("datetime64[M]").astype(int) % 12 + 1
    day = (days - days.astype("datetime64[M]")).astype(int) + 1
    return bool(((hour <= 3) & (((month == 10) & (day >= 20)) | ((month == 11) & (day <= 8)))).all())
