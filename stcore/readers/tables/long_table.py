"""A long table: one row per sensor and time, in any order, as text or as Parquet."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from stcore.findings import DataError, Finding, refuse
from stcore.readers.reader import Answers, Raw, Reader
from stcore.readers.source import Source
from stcore.readers.tables import parquet, row_blocks, text_table, time_columns
from stcore.readers.tables.pivot import Rows, pivot
from stcore.readers.tables.roles import Roles, cell_text, column_roles, unit_of
from stcore.readers.tables.row_blocks import CodedColumn, NumberColumns
from stcore.registry import Card
from stcore.words import listing

CARD = Card(
    "long-table",
    "CSV or Parquet with one row per station and time: columns of stations, times, and one or more of values.",
    "RFC 4180; Apache Parquet",
    "stcore.readers.tables.long_table:READER",
)
BATCH = 2**17


def recognises(source: Source) -> float:
    """0.6 for a table with a column of times, one that names sensors, and one of numbers."""
    return 0.6 if (first := header_and_rows(source)) and column_roles(*first) else 0.0


def header_and_rows(source: Source) -> tuple[tuple[str, ...] | None, list[list[str]]] | None:
    """(header or None, first rows as text) of a table of text or Parquet."""
    return parquet.header_and_rows(source) if source.content == "parquet" else text_table.header_and_rows(source)


def read(source: Source, answers: Answers) -> Raw:
    """One channel per column of values, or per quantity that the rows name. Sensors have their names as written."""
    header, rows = header_and_rows(source) or (None, [])
    roles = column_roles(header, rows, answers.get("sensor-column"))
    if header is None or roles is None:
        raise refuse("no-columns", f"{source.name} has no columns of sensors, times and values that are understood.")
    raw = read_with_roles(source, header, roles, answers)
    return Raw(raw.ds, [*_role_findings(source, header, roles), *raw.findings], {})


def read_with_roles(source: Source, header: tuple[str, ...], roles: Roles, answers: Answers) -> Raw:
    """The table, with known roles of its columns."""
    blocks, findings = _blocks(source, roles, answers)
    sensor, when, kind = CodedColumn(), CodedColumn(), CodedColumn()
    numbers = NumberColumns([header[column] for column in roles.values], source.name)
    locations = RowLocations()
    for frame in blocks:
        sensor.add(sensor_names(frame[roles.sensor], sensor.rows, source.name))
        when.add(roles.time.texts(frame))
        numbers.add([frame[column] for column in roles.values])
        if roles.kind is not None:
            kind.add(sensor_names(frame[roles.kind], kind.rows, source.name))
        if roles.location:
            locations.add(sensor.parts[-1], *(frame[column] for column in roles.location))
    values, number_findings = numbers.values()
    stamps, zone, time_findings = _parse_coded_times(when, source.name, answers)
    channels = (
        [str(name) for name in kind.entries] if roles.kind is not None else [header[column] for column in roles.values]
    )
    sensors = [str(name) for name in sensor.entries]
    rows = Rows(stamps, sensor.codes, values, sensors, channels, kind.codes if roles.kind is not None else None)
    axis, cube, duplicates = pivot(rows, source.name, answers)
    ds = xr.Dataset(
        {"value": (("time", "sensor", "channel"), cube)},
        coords={"time": axis, "sensor": np.array(sensors, dtype=str), "channel": np.array(channels, dtype=str)},
        attrs={"title": source.path.stem, "units": {name: unit_of(name) for name in channels}} | zone,
    )
    ds, location_findings = locations.assign_to(ds, source.name)
    return Raw(ds, [*findings, *number_findings, *time_findings, *duplicates, *location_findings], {})


def _blocks(source: Source, roles: Roles, answers: Answers) -> tuple[Iterator[pd.DataFrame], list[Finding]]:
    """The rows in blocks, from text or Parquet."""
    texts = [*roles.time.columns, roles.sensor, *([] if roles.kind is None else [roles.kind])]
    numbers = [*roles.values, *(roles.location or ())]
    if source.content == "parquet":
        schema = parquet.read_schema(source)
        return parquet.read_batches(source, schema, sorted({*texts, *numbers}), BATCH), []
    dialect, findings = row_blocks.table_dialect(source, answers)
    return row_blocks.read_frames(source, dialect, texts, numbers), findings


def sensor_names(column: pd.Series, before: int, name: str) -> pd.Series:
    """Names as text: 001 stays 001, a whole number has no point. ``before`` is the number of rows read earlier."""
    categories = isinstance(column.dtype, pd.CategoricalDtype)
    codes, entries = pd.factorize(
        column.astype(object) if categories and column.dtype.categories.dtype == object else column
    )
    texts = [cell_text(entry) for entry in entries.tolist()]
    if (codes < 0).any() or not all(texts):
        empty = (codes < 0) | np.isin(codes, [code for code, text in enumerate(texts) if not text])
        row = before + int(empty.argmax()) + 1
        raise refuse("sensor-names", f"Row {row} of {name} does not name its sensor.")
    return pd.Series(np.array(texts, dtype=object)[codes])


def _parse_coded_times(
    when: CodedColumn, name: str, answers: Answers
) -> tuple[np.ndarray, dict[str, Any], list[Finding]]:
    """[R] times, the zone as attributes, findings. Each different entry is parsed once."""
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
        if len(entries) < len(when.codes):  # again with all rows, so that the error names the right one
            time_columns.parse_times(entries.iloc[when.codes].reset_index(drop=True), name, answers)
        raise
    return stamps[when.codes], zone, findings


def _role_findings(source: Source, header: tuple[str, ...], roles: Roles) -> list[Finding]:
    """Findings on the roles of the columns, and on columns that were left out."""
    names = [header[column] or f"column {column + 1}" for column in range(len(header))]
    time = listing(names[column] for column in roles.time.columns)
    values = listing(names[column] for column in roles.values)
    text = (
        f"{source.name} is a long table: sensors are in {names[roles.sensor]!r}, times in {time}, values in {values}."
    )
    if roles.kind is not None:
        text += f" The quantity is in {names[roles.kind]!r}."
    if roles.left:
        text += f" Not read: {listing(names[column] for column in roles.left)}."
    if not roles.others:
        return [Finding("note", "long-table", text)]
    named = [header[column] for column in (roles.sensor, *roles.others)]
    choices = {name: f"{name} names the sensor of a row" for name in named}
    question = (
        f"The sensors of {source.name} are named by {named[0]!r}; {listing(map(repr, named[1:]))} could name them, too."
    )
    return [Finding("note", "long-table", text), Finding("note", "sensor-column", question, choices, named[0])]


SAME_LOCATION = 1e-3
"""Degrees, about 100 m: two locations of a sensor that are closer count as one."""


class RowLocations:
    """The first known location of every sensor code, and the codes whose later rows have another one."""

    def __init__(self) -> None:
        self.lat, self.lon = np.zeros(0), np.zeros(0)
        self.moving: set[int] = set()

    def add(self, codes: np.ndarray, lat: pd.Series, lon: pd.Series) -> None:
        """Add rows: the sensor code and the location of each."""
        north, east = (pd.to_numeric(part, errors="coerce").to_numpy(np.float64) for part in (lat, lon))
        if (more := int(codes.max(initial=-1)) + 1 - len(self.lat)) > 0:
            self.lat, self.lon = (
                np.r_[degrees_so_far, np.full(more, np.nan)] for degrees_so_far in (self.lat, self.lon)
            )
        is_known = np.isfinite(north) & np.isfinite(east)
        codes_seen, first = np.unique(codes[is_known], return_index=True)
        new = codes_seen[np.isnan(self.lat[codes_seen])]
        row = np.flatnonzero(is_known)[first[np.isnan(self.lat[codes_seen])]]
        self.lat[new], self.lon[new] = north[row], east[row]
        apart = np.abs(north - self.lat[codes]) + np.abs(east - self.lon[codes])
        self.moving |= set(
            np.unique(codes[is_known & (apart > SAME_LOCATION * np.maximum(1, np.abs(east) / 180))]).tolist()
        )

    def assign_to(self, ds: xr.Dataset, name: str) -> tuple[xr.Dataset, list[Finding]]:
        """The dataset with ``lat`` and ``lon`` [N], where the table has them."""
        if not np.isfinite(self.lat).any():
            return ds, []
        ds = ds.assign(lat=("sensor", self.lat), lon=("sensor", self.lon))
        findings = [Finding("note", "places", f"Locations are from the rows of {name}.")]
        if self.moving:
            names = [str(ds["sensor"].values[code]) for code in sorted(self.moving)]
            text = f"{len(names)} sensors of {name} have several locations, such as {listing(names, 3)}; "
            text += "the first of each is used."
            findings.append(Finding("note", "places-vary", text))
        return ds, findings


READER = Reader(recognises, read, order=28)
