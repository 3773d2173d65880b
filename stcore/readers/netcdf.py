"""NetCDF from anybody: grids over latitude and longitude, and stations, dims in any order, several variables as channels."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import xarray as xr

from stcore.findings import Finding, refuse
from stcore.readers import hdf5
from stcore.readers.limits import check_room
from stcore.readers.reader import Answers
from stcore.readers.source import Source

TIMES = ("time", "valid_time", "date", "datetime", "timestamp", "t")
LATITUDES = ("lat", "latitude", "nav_lat", "y_lat", "nb_latitude")
LONGITUDES = ("lon", "longitude", "long", "nav_lon", "x_lon", "nb_longitude")
SENSORS = ("sensor", "station", "stations", "node", "nodes", "site", "location", "id", "station_id", "sensor_id", "obs")


@contextmanager
def opened(source: Source) -> Iterator[xr.Dataset]:
    """The file's variables, not yet read, after the safety checks."""
    if source.content == "netcdf3":
        check_room(8 * source.size, source.name)
        with xr.open_dataset(source.path, engine="scipy") as ds:
            yield ds
        return
    with hdf5.opened(source.path), xr.open_dataset(source.path, engine="h5netcdf") as ds:
        yield ds


def coordinate(ds: xr.Dataset, names: tuple[str, ...], unit: str = "") -> str | None:
    """The variable that goes by one of these names, or has this unit."""
    known = {str(name).lower(): str(name) for name in ds.variables}
    for name in names:
        if name in known:
            return known[name]
    return next(
        (str(name) for name in ds.variables if unit and str(ds[name].attrs.get("units", "")).lower() == unit), None
    )


def time_dim(ds: xr.Dataset) -> tuple[str, str] | None:
    """(dimension, variable) of time: the coordinate with times along one dimension, preferred by its name."""
    found = [
        str(name) for name in ds.variables if ds[name].dtype.kind == "M" and ds[name].ndim == 1 and ds[name].size > 1
    ]
    found += [
        name for name in map(str, ds.dims) if name.lower() in TIMES and name not in found and name in ds.variables
    ]
    found.sort(key=lambda name: (TIMES.index(name.lower()) if name.lower() in TIMES else 99, name))
    return (str(ds[found[0]].dims[0]), found[0]) if found else None


def measured(ds: xr.Dataset, dims: set[str]) -> list[str]:
    """Variables with numbers over all these dims; further dims of length 1 are allowed, bounds and flags are not."""
    names = []
    for name, array in ds.data_vars.items():
        extra = set(map(str, array.dims)) - dims
        if array.dtype.kind in "fiu" and dims <= set(map(str, array.dims)) and all(ds.sizes[dim] == 1 for dim in extra):
            names.append(str(name))
    return names


def levels(ds: xr.Dataset, dims: set[str], answers: Answers) -> tuple[xr.Dataset, list[Finding]]:
    """One place along every further dimension, such as level or ensemble member: the first, or the one answered."""
    findings = []
    for array in list(ds.data_vars.values()):
        for dim in set(map(str, array.dims)) - dims:
            if dims <= set(map(str, array.dims)) and dim in ds.dims and ds.sizes[dim] > 1:
                labels = [str(label) for label in ds[dim].values.tolist()[:200]]
                taken = answers.get(dim, labels[0])
                if taken not in labels:
                    raise refuse(dim, f"There is no {dim} {taken!r}; there are {', '.join(labels[:12])}.")
                choices = {label: f"open {dim} {label}" for label in labels}
                findings.append(
                    Finding(
                        "note",
                        dim,
                        f"The values have {len(labels)} places along {dim!r}; {taken} was taken.",
                        choices,
                        taken,
                    )
                )
                ds = ds.isel({dim: labels.index(taken)})
    return ds, findings


def stacked(ds: xr.Dataset, names: list[str], dims: tuple[str, ...]) -> np.ndarray:
    """[*dims, C] float32 of several variables, each in any order of dims."""
    check_room(8 * len(names) * int(np.prod([ds.sizes[dim] for dim in dims])), "The dataset")
    parts = []
    for name in names:
        array = ds[name].squeeze([dim for dim in ds[name].dims if dim not in dims])
        parts.append(array.transpose(*dims).values)
    return np.stack(parts, axis=-1)


def attributes(ds: xr.Dataset, names: list[str], source: Source) -> dict[str, Any]:
    """Title, zone and units, as far as the file states them."""
    stated = {str(name).lower(): str(value) for name, value in ds.attrs.items()}
    attrs: dict[str, Any] = {"title": stated.get("title") or source.path.stem}
    zone = stated.get("timezone") or stated.get("time_zone") or stated.get("tz")
    if zone:
        named = re.search(r"[A-Z][A-Za-z]+/[A-Za-z_]+(?:/[A-Za-z_]+)?|UTC|GMT", zone)
        attrs["zone"] = named.group() if named else zone
    elif stated.get("conventions", "").upper().startswith("CF"):
        attrs["zone"] = "UTC"
    attrs |= {name: stated[name] for name in ("license", "source", "institution") if name in stated}
    return attrs | {"units": {name: str(ds[name].attrs.get("units", "")) for name in names}}


def times(ds: xr.Dataset, name: str, source: Source) -> np.ndarray:
    """[T] times of an axis that xarray could decode."""
    stamps = ds[name].values
    if stamps.dtype.kind not in "Miuf":
        raise refuse(
            "time",
            f"The times in {source.name} use a calendar that real clocks do not have ({stamps.dtype}); convert them first.",
        )
    return stamps
