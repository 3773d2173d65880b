"""NetCDF of stations: variables over time and one other dimension, in either order; or over a bent grid, or one on a map."""

from typing import NamedTuple

import numpy as np
import xarray as xr

from stcore.data.checks.values import left_out_finding
from stcore.findings import Finding, refuse
from stcore.readers.grids import cube, netcdf, projected, variables
from stcore.readers.grids.netcdf_grid import places_named
from stcore.readers.reader import Answers, Raw, Reader
from stcore.readers.safe import hdf5
from stcore.readers.source import Source
from stcore.registry import Card

CARD = Card(
    "netcdf-stations", "NetCDF over time and stations, in either order, over a bent grid or a map; variables become channels.",
    "Climate and Forecast conventions, discrete sampling", "stcore.readers.grids.netcdf_stations:READER",
)  # fmt: skip


class Axes(NamedTuple):
    """Names of the dimension of time, of the variable with the times, and of stations' one or a bent grid's two dimensions."""

    time: str
    stamps: str
    places: tuple[str, ...]


def recognises(source: Source) -> float:
    """0.6 for a file with variables over time and one other dimension, or over a grid with places of its own."""
    if source.content not in ("hdf5", "netcdf3"):
        return 0.0
    with netcdf.opened(source) as ds:
        return 0.6 if axes_of(ds) else 0.0


def read(source: Source, answers: Answers) -> Raw:
    """Values over (time, station), ids as text, places and further texts of a station where the file has them."""
    with netcdf.opened(source) as ds:
        return assembled(ds, source.name, source.path.stem, answers)


def assembled(ds: xr.Dataset, name: str, title: str, answers: Answers) -> Raw:
    """The stations of an opened dataset; those without a single reading are left out, which is told."""
    ds, brought = projected.placed(ds, name, answers)
    axes = axes_of(ds)
    if axes is None:
        raise refuse("dims", f"{name} has no variables over time and one other dimension.")
    dims = (axes.time, *axes.places)
    known = variables.measured(ds, set(dims))
    taken, findings = variables.chosen(known, answers)
    when = netcdf.whole(netcdf.times(ds, axes.stamps, name, answers))
    pieces = []
    for number, variable in enumerate(taken):
        arrays, more = variables.places(ds[variable], set(dims), answers)
        findings += more
        pieces += [cube.Piece(array, number, when.rows, under=place > 0) for place, array in enumerate(arrays)]
    read = cube.read(pieces, dims, len(when.stamps), title)
    if not read.seen.any():
        raise refuse("all-missing", f"Not a single reading is there in {name}: every value is missing.")
    about = _about(ds, axes.places, name)
    sensors = _names(ds, axes.places, about)
    raw = xr.Dataset(
        {"value": (("time", "sensor", "channel"), read.values),
         **{key: ("sensor", array[read.seen]) for key, array in about.items()}},
        coords={"time": when.stamps, "sensor": sensors[read.seen], "channel": taken},
        attrs=netcdf.attributes(ds, title) | {"units": {variable: known[variable].unit for variable in taken}},
    )  # fmt: skip
    findings = [*when.findings, *brought, *findings, *variables.told(ds, taken, axes.time, name)]
    if len(axes.places) > 1:
        text = (
            f"The grid of {name} ({' x '.join(str(ds.sizes[dim]) for dim in axes.places)}) is bent: its rows follow no "
            "latitude. Its cells were taken as stations, each at its place."
        )
        findings.append(Finding("note", "bent-grid", text))
    if not read.seen.all():
        findings.append(left_out_finding(sensors[~read.seen], None, len(raw["sensor"])))
    return Raw(raw, netcdf.once(findings), {})


def axes_of(ds: xr.Dataset) -> Axes | None:
    """Time and stations, or time and the two dimensions over which latitude and longitude lie, or those of a map."""
    time = netcdf.time_dim(ds)
    if time is None:
        return None
    if (bent := _bent(ds, time[0]) or projected.axes_of(ds)) and variables.measured(ds, {time[0], *bent}):
        return Axes(*time, bent)
    others = [
        [
            str(dim)
            for dim in ds[name].dims
            if dim != time[0] and (ds.sizes[dim] > 1 or str(dim).lower() in netcdf.SENSORS)
        ]
        for name in variables.measured(ds, {time[0]})
    ]
    single = [dims[0] for dims in others if len(dims) == 1]
    known = [dim for dims in others for dim in dims if dim.lower() in netcdf.SENSORS]
    found = [*known, *single]
    return Axes(*time, (found[0],)) if found else None


def _bent(ds: xr.Dataset, time: str) -> tuple[str, ...] | None:
    """The two dimensions over which latitude and longitude lie."""
    lat = netcdf.coordinate(ds, netcdf.LATITUDES, "degrees_north")
    lon = netcdf.coordinate(ds, netcdf.LONGITUDES, "degrees_east")
    if lat is None or lon is None or ds[lat].ndim != 2 or ds[lat].dims != ds[lon].dims or time in ds[lat].dims:
        return None
    return tuple(map(str, ds[lat].dims))


def _names(ds: xr.Dataset, places: tuple[str, ...], about: dict[str, np.ndarray]) -> np.ndarray:
    """Ids: the dimension's own labels, else a text or id variable along it, else its positions; of a bent grid its places."""
    if len(places) > 1:
        named = np.array(places_named(about["lat"], about["lon"]))
        return named if len(np.unique(named)) == len(named) else np.arange(len(named)).astype(str)
    station = places[0]
    for name in (station, *(name for name in map(str, ds.variables) if name.lower() in netcdf.SENSORS)):
        if name in ds.variables and ds[name].dims == (station,) and ds[name].dtype.kind in "OSTUiuf":
            return hdf5.names(ds[name].values)
    return np.arange(ds.sizes[station]).astype(str)


def _about(ds: xr.Dataset, places: tuple[str, ...], file: str) -> dict[str, np.ndarray]:
    """lat and lon in degrees, and texts such as a site's name, each [sensor]."""
    about = {}
    for target, names, unit in (("lat", netcdf.LATITUDES, "degrees_north"), ("lon", netcdf.LONGITUDES, "degrees_east")):
        name = netcdf.coordinate(ds, names, unit)
        if name is not None and ds[name].dims == places:
            about[target] = netcdf.degrees(ds, name, file).ravel()
    if len(about) < 2:
        about = {}
    texts = [
        str(name)
        for name in ds.variables
        if ds[name].dims == places and ds[name].dtype.kind in "OSTU" and name not in (*places, "sensor", "channel")
    ]
    return about | {("label" if name == "name" else name): hdf5.names(ds[name].values) for name in texts}


READER = Reader(recognises, read, order=20)
