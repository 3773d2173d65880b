"""A wide table: a column of times and one column per sensor, as text or as Parquet."""

import re
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from stcore.findings import Finding, refuse
from stcore.readers import dates, text_table
from stcore.readers.dialect import is_time
from stcore.readers.limits import check_room
from stcore.readers.reader import Answers, Raw, Reader
from stcore.readers.source import Source
from stcore.registry import Card

CARD = Card(
    "wide-table", "CSV or Parquet with a column of times and one column per sensor; separator and decimal mark are found.",
    "RFC 4180; Apache Parquet", "stcore.readers.wide_table:READER",
)  # fmt: skip
UNITS = {
    "mph": "mph",
    "kmh": "km/h",
    "kwh": "kWh",
    "mwh": "MWh",
    "celsius": "°C",
    "kelvin": "K",
    "mm": "mm",
    "ugm3": "µg/m³",
}
INDEX = re.compile(r"|index|unnamed: ?\d+|__index_level_\d+__", re.IGNORECASE)


def recognises(source: Source) -> float:
    """0.5 for a table with a column of times and at least one of numbers."""
    if source.content == "parquet":
        return 0.5
    seen = text_table.peek(source)
    if seen is None or not seen[1]:
        return 0.0
    header, rows = seen
    return 0.5 if _time_column(header, rows) is not None else 0.0


def sensors_of(source: Source) -> list[str]:
    """The names that the table's header gives its columns, without reading the table; empty where it has no header."""
    seen = text_table.peek(source)
    return list(seen[0] or ()) if seen else []


def read(source: Source, answers: Answers) -> Raw:
    """One channel named after the file; sensors named by the header, or numbered where there is none."""
    if source.content == "parquet":
        frame, names = _parquet(source)
        findings: list[Finding] = []
        time: int | None = _parquet_time(frame, names)
    else:
        frame, dialect, findings = text_table.table(source, answers)
        names = list(dialect.header) if dialect.header else [f"{number}" for number in range(dialect.columns)]
        time = _time_column(dialect.header, text_table.first_rows(frame))
    if time is None:
        raise refuse(
            "no-time",
            f"{source.name} has no column of times that is understood; name it 'time' and write times as 2024-03-31 14:05.",
        )
    columns = [number for number in range(len(names)) if number != time and not _running(frame[number], names[number])]
    if not columns:
        raise refuse("no-columns", f"{source.name} has times but no column of values.")
    values, more = text_table.numbers(frame, columns, source.name)
    stamps, zone, told = dates.parsed(frame[time], source.name, answers)
    channel = source.stem
    attrs: dict[str, Any] = {"title": source.path.stem, "units": {channel: _unit(channel)}} | zone
    ds = xr.Dataset(
        {"value": (("time", "sensor", "channel"), values[:, :, None])},
        coords={"time": stamps, "sensor": np.array([names[number] for number in columns], dtype=str), "channel": [channel]},
        attrs=attrs,
    )  # fmt: skip
    return Raw(ds, [*findings, *more, *told], {})


def _unit(stem: str) -> str:
    return next((unit for word, unit in UNITS.items() if word in re.split(r"[^a-z0-9]+", stem)), "")


def _running(column: pd.Series, name: str) -> bool:
    """A nameless column that only counts rows."""
    return (
        bool(INDEX.fullmatch(name))
        and column.dtype.kind in "iu"
        and bool((column.diff().dropna() == 1).all())
        and len(column) > 1
    )


def _time_column(header: tuple[str, ...] | None, rows: list[list[str]]) -> int | None:
    """The column whose cells are all times, or, in numbers, the one that is called so."""
    if not rows:
        return None
    columns = list(zip(*rows, strict=False))
    full = [number for number, cells in enumerate(columns) if all(is_time(cell) for cell in cells)]
    named = [
        number for number, name in enumerate(header or ()) if name.lower() in dates.NAMES and number < len(columns)
    ]
    both = [number for number in named if number in full]
    counted = [
        number
        for number in named
        if all(cell.replace(".", "", 1).isdigit() and len(cell) >= 8 for cell in columns[number])
    ]
    return next(iter([*both, *full, *counted]), None)


def _parquet(source: Source) -> tuple[pd.DataFrame, list[str]]:
    """The columns, numbered, after a look at how large they say they are."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(source.path) as file:
        about, schema = file.metadata, file.schema_arrow
        check_room(16 * about.num_rows * max(about.num_columns, 1), source.name)
        for column in schema:
            kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
            if not (
                pa.types.is_floating(kind)
                or pa.types.is_integer(kind)
                or pa.types.is_boolean(kind)
                or pa.types.is_temporal(kind)
                or pa.types.is_null(kind)
            ):
                raise refuse(
                    "not-numbers",
                    f"The column {column.name[:80]!r} of {source.name} holds {kind}, neither numbers nor times.",
                )
        names = [str(name) for name in schema.names]
        frame = file.read().to_pandas(ignore_metadata=True)
    frame.columns = range(len(names))
    return frame, names


def _parquet_time(frame: pd.DataFrame, names: list[str]) -> int | None:
    full = [
        number
        for number in frame.columns
        if frame[number].dtype.kind == "M" or isinstance(frame[number].dtype, pd.DatetimeTZDtype)
    ]
    named = [
        number
        for number, name in enumerate(names)
        if name.lower() in (*dates.NAMES, "__index_level_0__") and frame[number].dtype.kind in "iu"
    ]
    return next(iter([*full, *named]), None)


READER = Reader(recognises, read, order=30)
