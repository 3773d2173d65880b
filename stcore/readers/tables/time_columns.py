"""The columns of a table with times: one column, a date and a time of day, or year, month, day and hour."""

import re
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from stcore.findings import Finding, refuse
from stcore.readers.reader import Answers
from stcore.readers.tables.text_table import is_time

CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?")
HOURS = ("hour", "hr", "stunde", "heure", "hora", "hour_of_day")
CLOCKS = ("time", "zeit", "uhrzeit", "clock", "time_of_day", "heure", "hora")
PARTS = ("year", "month", "day", "hour", "minute")


class TimeColumns(NamedTuple):
    """``columns`` that give a time together, and how: ``whole``, a date with ``clock`` or ``hour``, or ``parts``."""

    columns: tuple[int, ...]
    how: str = "whole"

    def texts(self, frame: pd.DataFrame) -> pd.Series:
        """[T] the times as one column of text; a single column stays as it is."""
        first = frame[self.columns[0]]
        if self.how == "whole":
            return first
        others = [frame[number].astype(str).str.strip() for number in self.columns[1:]]
        start = first.astype(str).str.strip()
        if self.how == "parts":
            month, day, *clock = (part.str.zfill(2) for part in others)
            hour = [*clock, "00", "00"][:2]
            return start + "-" + month + "-" + day + " " + hour[0] + ":" + hour[1]
        return start + " " + (others[0] + ":00" if self.how == "hour" else others[0])


def find_time_columns(header: tuple[str, ...] | None, rows: list[list[str]]) -> TimeColumns | None:
    """The columns with times: one whose entries are all times, or one of numbers with such a name; a date with its time of
    day. None where there are none."""
    columns = list(zip(*rows, strict=False))
    names = [name.strip().lower() for name in header or ()][: len(columns)]
    full = [number for number, cells in enumerate(columns) if all(is_time(cell) for cell in cells)]
    named = [number for number, name in enumerate(names) if name in (*NAMES, "__index_level_0__")]
    both = [number for number in named if number in full]
    counted = [number for number in named if all(_is_tick_count(cell) for cell in columns[number])]
    chosen = next(iter([*both, *full, *counted]), None)
    if chosen is None:
        return _date_part_columns(names, columns)
    if any(":" in cell for cell in columns[chosen]):
        return TimeColumns((chosen,))
    for number, cells in enumerate(columns):
        if number != chosen and all(CLOCK.fullmatch(cell) for cell in cells):
            return TimeColumns((chosen, number), "clock")
    for number, name in enumerate(names):
        if name in HOURS and all(cell.isdigit() and int(cell) < 24 for cell in columns[number]):
            return TimeColumns((chosen, number), "hour")
    return TimeColumns((chosen,))


def _is_tick_count(cell: str) -> bool:
    """Whether an entry is a number large enough to count from 1970, or to be a date without marks."""
    return len(cell) >= 8 and cell.replace(".", "", 1).isdigit()


def _date_part_columns(names: list[str], columns: list[tuple[str, ...]]) -> TimeColumns | None:
    """Columns called year, month and day, and hour and minute where they exist, all with whole numbers."""
    columns_found = [names.index(part) for part in PARTS if part in names]
    if not set(PARTS[:3]) <= set(names) or ("minute" in names and "hour" not in names):
        return None
    if not all(cell.isdigit() for column in columns_found for cell in columns[column]):
        return None
    return (
        TimeColumns(tuple(columns_found), "parts")
        if all(len(cell) == 4 for cell in columns[columns_found[0]])
        else None
    )


NAMES = (
    "time",
    "timestamp",
    "datetime",
    "date",
    "date_time",
    "valid_time",
    "ts",
    "ds",
    "datum",
    "zeit",
    "zeitstempel",
    "utc",
    "time_utc",
    "fecha",
)
DATE_PARTS = re.compile(
    r"(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})(?:([T ,]+)(\d{1,2})(?::(\d{2}))?(?::(\d{2})([.,]\d+)?)?\s*([AaPp][Mm])?)?"
)
COMPACT = {8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}


def parse_times(column: pd.Series, name: str, answers: Answers) -> tuple[np.ndarray, dict[str, Any], list[Finding]]:
    """[T] times, the zone as attributes, findings. Times with offsets become UTC. Numbers are left to the checks."""
    if column.isna().any():
        raise refuse("time", f"Row {int(column.isna().to_numpy().argmax()) + 1} of {name} has no time.")
    if column.dtype.kind in "iuf":
        return _parse_numbers(column.to_numpy())
    if column.dtype.kind == "M" or isinstance(column.dtype, pd.DatetimeTZDtype):
        index = pd.DatetimeIndex(column)
        return (index.values, {}, []) if index.tz is None else _to_utc(index, str(index.tz))
    text = column.astype(str).str.strip()
    pattern = DATE_PARTS.fullmatch(text.iloc[0])
    if pattern and len(pattern[1]) <= 2:
        return _parse_day_and_month(text, pattern, name, answers)
    return _parse_iso(text, name)


def _parse_numbers(column: np.ndarray) -> tuple[np.ndarray, dict[str, Any], list[Finding]]:
    """Numbers such as 20120301 or 201203010005 are dates; others count from 1970."""
    whole = (
        np.rint(column).astype(np.int64)
        if np.all(np.isfinite(column)) and np.all(np.abs(column) < 2**62)
        else np.zeros(1, np.int64)
    )
    form = COMPACT.get(len(str(whole[0])))
    if form and 1900 <= int(str(whole[0])[:4]) < 2200:
        stamps = pd.to_datetime(pd.Series(whole).astype(str), format=form, errors="coerce")
        if stamps.notna().all():
            return (
                stamps.to_numpy(),
                {},
                [Finding("note", "compact-times", f"Times such as {whole[0]} were read as {stamps.iloc[0]}.")],
            )
    return column, {}, []


def _to_utc(index: pd.DatetimeIndex, zone: str) -> tuple[np.ndarray, dict[str, Any], list[Finding]]:
    local = {"local_zone": zone} if "/" in zone else {}
    text = f"Times in {zone} are kept as UTC." if local else "Times with offsets are kept as UTC."
    return (
        index.tz_convert("UTC").tz_localize(None).values,
        {"zone": "UTC"} | local,
        [Finding("repaired", "zone", text)],
    )


def _parse_iso(text: pd.Series, name: str) -> tuple[np.ndarray, dict[str, Any], list[Finding]]:
    offset = text.str.contains(r"(?:Z|UTC|\d[+-]\d{2}:?\d{2})$", regex=True)
    cleaned = text.str.replace(r"\s*UTC$", "Z", regex=True).str.replace("/", "-", regex=False)
    if offset.any() and not offset.all():
        raise refuse(
            "time",
            f"Some times of {name} have an offset from UTC and some have none, such as {text[~offset].iloc[0]!r}.",
        )
    stamps = pd.to_datetime(cleaned, format="ISO8601", utc=bool(offset.any()), errors="coerce")
    if stamps.isna().any():
        row = int(stamps.isna().to_numpy().argmax())
        raise refuse("time", f"Row {row + 1} of {name} has a time that is not understood: {text.iloc[row][:40]!r}.")
    return _to_utc(pd.DatetimeIndex(stamps), "UTC") if offset.any() else (stamps.to_numpy(), {}, [])


def _parse_day_and_month(
    text: pd.Series, first: re.Match[str], name: str, answers: Answers
) -> tuple[np.ndarray, dict[str, Any], list[Finding]]:
    """Dates such as 13.04.2020 and 04/13/2020. Dots mean day first. With other marks a number above 12 decides, else an
    answer."""
    mark = re.escape(first[2])
    pairs = text.str.extract(rf"^(\d{{1,2}}){mark}(\d{{1,2}}){mark}").astype(float)
    if pairs.isna().any(axis=None):
        row = int(pairs.isna().any(axis=1).to_numpy().argmax())
        raise refuse("time", f"Row {row + 1} of {name} has a time unlike the first: {text.iloc[row][:40]!r}.")
    day_first, month_first = bool((pairs[0] > 12).any()), bool((pairs[1] > 12).any())
    findings = []
    if not (day_first or month_first):
        if first[2] == ".":
            day_first = True
        else:
            choices = {"day": f"{text.iloc[0]} is day first", "month": f"{text.iloc[0]} is month first"}
            chosen = answers.get("day-month")
            if chosen not in choices:
                raise refuse(
                    "day-month", f"Does {text.iloc[0]!r} in {name} start with the day or with the month?", choices
                )
            findings, day_first = (
                [Finding("note", "day-month", f"Dates of {name} were read as answered.", choices, chosen)],
                chosen == "day",
            )
    form = _time_format(first, "%d{0}%m{0}" if day_first else "%m{0}%d{0}")
    stamps = pd.to_datetime(text.str.replace(r"\s+(?=[AaPp][Mm]$)", "", regex=True), format=form, errors="coerce")
    if stamps.isna().any():
        row = int(stamps.isna().to_numpy().argmax())
        raise refuse("time", f"Row {row + 1} of {name} has a time that is not understood: {text.iloc[row][:40]!r}.")
    return stamps.to_numpy(), {}, findings


def _time_format(first: re.Match[str], days: str) -> str:
    form = days.format(first[2]) + ("%Y" if len(first[4]) == 4 else "%y")
    if first[6]:
        hour = "%I" if first[10] else "%H"
        form += (
            first[5]
            + hour
            + (":%M" if first[7] else "")
            + (":%S" if first[8] else "")
            + (".%f" if first[9] else "")
            + ("%p" if first[10] else "")
        )
    return form
