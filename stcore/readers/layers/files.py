"""Map layers as files: GeoJSON, GeoPackage, zipped Shapefile, GeoParquet; bytes in, a table of geometries out.

No name inside a file is ever opened. GDAL gets bytes, never a path, and only after the bytes were checked. ``/vsi`` paths,
virtual tables, links and whatever else leads out of a file are refused or stay text.
"""

import io
import json
import re
import sqlite3
import warnings
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

from stcore.findings import Finding, refuse
from stcore.readers.safe.limits import check_room, size_text
from stcore.readers.source import Source

SQLITE, SHP = b"SQLite format 3\x00", b"\x00\x00\x27\x0a"
MOST_BYTES, MOST_FEATURES, MOST_MEMBERS, UNZIPPED_RATIO = 100_000_000, 50_000, 1000, 200
PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
KNOWN = "GeoJSON, GeoPackage, a zipped Shapefile or GeoParquet"


class Features(NamedTuple):
    """A geopandas ``frame`` as in the file, and findings about the choice of a layer."""

    frame: Any
    findings: list[Finding]


def read_features(source: Source, answers: Mapping[str, str]) -> Features:
    """The features of a file in one of the four formats. ``answers`` may name the ``layer``. Raises DataError."""
    if source.size > MOST_BYTES:
        raise refuse(
            "too-large", f"{source.name} has {size_text(source.size)}; a layer may have {size_text(MOST_BYTES)}."
        )
    check_room(12 * source.size, source.name)
    raw = source.path.read_bytes()
    if raw.startswith(SQLITE):
        features = _geopackage(source.name, raw, answers)
    elif raw.startswith(b"PK\x03\x04"):
        features = _shapefile(source.name, raw, answers)
    elif raw.startswith(b"PAR1"):
        features = _parquet(source.name, raw)
    elif raw.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        features = Features(_geojson(source.name, raw), [])
    elif raw.startswith(SHP):
        text = (
            f"{source.name} is one part of a Shapefile. Zip it with its .shx, .dbf and .prj, and choose the zip file."
        )
        raise refuse("half", text)
    else:
        raise refuse("unknown-format", f"{source.name} is not a known map layer: it must be {KNOWN}.")
    if getattr(features.frame, "_geometry_column_name", None) is None:
        raise refuse("no-geometry", f"{source.name} holds a table without geometries.")
    _check_count(source.name, len(features.frame))
    return features


def _check_count(name: str, count: int) -> None:
    if count > MOST_FEATURES:
        raise refuse(
            "too-many", f"{name} has more than {MOST_FEATURES:,} features; leave out what the map does not need."
        )
    if not count:
        raise refuse("empty", f"{name} has no feature with a geometry.")


# ---- GeoJSON -------------------------------------------------------------------------------------------------------
def _geojson(name: str, raw: bytes) -> Any:
    """Read with Python's own parser. A ``crs`` member (GeoJSON before 2016) counts where it names an EPSG code."""
    import geopandas

    content = json.loads(raw.decode("utf-8-sig"))
    kind = content.get("type")
    if kind == "FeatureCollection":
        parts_in_file = content.get("features")
    else:
        parts_in_file = [content] if kind == "Feature" else [{"type": "Feature", "properties": {}, "geometry": content}]
    if not isinstance(parts_in_file, list) or kind not in ("FeatureCollection", "Feature", *GEOMETRIES):
        raise refuse("unknown-format", f"{name} is JSON but not GeoJSON: it has no features.")
    _check_count(name, len(parts_in_file))
    shapes = [
        {"type": "Feature", "properties": _attributes(part.get("properties")), "geometry": part.get("geometry")}
        for part in parts_in_file
        if isinstance(part, dict)
    ]
    with np.errstate(invalid="ignore"):  # coordinates that are no numbers are left out later
        return geopandas.GeoDataFrame.from_features(shapes, crs=_named_crs(content.get("crs")))


def _attributes(properties: Any) -> dict[str, Any]:
    """The attributes of a feature; none may be called ``geometry``."""
    attributes = properties if isinstance(properties, dict) else {}
    return {f"{key} (attribute)" if key == "geometry" else key: value for key, value in attributes.items()}


GEOMETRIES = ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection")


def _named_crs(member: Any) -> str | None:
    """``EPSG:25832`` from ``{"properties": {"name": "urn:ogc:def:crs:EPSG::25832"}}``; None for other names and for codes
    that do not exist."""
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    properties = (member.get("properties") or {}) if isinstance(member, dict) else {}
    text = str(properties.get("name", "")) if isinstance(properties, dict) else ""
    if "CRS84" in text:
        return "EPSG:4326"
    code = re.fullmatch(r"(?:urn:(?:x-)?ogc:def:crs:)?EPSG:(?:[\d.]*:)?(\d{4,6})", text)
    with suppress(CRSError):
        return f"EPSG:{CRS.from_epsg(int(code[1])).to_epsg()}" if code else None
    return None


# ---- GeoPackage ----------------------------------------------------------------------------------------------------
def _geopackage(name: str, raw: bytes, answers: Mapping[str, str]) -> Features:
    """Check the tables first, then read one. Virtual tables are refused, and views are left out."""
    tables = _feature_tables(name, raw)
    chosen, findings = _choose_layer(name, tables, answers)
    return Features(_read_with_gdal(raw, layer=chosen), findings)


def _feature_tables(name: str, raw: bytes) -> list[str]:
    with sqlite3.connect(":memory:") as database:
        database.deserialize(raw)
        database.set_authorizer(_only_reading)
        database.set_progress_handler(lambda: 1, 20_000_000)  # ends a query that would never end
        rows = database.execute("SELECT name, sql FROM sqlite_master").fetchall()
        tables_in_file = {str(table): str(made or "") for table, made in rows}
        if "gpkg_geometry_columns" not in tables_in_file:
            raise refuse("unknown-format", f"{name} is an SQLite database but no GeoPackage.")
        if any(re.match(r"\s*CREATE\s+VIRTUAL", made or "", re.I) and not RTREE.search(made) for _, made in rows):
            raise refuse("reaches-out", f"{name} has a virtual table, which may read other files; it was not opened.")
        named = [str(row[0]) for row in database.execute("SELECT table_name FROM gpkg_geometry_columns")]
    tables = [table for table in named if tables_in_file.get(table, "").lstrip().upper().startswith("CREATE TABLE")]
    if not tables:
        raise refuse("empty", f"{name} has no table of features.")
    return sorted(tables)


RTREE = re.compile(r"\bUSING\s+rtree\b", re.I)


def _only_reading(action: int, *rest: Any) -> int:
    return sqlite3.SQLITE_OK if action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ) else sqlite3.SQLITE_DENY


# ---- Shapefile -----------------------------------------------------------------------------------------------------
def _shapefile(name: str, raw: bytes, answers: Mapping[str, str]) -> Features:
    """The parts of one Shapefile from a zip archive, under our own names."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        _check_archive(name, members)
        parts = {member.filename.lower(): member for member in members}
        stems = sorted(path[:-4] for path in parts if path.endswith(".shp") and "__macosx" not in path)
        if not stems:
            raise refuse("unknown-format", f"{name} is a zip archive without a Shapefile (.shp, .shx, .dbf) in it.")
        chosen, findings = _choose_layer(name, stems, answers)
        if chosen + ".shx" not in parts:
            raise refuse("half", f"{name} has {chosen[-100:]}.shp without its .shx; zip all parts of the Shapefile.")
        clean = io.BytesIO()
        with zipfile.ZipFile(clean, "w") as made:
            for suffix in PARTS:
                if member := parts.get(chosen + suffix):
                    made.writestr("layer" + suffix, archive.read(member))
    return Features(_read_with_gdal(clean.getvalue()), findings)


def _check_archive(name: str, members: list[zipfile.ZipInfo]) -> None:
    size, packed = sum(member.file_size for member in members), sum(member.compress_size for member in members)
    if len(members) > MOST_MEMBERS or size > 5 * MOST_BYTES or size > UNZIPPED_RATIO * max(packed, 1):
        raise refuse(
            "bomb",
            f"{name} unzips to {size_text(size)} in {len(members):,} files, as no Shapefile does; it was not opened.",
        )
    if any(member.flag_bits & 1 for member in members):
        raise refuse("locked", f"{name} is locked with a password.")


# ---- GeoParquet ----------------------------------------------------------------------------------------------------
def _parquet(name: str, raw: bytes) -> Features:
    import geopandas
    from pyarrow.parquet import ParquetFile

    about = ParquetFile(io.BytesIO(raw)).metadata
    check_room(sum(about.row_group(group).total_byte_size for group in range(about.num_row_groups)), name)
    if b"geo" not in (about.metadata or {}):
        raise refuse("no-geometry", f"{name} is a Parquet table without geometries; a map layer is GeoParquet.")
    _check_count(name, about.num_rows)
    return Features(geopandas.read_parquet(io.BytesIO(raw)), [])


# ---- what they share -----------------------------------------------------------------------------------------------
def _read_with_gdal(raw: bytes, **which: Any) -> Any:
    """Read the bytes with GDAL, from memory."""
    import geopandas

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a file in memory has no suffix
        return geopandas.read_file(io.BytesIO(raw), max_features=MOST_FEATURES + 1, **which)


def _choose_layer(name: str, names: list[str], answers: Mapping[str, str]) -> tuple[str, list[Finding]]:
    """The layer to read: the answered one, else the first, with a finding."""
    chosen = answers.get("layer", names[0])
    choices = dict.fromkeys(names, "this one is drawn")
    if chosen not in names:
        raise refuse("layer", f"{name} has no layer {chosen[:100]!r}.", choices)
    if len(names) == 1:
        return chosen, []
    return chosen, [
        Finding("note", "layer", f"{name} holds {len(names)} layers; this is {chosen[:100]}.", choices, chosen)
    ]
