"""NetCDF from anybody: the opening of a file, and where time, latitude, longitude and stations are in it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import xarray as xr

from stcore.data.checks.step import fill_gaps
from stcore.findings import Finding, refuse
from stcore.readers.grids import calendars
from stcore.readers.reader import Answers
from stcore.readers.safe import hdf5
from stcore.readers.safe.limits import check_room
from stcore.readers.source import Source

TIMES = ("time", "valid_time", "date", "datetime", "timestamp", "t")
LATITUDES = ("lat", "latitude", "nav_lat", "y_lat", "nb_latitude", "xlat")
LONGITUDES = ("lon", "longitude", "long", "nav_lon", "x_lon", "nb_longitude", "xlong")
SENSORS = ("sensor", "station", "stations", "node", "nodes", "site", "location", "id", "station_id", "sensor_id", "obs")


@contextmanager
def opened(source: Source) -> Iterator[xr.Dataset]:
    """The file's variables, not yet read, times not yet decoded, after the safety checks."""
    if source.content == "netcdf3":  # mapped, not read: it cannot declare more than it has
        with xr.open_dataset(source.path, engine="scipy", decode_times=False) as ds:
            yield ds
        return
    with (
        hdf5.opened(source.path, whole=False),
        xr.open_dataset(source.path, engine="h5netcdf", decode_times=False) as ds,
    ):
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
        str(name) for name, array in ds.variables.items() if array.ndim == 1 and array.size > 1 and _is_time(array)
    ]
    found += [
        name for name in map(str, ds.dims) if name.lower() in TIMES and name not in found and name in ds.variables
    ]
    found.sort(key=lambda name: (TIMES.index(name.lower()) if name.lower() in TIMES else 99, name))
    return (str(ds[found[0]].dims[0]), found[0]) if found else None


def _is_time(array: xr.Variable) -> bool:
    return array.dtype.kind == "M" or (array.dtype.kind in "iuf" and calendars.counts_time(array.attrs.get("units")))


def degrees(ds: xr.Dataset, name: str, what: str) -> np.ndarray:
    """A coordinate in degrees, float64, if there is room for it."""
    check_room(16 * ds[name].size, what)
    return np.asarray(ds[name].values, dtype=np.float64)


def attributes(ds: xr.Dataset, title: str) -> dict[str, Any]:
    """Title, zone and where the data come from, as far as the file states them."""
    stated = {str(name).lower(): str(value) for name, value in ds.attrs.items()}
    attrs: dict[str, Any] = {"title": stated.get("title") or title}
    zone = stated.get("timezone") or stated.get("time_zone") or stated.get("tz")
    if zone:
        named = re.search(r"[A-Z][A-Za-z]+/[A-Za-z_]+(?:/[A-Za-z_]+)?|UTC|GMT", zone)
        attrs["zone"] = named.group() if named else zone
    elif stated.get("conventions", "").upper().startswith("CF"):
        attrs["zone"] = "UTC"
    return attrs | {name: stated[name] for name in ("license", "source", "institution") if name in stated}


def times(ds: xr.Dataset, variable: str, name: str, answers: Answers) -> calendars.Times:
    """The times of the rows, in whatever calendar; numbers without a unit are left to the checks."""
    array = ds[variable]
    check_room(32 * array.size, name)
    raw, units = array.values, array.attrs.get("units")
    if raw.dtype.kind in "iuf" and calendars.counts_time(units):
        return calendars.decoded(raw, str(units), str(array.attrs.get("calendar", "standard")), name, answers)
    if raw.dtype.kind in "OSTU":
        raw = np.array(hdf5.names(raw).tolist(), dtype=object)
    elif raw.dtype.kind not in "Miuf":
        raise refuse("time", f"The times in {name} are {raw.dtype}, neither dates nor counts since a date.")
    return calendars.Times(raw, np.arange(len(raw)), [])


def whole(times: calendars.Times) -> calendars.Times:
    """The same times with a step for every gap of a regular axis, so that nothing need be moved later."""
    full, told = fill_gaps(times.stamps)
    if not told:
        return times
    place = np.searchsorted(full, times.stamps.astype("datetime64[ns]"))
    rows = np.where(times.rows >= 0, place[np.maximum(times.rows, 0)], -1)
    return calendars.Times(full, rows, [*times.findings, *told])


def once(findings: list[Finding]) -> list[Finding]:
    """Each finding once, where several files or variables have the same to tell."""
    return list({(finding.code, finding.text): finding for finding in findings}.values())
