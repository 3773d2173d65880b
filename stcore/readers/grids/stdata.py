"""Our own NetCDF: what ``STData.save`` writes, and the simulated city."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from stcore.data import STData
from stcore.findings import Finding, refuse
from stcore.readers.reader import Answers, Raw, Reader
from stcore.readers.safe import hdf5
from stcore.readers.source import Source
from stcore.registry import Card

CARD = Card(
    "stdata", "A dataset saved by this program, or the simulated city: one NetCDF file with everything in it.",
    "NetCDF 4 with dims time, sensor, channel", "stcore.readers.grids.stdata:READER", ours=True,
)  # fmt: skip
JSON: dict[str, tuple[type, str]] = {
    "units": (dict, 'a unit for each channel by its name, such as {"speed": "km/h"}'),
    "layers": (dict, "GeoJSON collections by the names of the layers"),
    "findings": (list, "what was found when the data were first opened"),
}


def recognises(source: Source) -> float:
    """1 for a file with ``value`` over time, sensor and channel."""
    if source.content != "hdf5":
        return 0.0
    with hdf5.opened(source.path, whole=False) as file:
        return float(
            all(name in file for name in ("value", "time", "sensor", "channel")) and len(file["value"].shape) == 3
        )


def read(source: Source, answers: Answers) -> Raw:
    """Values, places, edges, ground truth and layers as they were saved, with the findings made when they were first opened."""
    with hdf5.opened(source.path), xr.open_dataset(source.path, engine="h5netcdf") as stored:
        return restored(stored.load().drop_encoding(), source.name)


def restored(ds: xr.Dataset, name: str) -> Raw:
    """A saved dataset, loaded from a file or folder of that name."""
    attrs: dict[str, Any] = {name: _plain(value) for name, value in ds.attrs.items()}
    known = {part: _parsed(attrs.pop(part), part, name) for part in JSON if part in attrs}
    ds.attrs = attrs | {"units": known.get("units", {})}
    for dim in ("sensor", "channel"):
        ds[dim] = hdf5.names(ds[dim].values)
    return Raw(ds, _findings(known.get("findings", []), name), known.get("layers", {}))


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def _parsed(value: Any, part: str, name: str) -> Any:
    kind, words = JSON[part]
    try:
        held = json.loads(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise refuse("damaged", f"The attribute {part!r} of {name} is no JSON; it has to hold {words}.") from error
    inner = held.values() if part == "layers" and isinstance(held, dict) else ()
    if not isinstance(held, kind) or not all(isinstance(one, dict) for one in inner):
        raise refuse("damaged", f"The attribute {part!r} of {name} has to hold {words}, and holds something else.")
    return held


def _findings(stored: Any, name: str) -> list[Finding]:
    try:
        return [Finding(**finding) for finding in stored if isinstance(finding, Mapping)]
    except TypeError as error:
        raise refuse("damaged", f"The findings kept in {name} are not understood.") from error


def write(data: STData, place: Path) -> list[str]:
    """Everything, findings and layers included; nothing is lost."""
    data.save(place)
    return []


READER = Reader(recognises, read, order=0, write=write)
