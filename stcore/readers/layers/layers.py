"""Map layers from the user: any coordinate system in, a small GeoJSON collection in degrees out."""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from stcore.findings import Finding, refuse
from stcore.readers.layers.files import read_features
from stcore.readers.safe.limits import guard
from stcore.readers.source import Source

MOST_TEXT, MOST_NAME, MOST_ATTRIBUTES = 120, 60, 12
MOST_JSON = 1_000_000
"""Characters of a collection, which a page sends to the map at every step."""
DIGITS = 5
"""Decimal places of a degree, about 1 m."""
LOOKED_AT = 200
"""Areas that are tested for overlap with others."""
TOLERANCES = (0.0, *(round(step * 10**power, 6) for power in range(-5, 0) for step in (1, 2, 5)))
METRES, MOST_METRES = 111_000.0, 1e12
EPSG = re.compile(r"(?:EPSG:)?(\d{4,6})")
CHOICES = {"<EPSG:number>": "the coordinate system of these numbers, such as EPSG:25832"}


class Layer(NamedTuple):
    """A GeoJSON ``collection`` (EPSG:4326, attributes as plain text), its ``name``, and what was done to it."""

    name: str
    collection: dict[str, Any]
    findings: list[Finding]


def read_layer(path: str | Path, answers: Mapping[str, str] | None = None) -> Layer:
    """A layer from a GeoJSON, GeoPackage, zipped Shapefile or GeoParquet file, in the form that ``STData.layers`` holds.

    Coordinates are converted to EPSG:4326, rounded to about a metre, and simplified until the layer has less than 1 MB;
    findings say so. ``answers``: ``layer`` where a file holds several, ``crs`` where it names no coordinate system. Raises
    DataError.
    """
    source = Source(Path(path))
    with guard(source.name):
        layer_features = read_features(source, answers or {})
        frame, about = to_degrees(layer_features.frame, (answers or {}).get("crs"), source.name)
        collection, more = simplify_to_size(frame, source.name)
        name = _text(source.path.name.split(".")[0], MOST_NAME) or "layer"
        return Layer(name, collection, [*layer_features.findings, *about, *more])


def write_layer(layer: Layer, out: Path) -> None:
    """Write a layer as JSON, which ``parse_layer`` reads back."""
    content = {
        "name": layer.name,
        "collection": layer.collection,
        "findings": [asdict(part) for part in layer.findings],
    }
    out.write_text(json.dumps(content), encoding="utf-8")


def parse_layer(text: str) -> Layer:
    """Read what ``write_layer`` wrote."""
    content = json.loads(text)
    return Layer(content["name"], content["collection"], [Finding(**part) for part in content["findings"]])


# ---- coordinates ---------------------------------------------------------------------------------------------------
def to_degrees(frame: Any, asked: str | None, name: str) -> tuple[Any, list[Finding]]:
    """A geopandas frame in EPSG:4326 and two dimensions, without features that have no location. DataError where the
    coordinate system is unknown."""
    while (frame.geom_type == "GeometryCollection").any():  # collections can be nested
        frame = frame.explode(ignore_index=True)
    frame = frame[~(frame.geometry.isna() | frame.geometry.is_empty)]
    if not len(frame):
        raise refuse("empty", f"{name} has no feature with a geometry.")
    frame = frame.set_geometry(frame.geometry.force_2d())
    count, frame = len(frame), frame[_finite(frame.geometry)]
    if not len(frame):
        raise refuse("no-place", f"No feature of {name} has a location on the earth.")
    frame, findings = _with_crs(frame, asked, name)
    if needs_files(frame.crs):
        raise refuse(
            "crs", f"The coordinate system of {name} needs further files. Save the layer in a system with an EPSG code."
        )
    system = frame.crs.to_epsg() or frame.crs.name
    if system != 4326:
        frame = frame.to_crs(4326)
        findings.append(Finding("note", "reprojected", f"{name} was converted from {_text(system, 80)} to EPSG:4326."))
    valid = _finite(frame.geometry)
    if not valid.any():
        raise refuse("no-place", f"No feature of {name} has a location on the earth.")
    if valid.sum() < count:
        text = (
            f"{count - int(valid.sum())} of {count} features of {name} have no location on the earth and are left out."
        )
        findings.append(Finding("note", "no-place", text))
    return frame[valid].reset_index(drop=True), findings


def _finite(shapes: Any) -> np.ndarray:
    """[F] whether every coordinate of a feature is finite. (Bounds ignore one that is not.)"""
    finite = np.ones(len(shapes), bool)
    points = shapes.get_coordinates(ignore_index=False)
    broken = ~np.isfinite(points.to_numpy()).all(axis=1)
    finite[shapes.index.get_indexer(points.index[broken])] = False
    return finite


def _with_crs(frame: Any, answer: str | None, name: str) -> tuple[Any, list[Finding]]:
    """The coordinate system in the file, if its numbers fit it; else the answered one; else degrees, if they fit."""
    west, south, east, north = frame.total_bounds
    degrees = west >= -180 and east <= 360 and south >= -90 and north <= 90
    system = frame.crs
    if system is not None and (system.is_projected or (system.is_geographic and degrees)):
        return frame, []
    if answer is not None:
        return frame.set_crs(epsg_code(answer, name), allow_override=True), []
    if degrees:
        text = f"{name} names no known coordinate system; its numbers fit degrees and were read as EPSG:4326."
        return frame.set_crs(4326, allow_override=True), [Finding("note", "crs", text, CHOICES, "EPSG:4326")]
    most = np.abs(frame.total_bounds).max()
    size = f"{most:,.0f}" if most < MOST_METRES else f"{most:.3g}"
    text = f"{name} names no known coordinate system, and numbers up to {size} are no degrees. Which one is it?"
    raise refuse("crs", text, CHOICES)


def epsg_code(answer: str, name: str) -> int:
    """The number of an EPSG code; DataError for anything else, since a name may be a file."""
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    code = EPSG.fullmatch(answer.strip().upper())
    if code:
        with suppress(CRSError):
            CRS.from_epsg(int(code[1]))
            return int(code[1])
    raise refuse("crs", f"There is no coordinate system {answer[:40]!r} for {name}; write it as EPSG:25832.", CHOICES)


def needs_files(crs: Any) -> bool:
    """Whether the definition of a coordinate system names grid files, which would be looked for on this machine."""
    return crs.to_epsg() is None and any(word in crs.to_wkt().lower() for word in ("grids", "gridshift", "@"))


# ---- size ----------------------------------------------------------------------------------------------------------
def simplify_to_size(frame: Any, name: str) -> tuple[dict[str, Any], list[Finding]]:
    """The frame as a collection of at most MOST_JSON characters, simplified as little as possible."""
    table, findings = _attributes(frame, name)
    areas = frame.geom_type.isin(["Polygon", "MultiPolygon"]).all() and _do_not_overlap(frame.geometry)
    nothing: list[dict[str, str]] = [{}] * len(table)
    for texts in (table, nothing):
        room = MOST_JSON - len(json.dumps(texts)) - 80 * len(texts)
        for tolerance in TOLERANCES if room > 0 else ():
            shapes = _simplify(frame.geometry, tolerance, areas)
            if shapes.count_coordinates().sum() * 10 > room:  # a point never needs fewer than 10 characters
                continue
            collection = _collection(shapes, texts)
            if len(json.dumps(collection)) <= MOST_JSON:
                return collection, [*findings, *_losses(name, tolerance, texts is table)]
    raise refuse(
        "too-large", f"{name} is too large for a map even when simplified ({len(table):,} features); leave some out."
    )


def _simplify(shapes: Any, tolerance: float, areas: bool) -> Any:
    """Lines with fewer points. Areas that touch still touch."""
    if not tolerance:
        return shapes
    return shapes.simplify_coverage(tolerance) if areas else shapes.simplify(tolerance)


def _do_not_overlap(shapes: Any) -> bool:
    """Whether areas do not overlap, by one point inside each of a sample. Simplifying overlapping areas together takes
    minutes."""
    points = shapes.iloc[:: -(-len(shapes) // LOOKED_AT)].representative_point()
    return len(shapes.sindex.query(points, predicate="within")[0]) <= len(points)


def _collection(shapes: Any, texts: list[dict[str, str]]) -> dict[str, Any]:
    parts = [
        {"type": "Feature", "properties": text, "geometry": _rounded(shape.__geo_interface__)}
        for shape, text in zip(shapes, texts, strict=True)
        if shape is not None and not shape.is_empty
    ]
    return {"type": "FeatureCollection", "features": parts}


def _rounded(shape: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": shape["type"], "coordinates": _round(shape["coordinates"])}


def _round(part: Any) -> Any:
    return round(part, DIGITS) if isinstance(part, float | int) else [_round(inner) for inner in part]


def _losses(name: str, tolerance: float, with_texts: bool) -> list[Finding]:
    findings = []
    if tolerance:
        text = f"The lines of {name} were simplified by up to {tolerance * METRES:,.0f} m, so that the map stays fast."
        findings.append(Finding("note", "simplified", text))
    if not with_texts:
        findings.append(
            Finding("note", "attributes", f"The attributes of {name} were left out, since there are too many.")
        )
    return findings


def _attributes(frame: Any, name: str) -> tuple[list[dict[str, str]], list[Finding]]:
    """[F] the attributes of each feature as short plain text, whatever their type."""
    columns = [column for column in frame.columns if column != frame.geometry.name]
    names = columns[:MOST_ATTRIBUTES]
    words = {column: _text(column, MOST_NAME) for column in names}
    rows = frame[names].to_dict("records") if names else [{}] * len(frame)
    texts = [{words[key]: text for key, value in row.items() if (text := _text(value, MOST_TEXT))} for row in rows]
    more = len(columns) - len(names)
    left = [Finding("note", "columns", f"{name} has {more} more attributes, which are left out.")] if more else []
    return texts, left


def _text(value: Any, most: int) -> str:
    """A value as one short line without control characters; empty for a missing value."""
    if value is None or value != value:
        return ""
    text = "".join(sign if sign.isprintable() else " " for sign in str(value)[: 4 * most])
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1] + "…"
