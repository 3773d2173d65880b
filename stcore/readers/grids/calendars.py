"""Times as the Climate and Forecast conventions write them: counts since a date, in the real calendar or in another one.

Every calendar is decoded here by whole numbers, so that nothing else need be installed.
"""

import re
from typing import NamedTuple

import numpy as np

from stcore.findings import Finding, refuse
from stcore.readers.reader import Answers
from stcore.words import quantity

SECONDS = {"d": 86400, "h": 3600, "m": 60, "s": 1, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
UNITS = {
    "day": "d", "days": "d", "d": "d", "hour": "h", "hours": "h", "hr": "h", "hrs": "h", "h": "h", "minute": "m",
    "minutes": "m", "min": "m", "mins": "m", "second": "s", "seconds": "s", "sec": "s", "secs": "s", "s": "s",
    "millisecond": "ms", "milliseconds": "ms", "ms": "ms", "microsecond": "us", "microseconds": "us", "us": "us",
    "nanosecond": "ns", "nanoseconds": "ns", "ns": "ns",
}  # fmt: skip
SINCE = re.compile(
    r"\s*(\w+)\s+since\s+(-?\d{1,4})-(\d{1,2})-(\d{1,2})"
    r"(?:[T\s]+(\d{1,2})(?::(\d{1,2}))?(?::(\d{1,2})(?:\.(\d*))?)?)?\s*(Z|UTC|GMT|[+-]\d{1,2}:?\d{0,2})?\s*$",
    re.IGNORECASE,
)
REAL = ("standard", "gregorian", "proleptic_gregorian")
YEARS = {
    "noleap": "years of 365 days", "365_day": "years of 365 days", "all_leap": "years of 366 days",
    "366_day": "years of 366 days", "360_day": "months of 30 days", "julian": "a leap day every fourth year",
}  # fmt: skip
MONTHS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
CHANGED = 2299161
"""Day number of 1582-10-15, before which the standard calendar is the Julian one."""


class Times(NamedTuple):
    """``stamps`` [T] datetime64[ns], ``rows`` [t] the step of each row of the file, -1 where it has none."""

    stamps: np.ndarray
    rows: np.ndarray
    findings: list[Finding]


def counts_time(units: object) -> bool:
    """Whether these are the units of a time axis."""
    return isinstance(units, str) and " since " in units


def decoded(numbers: np.ndarray, units: str, calendar: str, name: str, answers: Answers) -> Times:
    """Counts [t] as times; dates that the real calendar does not have are asked about. Raises DataError."""
    calendar = calendar.strip().lower() or "standard"
    match = SINCE.match(units)
    if match is None or match[1].lower() not in UNITS or calendar not in (*REAL, *YEARS):
        what = f"{units!r}" if calendar in (*REAL, *YEARS) else f"the calendar {calendar!r}"
        raise refuse("time", f"The times in {name} are counted in {what[:80]}, which is not understood here; days, hours, "
                     "minutes or seconds since a date are.")  # fmt: skip
    if not np.isfinite(numbers.astype(float)).all():
        bad = int((~np.isfinite(numbers.astype(float))).sum())
        raise refuse("time", f"{quantity(bad, 'row')} of {name} have no time.")
    day, second = _counted(numbers, match, calendar)
    if calendar in REAL:
        return Times(_stamps(day - 2440588, second, name), np.arange(len(day)), [])
    year, month, date = _date(day, calendar)
    exists = date <= _days(year, month)
    findings = [_told(calendar, name, exists, (year, month, date), answers)]
    months = ((year[exists] - 1970) * 12 + month[exists] - 1).astype("datetime64[M]")
    real = months.astype("datetime64[D]").astype(np.int64) + date[exists] - 1
    rows = np.where(exists, np.cumsum(exists) - 1, -1)
    return Times(_stamps(real, second[exists], name), rows, findings)


def _counted(numbers: np.ndarray, match: re.Match[str], calendar: str) -> tuple[np.ndarray, np.ndarray]:
    """Days (since an origin of the calendar's own) and nanoseconds of the day."""
    year, month, date = int(match[2]), int(match[3]), int(match[4])
    if not (1 <= month <= 12 and 1 <= date <= 31):
        raise refuse("time", f"The times count since {match[2]}-{match[3]}-{match[4]}, which is no date.")
    clock = sum(int(match[group] or 0) * size for group, size in ((5, 3600), (6, 60), (7, 1)))
    scale = SECONDS[UNITS[match[1].lower()]]
    whole, rest = np.divmod(numbers.astype(np.float64 if numbers.dtype.kind == "f" else np.int64), round(86400 / scale))
    nano = np.rint(rest.astype(np.float64) * scale * 1e3).astype(np.int64) * 10**6 if scale >= 1e-3 else np.rint(
        rest.astype(np.float64) * scale * 1e9).astype(np.int64)  # fmt: skip
    nano = nano + (clock - _offset(match[9])) * 10**9 + int(f"{match[8] or 0:0<9}"[:9])
    more, nano = np.divmod(nano, 86400 * 10**9)
    return _number(year, month, date, calendar) + whole.astype(np.int64) + more, nano


def _offset(zone: str | None) -> int:
    """Seconds that a clock such as +01:00 is ahead of UTC."""
    if not zone or zone[0] not in "+-":
        return 0
    digits = zone[1:].replace(":", "")
    hours, minutes = (int(digits), 0) if len(digits) <= 2 else (int(digits[:-2]), int(digits[-2:]))
    return (1 if zone[0] == "+" else -1) * (3600 * hours + 60 * minutes)


def _number(year: int, month: int, date: int, calendar: str) -> int:
    """Day number of a date: Julian days for real calendars and the Julian one, else days of a calendar's own."""
    if calendar in ("noleap", "365_day"):
        return 365 * year + int(MONTHS[: month - 1].sum()) + date - 1
    if calendar in ("all_leap", "366_day"):
        return 366 * year + int(MONTHS[: month - 1].sum()) + (month > 2) + date - 1
    if calendar == "360_day":
        return 360 * year + 30 * (month - 1) + date - 1
    shifted = (14 - month) // 12
    y, m = year + 4800 - shifted, month + 12 * shifted - 3
    plain = date + (153 * m + 2) // 5 + 365 * y + y // 4
    julian, gregorian = plain - 32083, plain - y // 100 + y // 400 - 32045
    if calendar == "julian":
        return julian
    return julian if calendar != "proleptic_gregorian" and gregorian < CHANGED else gregorian


def _date(day: np.ndarray, calendar: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Year, month and date of day numbers of a calendar that is not the real one."""
    if calendar == "360_day":
        year, rest = np.divmod(day, 360)
        return year, rest // 30 + 1, rest % 30 + 1
    if calendar == "julian":
        c = day + 32082
        d = (4 * c + 3) // 1461
        e = c - 1461 * d // 4
        m = (5 * e + 2) // 153
        return d - 4800 + m // 10, m + 3 - 12 * (m // 10), e - (153 * m + 2) // 5 + 1
    lengths = MONTHS if calendar in ("noleap", "365_day") else MONTHS + (np.arange(12) == 1)
    year, rest = np.divmod(day, int(lengths.sum()))
    ends = np.cumsum(lengths)
    month = np.searchsorted(ends, rest, side="right")
    return year, month + 1, rest - (ends - lengths)[month] + 1


def _days(year: np.ndarray, month: np.ndarray) -> np.ndarray:
    """How many days the month has in the real calendar."""
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    return MONTHS[month - 1] + (leap & (month == 2))


def _told(calendar: str, name: str, exists: np.ndarray, when: tuple[np.ndarray, ...], answers: Answers) -> Finding:
    """What became of the dates; those that never were are left out only where that was answered."""
    said = f"The times in {name} use the calendar {calendar} ({YEARS[calendar]}); every date kept its name."
    gone = int((~exists).sum())
    if not gone:
        return Finding("note", "calendar", said)
    year, month, date = (int(part[~exists][0]) for part in when)
    said = (
        f"The times in {name} use the calendar {calendar} ({YEARS[calendar]}): {quantity(gone, 'row')} of {len(exists)} "
        f"lie on days that never were, the first on {year}-{month:02}-{date:02}."
    )
    choices = {"drop": "leave these rows out; all others keep the names of their dates"}
    if answers.get("calendar") != "drop":
        raise refuse("calendar", f"{said} May they be left out?", choices)
    return Finding("repaired", "calendar", f"{said} They were left out.", choices, "drop")


def _stamps(day: np.ndarray, nano: np.ndarray, name: str) -> np.ndarray:
    """[T] from days since 1970 and nanoseconds; DataError where they leave what nanoseconds can count."""
    if len(day) and (day.min() < -106_000 or day.max() > 106_000):
        raise refuse("time-range", f"The times in {name} reach beyond the years 1680 to 2260; check their units.")
    return (day * 86400 * 10**9 + nano).view("datetime64[ns]")
