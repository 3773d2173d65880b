"""NetCDF from anywhere: opening a file, finding time, latitude, longitude and stations in it, and decoding its times.

Times follow the Climate and Forecast conventions: counts since a date, in the real calendar or another one. All calendars are
decoded here with whole numbers, without a further library."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from stcore.data.checks.step import fill_gaps as fill_time_gaps
from stcore.findings import Finding, refuse
from stcore.readers.reader import Answers
from stcore.readers.safe import hdf5
from stcore.readers.safe.limits import check_room
from stcore.readers.source import Source
from stcore.words import quantity

SECONDS = {"d": 86400, "h": 3600, "m": 60, "s": 1, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
WRITTEN = {
    "d": ("day", "days", "d"),
    "h": ("hour", "hours", "hr", "hrs", "h"),
    "m": ("minute", "minutes", "min", "mins"),
    "s": ("second", "seconds", "sec", "secs", "s"),
    "ms": ("millisecond", "milliseconds", "ms"),
    "us": ("microsecond", "microseconds", "us"),
    "ns": ("nanosecond", "nanoseconds", "ns"),
}
UNITS = {name: unit for unit, names in WRITTEN.items() for name in names}
"""The unit for each way of writing it."""
SINCE = re.compile(
    r"\s*(\w+)\s+since\s+(-?\d{1,4})-(\d{1,2})-(\d{1,2})"
    r"(?:[T\s]+(\d{1,2})(?::(\d{1,2}))?(?::(\d{1,2})(?:\.(\d*))?)?)?\s*(Z|UTC|GMT|[+-]\d{1,2}:?\d{0,2})?\s*$",
    re.IGNORECASE,
)
REAL = ("standard", "gregorian", "proleptic_gregorian")
YEARS = {
    "noleap": "years of 365 days",
    "365_day": "years of 365 days",
    "all_leap": "years of 366 days",
    "366_day": "years of 366 days",
    "360_day": "months of 30 days",
    "julian": "a leap day every fourth year",
}
MONTHS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
CHANGED = 2299161
"""Day number of 1582-10-15; before it, the standard calendar is the Julian one."""


class Times(NamedTuple):
    """``stamps`` [T] datetime64[ns], and ``rows`` [t] the step of each row of the file, -1 for rows without one."""

    stamps: np.ndarray
    rows: np.ndarray
    findings: list[Finding]


def counts_time(units: object) -> bool:
    """Whether these are the units of a time axis."""
    return isinstance(units, str) and " since " in units


def decode_times(numbers: np.ndarray, units: str, calendar: str, name: str, answers: Answers) -> Times:
    """Counts [t] as times. Dates that the real calendar does not have become a question. Raises DataError."""
    calendar = calendar.strip().lower() or "standard"
    match = SINCE.match(units)
    if match is None or match[1].lower() not in UNITS or calendar not in (*REAL, *YEARS):
        what = f"{units!r}" if calendar in (*REAL, *YEARS) else f"the calendar {calendar!r}"
        raise refuse(
            "time",
            f"The times in {name} are counted in {what[:80]}, which is not understood here; days, hours, "
            "minutes or seconds since a date are.",
        )
    if not np.isfinite(numbers.astype(float)).all():
        bad = int((~np.isfinite(numbers.astype(float))).sum())
        raise refuse("time", f"{quantity(bad, 'row')} of {name} have no time.")
    day, second = _days_and_nanoseconds(numbers, match, calendar)
    if calendar in REAL:
        return Times(_stamps(day - 2440588, second, name), np.arange(len(day)), [])
    year, month, date = _calendar_dates(day, calendar)
    exists = date <= _month_lengths(year, month)
    findings = [_calendar_finding(calendar, name, exists, (year, month, date), answers)]
    months = ((year[exists] - 1970) * 12 + month[exists] - 1).astype("datetime64[M]")
    real = months.astype("datetime64[D]").astype(np.int64) + date[exists] - 1
    rows = np.where(exists, np.cumsum(exists) - 1, -1)
    return Times(_stamps(real, second[exists], name), rows, findings)


def _days_and_nanoseconds(numbers: np.ndarray, match: re.Match[str], calendar: str) -> tuple[np.ndarray, np.ndarray]:
    """Days since the origin of the calendar, and nanoseconds of the day."""
    year, month, date = int(match[2]), int(match[3]), int(match[4])
    if not (1 <= month <= 12 and 1 <= date <= 31):
        raise refuse("time", f"The times count since {match[2]}-{match[3]}-{match[4]}, which is no date.")
    clock = sum(int(match[group] or 0) * size for group, size in ((5, 3600), (6, 60), (7, 1)))
    scale = SECONDS[UNITS[match[1].lower()]]
    whole, rest = np.divmod(numbers.astype(np.float64 if numbers.dtype.kind == "f" else np.int64), round(86400 / scale))
    nano = (
        np.rint(rest.astype(np.float64) * scale * 1e3).astype(np.int64) * 10**6
        if scale >= 1e-3
        else np.rint(rest.astype(np.float64) * scale * 1e9).astype(np.int64)
    )
    nano = nano + (clock - _offset(match[9])) * 10**9 + int(f"{match[8] or 0:0<9}"[:9])
    more, nano = np.divmod(nano, 86400 * 10**9)
    return _day_number(year, month, date, calendar) + whole.astype(np.int64) + more, nano


def _offset(zone: str | None) -> int:
    """Seconds that an offset such as +01:00 is ahead of UTC."""
    if not zone or zone[0] not in "+-":
        return 0
    digits = zone[1:].replace(":", "")
    hours, minutes = (int(digits), 0) if len(digits) <= 2 else (int(digits[:-2]), int(digits[-2:]))
    return (1 if zone[0] == "+" else -1) * (3600 * hours + 60 * minutes)


def _day_number(year: int, month: int, date: int, calendar: str) -> int:
    """Day number of a date: Julian days for the real and the Julian calendar, else days of the calendar itself."""
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


def _calendar_dates(day: np.ndarray, calendar: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Year, month and day of the month of day numbers in a calendar that is not the real one."""
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


def _month_lengths(year: np.ndarray, month: np.ndarray) -> np.ndarray:
    """Days of the month in the real calendar."""
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    return MONTHS[month - 1] + (leap & (month == 2))


def _calendar_finding(
    calendar: str, name: str, exists: np.ndarray, when: tuple[np.ndarray, ...], answers: Answers
) -> Finding:
    """What happened to the dates. Those that never existed are left out only after an answer."""
    text = f"The times in {name} use the calendar {calendar} ({YEARS[calendar]}); every date keeps its name."
    lost = int((~exists).sum())
    if not lost:
        return Finding("note", "calendar", text)
    year, month, date = (int(part[~exists][0]) for part in when)
    text = (
        f"The times in {name} use the calendar {calendar} ({YEARS[calendar]}): {quantity(lost, 'row')} of {len(exists)} "
        f"lie on days that never existed, the first on {year}-{month:02}-{date:02}."
    )
    choices = {"drop": "leave these rows out; all others keep the names of their dates"}
    if answers.get("calendar") != "drop":
        raise refuse("calendar", f"{text} May they be left out?", choices)
    return Finding("repaired", "calendar", f"{text} They were left out.", choices, "drop")


def _stamps(day: np.ndarray, nano: np.ndarray, name: str) -> np.ndarray:
    """[T] from days since 1970 and nanoseconds; DataError beyond the range of nanoseconds."""
    if len(day) and (day.min() < -106_000 or day.max() > 106_000):
        raise refuse("time-range", f"The times in {name} reach beyond the years 1680 to 2260; check their units.")
    return (day * 86400 * 10**9 + nano).view("datetime64[ns]")


TIMES = ("time", "valid_time", "date", "datetime", "timestamp", "t")
LATITUDES = ("lat", "latitude", "nav_lat", "y_lat", "nb_latitude", "xlat")
LONGITUDES = ("lon", "longitude", "long", "nav_lon", "x_lon", "nb_longitude", "xlong")
SENSORS = ("sensor", "station", "stations", "node", "nodes", "site", "location", "id", "station_id", "sensor_id", "obs")


@contextmanager
def open_netcdf(source: Source) -> Iterator[xr.Dataset]:
    """The variables of a file, after the safety checks. Values are not read and times not decoded yet."""
    if source.content == "netcdf3":  # the file is mapped, so it cannot declare more than it has
        with xr.open_dataset(source.path, engine="scipy", decode_times=False) as ds:
            yield ds
        return
    with (
        hdf5.open_hdf5(source.path, whole=False),
        xr.open_dataset(source.path, engine="h5netcdf", decode_times=False) as ds,
    ):
        yield ds


def find_coordinate(ds: xr.Dataset, names: tuple[str, ...], unit: str = "") -> str | None:
    """The variable with one of these names, or with this unit."""
    names_here = {str(name).lower(): str(name) for name in ds.variables}
    for name in names:
        if name in names_here:
            return names_here[name]
    return next(
        (str(name) for name in ds.variables if unit and str(ds[name].attrs.get("units", "")).lower() == unit), None
    )


def time_dimension(ds: xr.Dataset) -> tuple[str, str] | None:
    """(dimension, variable) of time: a coordinate with times along one dimension, the usual names first."""
    candidates = [
        str(name) for name, array in ds.variables.items() if array.ndim == 1 and array.size > 1 and _is_time(array)
    ]
    candidates += [
        name for name in map(str, ds.dims) if name.lower() in TIMES and name not in candidates and name in ds.variables
    ]
    candidates.sort(key=lambda name: (TIMES.index(name.lower()) if name.lower() in TIMES else 99, name))
    return (str(ds[candidates[0]].dims[0]), candidates[0]) if candidates else None


def _is_time(array: xr.Variable) -> bool:
    return array.dtype.kind == "M" or (array.dtype.kind in "iuf" and counts_time(array.attrs.get("units")))


def read_degrees(ds: xr.Dataset, name: str, what: str) -> np.ndarray:
    """A coordinate in degrees, float64; DataError where there is no room for it."""
    check_room(16 * ds[name].size, what)
    return np.asarray(ds[name].values, dtype=np.float64)


def source_attributes(ds: xr.Dataset, title: str) -> dict[str, Any]:
    """Title, zone and source of the data, where the file states them."""
    stated = {str(name).lower(): str(value) for name, value in ds.attrs.items()}
    attrs: dict[str, Any] = {"title": stated.get("title") or title}
    zone = stated.get("timezone") or stated.get("time_zone") or stated.get("tz")
    if zone:
        named = re.search(r"[A-Z][A-Za-z]+/[A-Za-z_]+(?:/[A-Za-z_]+)?|UTC|GMT", zone)
        attrs["zone"] = named.group() if named else zone
    elif stated.get("conventions", "").upper().startswith("CF"):
        attrs["zone"] = "UTC"
    return attrs | {name: stated[name] for name in ("license", "source", "institution") if name in stated}


def read_times(ds: xr.Dataset, variable: str, name: str, answers: Answers) -> Times:
    """The times of the rows, from any calendar. Numbers without a unit are left to the checks."""
    array = ds[variable]
    check_room(32 * array.size, name)
    raw, units = array.values, array.attrs.get("units")
    if raw.dtype.kind in "iuf" and counts_time(units):
        return decode_times(raw, str(units), str(array.attrs.get("calendar", "standard")), name, answers)
    if raw.dtype.kind in "OSTU":
        raw = np.array(hdf5.id_texts(raw).tolist(), dtype=object)
    elif raw.dtype.kind not in "Miuf":
        raise refuse("time", f"The times in {name} are {raw.dtype}, neither dates nor counts since a date.")
    return Times(raw, np.arange(len(raw)), [])


def fill_gaps(times: Times) -> Times:
    """The same times, with steps for the gaps of a regular axis, so that no values have to be moved later."""
    full, findings = fill_time_gaps(times.stamps)
    if not findings:
        return times
    position = np.searchsorted(full, times.stamps.astype("datetime64[ns]"))
    rows = np.where(times.rows >= 0, position[np.maximum(times.rows, 0)], -1)
    return Times(full, rows, [*times.findings, *findings])


def unique_findings(findings: list[Finding]) -> list[Finding]:
    """Each finding once, where several files or variables have the same one."""
    return list({(finding.code, finding.text): finding for finding in findings}.values())
