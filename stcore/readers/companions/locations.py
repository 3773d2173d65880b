"""Where sensors are: a table of ids with latitude and longitude, with or without a header, matched by id and not by row."""

import re
from typing import NamedTuple

import numpy as np
import xarray as xr

from stcore.data.graph import haversine
from stcore.findings import Finding, refuse
from stcore.readers.companions import location_files
from stcore.readers.reader import Answers
from stcore.readers.source import Source
from stcore.readers.tables import text_table
from stcore.readers.tables.dialect import is_number, is_time
from stcore.readers.tables.roles import IDS, LATITUDES, LONGITUDES, plain
from stcore.words import listing

MOST_ROWS = 1_000_000
MOST_COLUMNS = 12
"""A table with more columns that nobody named holds readings, not places."""
POINT = re.compile(
    r"(?:SRID=4326;)?POINT(?: Z)? ?\(\s*(-?[\d.]+(?:e-?\d+)?) +(-?[\d.]+(?:e-?\d+)?)[^()]*\)", re.IGNORECASE
)


class Places(NamedTuple):
    """``ids`` [P], ``lat`` and ``lon`` [P] in degrees (or as the file has them), the file they are from, and what was done."""

    ids: list[str]
    lat: np.ndarray
    lon: np.ndarray
    name: str
    said: tuple[Finding, ...] = ()


def recognises(source: Source) -> bool:
    """Whether a table of text or Parquet, or GeoJSON, looks like a list of places."""
    if source.content == "parquet":
        return location_files.is_list(source)
    if location_files.is_geojson(source):
        return True
    seen = text_table.peek(source)
    if seen is None:
        return False
    header, rows = seen
    return bool(rows) and not any(is_time(cell) for cell in rows[0]) and columns(header, rows) is not None


def read(source: Source, answers: Answers) -> Places:
    """The table's places; raises DataError where it is damaged."""
    if source.size > 100 * MOST_ROWS:
        raise refuse("too-large", f"{source.name} is too large for a list of sensors.")
    if source.content == "parquet" or location_files.is_geojson(source):
        return Places(*location_files.read(source, answers))
    header, rows = text_table.peek(source) or (None, [])
    found = columns(header, rows)
    if found is None:
        raise refuse("coordinates", f"{source.name} has no columns of latitude and longitude.")
    identity, lat, lon = found
    frame, _, _ = text_table.table(source, answers, [identity, *([lat] if lat == lon else [])])
    ids = [str(cell).strip() for cell in frame[identity]]  # exactly as written: 001 stays 001
    if lat == lon:
        north, east = points([str(cell) for cell in frame[lat]])
    else:
        values, _ = text_table.numbers(frame, [lat, lon], source.name)
        north, east = values[:, 0], values[:, 1]
    return Places(ids, north, east, source.name)


def columns(header: tuple[str, ...] | None, rows: list[list[str]]) -> tuple[int, int, int] | None:
    """(id, lat, lon) columns: by their names, else by what degrees look like; a column of POINT texts is both."""
    if not header:
        return _by_degrees(rows)
    names = [plain(name) for name in header]
    lat = next((names.index(name) for name in LATITUDES if name in names), None)
    lon = next((names.index(name) for name in LONGITUDES if name in names), None)
    if lat is None or lon is None:
        lat = lon = next((place for place, cell in enumerate(rows[0] if rows else []) if POINT.fullmatch(cell)), None)
    if lat is None or lon is None:
        return None
    identity = next((names.index(name) for name in IDS if name in names), 0 if 0 not in (lat, lon) else None)
    return None if identity is None else (identity, lat, lon)


def points(texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """(latitudes, longitudes) of texts such as ``POINT (7.6 51.9)``; NaN where a text is none."""
    found = [POINT.fullmatch(text.strip()) for text in texts]
    east, north = (np.array([float(match[side]) if match else np.nan for match in found]) for side in (1, 2))
    return north, east


def _by_degrees(rows: list[list[str]]) -> tuple[int, int, int] | None:
    """Without a header: an id, then two neighbouring columns of degrees with decimals, latitude first where both fit."""
    if any(is_number(row[0]) and not row[0].isdigit() for row in rows):
        return None  # readings, which may lie between -90 and 90 as well
    for left in range(1, min(len(rows[0]) - 1, MOST_COLUMNS)):
        cells = [row[left : left + 2] for row in rows]
        if not all(is_number(cell) and "." in cell and "," not in cell for pair in cells for cell in pair):
            continue
        first, second = (np.array([float(pair[side]) for pair in cells]) for side in (0, 1))
        if np.abs(first).max() <= 90 and np.abs(second).max() <= 180:
            return 0, left, left + 1
        if np.abs(first).max() <= 180 and np.abs(second).max() <= 90:
            return 0, left + 1, left
    return None


def attach(ds: xr.Dataset, places: Places, answers: Answers) -> tuple[xr.Dataset, list[Finding]]:
    """``lat`` and ``lon`` for every sensor whose id is listed; sensors that have only a number are asked about."""
    if ds.attrs.get("positions"):
        ds, told = _to_numbered(ds, places, answers)
        return ds, [*places.said, *told]
    row = {name: number for number, name in reversed(list(enumerate(places.ids)))}
    sensors = [str(name) for name in ds["sensor"].values]
    found = [row.get(name, row.get(re.sub(r"\.0$", "", name), -1)) for name in sensors]
    if all(number < 0 for number in found):
        text = (
            f"None of the ids in {places.name} ({listing(places.ids, 3)}) is a "
            f"sensor of the data ({listing(sensors, 3)}); places were not used."
        )
        return ds, [Finding("note", "places", text)]
    said = f"Places are from {places.name}, matched by id."
    if more := len(places.ids) - sum(number >= 0 for number in found):
        said += f" {more} of its {len(places.ids)} rows belong to no sensor of the data."
    ds = _placed(ds, places, np.array(found))
    return ds, [*places.said, *_twice(places), Finding("note", "places", said)]


def _twice(places: Places) -> list[Finding]:
    """Ids that are listed more than once, in different places."""
    first: dict[str, int] = {}
    odd = []
    for number, name in enumerate(places.ids):
        other = first.setdefault(name, number)
        if (places.lat[number], places.lon[number]) != (places.lat[other], places.lon[other]):
            odd.append(name)
    if not odd:
        return []
    text = f"{places.name} lists {listing(dict.fromkeys(odd))} more than once, in different places; the first is used."
    return [Finding("note", "places-twice", text)]


def _placed(ds: xr.Dataset, places: Places, row: np.ndarray) -> xr.Dataset:
    lat, lon = (np.where(row >= 0, degrees[np.maximum(row, 0)], np.nan) for degrees in (places.lat, places.lon))
    return ds.assign(lat=("sensor", lat), lon=("sensor", lon))


def _to_numbered(ds: xr.Dataset, places: Places, answers: Answers) -> tuple[xr.Dataset, list[Finding]]:
    """Data without ids: rows in the order of the columns, or ids that are their numbers; distances decide, else it is asked."""
    many = ds.sizes["sensor"]
    if len(places.ids) != many:
        text = (
            f"{places.name} lists {len(places.ids)} places, and the data "
            f"have {many} sensors without ids; places were not used."
        )
        return ds, [Finding("note", "places", text)]
    row = {name: number for number, name in enumerate(places.ids)}
    by_number = np.array([row.get(str(number), -1) for number in range(many)])
    readings = {"rows": np.arange(many)} | ({} if (by_number < 0).any() else {"numbers": by_number})
    choices = {
        "rows": "the rows are in the order of the data's columns",
        "numbers": "the ids are the numbers of the columns, from 0",
    }
    choices = {name: choices[name] for name in readings} | {"none": "leave the places out"}
    chosen, why = answers.get("places"), "as answered"
    if chosen is None and len(readings) > 1 and np.array_equal(readings["rows"], by_number):
        chosen, why = "rows", "which the ids confirm"
    if chosen is None:
        chosen, why = _by_distances(ds, places, readings)
    if chosen not in readings:
        text = (
            "The data have no ids, so it is not known which of the places "
            f"in {places.name} is whose; they were left out until you say."
        )
        return ds, [Finding("note", "places", text, choices, "none")]
    ds = _placed(ds, places, readings[chosen])
    ids = np.array(places.ids, dtype=str)[readings[chosen]]
    said = "in the order of the data's columns" if chosen == "rows" else "by the number of the data's columns"
    return ds.assign_coords(sensor=ids), [
        Finding("note", "places", f"Places and ids are from {places.name}, {said}, {why}.", choices, chosen)
    ]


def _by_distances(ds: xr.Dataset, places: Places, readings: dict[str, np.ndarray]) -> tuple[str, str]:
    """The reading under which the places are as far apart as the graph's own distances say; else the file's name decides."""
    if "edge_cost" in ds and len(ds["edge_cost"]) > 8:
        start, end, cost = (ds[name].values for name in ("edge_from", "edge_to", "edge_cost"))
        fit = {name: _likeness(places, row[start], row[end], cost) for name, row in readings.items()}
        best = max(fit, key=lambda name: fit[name])
        if fit[best] > 0.8 and all(fit[name] < 0.6 for name in fit if name != best):
            return best, "which the distances of the graph confirm"
    if re.search(r"order|^(ca|gla|gba|sd)_meta\.", places.name.lower()):  # LargeST's are the columns, row by row
        return "rows", "as its name says"
    return "none", ""


def _likeness(places: Places, start: np.ndarray, end: np.ndarray, cost: np.ndarray) -> float:
    points = np.stack([places.lat, places.lon], axis=1)
    apart = np.array(
        [haversine(points[a : a + 1], points[b : b + 1])[0, 0] for a, b in zip(start[:500], end[:500], strict=True)]
    )
    usable = np.isfinite(apart) & np.isfinite(cost[:500])
    if usable.sum() < 8 or apart[usable].std() == 0 or cost[:500][usable].std() == 0:
        return 0.0
    return float(np.corrcoef(apart[usable], cost[:500][usable])[0, 1])
