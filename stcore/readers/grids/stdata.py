"""Our own NetCDF: files that ``STData.save`` writes, and the simulated city."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from stcore.data import STData
from stcore.data.checks.time import offered_zone
from stcore.findings import Finding, refuse
from stcore.readers.reader import Answers, Raw, Reader
from stcore.readers.safe import hdf5
from stcore.readers.source import Source
from stcore.registry import Card

CARD = Card(
    "stdata",
    "A dataset saved by this program, or the simulated city: one NetCDF file with everything in it.",
    "NetCDF 4 with dims time, sensor, channel",
    "stcore.readers.grids.stdata:READER",
    ours=True,
)
JSON: dict[str, tuple[type, str]] = {
    "units": (dict, 'a unit for each channel by its name, such as {"speed": "km/h"}'),
    "layers": (dict, "GeoJSON collections by the names of the layers"),
    "findings": (list, "the findings of the first opening"),
}


def recognises(source: Source) -> float:
    """1 for a file with ``value`` over time, sensor and channel."""
    if source.content != "hdf5":
        return 0.0
    with hdf5.open_hdf5(source.path, whole=False) as file:
        return float(
            all(name in file for name in ("value", "time", "sensor", "channel")) and len(file["value"].shape) == 3
        )


def read(source: Source, answers: Answers) -> Raw:
    """Values, locations, edges, ground truth and layers as saved, with the findings of the first opening."""
    with hdf5.open_hdf5(source.path), xr.open_dataset(source.path, engine="h5netcdf") as stored:
        return restore(stored.load().drop_encoding(), source.name)


def restore(ds: xr.Dataset, name: str) -> Raw:
    """The raw dataset of a saved one that was loaded from a file or folder of that name."""
    attrs: dict[str, Any] = {name: _as_python(value) for name, value in ds.attrs.items()}
    parsed = {part: _parse_json(attrs.pop(part), part, name) for part in JSON if part in attrs}
    zone = attrs.pop("likely_zone", None)  # files of earlier versions hold it as an attribute
    ds.attrs = attrs | {"units": parsed.get("units", {})}
    for dim in ("sensor", "channel"):
        ds[dim] = hdf5.id_texts(ds[dim].values)
    findings = _parse_findings(parsed.get("findings", []), name)
    return Raw(ds, findings, parsed.get("layers", {}), likely_zone=zone or offered_zone(findings))


def _as_python(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def _parse_json(value: Any, part: str, name: str) -> Any:
    kind, words = JSON[part]
    try:
        value_in_file = json.loads(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise refuse("damaged", f"The attribute {part!r} of {name} is not JSON; it has to hold {words}.") from error
    inner = value_in_file.values() if part == "layers" and isinstance(value_in_file, dict) else ()
    if not isinstance(value_in_file, kind) or not all(isinstance(one, dict) for one in inner):
        raise refuse("damaged", f"The attribute {part!r} of {name} has to hold {words}, and holds something else.")
    return value_in_file


def _parse_findings(stored: Any, name: str) -> list[Finding]:
    try:
        return [Finding(**finding) for finding in stored if isinstance(finding, Mapping)]
    except TypeError as error:
        raise refuse("damaged", f"The findings saved in {name} are not understood.") from error


def write(data: STData, path: Path) -> list[str]:
    """Everything, findings and layers included; nothing is lost."""
    data.save(path)
    return []


READER = Reader(recognises, read, order=0, write=write)
