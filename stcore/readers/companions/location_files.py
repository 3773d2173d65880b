"""Lists of locations: GeoParquet or GeoJSON of points in any coordinate system, or Parquet with latitude and longitude."""

import json
import re

import numpy as np
import pandas as pd

from stcore.findings import Finding, refuse
from stcore.readers.layers import files, layers
from stcore.readers.reader import Answers
from stcore.readers.source import Source
from stcore.readers.tables import parquet
from stcore.readers.tables.roles import IDS, LATITUDES, LONGITUDES, cell_text, plain_name
from stcore.readers.tables.time_columns import find_time_columns
from stcore.words import listing

POINTS = re.compile(rb'"type"\s*:\s*"Point"')
OTHERS = re.compile(rb'"type"\s*:\s*"(?:Multi\w+|LineString|Polygon|GeometryCollection)"')


def is_geojson(source: Source) -> bool:
    """Whether a file begins as a GeoJSON collection of points."""
    head = source.head.lstrip(b"\xef\xbb\xbf \t\r\n")
    begins = source.content == "text" and head.startswith(b"{") and b'"FeatureCollection"' in head
    return begins and POINTS.search(head) is not None and OTHERS.search(head) is None


def is_location_list(source: Source) -> bool:
    """Whether a Parquet file holds points, or coordinates and no times."""
    schema = parquet.read_schema(source)
    if b"geo" in schema.about:
        return _point_column(schema) is not None
    first = parquet.header_and_rows(source)
    return first is not None and find_time_columns(*first) is None and _location_columns(schema) is not None


def _point_column(schema: parquet.Schema) -> str | None:
    """The geometry column, where its metadata say that it holds only points."""
    try:
        about = json.loads(schema.about[b"geo"])
        name = str(about["primary_column"])
        kinds = set(about["columns"][name].get("geometry_types", []))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return name if kinds and kinds <= {"Point", "Point Z"} and name in schema.names else None


def _id_column(names: list[str], free: list[int]) -> int | None:
    named = [names.index(name) for name in IDS if name in names and names.index(name) in free]
    return next(iter([*named, *free]), None)


def _location_columns(schema: parquet.Schema) -> tuple[int, int, int] | None:
    """The columns (id, lat, lon), by their names."""
    names = [plain_name(name) for name in schema.names]
    numbers = [name for name, kind in zip(names, schema.kinds, strict=True) if kind == "number"]
    lat = next((names.index(name) for name in LATITUDES if name in numbers), None)
    lon = next((names.index(name) for name in LONGITUDES if name in numbers), None)
    if lat is None or lon is None:
        return None
    identity = _id_column(names, [number for number in range(len(names)) if number not in (lat, lon)])
    return None if identity is None else (identity, lat, lon)


def read(source: Source, answers: Answers) -> tuple[list[str], np.ndarray, np.ndarray, str, tuple[Finding, ...]]:
    """(ids [P], latitudes [P], longitudes [P], the file's name, findings)."""
    if source.content != "parquet":
        return _read_points(source, answers)
    schema = parquet.read_schema(source)
    if b"geo" in schema.about and _point_column(schema):
        return _read_points(source, answers)
    columns = _location_columns(schema)
    if columns is None:
        raise refuse("coordinates", f"{source.name} has no columns of latitude and longitude.")
    frame = parquet.read_frame(source, sorted(columns))
    lat, lon = (frame[number].to_numpy(np.float64) for number in columns[1:])
    return _id_texts(frame[columns[0]]), lat, lon, source.name, ()


def _read_points(
    source: Source, answers: Answers
) -> tuple[list[str], np.ndarray, np.ndarray, str, tuple[Finding, ...]]:
    """The same of a file of points, converted to degrees from its coordinate system."""
    frame = files.read_features(source, {}).frame
    if not (kinds := set(frame.geom_type.dropna())) <= {"Point"}:
        raise refuse(
            "coordinates", f"{source.name} holds {listing(sorted(kinds))}; a list of locations holds only points."
        )
    table = frame.drop(columns=frame.geometry.name)
    if source.content != "parquet":
        table = _add_feature_ids(table, source)
    if frame.index.name is not None:
        table = table.reset_index()
    names = [plain_name(str(name)) for name in table.columns]
    column = _id_column(names, list(range(len(names))))
    if column is None:
        raise refuse("coordinates", f"{source.name} has points and no column with the ids of their sensors.")
    shapes = frame[[frame.geometry.name]].assign(identity=_id_texts(table.iloc[:, column]))
    turned, findings = layers.to_degrees(shapes, answers.get("crs"), source.name)
    notes = tuple(
        Finding("repaired", finding.code, finding.text) if finding.code == "reprojected" else finding
        for finding in findings
        if finding.code != "no-place"  # another finding names the sensors without a location
    )
    lat, lon = turned.geometry.y.to_numpy(), turned.geometry.x.to_numpy()
    return turned["identity"].tolist(), lat, lon, source.name, notes


def _add_feature_ids(table: pd.DataFrame, source: Source) -> pd.DataFrame:
    """The attributes, with the ids of the features, which GeoJSON keeps beside the attributes."""
    features = json.loads(source.path.read_text("utf-8-sig"))["features"]
    ids = [part.get("id") for part in features if isinstance(part, dict)]
    named = any(plain_name(str(name)) in IDS for name in table.columns)
    return table if named or None in ids or len(ids) != len(table) else table.assign(id=ids)


def _id_texts(column: pd.Series) -> list[str]:
    return [cell_text(cell) for cell in column.astype(object).tolist()]
