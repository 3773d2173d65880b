"""Columns that say the time of day and the day of the week, in place of dates: when the data begin, but for the year.

``time of day`` is a share of the day; ``day of week`` (Monday 0) a seventh or a number, ``day of month`` and ``day of
year`` shares of 31 and 366, from 0. Which days of the years from 2000 on fit them is looked up.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from stcore.data.checks.finding import Answers
from stcore.findings import Finding
from stcore.readers.archives.published import Published
from stcore.readers.archives.start import DAY, MONDAY, WEEK, Seen, first_row
from stcore.words import moment, quantity

NAMES = ("time of day", "day of week", "day of month", "day of year")
YEARS = 40
MOST_JUMPS = 0.01
Columns = Mapping[str, np.ndarray]


def step_of(columns: Columns) -> int | None:
    """Seconds from row to row, the most common difference of the columns; None where they do not tell."""
    phase, period = _phase(columns)
    if phase is None or len(phase) < 2:
        return None
    steps, counts = np.unique(np.diff(phase) % period, return_counts=True)
    return int(steps[counts.argmax()]) or None


def dated(
    columns: Columns, rows: int, seconds: int, answers: Answers, about: tuple[str, Published | None]
) -> tuple[np.ndarray, list[Finding]]:
    """[T] times of ``rows`` rows that begin as the columns say; ``about`` is the data's name and the known set that it may be.

    Rows that the columns leave out are left out, so that the check of steps finds the gap.
    """
    name, known = about
    steps, findings = _steps(columns, rows, seconds)
    first, said = first_row(name, rows, answers, known, _seen(columns))
    return first + steps * np.timedelta64(seconds, "s"), [said, *findings]


def _seen(columns: Columns) -> Seen | None:
    """What the columns say of the first row."""
    if not columns:
        return None
    phase, period = _phase(columns)
    own = _first(columns)
    day = f"a {pd.Timestamp(own).day_name()}" if "day of week" in columns else "some day"
    return Seen(own, 0 if phase is None else period, f"its calendar columns begin on {day} at {moment(own)[11:]}")


def _phase(columns: Columns) -> tuple[np.ndarray | None, int]:
    """[T] seconds since Monday (or midnight) of each row and after how many they come again."""
    if "time of day" not in columns:
        return None, DAY
    second = np.rint(columns["time of day"].astype(np.float64) * DAY).astype(np.int64)
    if "day of week" not in columns:
        return second % DAY, DAY
    return (second + DAY * _weekday(columns["day of week"])) % WEEK, WEEK


def fits(name: str, column: np.ndarray) -> bool:
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


def _steps(columns: Columns, rows: int, seconds: int) -> tuple[np.ndarray, list[Finding]]:
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


def _first(columns: Columns) -> np.datetime64:
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


def one_of_seven(table: np.ndarray) -> np.ndarray | None:
    """Days [T], NaN where unknown, of [T, 7] columns of which at most one is 1 and the others 0; None for any other table."""
    known = np.isfinite(table)
    if table.shape[1] != 7 or not np.isin(table[known], (0, 1)).all() or (np.nansum(table, axis=1) > 1).any():
        return None
    return np.where(known.all(axis=1), np.argmax(np.nan_to_num(table), axis=1), np.nan)
