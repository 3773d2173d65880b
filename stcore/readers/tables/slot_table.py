"""A table with one row per sensor and day, and one column per time of day: 00:00, 00:15 ..., 1 to 96, or V1 to V24."""

import re
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from stcore.findings import Finding, refuse
from stcore.readers.reader import Answers, Raw, Reader
from stcore.readers.source import Source
from stcore.readers.tables import long_table, parquet, text_table
from stcore.readers.tables.pivot import Rows, pivot
from stcore.readers.tables.roles import KINDS, is_numeric, plain_name, sensor_columns, unit_of
from stcore.readers.tables.time_columns import TimeColumns, find_time_columns, parse_times
from stcore.registry import Card
from stcore.words import listing

CARD = Card(
    "slot-table",
    "CSV or Parquet with one row per sensor and day, and one column per time of day (00:00, 00:15, ...).",
    "RFC 4180; Apache Parquet",
    "stcore.readers.tables.slot_table:READER",
)
CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::00)?(?:\s*[-–].*)?")
NUMBERED = re.compile(r"(.*?)(\d{1,4})")
COUNTS = (24, 48, 72, 96, 144, 288, 1440)
FEWEST = 12
DAY = 1440


class Slots(NamedTuple):
    """``columns`` of times of day, their ``minutes`` after midnight, and a ``description`` of their names; the columns of the
    day, the sensor and the quantity, where there are any."""

    columns: list[int]
    minutes: list[int]
    description: str
    day: TimeColumns
    sensor: int | None
    kind: int | None


def recognises(source: Source) -> float:
    """0.7 for a table with days in its rows and times of day in its columns."""
    first = long_table.header_and_rows(source)
    return 0.7 if first and slot_columns(*first) else 0.0


def slot_columns(header: tuple[str, ...] | None, rows: list[list[str]]) -> Slots | None:
    """The columns of a slot table; None for other tables."""
    if not header or not rows or (columns_found := _clock_columns(header) or _numbered_columns(header, rows)) is None:
        return None
    columns, minutes, description = columns_found
    names = [plain_name(name) for name in header]
    rest = [number for number in range(len(header)) if number not in columns]
    day = find_time_columns(
        tuple(header[number] for number in rest), [[row[number] for number in rest] for row in rows]
    )
    if day is None or day.how not in ("whole", "parts") or len(day.columns) > 3:
        return None
    day = TimeColumns(tuple(rest[number] for number in day.columns), day.how)
    if any(":" in row[number] for row in rows for number in day.columns):
        return None
    free = [number for number in rest if number not in day.columns]
    kind = next((number for number in free if names[number] in KINDS), None)
    sensor = sensor_columns(header, rows, [number for number in free if number != kind], day)
    if not sensor and ":" not in header[columns[0]]:
        return None  # a day and columns called 1 to 24 may as well be 24 sensors
    return Slots(columns, minutes, description, day, sensor[0] if sensor else None, kind)


def _clock_columns(header: tuple[str, ...]) -> tuple[list[int], list[int], str] | None:
    """Columns named by the clock, at constant distance: (columns, minutes after midnight, description)."""
    matches = [(number, CLOCK.fullmatch(name.strip())) for number, name in enumerate(header)]
    columns = [number for number, match in matches if match]
    minutes = [60 * int(match[1]) + int(match[2]) for _, match in matches if match]
    apart = set(np.diff(minutes).tolist())
    if len(columns) < FEWEST or len(apart) != 1 or min(apart) <= 0 or max(minutes) > DAY:
        return None
    return columns, minutes, f"{header[columns[0]]} to {header[columns[-1]]}"


def _numbered_columns(header: tuple[str, ...], rows: list[list[str]]) -> tuple[list[int], list[int], str] | None:
    """Columns numbered from 0 or 1, as many as a day has hours or parts of hours; the same triple."""
    runs: dict[str, list[tuple[int, int]]] = {}
    for number, name in enumerate(header):
        if (match := NUMBERED.fullmatch(name.strip())) and all(is_numeric(row[number]) for row in rows):
            runs.setdefault(match[1], []).append((number, int(match[2])))
    for run in runs.values():
        columns, numbers_in_names = [number for number, _ in run], [number_in_name for _, number_in_name in run]
        if len(run) in COUNTS and numbers_in_names[0] in (0, 1) and set(np.diff(numbers_in_names).tolist()) == {1}:
            step = DAY // len(run)
            minutes = [step * (number_in_name - numbers_in_names[0]) for number_in_name in numbers_in_names]
            text = (
                f"{header[columns[0]]} to {header[columns[-1]]}, {step} minutes each, where the first is read as 00:00"
            )
            return columns, minutes, text
    return None


def read(source: Source, answers: Answers) -> Raw:
    """One channel, or one per quantity. Sensors have their names as written, or that of the file where no column names any."""
    header, rows = long_table.header_and_rows(source) or (None, [])
    slots = slot_columns(header, rows)
    if header is None or slots is None:
        raise refuse("no-columns", f"{source.name} has no columns of days and times of day that are understood.")
    choices = {"times": "the columns are times of day", "channels": "the columns are quantities, measured once a day"}
    if answers.get("slots") == "channels":
        raw = long_table.read(source, answers)
        finding = Finding(
            "note",
            "slots",
            f"The columns {slots.description} of {source.name} are quantities, as answered.",
            choices,
            "channels",
        )
        return Raw(raw.ds, [finding, *raw.findings], raw.layers)
    frame, findings = _read_frame(source, slots, answers)
    values, more = text_table.numeric_values(frame, slots.columns, source.name)
    days, zone, time_findings = parse_times(slots.day.texts(frame), source.name, answers)
    if days.dtype.kind != "M":
        raise refuse("time", f"The days in {source.name} are not dates; write them as 2024-03-31.")
    sensor, sensors = _codes(frame, slots.sensor, source.path.name.split(".")[0], source.name)
    kind, channels = _codes(frame, slots.kind, "value", source.name)
    many = len(slots.columns)
    offsets = (np.array(slots.minutes) * np.timedelta64(1, "m")).astype("timedelta64[ns]")
    stamps = (days.astype("datetime64[ns]")[:, None] + offsets).ravel()
    rows_of_readings = Rows(
        stamps, sensor.repeat(many), values.reshape(-1, 1).astype(np.float32), sensors, channels, kind.repeat(many)
    )
    axis, cube, duplicates = pivot(rows_of_readings, source.name, answers)
    ds = xr.Dataset(
        {"value": (("time", "sensor", "channel"), cube)},
        coords={"time": axis, "sensor": np.array(sensors, dtype=str), "channel": np.array(channels, dtype=str)},
        attrs={"title": source.path.stem, "units": {name: unit_of(name) for name in channels}} | zone,
    )
    text = f"{source.name} has one row per {'sensor and day' if slots.sensor is not None else 'day'}; its columns "
    left = [
        header[column]
        for column in range(len(header))
        if column not in (*slots.columns, *slots.day.columns, slots.sensor, slots.kind)
    ]
    text += f"{slots.description} are times of day.{f' Not read: {listing(left)}.' if left else ''}"
    return Raw(
        ds, [*findings, Finding("note", "slots", text, choices, "times"), *more, *time_findings, *duplicates], {}
    )


def _read_frame(source: Source, slots: Slots, answers: Answers) -> tuple[pd.DataFrame, list[Finding]]:
    texts = [number for number in (slots.sensor, slots.kind) if number is not None]
    if source.content == "parquet":
        return parquet.read_frame(source, sorted({*slots.columns, *slots.day.columns, *texts})), []
    frame, _, findings = text_table.read_table(source, answers, texts)
    return frame, findings


def _codes(frame: pd.DataFrame, column: int | None, alone: str, name: str) -> tuple[np.ndarray, list[str]]:
    """(codes [R], names) of a column; one name for all rows where there is no column."""
    if column is None:
        return np.zeros(len(frame), np.int64), [alone]
    codes, entries = pd.factorize(long_table.sensor_names(frame[column], 0, name))
    return codes, [str(entry) for entry in entries]


READER = Reader(recognises, read, order=27)
