"""Deployment plans and importance as files: a row per sensor as CSV, GeoJSON or GPKG, and a page with the map."""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from stcore.evidence.importance import ImportanceViews
from stcore.evidence.plan import Plan
from stcore.exports.plan_page import plan_page
from stcore.exports.tables import check_writable, csv_text
from stcore.options import OptionError
from stcore.runs.files import plain

PLAN_FORMATS = (".csv", ".geojson", ".gpkg", ".html")
CRS = "EPSG:4326"
LAYER = "plan"
COLUMNS = ("sensor", "kept", "importance", "expected_error", "reason")


def check_plan(out: Path) -> None:
    """Raise OptionError, before any work, where a plan cannot be written to ``out``."""
    if out.suffix not in PLAN_FORMATS:
        raise OptionError(f"{out.name!r} must end in {', '.join(PLAN_FORMATS[:-1])} or {PLAN_FORMATS[-1]}.")
    check_writable(out)


def write_plan(plan: Plan, out: Path, speed: Mapping[str, Any] | None = None) -> int:
    """Write a plan in the form that the suffix asks for; gives the number of rows, one per sensor. Raises OptionError."""
    check_plan(out)
    out.write_bytes(plan_bytes(plan, out.suffix, speed))
    return len(plan.keep)


def plan_bytes(plan: Plan, suffix: str, speed: Mapping[str, Any] | None = None) -> bytes:
    """A plan as the content of a file with that suffix.

    sensor, kept (true or false), importance (share), expected_error (in the target's unit), reason; .csv also lat and lon;
    .geojson and .gpkg hold points in EPSG:4326, without a geometry for a sensor without a location. .html is the page.
    """
    if suffix == ".csv":
        return csv_text(plan.table()).encode()
    if suffix == ".geojson":
        return json.dumps(plain(collection(plan)), ensure_ascii=False).encode()
    if suffix == ".gpkg":
        return geopackage(plan)
    return plan_page(plan, speed).encode()


def collection(plan: Plan) -> dict[str, Any]:
    """The plan as GeoJSON, which is always in EPSG:4326 (RFC 7946)."""
    features = []
    for row in plan.table().to_dict("records"):
        lon, lat = row.pop("lon"), row.pop("lat")
        has_location = bool(np.isfinite([lon, lat]).all())
        shape = {"type": "Point", "coordinates": [round(lon, 7), round(lat, 7)]} if has_location else None
        features.append({"type": "Feature", "geometry": shape, "properties": row})
    return {"type": "FeatureCollection", "name": LAYER, "features": features}


def geopackage(plan: Plan) -> bytes:
    """The plan as a GeoPackage of one layer."""
    import geopandas

    table = plan.table()
    points = geopandas.points_from_xy(table["lon"], table["lat"])
    points[~np.isfinite(table[["lat", "lon"]].to_numpy(float)).all(axis=1)] = None
    frame = geopandas.GeoDataFrame(table[list(COLUMNS)], geometry=points, crs=CRS)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "plan.gpkg"
        frame.to_file(out, layer=LAYER, driver="GPKG", engine="pyogrio", geometry_type="Point")
        return out.read_bytes()


IMPORTANCE_FORMATS = (".csv", ".parquet", ".json")


def check_importance(out: Path) -> None:
    """Raise OptionError, before any work, where the views cannot be written to ``out``."""
    if out.suffix not in IMPORTANCE_FORMATS:
        raise OptionError(f"{out.name!r} must end in {', '.join(IMPORTANCE_FORMATS)}.")
    check_writable(out)


def write_importance(views: ImportanceViews, out: Path) -> int:
    """Write one row per sensor to .csv or .parquet, or everything to .json; gives the number of sensors. Raises OptionError."""
    check_importance(out)
    table = views.table()
    if out.suffix == ".csv":
        out.write_text(csv_text(table), "utf-8")
    elif out.suffix == ".parquet":
        table.to_parquet(out, index=False)
    else:
        out.write_text(json.dumps(plain(views.document())), "utf-8")
    return len(table)
