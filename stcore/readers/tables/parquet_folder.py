"""A folder of Parquet: a long table of values, GeoParquet of the stations, and the graph as a list of edges."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from stcore.data import STData
from stcore.findings import Finding, refuse
from stcore.readers.reader import Answers, FolderReader, Raw
from stcore.readers.source import Folder, Source
from stcore.readers.tables import long_table, parquet
from stcore.readers.tables.roles import Roles
from stcore.readers.tables.time_columns import TimeColumns
from stcore.registry import Card

CARD = Card(
    "parquet",
    "A folder with values.parquet (a row per time and sensor), stations.parquet (GeoParquet) and edges.parquet.",
    "Apache Parquet; GeoParquet 1.0",
    "stcore.readers.tables.parquet_folder:READER",
)
VALUES, STATIONS, EDGES = "values.parquet", "stations.parquet", "edges.parquet"
ABOUT = b"stcore"
ROWS = 2**18
ATTRIBUTES = ("title", "zone", "local_zone", "units", "license", "source", "institution", "graph")


def members(folder: Folder) -> Sequence[Source]:
    """``values.parquet``, where this program wrote it, and ``edges.parquet`` beside it."""
    files = [source for source in folder.named(VALUES, EDGES) if source.content == "parquet"]
    values = [source for source in files if source.name == VALUES and ABOUT in parquet.read_schema(source).about]
    return files if values else []


def read(folder: Folder, answers: Answers) -> Raw:
    """The long table, with channels, units and zone from its own description, and the edges."""
    files = {source.name: source for source in members(folder)}
    source = files[VALUES]
    schema = parquet.read_schema(source)
    if (
        schema.names[:2] != ("time", "sensor")
        or schema.kinds[:2] != ("time", "text")
        or set(schema.kinds[2:]) != {"number"}
    ):
        raise refuse("damaged", f"{source.name} does not have the columns time, sensor and numbers.")
    roles = Roles(TimeColumns((0,)), 1, tuple(range(2, len(schema.names))), None, None, (), ())
    description = _own_description(source, schema)
    raw = long_table.read_with_roles(source, schema.names, roles, answers)
    channels = [str(description["channels"].get(name, name)) for name in schema.names[2:]]
    attrs = {name: description[name] for name in ATTRIBUTES if name in description}
    attrs |= {"simulated": 1} if description["simulated"] else {}
    ds = raw.ds.assign_coords(channel=np.array(channels, dtype=str)).assign_attrs(attrs)
    ds = _add_edges(ds, files[EDGES]) if EDGES in files else ds
    findings = [finding for finding in raw.findings if finding.code != "zone"]
    for code in ("start", "step"):
        if code in description["assumed"]:
            text = f"The {code} of the times in {folder.name} was assumed when they were saved, not known."
            findings.append(Finding("note", code, text))
    return Raw(ds, findings, raw.layers)


def _own_description(source: Source, schema: parquet.Schema) -> dict[str, Any]:
    """The description in the file: texts, and units and channels by name. Nothing else is read."""
    try:
        about = dict(json.loads(schema.about[ABOUT]))
        texts = {name: str(about[name]) for name in ATTRIBUTES if name in about and name != "units"}
        named = {
            part: {str(key): str(text) for key, text in dict(about[part]).items()} for part in ("units", "channels")
        }
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise refuse("damaged", f"The description in {source.name} is not understood.") from error
    return texts | named | {"simulated": about.get("simulated") is True, "assumed": str(about.get("assumed", ""))}


def _add_edges(ds: xr.Dataset, source: Source) -> xr.Dataset:
    """The dataset with edges, matched by the names of their sensors."""
    if parquet.read_schema(source).kinds != ("text", "text", "number"):
        raise refuse("edges", f"{source.name} needs the columns from, to and weight.")
    frame = parquet.read_frame(source)
    position = {str(name): number for number, name in enumerate(ds["sensor"].values)}
    ends = [frame[column].astype(object).map(position) for column in (0, 1)]
    for column, numbers in enumerate(ends):
        if numbers.isna().any():
            raise refuse(
                "edges",
                f"{source.name} links {str(frame[column][numbers.isna()].iloc[0])[:80]!r}, which has no values.",
            )
    start, end = (numbers.to_numpy(np.int64) for numbers in ends)
    parts = {"edge_from": start, "edge_to": end, "edge_weight": frame[2].to_numpy(np.float64)}
    return ds.assign({name: ("edge", part) for name, part in parts.items()})


def write(data: STData, path: Path) -> list[str]:
    """All values, missing ones too, in blocks of rows; locations as points in EPSG:4326; edges with their weights."""
    path.mkdir(parents=True)
    columns = [name if name not in ("time", "sensor") else f"channel {name}" for name in data.channels]
    _write_values(data, path / VALUES, columns)
    if data.locations is not None:
        _write_stations(data, data.locations, path / STATIONS)
    if data.edges is not None:
        start, end, weight = data.edges
        names = np.array(data.sensors, dtype=object)
        pd.DataFrame({"from": names[start], "to": names[end], "weight": weight}).to_parquet(path / EDGES, index=False)
    variables = [name for name in ("start", "clock", "split", "weight", "cell") if name in data.ds]
    losses = [*(["windows and parts of the set"] if {"start", "split"} & set(variables) else [])]
    losses += ["the calendar of steps that do not follow one another"] if "clock" in variables else []
    losses += ["sizes of clusters"] if "weight" in variables else []
    losses += ["the grid that the sensors are cells of"] if "cell" in variables else []
    losses += ["map layers"] if data.layers else []
    return [f"Parquet has no room for {', '.join([*losses, 'findings and answers'])}."]


def _write_values(data: STData, path: Path, columns: list[str]) -> None:
    """Write rows by time and sensor, one block of times after another."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    about: dict[str, Any] = {name: data.ds.attrs[name] for name in ATTRIBUTES if data.ds.attrs.get(name) is not None}
    about |= {"channels": dict(zip(columns, data.channels, strict=True)), "units": data.units}
    about |= {"simulated": data.simulated, "assumed": data.assumed}
    zone = "UTC" if data.zone == "UTC" else None
    kinds = [("time", pa.timestamp("ns", zone)), ("sensor", pa.dictionary(pa.int32(), pa.string()))]
    kinds += [(name, pa.float32()) for name in columns]
    schema = pa.schema(kinds, metadata={ABOUT: json.dumps(about).encode()})
    names, many = pa.array(data.sensors, pa.string()), len(data.sensors)
    stamps, block = data.time.to_numpy().astype("datetime64[ns]"), max(ROWS // many, 1)
    with pq.ParquetWriter(path, schema, compression="zstd") as file:
        for first in range(0, len(stamps), block):
            part = data.values[first : first + block]
            codes = np.tile(np.arange(many, dtype=np.int32), len(part))
            arrays = [
                pa.array(stamps[first : first + block].repeat(many)).cast(pa.timestamp("ns", zone)),
                pa.DictionaryArray.from_arrays(pa.array(codes), names),
                *(pa.array(part[:, :, place].ravel(), from_pandas=True) for place in range(len(columns))),
            ]
            file.write_table(pa.Table.from_arrays(arrays, schema=schema))


def _write_stations(data: STData, degrees: np.ndarray, path: Path) -> None:
    import geopandas

    known = np.isfinite(degrees).all(axis=1)
    points = geopandas.points_from_xy(degrees[:, 1], degrees[:, 0])
    shapes = [point if there else None for point, there in zip(points, known, strict=True)]
    table = pd.DataFrame({"sensor": data.sensors})
    geopandas.GeoDataFrame(table, geometry=shapes, crs="EPSG:4326").to_parquet(path, index=False)


READER = FolderReader(members, read, order=1, write=write)
