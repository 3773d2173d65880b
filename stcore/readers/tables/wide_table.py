"""A wide table: a column of times and one column per sensor, as text or as Parquet."""

import re
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from stcore.findings import Finding, refuse
from stcore.readers.reader import Answers, Raw, Reader
from stcore.readers.source import Source
from stcore.readers.tables import parquet, text_table
from stcore.readers.tables.roles import unit_of
from stcore.readers.tables.time_columns import find_time_columns, parse_times
from stcore.registry import Card
from stcore.words import listing

CARD = Card(
    "wide-table",
    "CSV or Parquet with a column of times and one column per sensor; separator and decimal mark are found.",
    "RFC 4180; Apache Parquet",
    "stcore.readers.tables.wide_table:READER",
)
INDEX = re.compile(r"|index|unnamed: ?\d+|__index_level_\d+__", re.IGNORECASE)


def recognises(source: Source) -> float:
    """0.5 for a table with a column of times and at least one of numbers."""
    if source.content == "parquet":
        columns = parquet.header_and_rows(source)
        return 0.5 if columns and find_time_columns(*columns) else 0.0
    first = text_table.header_and_rows(source)
    return 0.5 if first and first[1] and find_time_columns(*first) else 0.0


def header_names(source: Source) -> list[str]:
    """The names in the header, without reading the table; empty where it has no header."""
    first = text_table.header_and_rows(source)
    return list(first[0] or ()) if first else []


def read(source: Source, answers: Answers) -> Raw:
    """One channel, named after the file. Sensors are named by the header, or numbered where there is none."""
    if source.content == "parquet":
        frame, names = _read_parquet(source)
        header: tuple[str, ...] | None = None
        findings: list[Finding] = []
        time = find_time_columns(*(parquet.header_and_rows(source) or (None, [])))
    else:
        frame, dialect, findings = text_table.read_table(source, answers)
        header = dialect.header
        names = list(header) if header else [f"{number}" for number in range(dialect.columns)]
        time = find_time_columns(dialect.header, text_table.rows_as_text(frame))
    if time is None:
        raise refuse(
            "no-time",
            f"{source.name} has no known column of times. Name it 'time' and write times as 2024-03-31 14:05.",
        )
    columns = [
        number
        for number in range(len(names))
        if number not in time.columns and not _is_row_counter(frame[number], names[number])
    ]
    if not columns:
        raise refuse("no-columns", f"{source.name} has times but no column of values.")
    values, more = text_table.numeric_values(frame, columns, source.name, header)
    kinds = parquet.read_schema(source).words if source.content == "parquet" else [str(kind) for kind in frame.dtypes]
    if truths := [names[number] for number in columns if kinds[number] == "bool"]:
        more.append(Finding("note", "true-false", f"{listing(truths)} held true or false; they were read as 1 and 0."))
    stamps, zone, time_findings = parse_times(time.texts(frame), source.name, answers)
    channel = source.stem
    attrs: dict[str, Any] = {"title": source.path.stem, "units": {channel: unit_of(channel)}} | zone
    ds = xr.Dataset(
        {"value": (("time", "sensor", "channel"), values[:, :, None])},
        coords={
            "time": stamps,
            "sensor": np.array([names[number] for number in columns], dtype=str),
            "channel": [channel],
        },
        attrs=attrs,
    )
    return Raw(ds, [*findings, *more, *time_findings], {})


def _is_row_counter(column: pd.Series, name: str) -> bool:
    """Whether a column without a name only numbers the rows, or is the index of pandas."""
    return name.startswith("__index_level_") or (
        bool(INDEX.fullmatch(name))
        and column.dtype.kind in "iu"
        and bool((column.diff().dropna() == 1).all())
        and len(column) > 1
    )


def _read_parquet(source: Source) -> tuple[pd.DataFrame, list[str]]:
    """The columns, numbered, and their names. Text may only hold times."""
    schema = parquet.read_schema(source)
    header, rows = parquet.header_and_rows(source) or (schema.names, [])
    time = find_time_columns(header, rows)
    for column, kind in enumerate(schema.kinds):
        if kind == "text" and column not in (time.columns if time else ()):
            what = f"holds {schema.words[column]}, neither numbers nor times"
            raise refuse("not-numbers", f"The column {schema.names[column][:80]!r} of {source.name} {what}.")
    return parquet.read_frame(source), list(schema.names)


READER = Reader(recognises, read, order=30)
