"""Which columns of a table say when: one column of times, a date and a time of day, or year, month, day and hour."""

import re
from typing import NamedTuple

import pandas as pd

from stcore.readers.dates import NAMES
from stcore.readers.dialect import is_time

CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?")
HOURS = ("hour", "hr", "stunde", "heure", "hora", "hour_of_day")
CLOCKS = ("time", "zeit", "uhrzeit", "clock", "time_of_day", "heure", "hora")
PARTS = ("year", "month", "day", "hour", "minute")


class TimeColumns(NamedTuple):
    """``columns`` that make a time together, and how: ``whole``, ``clock`` or ``hour`` beside a date, or ``parts``."""

    columns: tuple[int, ...]
    how: str = "whole"

    def texts(self, frame: pd.DataFrame) -> pd.Series:
        """[T] the times as one column; a single one is given as it is."""
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


def time_columns(header: tuple[str, ...] | None, rows: list[list[str]]) -> TimeColumns | None:
    """The column whose cells are all times, or, in numbers, the one that is called so; a date with its time of day beside."""
    columns = list(zip(*rows, strict=False))
    names = [name.strip().lower() for name in header or ()][: len(columns)]
    full = [number for number, cells in enumerate(columns) if all(is_time(cell) for cell in cells)]
    called = [number for number, name in enumerate(names) if name in (*NAMES, "__index_level_0__")]
    both = [number for number in called if number in full]
    counted = [number for number in called if all(_ticks(cell) for cell in columns[number])]
    found = next(iter([*both, *full, *counted]), None)
    if found is None:
        return _parts(names, columns)
    if any(":" in cell for cell in columns[found]):
        return TimeColumns((found,))
    for number, cells in enumerate(columns):
        if number != found and all(CLOCK.fullmatch(cell) for cell in cells):
            return TimeColumns((found, number), "clock")
    for number, name in enumerate(names):
        if name in HOURS and all(cell.isdigit() and int(cell) < 24 for cell in columns[number]):
            return TimeColumns((found, number), "hour")
    return TimeColumns((found,))


def _ticks(cell: str) -> bool:
    """A number that is large enough to count from 1970, or to be a date without marks."""
    return len(cell) >= 8 and cell.replace(".", "", 1).isdigit()


def _parts(names: list[str], columns: list[tuple[str, ...]]) -> TimeColumns | None:
    """Columns called year, month and day, and hour and minute where there are some, all of whole numbers."""
    places = [names.index(part) for part in PARTS if part in names]
    if not set(PARTS[:3]) <= set(names) or ("minute" in names and "hour" not in names):
        return None
    if not all(cell.isdigit() for place in places for cell in columns[place]):
        return None
    return TimeColumns(tuple(places), "parts") if all(len(cell) == 4 for cell in columns[places[0]]) else None
