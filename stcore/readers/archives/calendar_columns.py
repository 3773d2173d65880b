"""Calendar columns and channels: time of day, day of the week and so on in place of dates. They become the times of the steps.

They do not say the year. ``time of day`` is a share of the day. ``day of week`` (Monday 0) is a seventh or a number, ``day of
month`` and ``day of year`` are shares of 31 and 366, from 0. The first day from 2000 on that fits them is used. In many sets
they are channels beside the values; such channels become the clock.
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
    """Seconds from row to row: the most common difference in the columns; None where they do not show it."""
    phase, period = _phase(columns)
    if phase is None or len(phase) < 2:
        return None
    steps, counts = np.unique(np.diff(phase) % period, return_counts=True)
    return int(steps[counts.argmax()]) or None


def column_times(
    columns: Columns, rows: int, seconds: int, answers: Answers, about: tuple[str, PublishedSet | None]
) -> tuple[np.ndarray, list[Finding]]:
    """[T] times of ``rows`` rows that begin where the columns say. ``about`` is the name of the data and the published set
    that they may be.

    Rows that the columns leave out have no time, so that the check of steps finds the gap.
    """
    name, published = about
    steps, findings = _step_numbers(columns, rows, seconds)
    first, question = first_time(name, rows, answers, published, _first_row_evidence(columns))
    return first + steps * np.timedelta64(seconds, "s"), [question, *findings]


def _first_row_evidence(columns: Columns) -> Evidence | None:
    """What the columns say of the first row; None without columns."""
    if not columns:
        return None
    phase, period = _phase(columns)
    first = _first_moment(columns)
    day = f"a {pd.Timestamp(first).day_name()}" if "day of week" in columns else "some day"
    return Evidence(
        first, 0 if phase is None else period, f"its calendar columns begin on {day} at {moment(first)[11:]}"
    )


def _phase(columns: Columns) -> tuple[np.ndarray | None, int]:
    """[T] seconds of each row since Monday (or midnight), and the seconds after which they repeat."""
    if "time of day" not in columns:
        return None, DAY
    second = np.rint(columns["time of day"].astype(np.float64) * DAY).astype(np.int64)
    if "day of week" not in columns:
        return second % DAY, DAY
    return (second + DAY * _weekday(columns["day of week"])) % WEEK, WEEK


def fits_calendar(name: str, column: np.ndarray) -> bool:
    """Whether a column can be what its name says: days of the week from 0 to 6 or in sevenths, else shares from 0 to 1."""
    if not np.isfinite(column).all() or not len(column) or column.min() < 0:
        return False
    if name != "day of week":
        return bool(column.max() < 1)
    return weekdays(column) is not None


def _weekday(column: np.ndarray) -> np.ndarray:
    """[T] 0 (Monday) to 6, from a column that ``fits_calendar``."""
    days = weekdays(column)
    assert days is not None
    return days.astype(np.int64)


def _step_numbers(columns: Columns, rows: int, seconds: int) -> tuple[np.ndarray, list[Finding]]:
    """[T] the step of each row: 0, 1, 2 ... with gaps where the columns skip rows, up to half a week at a time."""
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
            f"The calendar columns have no constant step: {quantity(len(jumps), 'row')} do not follow the one before, the "
            f"first is row {int(jumps[0]) + 2}. The rows were read as regular."
        )
        return regular, [Finding("note", "calendar", text)]
    missing = int(late.sum() // seconds)
    text = (
        f"The calendar columns skip {quantity(missing, 'step')} in {quantity(len(jumps), 'place')}, first before row "
        f"{int(jumps[0]) + 2}; so do the times."
    )
    return regular + np.concatenate([[0], np.cumsum(late // seconds)]), [Finding("note", "calendar", text)]


def _first_moment(columns: Columns) -> np.datetime64:
    """The first moment from 2000 on that fits the first row. A column that no day fits is left out."""
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
    """Days [T], NaN where unknown, from whole numbers to 6 or from sevenths; None for any other column."""
    readings = column[np.isfinite(column)].astype(np.float64)
    if not len(readings) or readings.min() < 0:
        return None
    scale = 7 if readings.max() < 1 else 1
    days = readings * scale
    if days.max() > 6.5 or np.abs(days - np.rint(days)).max() > CLOSE:
        return None
    return np.rint(column.astype(np.float64) * scale)


def weekdays_from_seven(table: np.ndarray) -> np.ndarray | None:
    """Days [T], NaN where unknown, from [T, 7] columns of 0 with at most one 1 per row; None for any other table."""
    is_known = np.isfinite(table)
    if table.shape[1] != 7 or not np.isin(table[is_known], (0, 1)).all() or (np.nansum(table, axis=1) > 1).any():
        return None
    return np.where(is_known.all(axis=1), np.argmax(np.nan_to_num(table), axis=1), np.nan)


JUMPING_SHARE = 0.5
"""The share of steps that may jump in the calendar, as between blocks that do not follow one another."""


class Clock(NamedTuple):
    """``seconds`` [T] since the first step; ``first``, the seconds of the first step since midnight, or since Monday's where
    the ``weekday`` is known; ``step`` in seconds; whether all steps have this length; and the ``channels`` it is from."""

    seconds: np.ndarray
    first: int
    weekday: bool
    step: int
    regular: bool
    channels: tuple[int, ...]


def calendar_clock(values: np.ndarray) -> Clock | None:
    """The clock in the channels of [T, N, C] values after the first: a time of day as a share, perhaps followed by the
    weekday."""
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
    """[T] the reading that all sensors of [T, N] share, NaN where it is missing; None where they differ."""
    first = column[:, :1].astype(np.float64)
    same = (column == first) | (np.isnan(column) & np.isnan(first))
    return first[:, 0] if same.all() else None


def _time_of_day(share: np.ndarray, channel: int) -> Clock | None:
    is_known = np.isfinite(share)
    if is_known.sum() < 2 or share[is_known].min() < 0 or share[is_known].max() >= 1:
        return None
    return _clock(np.round(share * DAY), DAY, (channel,))


def _weekday_readings(values: np.ndarray, channel: int) -> list[tuple[tuple[int, ...], np.ndarray]]:
    """Days [T], Monday 0, from the channels at ``channel``, in each way they can be read: one of seven, numbers, sevenths."""
    channels_here = range(channel, min(channel + 7, values.shape[2]))
    readings = [_common_reading(values[:, :, number]) for number in channels_here]
    columns = [one for one in readings if one is not None]
    if not columns or readings[0] is None:
        return []
    read = [(tuple(channels_here), weekdays_from_seven(np.stack(columns, axis=1))), ((channel,), weekdays(columns[0]))]
    return [(channels, days) for channels, days in read if days is not None]


def _with_weekday(share: np.ndarray, days: np.ndarray, channels: tuple[int, ...]) -> Clock | None:
    """The clock of time and weekday, where the day changes at midnight and nowhere else."""
    seconds = np.round(share * DAY)
    inside = np.isfinite(seconds[1:] + seconds[:-1] + days[1:] + days[:-1])
    turned, changed = np.diff(seconds) <= 0, np.diff(days) % 7
    fits = np.where(turned, changed == 1, changed == 0)
    if not inside.any() or fits[inside].mean() < JUMPING_SHARE:
        return None
    return _clock(seconds + days * DAY, WEEK, channels)


def _clock(seconds: np.ndarray, round_: int, channels: tuple[int, ...]) -> Clock | None:
    """A clock from seconds [T] within a day or a week, NaN where unknown."""
    known_steps = np.flatnonzero(np.isfinite(seconds))
    distance, elapsed = np.diff(known_steps), np.diff(seconds[known_steps]).astype(np.int64) % round_
    steps, counts = np.unique(elapsed[distance == 1], return_counts=True)
    step = int(steps[counts.argmax()]) if len(steps) else 0
    if step == 0 or DAY % step or counts.max() < JUMPING_SHARE * counts.sum():
        return None
    jump = (elapsed - distance * step) % round_
    late = np.zeros(len(seconds), np.int64)
    late[known_steps[1:]] = jump
    since = step * np.arange(len(seconds)) + np.cumsum(late)
    first = (int(seconds[known_steps[0]]) - int(since[known_steps[0]])) % round_
    return Clock(since, first, round_ == WEEK, step, not jump.any(), channels)


def clock_times(
    clock: Clock | None, steps: int, name: str, answers: Answers, known: PublishedSet | None = None
) -> tuple[dict[str, np.ndarray], list[Finding]]:
    """``time`` [T], and ``clock`` [T] where the calendar jumps. ``known`` is the published set that the data may be."""
    if clock is None:
        stamps, findings = assumed_times(steps, name, answers, known)
        return {"time": stamps}, findings
    what = "the time of day and the day of the week" if clock.weekday else "the time of day"
    own = np.datetime64(MONDAY.replace(" ", "T"), "ns") + np.timedelta64(clock.first, "s")
    evidence = Evidence(own, WEEK if clock.weekday else DAY, f"its channels say {what}")
    first, question = first_time(name, steps, answers, known, evidence)
    stamps = first + np.arange(steps) * np.timedelta64(clock.step, "s")
    text = f"{what[0].upper()}{what[1:]} in {name} became the clock of the steps, {duration(clock.step)} long, and no channel."
    findings = [question, Finding("note", "calendar", text)]
    if clock.regular:
        return {"time": stamps}, findings
    jumps = int((np.diff(clock.seconds) != clock.step).sum())
    text = f"The calendar in {name} jumps at {jumps} of {steps} steps; its rows were kept as they follow one another."
    findings.append(Finding("note", "jumps", text))
    return {"time": stamps, "clock": stamps[0] + clock.seconds.astype("timedelta64[s]")}, findings
