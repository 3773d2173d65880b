"""METR-LA and similar sets: a pandas table in HDF5, read without pandas, so that nothing in the file can run. And the folder
that DCRNN reads: such a table with ids, locations and adjacency.

Versions of pandas differ in their attributes, and in times as nanoseconds or microseconds; ``kind`` says which. Files of
Torch Spatiotemporal hold tables of locations and of masks beside the values.
"""

import csv
import io
from pathlib import Path

import h5py
import numpy as np
import xarray as xr

from stcore.data import STData
from stcore.findings import Finding, refuse
from stcore.readers.archives import pandas_frames
from stcore.readers.archives.pandas_frames import is_frame
from stcore.readers.archives.start_times import PACIFIC, published_set
from stcore.readers.companions import locations
from stcore.readers.reader import Answers, Raw, Reader
from stcore.readers.safe import hdf5, pickles
from stcore.readers.safe.limits import check_room
from stcore.readers.source import Source
from stcore.registry import Card
from stcore.words import listing, quantity

CARD = Card(
    "metr-la-hdf5",
    "A table of times x sensors as pandas writes it to HDF5 (METR-LA, PEMS-BAY, LargeST, AQI, EngRad).",
    "Li et al. 2018, DCRNN; Cini & Marisca 2022, Torch Spatiotemporal; pandas fixed format",
    "stcore.readers.archives.pandas_hdf5:READER",
)
KEYS = ("df", "speed", "t", "readings", "pm25", "actual", "data", "raw")
"""Names of tables in published sets, the preferred ones first."""
KNOWN = {
    "metr-la": ("speed", "mph"),
    "metr_la": ("speed", "mph"),
    "pems-bay": ("speed", "mph"),
    "pems_bay": ("speed", "mph"),
}
TABLES = {"speed": ("speed", ""), "pm25": ("pm25", "µg/m³")}
"""Channel and unit by the name of the table."""


def recognises(source: Source) -> float:
    """1 for a file with at least one pandas table."""
    if source.content != "hdf5":
        return 0.0
    with hdf5.open_hdf5(source.path, whole=False) as file:
        return float(bool(_tables(file)))


def read(source: Source, answers: Answers) -> Raw:
    """One table: values [T, N, C] with times and ids as text, and the locations from another table of the file."""
    with hdf5.open_hdf5(source.path) as file:
        tables, locations_here, masks = _sort_tables(file, source)
        table, findings = _choose_table(tables, answers, source)
        group = file[table]
        pandas_frames.refuse_table_format(group, source.name)
        names = pandas_frames.frame_columns(group, "axis0", source.name)
        values, sensors, channels = pandas_frames.frame_cube(
            pandas_frames.frame_values(group, names, source.name), names, source.name
        )
        ticks, zone = pandas_frames.frame_times(group["axis1"], source.name)
    if values.shape[0] != len(ticks):
        raise refuse("shape", f"{source.name} holds {len(ticks)} times but {values.shape[0]} rows of values.")
    channel, unit = _channel_and_unit(source, table)
    attrs = {"units": {} if channels else {channel: unit}, "title": source.path.stem} | zone
    ds = xr.Dataset(
        {"value": (("time", "sensor", "channel"), values)},
        coords={"time": ticks, "sensor": sensors, "channel": channels or [channel]},
        attrs=attrs,
    )
    raw = Raw(ds, findings, {}, likely_zone=_likely_zone(source, table, len(sensors)))
    raw = locations.attach_locations(raw, locations_here, answers) if locations_here else raw
    return raw.more(*_mask_notes(masks, source))


def _tables(file: h5py.File) -> list[str]:
    """Groups that pandas wrote, at the top or one level below, the preferred names first."""
    names = [name for name, item in file.items() if isinstance(item, h5py.Group) and is_frame(item)]
    for parent, item in file.items():
        if isinstance(item, h5py.Group) and parent not in names:
            names += [
                f"{parent}/{name}" for name, inner in item.items() if isinstance(inner, h5py.Group) and is_frame(inner)
            ]
    return sorted(names, key=lambda name: (KEYS.index(name) if name in KEYS else len(KEYS), name))


def _sort_tables(file: h5py.File, source: Source) -> tuple[list[str], locations.Locations | None, list[str]]:
    """Tables of values, the first table of locations, and the names of masks. Where there are only masks, they are values."""
    every = _tables(file)
    location_tables = {
        name: table for name in every if (table := pandas_frames.frame_locations(file[name], source.name))
    }
    masks = [name for name in every if "mask" in name.lower() and name not in location_tables]
    tables = [name for name in every if name not in location_tables and name not in masks]
    if not tables and not masks:
        text = f"{source.name} holds only locations ({listing(location_tables)}), and no table of readings."
        raise refuse("no-values", text)
    first = next(iter(location_tables), None)
    first_locations = (
        locations.Locations(*location_tables[first], name=f"the table {first!r} of {source.name}") if first else None
    )
    return (tables, first_locations, masks) if tables else (masks, first_locations, [])


def _choose_table(tables: list[str], answers: Answers, source: Source) -> tuple[str, list[Finding]]:
    if len(tables) == 1:
        return tables[0], []
    chosen = answers.get("table", tables[0])
    choices = {name: f"open the table {name!r}" for name in tables}
    note = Finding(
        "note", "table", f"{source.name} holds {len(tables)} tables; {chosen!r} was opened.", choices, chosen
    )
    if chosen not in tables:
        raise refuse("table", f"There is no table {chosen!r} in {source.name}; there are {', '.join(tables)}.", choices)
    return chosen, [note]


def _mask_notes(masks: list[str], source: Source) -> list[Finding]:
    """A note on masks, which mark readings to hide in an evaluation. They are no values and were not applied."""
    if not masks:
        return []
    text = f"{source.name} holds masks beside the values ({listing(masks)}); they were left out, and no reading was hidden."
    return [Finding("note", "masks", text)]


def _channel_and_unit(source: Source, table: str) -> tuple[str, str]:
    """Channel and unit, by the name of the set or of its table."""
    matches = [pair for name, pair in KNOWN.items() if source.stem.startswith(name)]
    return matches[0] if matches else TABLES.get(table, ("value", ""))


def _likely_zone(source: Source, table: str, sensors: int) -> str | None:
    """The zone of the published set of this name and size. LargeST's years are recognised by size alone."""
    if table == "readings" and sensors == 8600:
        return PACIFIC
    published = published_set(source.stem, sensors)
    return published.zone if published else None


TABLE = "df"


def write(data: STData, path: Path) -> list[str]:
    """A folder with ``data.h5``, which ``pandas.read_hdf`` reads, and ``sensor_graph/`` with ids, locations and adj_mx.pkl."""
    if data.edges is not None:
        check_room(12 * len(data.sensors) ** 2, "The full adjacency of this layout")
    if any(len(name.encode()) > 1000 for name in data.sensors):
        raise refuse("layout", "A sensor's name is longer than 1000 bytes, too long for a table of HDF5.")
    beside = path / "sensor_graph"
    beside.mkdir(parents=True)
    _write_table(data, path / "data.h5")
    (beside / "graph_sensor_ids.txt").write_text(",".join(data.sensors), encoding="utf-8")
    if data.locations is not None:
        _write_locations(data, beside / "graph_sensor_locations.csv")
    if data.edges is not None:
        matrix = np.zeros((len(data.sensors), len(data.sensors)), np.float32)
        start, end, weight = data.edges
        matrix[start, end] = weight
        (beside / "adj_mx.pkl").write_bytes(pickles.adjacency_pickle(data.sensors, matrix))
    return _losses(data)


def _losses(data: STData) -> list[str]:
    """Sentences on what the layout cannot hold."""
    losses = [
        "DCRNN's layout has no room for units, the channel's name, the clock's zone, windows, parts and findings."
    ]
    if len(data.channels) > 1:
        losses.append(f"Of {len(data.channels)} channels the first, {data.channels[0]}, was written.")
    if with_commas := [name for name in data.sensors if "," in name]:
        losses.append(
            f"The names of {quantity(len(with_commas), 'sensor')} contain commas, which separate the ids in "
            "graph_sensor_ids.txt: this program reads them back from the table, but DCRNN's own code takes each for several."
        )
    if missing := int((~np.isfinite(data.values[:, :, 0])).sum()):
        losses.append(f"{missing} missing readings are written as NaN; DCRNN's own training takes 0 for missing.")
    return losses


def _write_table(data: STData, path: Path) -> None:
    """A frame in pandas' fixed format: axis0 the ids, axis1 nanoseconds, block0 the values [T, N]."""
    names = [name.encode() for name in data.sensors]
    ids = np.array(names, dtype=f"S{max(len(name) for name in names)}")
    buffer = io.BytesIO()  # in memory first: HDF5 ends the process where the disk is full
    with h5py.File(buffer, "w") as file:
        _mark(file, {"CLASS": "GROUP", "PYTABLES_FORMAT_VERSION": "2.1", "TITLE": "", "VERSION": "1.0"})
        group = file.create_group(TABLE)
        _mark(group, {"CLASS": "GROUP", "TITLE": "", "VERSION": "1.0", "encoding": "UTF-8", "errors": "strict"})
        _mark(group, {f"{name}_variety": "regular" for name in ("axis0", "axis1", "block0_items")})
        _mark(group, {"pandas_type": "frame"})
        group.attrs["ndim"], group.attrs["nblocks"] = np.int64(2), np.int64(1)
        for name in ("axis0", "block0_items"):
            _mark(_array(group, name, ids), {"kind": "string", "nan_rep": ""}, nameless=True)
        stamps = data.time.to_numpy().astype("datetime64[ns]").astype(np.int64)
        axis = _array(group, "axis1", stamps)
        _mark(axis, {"index_class": "datetime", "kind": "datetime64"}, nameless=True)
        axis.attrs["freq"] = NOTHING
        _array(group, "block0_values", data.values[:, :, 0].astype(np.float64))
    path.write_bytes(buffer.getvalue())


NOTHING = np.bytes_(b"N.")
"""None in the writing of PyTables."""


def _array(group: h5py.Group, name: str, values: np.ndarray) -> h5py.Dataset:
    array = group.create_dataset(name, data=values)
    _mark(array, {"CLASS": "ARRAY", "FLAVOR": "numpy", "TITLE": "", "VERSION": "2.4"})
    array.attrs["transposed"] = np.uint8(1)
    return array


def _mark(item: h5py.HLObject, texts: dict[str, str], *, nameless: bool = False) -> None:
    """Write attributes as UTF-8 text; pandas 3 does not read ASCII ones."""
    for name, text in texts.items():
        kind = h5py.string_dtype("utf-8", max(len(text), 1))
        item.attrs.create(name, np.array(text.encode(), dtype=kind) if text else h5py.Empty(kind))
    if nameless:
        item.attrs["name"] = NOTHING


def _write_locations(data: STData, path: Path) -> None:
    """Write index, sensor_id, latitude and longitude of the sensors that have a location."""
    locations = np.asarray(data.locations)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["index", "sensor_id", "latitude", "longitude"])
        for number, (name, (lat, lon)) in enumerate(zip(data.sensors, locations.tolist(), strict=True)):
            if np.isfinite([lat, lon]).all():
                table.writerow([number, name, repr(lat), repr(lon)])


READER = Reader(recognises, read, order=10, write=write)
