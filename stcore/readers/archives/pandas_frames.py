"""One pandas table in HDF5's fixed format: its columns (one or two levels), its values and its times.

Numbers and names are read. Whatever pandas pickled (columns of objects, some attributes) is not.
"""

import re
from collections.abc import Iterable
from typing import Any, NamedTuple
from zoneinfo import available_timezones

import h5py
import numpy as np

from stcore.findings import DataError, refuse
from stcore.readers.safe import hdf5
from stcore.readers.safe.limits import check_room

TICKS = ("ns", "us", "ms", "s")
CHANNEL_LEVELS = ("channel", "channels", "feature", "features", "variable", "variables")
LATITUDES, LONGITUDES = ("latitude", "lat"), ("longitude", "lon", "lng", "long")
MOST_SPARSE = 4
"""Combinations of sensor and channel per column: a table with more of them is mostly missing, and is refused."""


class Columns(NamedTuple):
    """Names of K columns: ``levels``, one or two arrays [K]. ``channel`` (0 or 1) is the level with the channels."""

    levels: tuple[np.ndarray, ...]
    channel: int | None


def is_frame(group: h5py.Group) -> bool:
    """Whether pandas wrote a table here, in either of its formats."""
    return ("axis1" in group and "block0_values" in group) or (
        "table" in group and hdf5.attribute_text(group.attrs.get("pandas_type")) == "frame_table"
    )


def refuse_table_format(group: h5py.Group, where: str) -> None:
    """Refuse the format in which every row is a record of a compound type, which pickles describe."""
    if "table" in group:
        raise refuse(
            "table-format",
            f"The table {group.name.strip('/')!r} in {where} was saved with format='table'; "
            "save it with format='fixed', or as CSV or Parquet.",
        )


def frame_columns(group: h5py.Group, axis: str, where: str) -> Columns:
    """The names along ``axis``, ``axis0`` or the items of a block."""
    if axis in group:
        return Columns((_column_names(group[axis], where),), None)
    levels_here = sorted(name for name in group if re.fullmatch(rf"{axis}_level\d+", name))
    if len(levels_here) != 2:
        many = f"have {len(levels_here)} levels" if levels_here else "have no names"
        raise refuse(
            "columns", f"The columns in {where} {many}; tables of sensors, or of sensors x channels, can be opened."
        )
    levels = []
    for name in levels_here:
        label = f"{axis}_label{name.rpartition('level')[2]}"
        codes, names = group[label][()] if label in group else np.array([]), _column_names(group[name], where)
        if codes.ndim != 1 or codes.dtype.kind not in "iu" or not len(codes):
            raise _broken_columns(where)
        if codes.min() < 0 or codes.max() >= len(names):
            raise refuse("columns", f"Some columns in {where} have no name on one of their two levels.")
        levels.append(names[codes])
    if len(levels[0]) != len(levels[1]):
        raise _broken_columns(where)
    level_names = [hdf5.attribute_text(group[name].attrs.get("name")).lower() for name in levels_here]
    return Columns(tuple(levels), 0 if level_names[0] in CHANNEL_LEVELS and level_names[1] not in CHANNEL_LEVELS else 1)


def _broken_columns(where: str) -> DataError:
    return refuse("damaged", f"The two levels of the columns in {where} do not fit together.")


def _column_names(axis: h5py.Dataset, where: str) -> np.ndarray:
    if (
        len(axis.shape) != 1
        or axis.dtype.kind not in "SOiuf"
        or hdf5.attribute_text(axis.attrs.get("kind")) == "object"
    ):
        raise refuse("columns", f"The column names in {where} are not text or numbers; only such tables can be opened.")
    return hdf5.id_texts(axis[()])


def frame_values(group: h5py.Group, named: Columns, where: str) -> np.ndarray:
    """[T, K] in the order of the columns, joined from the blocks that pandas makes for each type."""
    blocks = sorted(
        (name for name in group if re.fullmatch(r"block\d+_values", name)), key=lambda name: (len(name), name)
    )
    parts, order = [], []
    for block in blocks:
        part = group[block]
        if len(part.shape) != 2 or part.dtype.kind not in "fiub":
            text = f"{block} in {where} does not hold plain numbers, but {part.dtype} of shape {part.shape}."
            raise refuse("not-numbers", text)
        parts.append(part[()])
        order += _keys(frame_columns(group, block.replace("values", "items"), where))
    table = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
    wanted = _keys(named)
    if table.shape[1] != len(wanted) or sorted(order) != sorted(wanted):
        raise refuse("shape", f"{where} names {len(wanted)} columns but holds {table.shape[1]}.")
    if order == wanted:
        return table
    position = {name: number for number, name in enumerate(order)}
    return table[:, [position[name] for name in wanted]]


def _keys(named: Columns) -> list[tuple[str, ...]]:
    return list(zip(*(level.tolist() for level in named.levels), strict=True))


def frame_cube(table: np.ndarray, named: Columns, where: str) -> tuple[np.ndarray, list[str], list[str]]:
    """([T, N, C], sensors, channels) in the order of the columns. Combinations without a column are missing."""
    if named.channel is None:
        return table[:, :, None], named.levels[0].tolist(), []
    node, channel = named.levels[1 - named.channel].tolist(), named.levels[named.channel].tolist()
    sensors, channels = list(dict.fromkeys(node)), list(dict.fromkeys(channel))
    if len(set(zip(node, channel, strict=True))) < len(node):
        raise refuse("duplicate-sensors", f"Some columns in {where} have the same two names.")
    if node == list(np.repeat(sensors, len(channels))) and channel == channels * len(sensors):
        return table.reshape(len(table), len(sensors), len(channels)), sensors, channels
    if len(sensors) * len(channels) > MOST_SPARSE * len(node):
        text = f"{where} has {len(node)} columns for {len(sensors)} sensors x {len(channels)} channels: most would be missing."
        raise refuse("columns", text)
    check_room(4 * len(table) * len(sensors) * len(channels), where)
    full = np.full(
        (len(table), len(sensors), len(channels)), np.nan, np.float32 if table.dtype.kind == "f" else np.float64
    )
    rows, columns_of_channel = _positions(node, sensors), _positions(channel, channels)
    full[:, rows, columns_of_channel] = table
    return full, sensors, channels


def _positions(names: Iterable[str], among: list[str]) -> list[int]:
    position = {name: number for number, name in enumerate(among)}
    return [position[name] for name in names]


def frame_times(axis: h5py.Dataset, where: str) -> tuple[np.ndarray, dict[str, Any]]:
    """[T] times and the zone. Plain numbers are passed on; the check of times finds out what they count."""
    kind = hdf5.attribute_text(axis.attrs.get("kind"))
    numbers = axis[()]
    if numbers.ndim != 1 or numbers.dtype.kind not in "iuf":
        raise refuse("time", f"The rows of {where} are not labelled with times, but with {kind or numbers.dtype}.")
    if not kind.startswith("datetime64"):
        return numbers, {}
    unit = kind.partition("[")[2].rstrip("]").split(",")[0] or "ns"
    if unit not in TICKS:
        raise refuse("time", f"The times in {where} count {unit!r}, which is not known here.")
    return numbers.astype(np.int64).view(f"datetime64[{unit}]"), _zone(hdf5.attribute_text(axis.attrs.get("tz")))


def _zone(tz: str) -> dict[str, Any]:
    """The zone as attributes. Times with a zone are in UTC. The zone is a name, or a pickle, which is never opened."""
    if not tz or tz == "N.":
        return {}
    return {"zone": "UTC", "local_zone": tz} if tz in available_timezones() else {"zone": "UTC"}


def frame_locations(group: h5py.Group, where: str) -> tuple[list[str], np.ndarray, np.ndarray] | None:
    """Ids, latitudes and longitudes of a table of locations; None for other tables. Its columns of text are not read."""
    if (
        "axis0" not in group
        or "axis1" not in group
        or hdf5.attribute_text(group["axis1"].attrs.get("kind")).startswith("datetime")
    ):
        return None
    if group["axis0"].dtype.kind not in "SO" or len(group["axis0"].shape) != 1:
        return None
    columns_by_name: dict[str, np.ndarray] = {}
    for block in (name for name in group if re.fullmatch(r"block\d+_values", name)):
        part, items = group[block], group.get(block.replace("values", "items"))
        if items is None or len(part.shape) != 2 or part.dtype.kind not in "fiu" or items.dtype.kind not in "SO":
            continue
        columns_by_name |= {
            name.lower(): column for column, name in zip(part[()].T, hdf5.id_texts(items[()]).tolist(), strict=False)
        }
    lat, lon = (
        next((columns_by_name[name] for name in names if name in columns_by_name), None)
        for names in (LATITUDES, LONGITUDES)
    )
    if lat is None or lon is None:
        return None
    ids = hdf5.id_texts(group["axis1"][()]).tolist()
    if len(ids) != len(lat):
        raise refuse("shape", f"The table of locations in {where} has {len(ids)} ids for {len(lat)} locations.")
    return ids, lat.astype(np.float64), lon.astype(np.float64)
