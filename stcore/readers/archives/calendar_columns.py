"""Columns that say the time of day and the day of the week, in place of dates: when the data begin, but for the year.

``time of day`` is a share of the day; ``day of week`` (Monday 0) a seventh or a number, ``day of month`` and ``day of
year`` shares of 31 and 366, from 0. Which days of the years from 2000 on fit them is looked up.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from stcore.data.checks.finding import Answers
from stcore.findings import Finding
from stcore.readers.archives.start_times import DAY, MONDAY, WEEK, Evidence, PublishedSet, assumed_times, first_time
from stcore.words import duration, moment, quantity

NAMES = ("time of day", "day of week", "day of month", "day of year")
YEARS = 40
MOST_JUMPS = 0.01
Columns = Mapping[str, np.ndarray]


def step_from_columns(columns: Columns) -> int | None:
    """Seconds from row to row, the most common difference of the columns; None where they do not tell."""
    phase, period = _phase(columns)
    if phase is None or len(phase) < 2:
        return None
    steps, counts = np.unique(np.diff(phase) % period, return_counts=True)
    return int(steps[counts.argmax()]) or None


def column_times(
    columns: Columns, rows: int, seconds: int, answers: Answers, about: tuple[str, PublishedSet | None]
) -> tuple[np.ndarray, list[Finding]]:
    """[T] times of ``rows`` rows that begin as the columns say; ``about`` is the data's name and the known set that it may be.

    Rows that the columns leave out are left out, so that the check of steps finds the gap.
    """
    name, known = about
    steps, findings = _step_numbers(columns, rows, seconds)
    first, said = first_time(name, rows, answers, known, _first_row_evidence(columns))
    return first + steps * np.timedelta64(seconds, "s"), [said, *findings]


def _first_row_evidence(columns: Columns) -> Evidence | None:
    """What the columns say of the first row."""
    if not columns:
        return None
    phase, period = _phase(columns)
    own = _first_moment(columns)
    day = f"a {pd.Timestamp(own).day_name()}" if "day of week" in columns else "some day"
    return Evidence(own, 0 if phase is None else period, f"its calendar columns begin on {day} at {moment(own)[11:]}")


def _phase(columns: Columns) -> tuple[np.ndarray | None, int]:
    """[T] seconds since Monday (or midnight) of each row and after how many they come again."""
    if "time of day" not in columns:
        return None, DAY
    second = np.rint(columns["time of day"].astype(np.float64) * DAY).astype(np.int64)
    if "day of week" not in columns:
        return second % DAY, DAY
    return (second + DAY * _weekday(columns["day of week"])) % WEEK, WEEK


def fits_calendar(name: str, column: np.ndarray) -> bool:
    """Whether a column can be what its name says: shares of the day, whole sevenths or numbers to 6, shares from 0 to 1."""
    if not np.isfinite(column).all() or not len(column) or column.min() < 0:
        return False
    if name != "day of week":
        return bool(column.max() < 1)
    return weekdays(column) is not None


def _weekday(column: np.ndarray) -> np.ndarray:
    """[T] 0 (Monday) to 6, of a column that ``fits``."""
    days = weekdays(column)
    assert days is not None
    return days.astype(np.int64)


def _step_numbers(columns: Columns, rows: int, seconds: int) -> tuple[np.ndarray, list[Finding]]:
    """[T] the number of each row's step: 0, 1, 2 ... but for rows that the columns leave out, up to half a week at a time."""
    regular = np.arange(rows, dtype=np.int64)
    phase, period = _phase(columns)
    if phase is None:
        return regular, []
    late = np.diff((phase - phase[0] - regular * seconds) % period) % period
    late = np.where(late > period // 2, late - period, late)
    jumps = np.flatnonzero(late)
    if not len(jumps):
        return regular, []
    if len(jumps) > max(MOST_JUMPS * rows, 1) or (late[jumps] < 0).any() or (late[jumps] % seconds).any():
        text = (
            f"The calendar columns do not run at one step: {quantity(len(jumps), 'row')} do not follow the one before, the "
            f"first is row {int(jumps[0]) + 2}. The rows were taken as regular."
        )
        return regular, [Finding("note", "calendar", text)]
    missing = int(late.sum() // seconds)
    text = (
        f"The calendar columns skip {quantity(missing, 'step')} in {quantity(len(jumps), 'place')}, first before row "
        f"{int(jumps[0]) + 2}; the times do, too."
    )
    return regular + np.concatenate([[0], np.cumsum(late // seconds)]), [Finding("note", "calendar", text)]


def _first_moment(columns: Columns) -> np.datetime64:
    """The first day from 2000 on whose calendar the first row has; one column after another is given up where none fits."""
    days = pd.date_range(MONDAY, periods=366 * YEARS, freq="D")
    fits = np.ones(len(days), bool)
    for name in NAMES[1:]:
        if name in columns and (now := fits & _days_fit(days, name, columns[name])).any():
            fits = now
    second = int(np.rint(float(columns["time of day"][0]) * DAY)) if "time of day" in columns else 0
    return days[fits.argmax()].to_datetime64() + np.timedelta64(second, "s")


def _days_fit(days: pd.DatetimeIndex, name: str, column: np.ndarray) -> np.ndarray:
    if name == "day of week":
        return np.asarray(days.day_of_week == _weekday(column)[0])
    size, own = (31, days.day) if name == "day of month" else (366, days.day_of_year)
    return np.asarray(own == round(float(column[0]) * size) + 1)


CLOSE = 1e-3


def weekdays(column: np.ndarray) -> np.ndarray | None:
    """Days [T], NaN where unknown, of whole numbers to 6 or of sevenths; None where a column can be neither."""
    known = column[np.isfinite(column)].astype(np.float64)
    if not len(known) or known.min() < 0:
        return None
    scale = 7 if known.max() < 1 else 1
    days = known * scale
    if days.max() > 6.5 or np.abs(days - np.rint(days)).max() > CLOSE:
        return None
    return np.rint(column.astype(np.float64) * scale)


def weekdays_from_seven(table: np.ndarray) -> np.ndarray | None:
    """Days [T], NaN where unknown, of [T, 7] columns of which at most one is 1 and the others 0; None for any other table."""
    known = np.isfinite(table)
    if table.shape[1] != 7 or not np.isin(table[known], (0, 1)).all() or (np.nansum(table, axis=1) > 1).any():
        return None
    return np.where(known.all(axis=1), np.argmax(np.nan_to_num(table), axis=1), np.nan)


JUMPING_SHARE = 0.5
"""Of the steps, this share may jump in the calendar, as blocks do that do not follow one another."""


class Clock(NamedTuple):
    """``seconds`` [T] since the first step; ``first``, the first step's seconds since midnight, Monday's where ``weekday``
    is known; ``step`` in seconds, whether all steps are of that length, and the ``channels`` that said so."""

    seconds: np.ndarray
    first: int
    weekday: bool
    step: int
    regular: bool
    channels: tuple[int, ...]


def calendar_clock(values: np.ndarray) -> Clock | None:
    """The clock in the channels behind the first of [T, N, C] values: time of day as a share, perhaps then the weekday."""
    for channel in range(1, values.shape[2]):
        share = _common_reading(values[:, :, channel])
        if share is None or (clock := _time_of_day(share, channel)) is None:
            continue
        for channels, days in _weekday_readings(values, channel + 1):
            if (both := _with_weekday(share, days, (channel, *channels))) is not None:
                return both
        return clock
    return None


def _common_reading(column: np.ndarray) -> np.ndarray | None:
    """[T] the reading that all sensors of [T, N] have in common, NaN where none is; None where they differ."""
    first = column[:, :1].astype(np.float64)
    same = (column == first) | (np.isnan(column) & np.isnan(first))
    return first[:, 0] if same.all() else None


def _time_of_day(share: np.ndarray, channel: int) -> Clock | None:
    known = np.isfinite(share)
    if known.sum() < 2 or share[known].min() < 0 or share[known].max() >= 1:
        return None
    return _clock(np.round(share * DAY), DAY, (channel,))


def _weekday_readings(values: np.ndarray, channel: int) -> list[tuple[tuple[int, ...], np.ndarray]]:
    """Readings of the channels from ``channel`` on as days [T] from Monday 0: whole numbers, sevenths, or one of seven."""
    places = range(channel, min(channel + 7, values.shape[2]))
    shared = [_common_reading(values[:, :, place]) for place in places]
    columns = [one for one in shared if one is not None]
    if not columns or shared[0] is None:
        return []
    read = [(tuple(places), weekdays_from_seven(np.stack(columns, axis=1))), ((channel,), weekdays(columns[0]))]
    return [(channels, days) for channels, days in read if days is not None]


def _with_weekday(share: np.ndarray, days: np.ndarray, channels: tuple[int, ...]) -> Clock | None:
    """The clock of both, where the day changes at midnight and nowhere else."""
    seconds = np.round(share * DAY)
    inside = np.isfinite(seconds[1:] + seconds[:-1] + days[1:] + days[:-1])
    turned, changed = np.diff(seconds) <= 0, np.diff(days) % 7
    fits = np.where(turned, changed == 1, changed == 0)
    if not inside.any() or fits[inside].mean() < JUMPING_SHARE:
        return None
    return _clock(seconds + days * DAY, WEEK, channels)


def _clock(seconds: np.ndarray, round_: int, channels: tuple[int, ...]) -> Clock | None:
    """Seconds [T] within a day or a week, NaN where unknown, as seconds since the first step."""
    known = np.flatnonzero(np.isfinite(seconds))
    apart, gone = np.diff(known), np.diff(seconds[known]).astype(np.int64) % round_
    steps, counts = np.unique(gone[apart == 1], return_counts=True)
    step = int(steps[counts.argmax()]) if len(steps) else 0
    if step == 0 or DAY % step or counts.max() < JUMPING_SHARE * counts.sum():
        return None
    jump = (gone - apart * step) % round_
    late = np.zeros(len(seconds), np.int64)
    late[known[1:]] = jump
    since = step * np.arange(len(seconds)) + np.cumsum(late)
    first = (int(seconds[known[0]]) - int(since[known[0]])) % round_
    return Clock(since, first, round_ == WEEK, step, not jump.any(), channels)


def clock_times(
    clock: Clock | None, steps: int, name: str, answers: Answers, known: PublishedSet | None = None
) -> tuple[dict[str, np.ndarray], list[Finding]]:
    """``time`` [T], and ``clock`` [T] where the calendar jumps; ``known`` is the published set that these may be."""
    if clock is None:
        stamps, findings = assumed_times(steps, name, answers, known)
        return {"time": stamps}, findings
    what = "the time of day and the day of the week" if clock.weekday else "the time of day"
    own = np.datetime64(MONDAY.replace(" ", "T"), "ns") + np.timedelta64(clock.first, "s")
    seen = Evidence(own, WEEK if clock.weekday else DAY, f"its channels say {what}")
    first, said = first_time(name, steps, answers, known, seen)
    stamps = first + np.arange(steps) * np.timedelta64(clock.step, "s")
    text = f"{what[0].upper()}{what[1:]} in {name} became the clock of the steps, {duration(clock.step)} long, and no channel."
    findings = [said, Finding("note", "calendar", text)]
    if clock.regular:
        return {"time": stamps}, findings
    jumps = int((np.diff(clock.seconds) != clock.step).sum())
    text = f"The calendar in {name} jumps at {jumps} of {steps} steps; its rows were kept as they follow one another."
    findings.append(Finding("note", "jumps", text))
    return {"time": stamps, "clock": stamps[0] + clock.seconds.astype("timedelta64[s]")}, findings
