"""Writing the layout of DCRNN and its kin: an HDF5 table as pandas writes it, and a folder with ids, places and adjacency."""

import csv
import io
from pathlib import Path

import h5py
import numpy as np

from stcore.data import STData
from stcore.findings import refuse
from stcore.readers.safe import pickles
from stcore.readers.safe.limits import check_room
from stcore.words import quantity

TABLE = "df"


def write(data: STData, place: Path) -> list[str]:
    """A folder with ``data.h5`` (``pandas.read_hdf`` reads it) and ``sensor_graph/``: ids, locations and adj_mx.pkl."""
    if data.edges is not None:
        check_room(12 * len(data.sensors) ** 2, "The adjacency, which this layout holds in full,")
    if any(len(name.encode()) > 1000 for name in data.sensors):
        raise refuse("layout", "A sensor's name is longer than 1000 bytes, which a table of HDF5 does not hold.")
    beside = place / "sensor_graph"
    beside.mkdir(parents=True)
    _table(data, place / "data.h5")
    (beside / "graph_sensor_ids.txt").write_text(",".join(data.sensors), encoding="utf-8")
    if data.locations is not None:
        _locations(data, beside / "graph_sensor_locations.csv")
    if data.edges is not None:
        matrix = np.zeros((len(data.sensors), len(data.sensors)), np.float32)
        start, end, weight = data.edges
        matrix[start, end] = weight
        (beside / "adj_mx.pkl").write_bytes(pickles.adjacency(data.sensors, matrix))
    return _lost(data)


def _lost(data: STData) -> list[str]:
    """What the layout cannot hold, in sentences."""
    lost = ["DCRNN's layout has no room for units, the channel's name, the clock's zone, windows, parts and findings."]
    if len(data.channels) > 1:
        lost.append(f"Of {len(data.channels)} channels the first, {data.channels[0]}, was written.")
    if torn := [name for name in data.sensors if "," in name]:
        lost.append(
            f"The names of {quantity(len(torn), 'sensor')} contain commas, which separate the ids in graph_sensor_ids.txt: "
            "this program reads them back from the table, but DCRNN's own code takes each for several."
        )
    if missing := int((~np.isfinite(data.values[:, :, 0])).sum()):
        lost.append(f"{missing} missing readings are written as NaN; DCRNN's own training takes 0 for missing.")
    return lost


def _table(data: STData, path: Path) -> None:
    """A frame in pandas' fixed format: axis0 the ids, axis1 nanoseconds, block0 the values [T, N]."""
    names = [name.encode() for name in data.sensors]
    ids = np.array(names, dtype=f"S{max(len(name) for name in names)}")
    buffer = io.BytesIO()  # in memory first: HDF5 ends the whole process where a disk is full
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
"""None, as PyTables keeps it."""


def _array(group: h5py.Group, name: str, values: np.ndarray) -> h5py.Dataset:
    array = group.create_dataset(name, data=values)
    _mark(array, {"CLASS": "ARRAY", "FLAVOR": "numpy", "TITLE": "", "VERSION": "2.4"})
    array.attrs["transposed"] = np.uint8(1)
    return array


def _mark(item: h5py.HLObject, texts: dict[str, str], *, nameless: bool = False) -> None:
    """Attributes as UTF-8 text: pandas from 3 on does not understand ASCII ones."""
    for name, text in texts.items():
        kind = h5py.string_dtype("utf-8", max(len(text), 1))
        item.attrs.create(name, np.array(text.encode(), dtype=kind) if text else h5py.Empty(kind))
    if nameless:
        item.attrs["name"] = NOTHING


def _locations(data: STData, path: Path) -> None:
    """index, sensor_id, latitude, longitude of the sensors that have a place."""
    places = np.asarray(data.locations)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["index", "sensor_id", "latitude", "longitude"])
        for number, (name, (lat, lon)) in enumerate(zip(data.sensors, places.tolist(), strict=True)):
            if np.isfinite([lat, lon]).all():
                table.writerow([number, name, repr(lat), repr(lon)])
