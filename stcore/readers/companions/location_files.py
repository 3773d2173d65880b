"""Lists of places as GeoParquet or GeoJSON of points in any coordinate system, or as Parquet with latitude and longitude."""

import json
import re

import numpy as np
import pandas as pd

from stcore.findings import Finding, refuse
from stcore.readers.layers import files, layers
from stcore.readers.reader import Answers
from stcore.readers.source import Source
from stcore.readers.tables import parquet
from stcore.readers.tables.labels import text
from stcore.readers.tables.roles import IDS, LATITUDES, LONGITUDES, plain
from stcore.readers.tables.time_columns import time_columns
from stcore.words import listing

POINTS = re.compile(rb'"type"\s*:\s*"Point"')
OTHERS = re.compile(rb'"type"\s*:\s*"(?:Multi\w+|LineString|Polygon|GeometryCollection)"')


def is_geojson(source: Source) -> bool:
    """Whether a file begins as a collection of points."""
    head = source.head.lstrip(b"\xef\xbb\xbf \t\r\n")
    begins = source.content == "text" and head.startswith(b"{") and b'"FeatureCollection"' in head
    return begins and POINTS.search(head) is not None and OTHERS.search(head) is None


def is_list(source: Source) -> bool:
    """Whether a Parquet file holds points, or coordinates and no times."""
    held = parquet.layout(source)
    if b"geo" in held.about:
        return _point_column(held) is not None
    seen = parquet.peek(source)
    return seen is not None and time_columns(*seen) is None and _columns(held) is not None


def _point_column(held: parquet.Layout) -> str | None:
    """The geometry column, where it says that it holds points and nothing else."""
    try:
        about = json.loads(held.about[b"geo"])
        name = str(about["primary_column"])
        kinds = set(about["columns"][name].get("geometry_types", []))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return name if kinds and kinds <= {"Point", "Point Z"} and name in held.names else None


def _identity(names: list[str], free: list[int]) -> int | None:
    called = [names.index(name) for name in IDS if name in names and names.index(name) in free]
    return next(iter([*called, *free]), None)


def _columns(held: parquet.Layout) -> tuple[int, int, int] | None:
    """(id, lat, lon) columns by their names."""
    names = [plain(name) for name in held.names]
    numbers = [name for name, kind in zip(names, held.kinds, strict=True) if kind == "number"]
    lat = next((names.index(name) for name in LATITUDES if name in numbers), None)
    lon = next((names.index(name) for name in LONGITUDES if name in numbers), None)
    if lat is None or lon is None:
        return None
    identity = _identity(names, [place for place in range(len(names)) if place not in (lat, lon)])
    return None if identity is None else (identity, lat, lon)


def read(source: Source, answers: Answers) -> tuple[list[str], np.ndarray, np.ndarray, str, tuple[Finding, ...]]:
    """(ids [P], latitudes [P], longitudes [P], the file's name, findings)."""
    if source.content != "parquet":
        return _from_points(source, answers)
    held = parquet.layout(source)
    if b"geo" in held.about and _point_column(held):
        return _from_points(source, answers)
    found = _columns(held)
    if found is None:
        raise refuse("coordinates", f"{source.name} has no columns of latitude and longitude.")
    frame = parquet.frame(source, sorted(found))
    lat, lon = (frame[place].to_numpy(np.float64) for place in found[1:])
    return _texts(frame[found[0]]), lat, lon, source.name, ()


def _from_points(
    source: Source, answers: Answers
) -> tuple[list[str], np.ndarray, np.ndarray, str, tuple[Finding, ...]]:
    """In degrees, whichever coordinate system the file says."""
    frame = files.features(source, {}).frame
    if not (kinds := set(frame.geom_type.dropna())) <= {"Point"}:
        raise refuse(
            "coordinates", f"{source.name} holds {listing(sorted(kinds))}; a list of places holds points alone."
        )
    table = frame.drop(columns=frame.geometry.name)
    if source.content != "parquet":
        table = _with_own_ids(table, source)
    if frame.index.name is not None:
        table = table.reset_index()
    names = [plain(str(name)) for name in table.columns]
    place = _identity(names, list(range(len(names))))
    if place is None:
        raise refuse("coordinates", f"{source.name} has points and no column that says whose they are.")
    shapes = frame[[frame.geometry.name]].assign(identity=_texts(table.iloc[:, place]))
    turned, findings = layers.in_degrees(shapes, answers.get("crs"), source.name)
    told = tuple(
        Finding("repaired", found.code, found.text) if found.code == "reprojected" else found
        for found in findings
        if found.code != "no-place"  # sensors without a place are told by their names
    )
    lat, lon = turned.geometry.y.to_numpy(), turned.geometry.x.to_numpy()
    return turned["identity"].tolist(), lat, lon, source.name, told


def _with_own_ids(table: pd.DataFrame, source: Source) -> pd.DataFrame:
    """The attributes, before them the ids that GeoJSON's features have outside of theirs."""
    features = json.loads(source.path.read_text("utf-8-sig"))["features"]
    ids = [part.get("id") for part in features if isinstance(part, dict)]
    named = any(plain(str(name)) in IDS for name in table.columns)
    return table if named or None in ids or len(ids) != len(table) else table.assign(id=ids)


def _texts(column: pd.Series) -> list[str]:
    return [text(cell) for cell in column.astype(object).tolist()]
