"""A long table: one row per sensor and time, in any order, as text or as Parquet."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from stcore.findings import DataError, Finding, refuse
from stcore.readers.reader import Answers, Raw, Reader
from stcore.readers.source import Source
from stcore.readers.tables import labels, parquet, text_blocks, text_table, time_columns
from stcore.readers.tables.coded import Coded, Numbers
from stcore.readers.tables.labels import unit_of
from stcore.readers.tables.pivot import Rows, pivoted
from stcore.readers.tables.roles import Roles, roles
from stcore.readers.tables.row_locations import Spots
from stcore.registry import Card
from stcore.words import listing

CARD = Card(
    "long-table", "CSV or Parquet with one row per station and time: columns of stations, times, and one or more of values.",
    "RFC 4180; Apache Parquet", "stcore.readers.tables.long_table:READER",
)  # fmt: skip
BATCH = 2**17


def recognises(source: Source) -> float:
    """0.6 for a table with a column of times, one that names sensors, and one of numbers."""
    return 0.6 if (seen := peek(source)) and roles(*seen) else 0.0


def peek(source: Source) -> tuple[tuple[str, ...] | None, list[list[str]]] | None:
    """(header or None, first rows as text) of a table of text or Parquet."""
    return parquet.peek(source) if source.content == "parquet" else text_table.peek(source)


def read(source: Source, answers: Answers) -> Raw:
    """One channel per column of values, or per quantity that the rows name; sensors by their names exactly as written."""
    header, rows = peek(source) or (None, [])
    found = roles(header, rows, answers.get("sensor-column"))
    if header is None or found is None:
        raise refuse("no-columns", f"{source.name} has no columns of sensors, times and values that are understood.")
    raw = read_as(source, header, found, answers)
    return Raw(raw.ds, [*_understood(source, header, found), *raw.findings], {})


def read_as(source: Source, header: tuple[str, ...], found: Roles, answers: Answers) -> Raw:
    """The table, where it is known what its columns are for."""
    blocks, findings = _blocks(source, found, answers)
    sensor, when, kind = Coded(), Coded(), Coded()
    numbers = Numbers([header[place] for place in found.values], source.name)
    spots = Spots()
    for frame in blocks:
        sensor.add(names_in(frame[found.sensor], sensor.rows, source.name))
        when.add(found.time.texts(frame))
        numbers.add([frame[place] for place in found.values])
        if found.kind is not None:
            kind.add(names_in(frame[found.kind], kind.rows, source.name))
        if found.places:
            spots.add(sensor.parts[-1], *(frame[place] for place in found.places))
    values, more = numbers.taken()
    stamps, zone, told = _times(when, source.name, answers)
    channels = (
        [str(name) for name in kind.entries] if found.kind is not None else [header[place] for place in found.values]
    )
    sensors = [str(name) for name in sensor.entries]
    held = Rows(stamps, sensor.codes, values, sensors, channels, kind.codes if found.kind is not None else None)
    axis, cube, once = pivoted(held, source.name, answers)
    ds = xr.Dataset(
        {"value": (("time", "sensor", "channel"), cube)},
        coords={"time": axis, "sensor": np.array(sensors, dtype=str), "channel": np.array(channels, dtype=str)},
        attrs={"title": source.path.stem, "units": {name: unit_of(name) for name in channels}} | zone,
    )
    ds, placed = spots.onto(ds, source.name)
    return Raw(ds, [*findings, *more, *told, *once, *placed], {})


def _blocks(source: Source, found: Roles, answers: Answers) -> tuple[Iterator[pd.DataFrame], list[Finding]]:
    """The rows by blocks, whichever kind of file they are in."""
    texts = [*found.time.columns, found.sensor, *([] if found.kind is None else [found.kind])]
    numbers = [*found.values, *(found.places or ())]
    if source.content == "parquet":
        held = parquet.layout(source)
        return parquet.batches(source, held, sorted({*texts, *numbers}), BATCH), []
    dialect, findings = text_blocks.opened(source, answers)
    return text_blocks.frames(source, dialect, texts, numbers), findings


def names_in(column: pd.Series, before: int, name: str) -> pd.Series:
    """Names as text without blanks around: 001 stays 001, and a whole number has no point. ``before``: rows read earlier."""
    categories = isinstance(column.dtype, pd.CategoricalDtype)
    codes, entries = pd.factorize(
        column.astype(object) if categories and column.dtype.categories.dtype == object else column
    )
    texts = [labels.text(entry) for entry in entries.tolist()]
    if (codes < 0).any() or not all(texts):
        empty = (codes < 0) | np.isin(codes, [place for place, text in enumerate(texts) if not text])
        row = before + int(empty.argmax()) + 1
        raise refuse("sensor-names", f"Row {row} of {name} does not say which sensor it is about.")
    return pd.Series(np.array(texts, dtype=object)[codes])


def _times(when: Coded, name: str, answers: Answers) -> tuple[np.ndarray, dict[str, Any], list[Finding]]:
    """[R] instants: each different entry is understood once."""
    entries = pd.Series(when.entries)
    if entries.dtype == object or isinstance(entries.dtype, pd.StringDtype):
        texts = entries.astype(str).str.strip()
        entries = pd.to_numeric(texts) if texts.str.fullmatch(r"\d{8,20}(\.\d+)?").all() else texts
    if (when.codes < 0).any() or (entries.dtype != float and (entries == "").any()):
        empty = (when.codes < 0) | np.isin(when.codes, np.flatnonzero((entries == "").to_numpy()))
        raise refuse("time", f"Row {int(empty.argmax()) + 1} of {name} has no time.")
    try:
        stamps, zone, findings = time_columns.parse_times(entries, name, answers)
    except DataError:
        if len(entries) < len(when.codes):  # again with all rows, so that the right one is named
            time_columns.parse_times(entries.iloc[when.codes].reset_index(drop=True), name, answers)
        raise
    return stamps[when.codes], zone, findings


def _understood(source: Source, header: tuple[str, ...], found: Roles) -> list[Finding]:
    """Which column was taken for what, and what was left."""
    shown = [header[place] or f"column {place + 1}" for place in range(len(header))]
    time = listing(shown[place] for place in found.time.columns)
    values = listing(shown[place] for place in found.values)
    text = (
        f"{source.name} is a long table: sensors are in {shown[found.sensor]!r}, times in {time}, values in {values}."
    )
    if found.kind is not None:
        text += f" The quantity is in {shown[found.kind]!r}."
    if found.left:
        text += f" Not read: {listing(shown[place] for place in found.left)}."
    if not found.others:
        return [Finding("note", "long-table", text)]
    named = [header[place] for place in (found.sensor, *found.others)]
    choices = {name: f"{name} says which sensor a row is about" for name in named}
    asked = (
        f"The sensors of {source.name} are named by {named[0]!r}; so could they be by {listing(map(repr, named[1:]))}."
    )
    return [Finding("note", "long-table", text), Finding("note", "sensor-column", asked, choices, named[0])]


READER = Reader(recognises, read, order=28)
