"""A folder with one table per station: the names of the files are the sensors, the columns are the channels."""

import re
from collections.abc import Sequence

import numpy as np
import xarray as xr

from stcore.findings import DataError, Finding, refuse
from stcore.readers.companions import locations
from stcore.readers.reader import Answers, FolderReader, Raw
from stcore.readers.safe.limits import guard
from stcore.readers.source import Folder, Source
from stcore.readers.tables import long_table, slot_table, wide_table
from stcore.readers.tables.pivot import Rows, pivot
from stcore.readers.tables.roles import column_roles, is_numeric, plain_name, unit_of
from stcore.readers.tables.time_columns import find_time_columns
from stcore.registry import Card
from stcore.words import listing

CARD = Card(
    "station-folder",
    "A folder with one CSV or Parquet per station, named after it: a column of times, others are channels.",
    "RFC 4180; Apache Parquet",
    "stcore.readers.tables.station_folder:READER",
)
QUANTITY = re.compile(
    r"speed|flow|volume|occup|count|demand|duration|price|temp|humid|pressure|wind|rain|precip|radiat|snow|dew|cloud"
    r"|pm_?\d|no_?2|no_?x|so_?2|co_?2|^co$|^no$|o_?3|ozone|value|level|depth|discharge|power|energy|load|soil|status"
)
CHOICES = {
    "common": "open the columns that all of them have",
    "all": "open all columns; where one is absent, it is missing",
}
Table = tuple[str, ...]


def members(folder: Folder) -> Sequence[Source]:
    """The tables of stations, where the folder consists of them: all have times, and names and columns that fit."""
    tables: dict[Source, Table] = {}
    for source in folder.own:
        if source.content in ("text", "gzip", "parquet") and (names := _value_columns(source)):
            tables[source] = names
    if len(tables) < 2 or not _are_stations(folder, tables):
        return []
    return list(tables)


def _value_columns(source: Source) -> Table | None:
    """The columns of values in a table with times and without names of sensors; None for other files."""
    try:
        with guard(source.name):
            header, rows = long_table.header_and_rows(source) or (None, [])
    except DataError:
        return None
    time = find_time_columns(header, rows) if header else None
    if header is None or time is None or slot_table.slot_columns(header, rows) or column_roles(header, rows):
        return None
    free = [column for column in range(len(header)) if column not in time.columns and header[column].strip()]
    return tuple(header[column] for column in free if all(is_numeric(row[column]) for row in rows)) or None


def _are_stations(folder: Folder, tables: dict[Source, Table]) -> bool:
    """Whether the files are stations, not quantities whose columns are stations."""
    names = [station_name(source) for source in tables]
    columns = {plain_name(column) for columns_of_table in tables.values() for column in columns_of_table}
    if ids := _location_ids(folder):
        return sum(name in ids for name in names) * 2 >= len(names)
    if any(QUANTITY.search(plain_name(name)) for name in names):
        return False
    alike = len(set(tables.values())) == 1
    patterned = len({re.sub(r"\d+", "#", name) for name in names}) == 1 and any(char.isdigit() for char in names[0])
    if not (alike or patterned):
        return False
    telling = sum(bool(QUANTITY.search(column)) for column in columns)
    return telling * 2 >= len(columns) or (alike and len(columns) == 1)


def _location_ids(folder: Folder) -> set[str]:
    """Ids in the lists of locations of the folder."""
    ids: set[str] = set()
    for source in folder.own:
        try:
            with guard(source.name):
                if source.content in ("text", "parquet") and locations.recognises(source):
                    ids |= set(locations.read(source, {}).ids)
        except DataError:
            continue
    return ids


def station_name(source: Source) -> str:
    """The name of the file without its suffixes, as written."""
    return re.sub(r"(\.(csv|tsv|txt|parquet|gz|pq))+$", "", source.name, flags=re.IGNORECASE)


def read(folder: Folder, answers: Answers) -> Raw:
    """The times of all stations together. A station has no reading where its file has no row."""
    files = list(members(folder))
    raws = [wide_table.read(source, answers) for source in files]
    names = [station_name(source) for source in files]
    channels, findings = _choose_channels(
        [[str(name) for name in raw.ds["sensor"].values] for raw in raws], names, answers
    )
    kinds = {(raw.ds["time"].dtype.kind, raw.ds.attrs.get("zone", "")) for raw in raws}
    if len(kinds) > 1:
        raise refuse(
            "time", f"The files of {folder.name} do not agree on their clock: some times have an offset, some none."
        )
    values = [raw.ds["value"].values[:, :, 0] for raw in raws]
    own = [{str(name): column for column, name in enumerate(raw.ds["sensor"].values)} for raw in raws]
    parts = [_select_columns(part, column_of, channels) for part, column_of in zip(values, own, strict=True)]
    rows = Rows(
        np.concatenate([raw.ds["time"].values for raw in raws]),
        np.repeat(np.arange(len(raws)), [len(part) for part in parts]),
        np.concatenate(parts),
        names,
        channels,
    )
    axis, cube, duplicates = pivot(rows, folder.name, answers)
    zone = {name: raws[0].ds.attrs[name] for name in ("zone", "local_zone") if name in raws[0].ds.attrs}
    ds = xr.Dataset(
        {"value": (("time", "sensor", "channel"), cube)},
        coords={"time": axis, "sensor": np.array(names, dtype=str), "channel": np.array(channels, dtype=str)},
        attrs={"title": folder.name, "units": {name: unit_of(name) for name in channels}} | zone,
    )
    text = f"{folder.name} has one file per station: {len(names)} sensors, named as their files, such as {listing(names, 3)}."
    return Raw(ds, [Finding("note", "station-folder", text), *findings, *_merge_findings(raws, names), *duplicates], {})


def _select_columns(values: np.ndarray, own: dict[str, int], channels: list[str]) -> np.ndarray:
    """[T, C] float32: the columns in the order of the channels, missing where the file has none."""
    absent = np.full(len(values), np.nan)
    return np.stack([values[:, own[name]] if name in own else absent for name in channels], axis=1).astype(np.float32)


def _choose_channels(
    columns_by_file: list[list[str]], names: list[str], answers: Answers
) -> tuple[list[str], list[Finding]]:
    """The channels; DataError where the files have different columns and no answer chooses."""
    every = list(dict.fromkeys(name for columns in columns_by_file for name in columns))
    common = [name for name in every if all(name in columns for columns in columns_by_file)]
    if len(common) == len(every):
        return every, []
    example = next(name for name in every if name not in common)
    lacking = [name for name, columns in zip(names, columns_by_file, strict=True) if example not in columns]
    text = f"The files have different columns: {len(common)} of {len(every)} are in all; "
    text += f"{example!r} is not in {listing(lacking)}"
    choices = CHOICES if common else {"all": CHOICES["all"]}
    chosen = answers.get("columns")
    if chosen not in choices:
        raise refuse("columns", f"{text}. Which should be opened?", choices)
    return common if chosen == "common" else every, [Finding("note", "columns", f"{text}.", choices, chosen)]


def _merge_findings(raws: list[Raw], names: list[str]) -> list[Finding]:
    """The findings of the files, each kind once, with the number of files."""
    kinds: dict[str, list[tuple[str, Finding]]] = {}
    for name, raw in zip(names, raws, strict=True):
        for finding in raw.findings:
            kinds.setdefault(finding.code, []).append((name, finding))
    merged = []
    for code, group in kinds.items():
        first = group[0][1]
        more = f" The same holds for {len(group) - 1} more files." if len(group) > 1 else ""
        merged.append(Finding(first.level, code, first.text + more, first.choices, first.chosen))
    return merged


READER = FolderReader(members, read, order=6)
