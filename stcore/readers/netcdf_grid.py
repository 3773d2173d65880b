"""NetCDF grids: every cell of latitude x longitude becomes a sensor that remembers its place."""

import numpy as np
import xarray as xr

from stcore.findings import refuse
from stcore.readers import netcdf
from stcore.readers.reader import Answers, Raw, Reader
from stcore.readers.source import Source
from stcore.registry import Card

CARD = Card(
    "netcdf-grid", "NetCDF over time, latitude and longitude, dims in any order (ERA5, WeatherBench, CMIP).",
    "Climate and Forecast conventions", "stcore.readers.netcdf_grid:READER",
)  # fmt: skip


def recognises(source: Source) -> float:
    """0.8 for a file with variables over time, latitude and longitude."""
    if source.content not in ("hdf5", "netcdf3"):
        return 0.0
    with netcdf.opened(source) as ds:
        return 0.8 if _axes(ds) else 0.0


def read(source: Source, answers: Answers) -> Raw:
    """Cells in the order (lat, lon), first latitude as stored; ``cell`` [sensor] = place, ``attrs["grid"]`` = [nlat, nlon]."""
    with netcdf.opened(source) as ds:
        axes = _axes(ds)
        if axes is None:
            raise refuse("dims", f"{source.name} has no variables over time, latitude and longitude.")
        time, stamp, lat, lon = axes
        ds, findings = netcdf.levels(ds, {time, lat, lon}, answers)
        names = netcdf.measured(ds, {time, lat, lon})
        values = netcdf.stacked(ds, names, (time, lat, lon))
        lats, lons = ds[lat].values.astype(float), ds[lon].values.astype(float)
        stamps, attrs = netcdf.times(ds, stamp, source), netcdf.attributes(ds, names, source)
    rows, columns = np.meshgrid(lats, lons, indexing="ij")
    cells = np.arange(rows.size)
    raw = xr.Dataset(
        {
            "value": (("time", "sensor", "channel"), values.reshape(len(stamps), rows.size, len(names))),
            "lat": ("sensor", rows.ravel()), "lon": ("sensor", columns.ravel()), "cell": ("sensor", cells),
        },
        coords={"time": stamps, "channel": names, "sensor": _names(rows.ravel(), columns.ravel())},
        attrs=attrs | {"grid": [len(lats), len(lons)]},
    )  # fmt: skip
    return Raw(raw, findings, {})


def _names(lats: np.ndarray, lons: np.ndarray) -> list[str]:
    """``51.25N 0.5W``: where the cell is."""
    places = zip(lats.tolist(), lons.tolist(), strict=True)
    return [f"{abs(lat):.7g}{'S' if lat < 0 else 'N'} {abs(lon):.7g}{'W' if lon < 0 else 'E'}" for lat, lon in places]


def _axes(ds: xr.Dataset) -> tuple[str, str, str, str] | None:
    """(time dim, time variable, lat, lon) where latitude and longitude are dimensions of their own."""
    time = netcdf.time_dim(ds)
    lat = netcdf.coordinate(ds, netcdf.LATITUDES, "degrees_north")
    lon = netcdf.coordinate(ds, netcdf.LONGITUDES, "degrees_east")
    if time is None or lat is None or lon is None or lat not in ds.dims or lon not in ds.dims:
        return None
    wanted = {time[0], lat, lon}
    return (*time, lat, lon) if any(wanted <= set(map(str, array.dims)) for array in ds.data_vars.values()) else None


READER = Reader(recognises, read, order=20)
