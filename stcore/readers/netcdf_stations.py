"""NetCDF of stations: variables over time and one other dimension, in either order."""

import numpy as np
import xarray as xr

from stcore.findings import refuse
from stcore.readers import hdf5, netcdf
from stcore.readers.reader import Answers, Raw, Reader
from stcore.readers.source import Source
from stcore.registry import Card

CARD = Card(
    "netcdf-stations", "NetCDF over time and stations, in either order; several variables become channels.",
    "Climate and Forecast conventions, discrete sampling", "stcore.readers.netcdf_stations:READER",
)  # fmt: skip


def recognises(source: Source) -> float:
    """0.6 for a file with variables over time and one other dimension."""
    if source.content not in ("hdf5", "netcdf3"):
        return 0.0
    with netcdf.opened(source) as ds:
        return 0.6 if _axes(ds) else 0.0


def read(source: Source, answers: Answers) -> Raw:
    """Values over (time, station), ids as text, places and further texts of a station where the file has them."""
    with netcdf.opened(source) as ds:
        axes = _axes(ds)
        if axes is None:
            raise refuse("dims", f"{source.name} has no variables over time and one other dimension.")
        time, stamp, station = axes
        ds, findings = netcdf.levels(ds, {time, station}, answers)
        names = netcdf.measured(ds, {time, station})
        values = netcdf.stacked(ds, names, (time, station))
        stamps, attrs = netcdf.times(ds, stamp, source), netcdf.attributes(ds, names, source)
        about = {name: (("sensor",), array) for name, array in _about(ds, station).items()}
        sensors = _names(ds, station)
    raw = xr.Dataset(
        {"value": (("time", "sensor", "channel"), values), **about},
        coords={"time": stamps, "sensor": sensors, "channel": names}, attrs=attrs,
    )  # fmt: skip
    return Raw(raw, findings, {})


def _axes(ds: xr.Dataset) -> tuple[str, str, str] | None:
    """(time dim, time variable, station dim)."""
    time = netcdf.time_dim(ds)
    if time is None:
        return None
    others = [
        [str(dim) for dim in array.dims if dim != time[0] and (ds.sizes[dim] > 1 or str(dim).lower() in netcdf.SENSORS)]
        for array in ds.data_vars.values()
        if time[0] in array.dims and array.dtype.kind in "fiu"
    ]
    single = [dims[0] for dims in others if len(dims) == 1]
    known = [dim for dims in others for dim in dims if dim.lower() in netcdf.SENSORS]
    found = [*known, *single]
    return (*time, found[0]) if found else None


def _names(ds: xr.Dataset, station: str) -> np.ndarray:
    """Ids: the dimension's own labels, else a text or id variable along it, else its positions."""
    named = [station, *(name for name in map(str, ds.variables) if name.lower() in netcdf.SENSORS)]
    for name in named:
        if name in ds.variables and ds[name].dims == (station,) and ds[name].dtype.kind in "OSUiuf":
            return hdf5.names(ds[name].values)
    return np.arange(ds.sizes[station]).astype(str)


def _about(ds: xr.Dataset, station: str) -> dict[str, np.ndarray]:
    """lat and lon in degrees, and texts such as a site's name, each [sensor]."""
    about = {}
    for target, names, unit in (("lat", netcdf.LATITUDES, "degrees_north"), ("lon", netcdf.LONGITUDES, "degrees_east")):
        name = netcdf.coordinate(ds, names, unit)
        if name is not None and ds[name].dims == (station,):
            about[target] = ds[name].values.astype(float)
    texts = [
        str(name)
        for name in ds.variables
        if ds[name].dims == (station,) and ds[name].dtype.kind in "OSU" and name != station
    ]
    about |= {
        ("label" if name == "name" else name): hdf5.names(ds[name].values)
        for name in texts
        if name not in ("sensor", "channel")
    }
    return (
        about
        if ("lat" in about) == ("lon" in about)
        else {name: array for name, array in about.items() if name not in ("lat", "lon")}
    )


READER = Reader(recognises, read, order=20)
