"""METR-LA and its kin: a pandas table in HDF5, read without pandas, so that nothing in the file can run.

pandas wrote the attributes in two generations, and times in nanoseconds or in microseconds; ``kind`` says which.
"""

import re
from typing import Any

import h5py
import numpy as np
import xarray as xr

from stcore.findings import Finding, refuse
from stcore.readers import dcrnn, hdf5
from stcore.readers.reader import Answers, Raw, Reader
from stcore.readers.source import Source
from stcore.registry import Card

CARD = Card(
    "metr-la-hdf5", "A table of times x sensors as pandas writes it to HDF5 (METR-LA, PEMS-BAY, LargeST).",
    "Li et al. 2018, DCRNN; pandas fixed format", "stcore.readers.pandas_hdf5:READER",
)  # fmt: skip
KEYS = ("df", "speed", "t", "readings", "data", "raw")
"""Names that published sets use, in the order in which they are preferred."""
KNOWN = {
    "metr-la": ("speed", "mph"),
    "metr_la": ("speed", "mph"),
    "pems-bay": ("speed", "mph"),
    "pems_bay": ("speed", "mph"),
}
TICKS = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}


def recognises(source: Source) -> float:
    """1 for a file with at least one pandas table."""
    if source.content != "hdf5":
        return 0.0
    with hdf5.opened(source.path) as file:
        return float(bool(_tables(file)))


def read(source: Source, answers: Answers) -> Raw:
    """One table: values [T, N] with times and ids as text."""
    with hdf5.opened(source.path) as file:
        tables = _tables(file)
        taken, findings = _choose(tables, answers, source)
        group = file[taken]
        if "table" in group:
            raise refuse(
                "table-format",
                (
                    f"The table {taken!r} in {source.name} was saved with format='table'; "
                    "save it with format='fixed', or as CSV or Parquet."
                ),
            )
        sensors, values = _values(group, source)
        ticks, zone = _times(group["axis1"], source)
    if values.shape[0] != len(ticks):
        raise refuse("shape", f"{source.name} holds {len(ticks)} times but {values.shape[0]} rows of values.")
    channel, unit = _known(source, taken)
    attrs = {"units": {channel: unit}, "title": source.path.stem} | zone
    ds = xr.Dataset(
        {"value": (("time", "sensor", "channel"), values[:, :, None])},
        coords={"time": ticks, "sensor": sensors, "channel": [channel]}, attrs=attrs,
    )  # fmt: skip
    return Raw(ds, findings, {})


def _tables(file: h5py.File) -> list[str]:
    """Groups that pandas wrote, at the top or one level below, in preferred order."""
    found = [name for name, item in file.items() if isinstance(item, h5py.Group) and _is_table(item)]
    for parent, item in file.items():
        if isinstance(item, h5py.Group) and parent not in found:
            found += [
                f"{parent}/{name}" for name, inner in item.items() if isinstance(inner, h5py.Group) and _is_table(inner)
            ]
    return sorted(found, key=lambda name: (KEYS.index(name) if name in KEYS else len(KEYS), name))


def _is_table(group: h5py.Group) -> bool:
    return ("axis1" in group and "block0_values" in group) or (
        "table" in group and hdf5.text(group.attrs.get("pandas_type")) == "frame_table"
    )


def _choose(tables: list[str], answers: Answers, source: Source) -> tuple[str, list[Finding]]:
    if len(tables) == 1:
        return tables[0], []
    taken = answers.get("table", tables[0])
    choices = {name: f"open the table {name!r}" for name in tables}
    note = Finding("note", "table", f"{source.name} holds {len(tables)} tables; {taken!r} was taken.", choices, taken)
    if taken not in tables:
        raise refuse("table", f"There is no table {taken!r} in {source.name}; there are {', '.join(tables)}.", choices)
    return taken, [note]


def _values(group: h5py.Group, source: Source) -> tuple[np.ndarray, np.ndarray]:
    """Ids [N] and values [T, N], put together from pandas' blocks of columns of one type."""
    if "axis0" not in group:
        raise refuse(
            "columns",
            f"The columns in {source.name} have more than one level, or no names; only plain tables can be opened.",
        )
    sensors = _ids(group["axis0"], source)
    blocks = sorted(name for name in group if re.fullmatch(r"block\d+_values", name))
    parts, order = [], []
    for block in blocks:
        part = group[block]
        if len(part.shape) != 2 or part.dtype.kind not in "fiub":
            raise refuse(
                "not-numbers",
                f"{block} in {source.name} does not hold plain numbers, but {part.dtype} of shape {part.shape}.",
            )
        parts.append(part[()])
        order += _ids(group[block.replace("values", "items")], source).tolist()
    values = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
    if values.shape[1] != len(sensors) or sorted(order) != sorted(sensors.tolist()):
        raise refuse("shape", f"{source.name} names {len(sensors)} columns but holds {values.shape[1]}.")
    if order == sensors.tolist():
        return sensors, values
    place = {name: number for number, name in enumerate(order)}
    return sensors, values[:, [place[name] for name in sensors.tolist()]]


def _ids(axis: h5py.Dataset, source: Source) -> np.ndarray:
    if len(axis.shape) != 1 or axis.dtype.kind not in "SOiuf" or hdf5.text(axis.attrs.get("kind")) == "object":
        raise refuse(
            "columns", f"The column names in {source.name} are not text or numbers; only such tables can be opened."
        )
    return hdf5.names(axis[()])


def _times(axis: h5py.Dataset, source: Source) -> tuple[np.ndarray, dict[str, Any]]:
    """[T] times. Plain numbers are passed on: the check of times asks what they count."""
    kind = hdf5.text(axis.attrs.get("kind"))
    numbers = axis[()]
    if numbers.ndim != 1 or numbers.dtype.kind not in "iuf":
        raise refuse(
            "time", f"The rows of {source.name} are not labelled with times, but with {kind or numbers.dtype}."
        )
    if not kind.startswith("datetime64"):
        return numbers, {}
    unit = kind.partition("[")[2].rstrip("]").split(",")[0] or "ns"
    if unit not in TICKS:
        raise refuse("time", f"The times in {source.name} count {unit!r}, which is not known here.")
    zone = hdf5.text(axis.attrs.get("tz"))
    stamps = numbers.astype(np.int64).view(f"datetime64[{unit}]")
    return stamps, {"zone": "UTC", "local_zone": zone} if re.fullmatch(r"[A-Za-z_]+(/[A-Za-z_+\-0-9]+)*", zone) else {}


def _known(source: Source, table: str) -> tuple[str, str]:
    """Channel and unit, where the set is known by its name."""
    named = [pair for name, pair in KNOWN.items() if source.stem.startswith(name)]
    return named[0] if named else ("speed", "") if table == "speed" else ("value", "")


READER = Reader(recognises, read, order=10, write=dcrnn.write)
