"""The roles of the columns in a long table: time, location, sensor, quantity and values. And names and ids as text."""

import re
from itertools import pairwise
from typing import Any, NamedTuple

from stcore.readers.tables.text_table import EMPTY, is_number
from stcore.readers.tables.time_columns import TimeColumns, find_time_columns

IDS = (
    "sensor_id",
    "station_id",
    "detector_id",
    "site_id",
    "node_id",
    "device_id",
    "segment_id",
    "link_id",
    "stop_id",
    "location_id",
    "counter_id",
    "stationid",
    "sensorid",
    "id_station",
    "id_sensor",
    "station_code",
    "station_number",
    "stations_id",
    "stationcode",
    "code_station",
    "sensor",
    "station",
    "detector",
    "site",
    "node",
    "device",
    "segment",
    "link",
    "counter",
    "messstelle",
    "messstation",
    "standort",
    "zaehlstelle",
    "sensor_name",
    "station_name",
    "stationname",
    "site_name",
    "location",
    "unique_id",
    "series_id",
    "item_id",
    "entity_id",
    "id",
    "code",
    "name",
    "index",
)
WEAK = ("id", "code", "name", "index", "link", "location", "node")
LATITUDES = (
    "lat",
    "latitude",
    "nav_lat",
    "y_lat",
    "nb_latitude",
    "lat_deg",
    "gps_lat",
    "wgs84_lat",
    "breitengrad",
    "breite",
    "geo_lat",
    "stop_lat",
    "start_lat",
    "latitud",
    "y",
    "northing",
    "utm_y",
    "hochwert",
    "y_coord",
    "ycoord",
)
LONGITUDES = (
    "lon",
    "longitude",
    "long",
    "lng",
    "nav_lon",
    "x_lon",
    "nb_longitude",
    "lon_deg",
    "gps_lon",
    "gps_lng",
    "wgs84_lon",
    "laengengrad",
    "laenge",
    "längengrad",
    "länge",
    "geo_lon",
    "geo_lng",
    "stop_lon",
    "start_lon",
    "longitud",
    "x",
    "easting",
    "utm_x",
    "rechtswert",
    "x_coord",
    "xcoord",
)
KINDS = ("parameter", "variable", "pollutant", "component", "quantity", "metric", "measure", "channel", "komponente")
TRUTHS = {"true", "false"}
COUNTERS = ("", "no", "index", "row", "nr", "unnamed_0")


class Roles(NamedTuple):
    """Column numbers of ``time``, ``sensor``, ``values``, ``location`` (latitude, longitude) and ``kind`` (the quantity of a
    row's value); of ``others`` that may name the sensors, too; and of columns ``left`` out."""

    time: TimeColumns
    sensor: int
    values: tuple[int, ...]
    location: tuple[int, int] | None
    kind: int | None
    others: tuple[int, ...]
    left: tuple[int, ...]


def plain_name(name: str) -> str:
    """The name of a column in lower case, with underscores in place of everything but letters and digits."""
    return re.sub(r"[\W_]+", "_", name.lower()).strip("_")


def column_roles(header: tuple[str, ...] | None, rows: list[list[str]], sensor: str | None = None) -> Roles | None:
    """The roles of the columns of a long table, from their names and the first rows; None for other tables. ``sensor`` is the
    answered name of the column with the sensors."""
    if not header or not rows or (time := find_time_columns(header, rows)) is None:
        return None
    names, columns = [plain_name(name) for name in header], list(zip(*rows, strict=False))
    free = [number for number in range(len(columns)) if number not in time.columns]
    location = _location_columns(names, columns, free)
    free = [number for number in free if number not in (location or ())]
    sensor_candidates = sensor_columns(header, rows, free, time)
    if sensor in header and header.index(sensor) in free:
        sensor_candidates = [
            header.index(sensor),
            *(number for number in sensor_candidates if number != header.index(sensor)),
        ]
    if not sensor_candidates:
        return None
    rest = [
        number
        for number in free
        if number not in sensor_candidates and not _numbers_rows(names[number], columns[number])
    ]
    numbers = tuple(number for number in rest if all(is_numeric(cell) for cell in columns[number]))
    kind = next((number for number in rest if names[number] in KINDS and number not in numbers), None)
    if not numbers or (kind is not None and len(numbers) > 1):
        kind = None
    left = tuple(number for number in rest if number not in numbers and number != kind)
    return (
        Roles(time, sensor_candidates[0], numbers, location, kind, tuple(sensor_candidates[1:]), left)
        if numbers
        else None
    )


def sensor_columns(header: tuple[str, ...], rows: list[list[str]], free: list[int], time: TimeColumns) -> list[int]:
    """Those of the ``free`` columns that may name the sensor of a row, the most likely first."""
    names, columns = [plain_name(name) for name in header], list(zip(*rows, strict=False))
    stamps = [tuple(row[number] for number in time.columns) for row in rows]
    candidates = [
        number
        for number in _columns_with_id_names(names, free)
        if _names_sensors(names[number], columns[number], stamps)
    ]
    guess = None if candidates else _guess_sensor_column(columns, free, stamps)
    return candidates if guess is None else [guess]


def _columns_with_id_names(names: list[str], free: list[int]) -> list[int]:
    """Columns with names that ids have, the most certain name first."""
    return sorted((number for number in free if names[number] in IDS), key=lambda number: IDS.index(names[number]))


def _location_columns(names: list[str], columns: list[tuple[str, ...]], free: list[int]) -> tuple[int, int] | None:
    lat = next((names.index(name) for name in LATITUDES if name in names and names.index(name) in free), None)
    lon = next((names.index(name) for name in LONGITUDES if name in names and names.index(name) in free), None)
    if lat is None or lon is None or not all(is_numeric(cell) for column in (lat, lon) for cell in columns[column]):
        return None
    return lat, lon


def _names_sensors(name: str, cells: tuple[str, ...], stamps: list[tuple[str, ...]]) -> bool:
    """Whether entries name sensors, and do not number the rows or measure something."""
    if any(not cell for cell in cells) or (name in WEAK and all(re.fullmatch(r"-?\d*\.\d+", cell) for cell in cells)):
        return False
    return not (_is_counter(cells) and len(set(stamps)) == len(stamps))


def _guess_sensor_column(columns: list[tuple[str, ...]], free: list[int], stamps: list[tuple[str, ...]]) -> int | None:
    """The only column of text, where times repeat for different texts, or the table is only time, text and value."""
    texts = [
        number for number in free if not any(is_numeric(cell) or cell.lower() in TRUTHS for cell in columns[number])
    ]
    if len(texts) != 1:
        return None
    pairs = set(zip(stamps, columns[texts[0]], strict=True))
    repeats = len(set(stamps)) < len(stamps) and len(pairs) > len(set(stamps))
    return texts[0] if repeats or (len(free) == 2 and len(set(columns[texts[0]])) < len(stamps)) else None


def _numbers_rows(name: str, cells: tuple[str, ...]) -> bool:
    """Whether a column numbers the rows or is the index of pandas."""
    return name.startswith("index_level_") or (name in COUNTERS and (_is_counter(cells) or len(cells) == 1))


def _is_counter(cells: tuple[str, ...]) -> bool:
    if len(cells) < 2 or not all(cell.isdigit() for cell in cells):
        return False
    return all(int(after) - int(before) == 1 for before, after in pairwise(cells))


def is_numeric(cell: str) -> bool:
    """Whether an entry is a number or empty."""
    return is_number(cell) or cell.lower() in EMPTY


def cell_text(cell: Any) -> str:
    """One id as text, whatever its type in the file, without blanks around it: 007 stays 007, a whole number has no point."""
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "replace").strip()
    return f"{cell:.0f}" if isinstance(cell, float) and cell.is_integer() else str(cell).strip()


UNITS = {
    "mph": "mph",
    "kmh": "km/h",
    "kwh": "kWh",
    "mwh": "MWh",
    "celsius": "°C",
    "kelvin": "K",
    "mm": "mm",
    "ugm3": "µg/m³",
}
BRACKETS = re.compile(r"\S.*?\s*[(\[]\s*([^()\[\]]{1,12})\s*[)\]]$")


def unit_of(name: str) -> str:
    """The unit in a name such as ``speed_mph`` or ``PM10 (µg/m³)``; empty where there is none."""
    if named := BRACKETS.match(name.strip()):
        return named[1].strip()
    return next((unit for word, unit in UNITS.items() if word in re.split(r"[^a-z0-9]+", name.lower())), "")
