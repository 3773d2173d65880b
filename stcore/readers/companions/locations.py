"""Locations of sensors: a list of ids with latitude and longitude, with or without a header, matched by id."""

import re
from typing import NamedTuple

import numpy as np
import xarray as xr

from stcore.data.graph import haversine
from stcore.findings import Finding, refuse
from stcore.readers.companions import location_files
from stcore.readers.reader import Answers, Raw
from stcore.readers.source import Source
from stcore.readers.tables import text_table
from stcore.readers.tables.roles import IDS, LATITUDES, LONGITUDES, plain_name
from stcore.readers.tables.text_table import is_number, is_time
from stcore.words import listing

MOST_ROWS = 1_000_000
MOST_COLUMNS = 12
"""A table without a header that has more columns holds readings, not locations."""
POINT = re.compile(
    r"(?:SRID=4326;)?POINT(?: Z)? ?\(\s*(-?[\d.]+(?:e-?\d+)?) +(-?[\d.]+(?:e-?\d+)?)[^()]*\)", re.IGNORECASE
)


class Locations(NamedTuple):
    """``ids`` [P], ``lat`` and ``lon`` [P] in degrees (or as in the file), the name of the file, and findings."""

    ids: list[str]
    lat: np.ndarray
    lon: np.ndarray
    name: str
    findings: tuple[Finding, ...] = ()


def recognises(source: Source) -> bool:
    """Whether a table of text, Parquet or GeoJSON looks like a list of locations."""
    if source.content == "parquet":
        return location_files.is_location_list(source)
    if location_files.is_geojson(source):
        return True
    first = text_table.header_and_rows(source)
    if first is None:
        return False
    header, rows = first
    return bool(rows) and not any(is_time(cell) for cell in rows[0]) and location_columns(header, rows) is not None


def read(source: Source, answers: Answers) -> Locations:
    """The locations in the list; DataError where it is damaged."""
    if source.size > 100 * MOST_ROWS:
        raise refuse("too-large", f"{source.name} is too large for a list of sensors.")
    if source.content == "parquet" or location_files.is_geojson(source):
        return Locations(*location_files.read(source, answers))
    header, rows = text_table.header_and_rows(source) or (None, [])
    roles = location_columns(header, rows)
    if roles is None:
        raise refuse("coordinates", f"{source.name} has no columns of latitude and longitude.")
    identity, lat, lon = roles
    frame, _, _ = text_table.read_table(source, answers, [identity, *([lat] if lat == lon else [])])
    ids = [str(cell).strip() for cell in frame[identity]]  # as written: 001 stays 001
    if lat == lon:
        north, east = parse_points([str(cell) for cell in frame[lat]])
    else:
        values, _ = text_table.numeric_values(frame, [lat, lon], source.name)
        north, east = values[:, 0], values[:, 1]
    return Locations(ids, north, east, source.name)


def location_columns(header: tuple[str, ...] | None, rows: list[list[str]]) -> tuple[int, int, int] | None:
    """The columns (id, lat, lon): by their names, else by how degrees look. A column of POINT texts is both lat and lon."""
    if not header:
        return _columns_by_degrees(rows)
    names = [plain_name(name) for name in header]
    lat = next((names.index(name) for name in LATITUDES if name in names), None)
    lon = next((names.index(name) for name in LONGITUDES if name in names), None)
    if lat is None or lon is None:
        lat = lon = next((number for number, cell in enumerate(rows[0] if rows else []) if POINT.fullmatch(cell)), None)
    if lat is None or lon is None:
        return None
    identity = next((names.index(name) for name in IDS if name in names), 0 if 0 not in (lat, lon) else None)
    return None if identity is None else (identity, lat, lon)


def parse_points(texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """(latitudes, longitudes) of texts such as ``POINT (7.6 51.9)``; NaN for any other text."""
    matches = [POINT.fullmatch(text.strip()) for text in texts]
    east, north = (np.array([float(match[side]) if match else np.nan for match in matches]) for side in (1, 2))
    return north, east


def _columns_by_degrees(rows: list[list[str]]) -> tuple[int, int, int] | None:
    """Without a header: an id, then two neighbouring columns of degrees with decimals. Latitude is first where both fit."""
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


def attach_locations(raw: Raw, locations: Locations, answers: Answers) -> Raw:
    """The data with ``lat`` and ``lon`` for every sensor in the list. Numbered sensors are matched by an answer or by order."""
    ds = raw.ds
    if raw.numbered:
        return _attach_to_numbered(raw.more(*locations.findings), locations, answers)
    row = {name: number for number, name in reversed(list(enumerate(locations.ids)))}
    sensors = [str(name) for name in ds["sensor"].values]
    rows = [row.get(name, row.get(re.sub(r"\.0$", "", name), -1)) for name in sensors]
    if all(number < 0 for number in rows):
        text = (
            f"None of the ids in {locations.name} ({listing(locations.ids, 3)}) is a "
            f"sensor of the data ({listing(sensors, 3)}); its locations were not used."
        )
        return raw.more(Finding("note", "places", text))
    text = f"Locations are from {locations.name}, matched by id."
    if more := len(locations.ids) - sum(number >= 0 for number in rows):
        text += f" {more} of its {len(locations.ids)} rows belong to no sensor of the data."
    ds = _assign_locations(ds, locations, np.array(rows))
    return raw.more(*locations.findings, *_duplicate_ids(locations), Finding("note", "places", text), ds=ds)


def _duplicate_ids(locations: Locations) -> list[Finding]:
    """A note on ids that are in the list more than once, with different locations."""
    first: dict[str, int] = {}
    moved = []
    for number, name in enumerate(locations.ids):
        other = first.setdefault(name, number)
        if (locations.lat[number], locations.lon[number]) != (locations.lat[other], locations.lon[other]):
            moved.append(name)
    if not moved:
        return []
    ids = listing(dict.fromkeys(moved))
    text = f"{locations.name} lists {ids} more than once, with different locations; the first is used."
    return [Finding("note", "places-twice", text)]


def _assign_locations(ds: xr.Dataset, locations: Locations, row: np.ndarray) -> xr.Dataset:
    lat, lon = (np.where(row >= 0, degrees[np.maximum(row, 0)], np.nan) for degrees in (locations.lat, locations.lon))
    return ds.assign(lat=("sensor", lat), lon=("sensor", lon))


def _attach_to_numbered(raw: Raw, locations: Locations, answers: Answers) -> Raw:
    """Locations for numbered sensors, by row or by ids that are numbers. The distances of the graph or an answer decide."""
    many = raw.ds.sizes["sensor"]
    if len(locations.ids) != many:
        text = (
            f"{locations.name} lists {len(locations.ids)} locations, and the data "
            f"have {many} sensors without ids; its locations were not used."
        )
        return raw.more(Finding("note", "places", text))
    row = {name: number for number, name in enumerate(locations.ids)}
    by_number = np.array([row.get(str(number), -1) for number in range(many)])
    orders = {"rows": np.arange(many)} | ({} if (by_number < 0).any() else {"numbers": by_number})
    choices = {
        "rows": "the rows are in the order of the data's columns",
        "numbers": "the ids are the numbers of the columns, from 0",
    }
    choices = {name: choices[name] for name in orders} | {"none": "leave the locations out"}
    chosen, why = answers.get("places"), "as answered"
    if chosen is None and len(orders) > 1 and np.array_equal(orders["rows"], by_number):
        chosen, why = "rows", "which the ids confirm"
    if chosen is None:
        chosen, why = _order_by_distances(raw.ds, locations, orders)
    if chosen not in orders:
        text = (
            "The data have no ids, so it is not known which location "
            f"in {locations.name} belongs to which sensor. They are left out until you answer."
        )
        return raw.more(Finding("note", "places", text, choices, "none"))
    ds = _assign_locations(raw.ds, locations, orders[chosen])
    ids = np.array(locations.ids, dtype=str)[orders[chosen]]
    said = "in the order of the data's columns" if chosen == "rows" else "by the number of the data's columns"
    finding = Finding("note", "places", f"Locations and ids are from {locations.name}, {said}, {why}.", choices, chosen)
    return raw.more(finding, ds=ds.assign_coords(sensor=ids), numbered=False)


def _order_by_distances(ds: xr.Dataset, locations: Locations, orders: dict[str, np.ndarray]) -> tuple[str, str]:
    """The order in which the sensors are as far apart as the distances of the graph say; else the file's name decides."""
    if "edge_cost" in ds and len(ds["edge_cost"]) > 8:
        start, end, cost = (ds[name].values for name in ("edge_from", "edge_to", "edge_cost"))
        fit = {name: _distance_correlation(locations, row[start], row[end], cost) for name, row in orders.items()}
        best = max(fit, key=lambda name: fit[name])
        if fit[best] > 0.8 and all(fit[name] < 0.6 for name in fit if name != best):
            return best, "which the distances of the graph confirm"
    if re.search(
        r"order|^(ca|gla|gba|sd)_meta\.", locations.name.lower()
    ):  # in LargeST's files, the rows are the columns of the data
        return "rows", "as its name says"
    return "none", ""


def _distance_correlation(locations: Locations, start: np.ndarray, end: np.ndarray, cost: np.ndarray) -> float:
    points = np.stack([locations.lat, locations.lon], axis=1)
    apart = np.array(
        [haversine(points[a : a + 1], points[b : b + 1])[0, 0] for a, b in zip(start[:500], end[:500], strict=True)]
    )
    usable = np.isfinite(apart) & np.isfinite(cost[:500])
    if usable.sum() < 8 or apart[usable].std() == 0 or cost[:500][usable].std() == 0:
        return 0.0
    return float(np.corrcoef(apart[usable], cost[:500][usable])[0, 1])
