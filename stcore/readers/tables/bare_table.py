"""A table of numbers without times, as text or Parquet, with a row per step or a row per sensor: STGCN's V_228.csv, T-GCN's
los_speed.csv, vel.csv."""

import re

import numpy as np
import pandas as pd
import xarray as xr

from stcore.findings import DataError, Finding, refuse
from stcore.readers.archives.start_times import assumed_times, published_set, published_set_of_size
from stcore.readers.companions import locations, network
from stcore.readers.reader import Answers, Raw, Reader
from stcore.readers.source import Folder, Source
from stcore.readers.tables import parquet, text_table
from stcore.readers.tables.roles import IDS, is_numeric, plain_name, unit_of
from stcore.readers.tables.roles import cell_text as id_text
from stcore.readers.tables.time_columns import find_time_columns
from stcore.registry import Card

CARD = Card(
    "bare-table",
    "CSV or Parquet of numbers without times, steps x sensors or sensors x steps, header or none.",
    "Yu et al. 2018, STGCN; Zhao et al. 2020, T-GCN",
    "stcore.readers.tables.bare_table:READER",
)
INDEX = "__index_level_0__"
"""The column in which pandas stores an index without a name in Parquet."""
LEVEL = re.compile(r"__index_level_[1-9]\d*__")
"""The columns of further index levels."""
FEWEST = 4
"""Columns; a narrower table of numbers is more often a list of something."""
MOST_BESIDE = 50
CLEAR = 2
"""A table with this many times more rows than columns has a row per step."""
CHANNELS = ("speed", "flow", "volume", "occupancy", "demand", "count", "temperature")
CHOICES = {
    "steps-down": "every row is a time, every column a sensor",
    "steps-across": "every row is a sensor, every column a time",
}


def recognises(source: Source) -> float:
    """0.3 for a table of numbers that is no list of locations, edges or ids, and not square."""
    first = header_and_rows(source)
    if first is None or not first[1] or len(first[1][0]) < FEWEST or find_time_columns(*first) is not None:
        return 0.0
    header, rows = first
    named = header is not None and plain_name(header[0]) in ("", *IDS)
    if not all(is_numeric(cell) for row in rows for cell in (row[1:] if named else row)):
        return 0.0
    return 0.0 if locations.recognises(source) or network.recognise_network(source) else 0.3


def header_and_rows(source: Source) -> tuple[tuple[str, ...] | None, list[list[str]]] | None:
    """(header or None, first rows as text) of a table of text, or of a Parquet file with columns of numbers, perhaps after
    one of ids; None for other files."""
    if source.content != "parquet":
        return text_table.header_and_rows(source)
    schema, order = _parquet_columns(source)
    kinds = {schema.kinds[column] for column in order[_has_id_column(schema, order) :]}
    first = parquet.header_and_rows(source)
    if kinds != {"number"} or first is None or schema.rows == len(order):  # a square table is a graph
        return None
    if any(LEVEL.fullmatch(name) for name in schema.names):  # rows with several index levels are no plain numbers
        return None
    header = ["" if first[0][column] == INDEX else first[0][column] for column in order]
    return tuple(header), [[row[column] for column in order] for row in first[1]]


def _parquet_columns(source: Source) -> tuple[parquet.Schema, list[int]]:
    """The schema of the file, and its columns with the index first, which pandas writes last."""
    schema = parquet.read_schema(source)
    return schema, sorted(range(len(schema.names)), key=lambda column: schema.names[column] != INDEX)


def _has_id_column(schema: parquet.Schema, order: list[int]) -> bool:
    """Whether the first column may hold ids."""
    return bool(order) and (schema.names[order[0]] == INDEX or plain_name(schema.names[order[0]]) in ("", *IDS))


def read(source: Source, answers: Answers) -> Raw:
    """One channel. Ids are from the header or from a first column with such a name; else the sensors are numbered."""
    frame, header_names, findings = _read_rows(source, answers)
    header = list(header_names) if header_names else [str(number) for number in range(frame.shape[1])]
    rows = _row_names(frame, header)
    columns = [number for number in range(len(header)) if number > 0 or rows is None]
    values, more = text_table.numeric_values(frame, columns, source.name, header_names)
    names = [header[number] for number in columns]
    numbered = names == [str(number) for number in range(len(names))]  # pandas numbers columns without names
    ids = rows if rows and len(set(rows)) == len(rows) and not _is_numbering(rows) else None
    column_ids = None if header_names is None or numbered else names
    across, orientation_findings = _rows_are_sensors(source, values.shape, (ids, column_ids), answers)
    values = values.T if across else values
    sensors = ids if across else column_ids
    steps, sensor_count = values.shape
    published = published_set_of_size(steps, sensor_count, bare=True) or published_set(source.stem, sensor_count)
    stamps, times = assumed_times(steps, source.name, answers, published and published.by_day())
    published = published if published and published.begins(steps) else None
    if published and published.said:
        times.append(
            Finding("note", "weekdays", f"The published set starts on {published.start[:10]}.{published.said}")
        )
    channel = _channel(source.stem)
    ds = xr.Dataset(
        {"value": (("time", "sensor", "channel"), values[:, :, None])},
        coords={
            "time": stamps,
            "sensor": np.array(sensors or np.arange(sensor_count).astype(str), dtype=str),
            "channel": [channel],
        },
        attrs={
            "title": source.path.stem,
            "units": {channel: (published.unit if published else "") or unit_of(source.stem)},
        },
    )
    return Raw(ds, [*findings, *more, *orientation_findings, *times], {}, numbered=not sensors)


def _read_rows(source: Source, answers: Answers) -> tuple[pd.DataFrame, tuple[str, ...] | None, list[Finding]]:
    """All rows, the names of the columns, and findings. The first column stays text where it may hold ids."""
    header, _ = header_and_rows(source) or (None, [])
    if source.content == "parquet":
        frame = parquet.read_frame(source, _parquet_columns(source)[1])
        return frame.set_axis(range(frame.shape[1]), axis=1), header, []
    texts = [0] if header and plain_name(header[0]) in ("", *IDS) else []
    frame, dialect, findings = text_table.read_table(source, answers, texts)
    return frame, dialect.header, findings


def _row_names(frame: pd.DataFrame, header: list[str]) -> list[str] | None:
    """The names of the rows in the first column, where it holds no readings."""
    return [id_text(cell) for cell in frame[0].tolist()] if plain_name(header[0]) in ("", *IDS) else None


def _is_numbering(names: list[str]) -> bool:
    return names in ([str(n) for n in range(len(names))], [str(n + 1) for n in range(len(names))])


def _rows_are_sensors(
    source: Source, shape: tuple[int, ...], ids: tuple[list[str] | None, list[str] | None], answers: Answers
) -> tuple[bool, list[Finding]]:
    """Whether the rows are sensors: by ids, by the size of a graph or list beside the file, or by the shape; else DataError."""
    down, across = shape
    text, chosen = (
        f"{source.name} has {down} rows and {across} columns of numbers and no times",
        answers.get("orientation"),
    )
    if chosen in CHOICES:
        return chosen == "steps-across", [Finding("note", "orientation", f"{text}; read as answered.", CHOICES, chosen)]
    if (ids[0] is None) != (ids[1] is None):
        chosen = "steps-across" if ids[0] else "steps-down"
        text = f"{text}; the {'first column' if ids[0] else 'header'} has the ids of its sensors."
        return chosen == "steps-across", [Finding("note", "orientation", text, CHOICES, chosen)]
    sizes = _sizes_beside(source)
    fits = {"steps-down": sizes.get(across), "steps-across": sizes.get(down)}
    fitting = [name for name, file in fits.items() if file]
    if len(fitting) == 1:
        many = across if fitting[0] == "steps-down" else down
        text = f"{text}; {fits[fitting[0]]} has {many} sensors, so {CHOICES[fitting[0]]}."
        return fitting[0] == "steps-across", [Finding("note", "orientation", text, CHOICES, fitting[0])]
    if down >= CLEAR * across:
        text = f"{text}; this was read as: {CHOICES['steps-down']}."
        return False, [Finding("note", "orientation", text, CHOICES, "steps-down")]
    choices = {
        "steps-down": f"{down} times of {across} sensors",
        "steps-across": f"{down} sensors at {across} times (transposed)",
    }
    raise refuse("orientation", f"{text}. Is every row a time, or a sensor?", choices)


def _sizes_beside(source: Source) -> dict[int, str]:
    """The numbers of sensors in the graphs and lists of the same folder, with the file of each."""
    sizes: dict[int, str] = {}
    for other in Folder(source.path.parent).own[:MOST_BESIDE]:
        if other.path == source.path or other.name.endswith("answers.json"):
            continue
        try:
            if size := _sensor_count(other):
                sizes.setdefault(size, other.name)
        except (DataError, ValueError, OSError):
            continue  # opening that file reports what is wrong
    return sizes


def _sensor_count(other: Source) -> int | None:
    if locations.recognises(other):
        return len(locations.read(other, {}).ids)
    kind = network.recognise_network(other)
    if kind == "ids":
        return len(network.sensor_ids(other))
    return network.read_network(other, kind, {}).size if kind in ("adjacency", "matrix") else None


def _channel(stem: str) -> str:
    if re.match(r"v_\d+|vel", stem):
        return "speed"
    return next((name for name in CHANNELS if name in stem), "value")


READER = Reader(recognises, read, order=60)
