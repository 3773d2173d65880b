"""NetCDF of stations: variables over time and one other dimension, in either order; or over a bent grid or a map projection."""

from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from stcore.data.checks.values import left_out_finding
from stcore.findings import Finding, refuse
from stcore.readers.grids import cube, netcdf, variables
from stcore.readers.grids.netcdf_grid import cell_names
from stcore.readers.layers.layers import CHOICES, epsg_code, needs_files
from stcore.readers.reader import Answers, Raw, Reader
from stcore.readers.safe import hdf5
from stcore.readers.safe.limits import check_room
from stcore.readers.source import Source
from stcore.registry import Card

CARD = Card(
    "netcdf-stations",
    "NetCDF over time and stations, in either order, over a bent grid or a map; variables become channels.",
    "Climate and Forecast conventions, discrete sampling",
    "stcore.readers.grids.netcdf_stations:READER",
)


class Axes(NamedTuple):
    """Names: the time dimension, the variable with the times, and the dimension of stations or the two of a bent grid."""

    time: str
    stamps: str
    sensor_dims: tuple[str, ...]


def recognises(source: Source) -> float:
    """0.6 for a file with variables over time and one other dimension, or over a grid with two-dimensional coordinates."""
    if source.content not in ("hdf5", "netcdf3"):
        return 0.0
    with netcdf.open_netcdf(source) as ds:
        return 0.6 if station_axes(ds) else 0.0


def read(source: Source, answers: Answers) -> Raw:
    """Values over (time, station), ids as text, and locations and further texts of the stations, where the file has them."""
    with netcdf.open_netcdf(source) as ds:
        return stations_raw(ds, source.name, source.path.stem, answers)


def stations_raw(ds: xr.Dataset, name: str, title: str, answers: Answers) -> Raw:
    """The stations of an opened dataset. Those without a reading are left out, with a finding."""
    ds, map_findings = assign_degrees(ds, name, answers)
    axes = station_axes(ds)
    if axes is None:
        raise refuse("dims", f"{name} has no variables over time and one other dimension.")
    dims = (axes.time, *axes.sensor_dims)
    measured = variables.measured_variables(ds, set(dims))
    chosen, findings = variables.choose_variables(measured, answers)
    when = netcdf.fill_gaps(netcdf.read_times(ds, axes.stamps, name, answers))
    pieces = []
    for number, variable in enumerate(chosen):
        arrays, more = variables.select_positions(ds[variable], set(dims), answers)
        findings += more
        pieces += [cube.Piece(array, number, when.rows, under=version > 0) for version, array in enumerate(arrays)]
    cube_data = cube.read_cube(pieces, dims, len(when.stamps), title)
    if not cube_data.seen.any():
        raise refuse("all-missing", f"{name} holds no reading: every value is missing.")
    about = _station_attributes(ds, axes.sensor_dims, name)
    sensors = _sensor_ids(ds, axes.sensor_dims, about)
    raw = xr.Dataset(
        {
            "value": (("time", "sensor", "channel"), cube_data.values),
            **{key: ("sensor", array[cube_data.seen]) for key, array in about.items()},
        },
        coords={"time": when.stamps, "sensor": sensors[cube_data.seen], "channel": chosen},
        attrs=netcdf.source_attributes(ds, title)
        | {"units": {variable: measured[variable].unit for variable in chosen}},
    )
    findings = [*when.findings, *map_findings, *findings, *variables.packing_notes(ds, chosen, axes.time, name)]
    if len(axes.sensor_dims) > 1:
        text = (
            f"The grid of {name} ({' x '.join(str(ds.sizes[dim]) for dim in axes.sensor_dims)}) is bent: its rows follow no "
            "latitude. Its cells were read as stations, each with its location."
        )
        findings.append(Finding("note", "bent-grid", text))
    if not cube_data.seen.all():
        findings.append(left_out_finding(sensors[~cube_data.seen], None, len(raw["sensor"])))
    return Raw(raw, netcdf.unique_findings(findings), {})


def station_axes(ds: xr.Dataset) -> Axes | None:
    """The axes: time and stations, or time and the two dimensions of latitude and longitude, or of a map projection."""
    time = netcdf.time_dimension(ds)
    if time is None:
        return None
    if (bent := _curvilinear_dims(ds, time[0]) or projected_axes(ds)) and variables.measured_variables(
        ds, {time[0], *bent}
    ):
        return Axes(*time, bent)
    others = [
        [
            str(dim)
            for dim in ds[name].dims
            if dim != time[0] and (ds.sizes[dim] > 1 or str(dim).lower() in netcdf.SENSORS)
        ]
        for name in variables.measured_variables(ds, {time[0]})
    ]
    single = [dims[0] for dims in others if len(dims) == 1]
    named = [dim for dims in others for dim in dims if dim.lower() in netcdf.SENSORS]
    candidates = [*named, *single]
    return Axes(*time, (candidates[0],)) if candidates else None


def _curvilinear_dims(ds: xr.Dataset, time: str) -> tuple[str, ...] | None:
    """The two dimensions of latitude and longitude on a bent grid; None for other files."""
    lat = netcdf.find_coordinate(ds, netcdf.LATITUDES, "degrees_north")
    lon = netcdf.find_coordinate(ds, netcdf.LONGITUDES, "degrees_east")
    if lat is None or lon is None or ds[lat].ndim != 2 or ds[lat].dims != ds[lon].dims or time in ds[lat].dims:
        return None
    return tuple(map(str, ds[lat].dims))


def _sensor_ids(ds: xr.Dataset, dims: tuple[str, ...], about: dict[str, np.ndarray]) -> np.ndarray:
    """Ids: the labels of the dimension, else a variable of texts or ids along it, else numbers. On a bent grid, locations."""
    if len(dims) > 1:
        named = np.array(cell_names(about["lat"], about["lon"]))
        return named if len(np.unique(named)) == len(named) else np.arange(len(named)).astype(str)
    station = dims[0]
    for name in (station, *(name for name in map(str, ds.variables) if name.lower() in netcdf.SENSORS)):
        if name in ds.variables and ds[name].dims == (station,) and ds[name].dtype.kind in "OSTUiuf":
            return hdf5.id_texts(ds[name].values)
    return np.arange(ds.sizes[station]).astype(str)


def _station_attributes(ds: xr.Dataset, dims: tuple[str, ...], file: str) -> dict[str, np.ndarray]:
    """``lat`` and ``lon`` in degrees, and texts such as the name of a site, each [sensor]."""
    about = {}
    for target, names, unit in (("lat", netcdf.LATITUDES, "degrees_north"), ("lon", netcdf.LONGITUDES, "degrees_east")):
        name = netcdf.find_coordinate(ds, names, unit)
        if name is not None and ds[name].dims == dims:
            about[target] = netcdf.read_degrees(ds, name, file).ravel()
    if len(about) < 2:
        about = {}
    texts = [
        str(name)
        for name in ds.variables
        if ds[name].dims == dims and ds[name].dtype.kind in "OSTU" and name not in (*dims, "sensor", "channel")
    ]
    return about | {("label" if name == "name" else name): hdf5.id_texts(ds[name].values) for name in texts}


STANDARD = {"x": ("projection_x_coordinate", "grid_longitude"), "y": ("projection_y_coordinate", "grid_latitude")}
AXIS_NAMES = {"x": ("x", "xc", "easting"), "y": ("y", "yc", "northing")}
LENGTHS = {
    "m": 1.0,
    "metre": 1.0,
    "meter": 1.0,
    "metres": 1.0,
    "meters": 1.0,
    "km": 1e3,
    "kilometre": 1e3,
    "kilometer": 1e3,
}


def projected_axes(ds: xr.Dataset) -> tuple[str, str] | None:
    """The dimensions (y, x) of a map projection, by their standard names, or by their own names where they are lengths. None
    where the file has latitude and longitude."""
    if netcdf.find_coordinate(ds, netcdf.LATITUDES, "degrees_north") or netcdf.find_coordinate(
        ds, netcdf.LONGITUDES, "degrees_east"
    ):
        return None
    axes = [next((str(dim) for dim in ds.dims if _is_axis(ds, str(dim), side)), None) for side in ("y", "x")]
    return (axes[0], axes[1]) if axes[0] and axes[1] else None


def _is_axis(ds: xr.Dataset, dim: str, side: str) -> bool:
    if dim not in ds.variables or ds[dim].dtype.kind not in "iuf":
        return False
    about = ds[dim].attrs
    return about.get("standard_name") in STANDARD[side] or (
        dim.lower() in AXIS_NAMES[side] and str(about.get("units", "")).strip().lower() in LENGTHS
    )


def assign_degrees(ds: xr.Dataset, name: str, answers: Answers) -> tuple[xr.Dataset, list[Finding]]:
    """The dataset with ``lat`` and ``lon`` [y, x], where it is a map projection; else unchanged. DataError where the
    coordinate system is unknown."""
    if (axes := projected_axes(ds)) is None:
        return ds, []
    from pyproj import CRS, Transformer

    system, answer = _coordinate_system(ds), answers.get("projected")
    text = f"The grid of {name} is over {axes[1]} and {axes[0]} of a map projection"
    if answer is not None:
        system = CRS.from_epsg(epsg_code(answer, name))
    if system is None or needs_files(system):
        raise refuse(
            "projected", f"{text}, and the file does not name its coordinate system. Which one is it?", CHOICES
        )
    check_room(64 * ds.sizes[axes[0]] * ds.sizes[axes[1]], name)
    x, y = np.meshgrid(*(_metres(ds, dim) for dim in axes[::-1]))
    lon, lat = Transformer.from_crs(system, 4326, always_xy=True).transform(x, y)
    there = np.isfinite(lon) & np.isfinite(lat)
    degrees_of = {"lat": np.where(there, lat, np.nan), "lon": np.where(there, lon, np.nan)}
    epsg = system.to_epsg()
    system_name = f"EPSG:{epsg}" if epsg else str(system.name)[:80]
    finding = Finding("repaired", "reprojected", f"{text}, {system_name}; it was converted to latitude and longitude.")
    if answer is not None:
        finding = Finding("repaired", "projected", finding.text, CHOICES, answer)
    return ds.assign_coords({part: (axes, degrees) for part, degrees in degrees_of.items()}), [finding]


def _metres(ds: xr.Dataset, dim: str) -> np.ndarray:
    """The numbers along a dimension, in metres where they are lengths."""
    unit = str(ds[dim].attrs.get("units", "")).strip().lower()
    return np.asarray(ds[dim].values, np.float64) * LENGTHS.get(unit, 1.0)


def _coordinate_system(ds: xr.Dataset) -> Any:
    """The coordinate system of the file's variables (``grid_mapping``, CF or WKT), or None."""
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    named = [str(array.attrs.get("grid_mapping", "")).split(":")[0].strip() for array in ds.data_vars.values()]
    named += [str(name) for name, array in ds.variables.items() if "grid_mapping_name" in array.attrs]
    for name in dict.fromkeys(named):
        about = dict(ds[name].attrs) if name in ds.variables else {}
        wkt = about.get("crs_wkt") or about.get("spatial_ref")
        try:
            if isinstance(wkt, str):
                return CRS.from_wkt(wkt)
            if "grid_mapping_name" in about:
                return CRS.from_cf(about)
        except (CRSError, KeyError, ValueError, TypeError):
            continue
    return None


READER = Reader(recognises, read, order=20)
