"""NetCDF grids: every cell of latitude x longitude becomes a sensor that keeps its position in the grid."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr

from stcore.data.checks.values import left_out_finding
from stcore.findings import Finding, refuse
from stcore.readers.grids import cube, netcdf, variables
from stcore.readers.reader import Answers, Raw, Reader
from stcore.readers.source import Source
from stcore.registry import Card

CARD = Card(
    "netcdf-grid",
    "NetCDF over time, latitude and longitude, dims in any order (ERA5, WeatherBench, CMIP).",
    "Climate and Forecast conventions",
    "stcore.readers.grids.netcdf_grid:READER",
)
YEARLY = ("dayofyear", "month", "season", "week")


class Part(NamedTuple):
    """One of the opened datasets that make a grid: the dataset, its name for messages, and the name of its folder."""

    ds: xr.Dataset
    name: str
    group: str = ""


class Axes(NamedTuple):
    """Names: the time dimension, the variable with the times, and the dimensions of latitude and longitude."""

    time: str
    stamps: str
    lat: str
    lon: str

    @property
    def dims(self) -> tuple[str, str, str]:
        """Time, latitude, longitude."""
        return self.time, self.lat, self.lon


def recognises(source: Source) -> float:
    """0.8 for a file with variables over time, latitude and longitude; a climatology is refused."""
    if source.content not in ("hdf5", "netcdf3"):
        return 0.0
    with netcdf.open_netcdf(source) as ds:
        return 0.8 if grid_axes(ds, source.name) else 0.0


def read(source: Source, answers: Answers) -> Raw:
    """Grid cells in the order (lat, lon), as stored. ``cell`` [sensor] is the position, ``attrs["grid"]`` is [nlat, nlon]."""
    with netcdf.open_netcdf(source) as ds:
        return grid_raw([Part(ds, source.name)], source.path.stem, answers)


def grid_axes(ds: xr.Dataset, name: str) -> Axes | None:
    """The axes, where latitude and longitude are dimensions; else None. A grid over the days of a year is refused."""
    lat = netcdf.find_coordinate(ds, netcdf.LATITUDES, "degrees_north")
    lon = netcdf.find_coordinate(ds, netcdf.LONGITUDES, "degrees_east")
    if lat is None or lon is None or lat not in ds.dims or lon not in ds.dims:
        return None
    time = netcdf.time_dimension(ds)
    if time is None:
        over = [str(dim) for dim in ds.dims if str(dim).lower() in YEARLY]
        if over and any({over[0], lat, lon} <= set(map(str, array.dims)) for array in ds.data_vars.values()):
            text = (
                f"{name} is a climatology: its values are over {over[0]!r}, not over time, so nothing can be forecast."
            )
            raise refuse("climatology", text)
        return None
    axes = Axes(*time, lat, lon)
    return axes if variables.measured_variables(ds, set(axes.dims)) else None


def grid_raw(parts: Sequence[Part], title: str, answers: Answers) -> Raw:
    """One dataset of all parts, which share one grid. It has the steps and the variables of every part."""
    axes = [_require_axes(part) for part in parts]
    lats, lons = (netcdf.read_degrees(parts[0].ds, dim, parts[0].name) for dim in axes[0].dims[1:])
    for part, own in zip(parts, axes, strict=True):
        for dim, degrees in ((own.lat, lats), (own.lon, lons)):
            if not np.array_equal(netcdf.read_degrees(part.ds, dim, part.name), degrees):
                raise refuse("grid", f"{part.name} has another {dim} than {parts[0].name}; a dataset has one grid.")
    when = [netcdf.read_times(part.ds, own.stamps, part.name, answers) for part, own in zip(parts, axes, strict=True)]
    when = _join_times(when)
    findings, stamps, rows = (
        [finding for own in when for finding in own.findings],
        when[0].stamps,
        [own.rows for own in when],
    )
    pieces, known, more = _pieces(parts, axes, rows, answers)
    cube_data = cube.read_cube(pieces, axes[0].dims, len(stamps), title)
    if not cube_data.seen.any():
        raise refuse("all-missing", f"{title} holds no reading: every value is missing.")
    position = np.flatnonzero(cube_data.seen)
    lat, lon = lats[position // len(lons)], lons[position % len(lons)]
    names = list(known)
    raw = xr.Dataset(
        {
            "value": (("time", "sensor", "channel"), cube_data.values),
            "lat": ("sensor", lat),
            "lon": ("sensor", lon),
            "cell": ("sensor", position),
        },
        coords={"time": stamps, "channel": names, "sensor": cell_names(lat, lon)},
        attrs=netcdf.source_attributes(parts[0].ds, title) | {"units": known, "grid": [len(lats), len(lons)]},
    )
    if cube_data.under:
        text = f"{cube_data.under} readings are preliminary (ERA5T, expver 5), where the final ones (expver 1) are missing."
        more.append(Finding("note", "expver", text))
    if not cube_data.seen.all():
        more.append(left_out_finding(raw["sensor"].values[:0], len(lats) * len(lons), len(position)))
    return Raw(raw, netcdf.unique_findings([*findings, *more]), {})


def _require_axes(part: Part) -> Axes:
    if (axes := grid_axes(part.ds, part.name)) is None:
        raise refuse("dims", f"{part.name} has no variables over time, latitude and longitude.")
    return axes


def _join_times(when: list[netcdf.Times]) -> list[netcdf.Times]:
    """The times of all parts together, rising, with the step of every row of each part."""
    if len(when) == 1:
        return [netcdf.fill_gaps(when[0])]
    every = np.unique(np.concatenate([own.stamps for own in when]))
    joined = netcdf.fill_gaps(netcdf.Times(every, np.arange(len(every)), []))
    return [
        netcdf.Times(
            joined.stamps,
            np.where(own.rows >= 0, np.searchsorted(joined.stamps, own.stamps)[np.maximum(own.rows, 0)], -1),
            [*own.findings, *joined.findings],
        )
        for own in when
    ]


def _pieces(
    parts: Sequence[Part], axes: list[Axes], rows: list[np.ndarray], answers: Answers
) -> tuple[list[cube.Piece], dict[str, str], list[Finding]]:
    """The pieces to read, the channels with their units, and findings."""
    measured = [variables.measured_variables(part.ds, set(own.dims)) for part, own in zip(parts, axes, strict=True)]
    groups = [(name, part.group) for part, own in zip(parts, measured, strict=True) for name in own]
    several = {name for name, group in groups if {other for same, other in groups if same == name} - {group}}
    channels_by_part = [
        {part.group if name in several else name: name for name in own}
        for part, own in zip(parts, measured, strict=True)
    ]
    units_of = {
        channel: own[name]
        for names, own in zip(channels_by_part, measured, strict=True)
        for channel, name in names.items()
    }
    chosen, findings = variables.choose_variables(units_of, answers)
    pieces, used = [], np.zeros((len(chosen), 1 + max(int(own.max()) for own in rows)), bool)
    for part, own, names, steps in zip(parts, axes, channels_by_part, rows, strict=True):
        here = [channel for channel in chosen if channel in names]
        findings += variables.packing_notes(part.ds, [names[channel] for channel in here], own.time, part.name)
        for channel in here:
            number, real = chosen.index(channel), steps[steps >= 0]
            if len(parts) > 1 and used[number, real].any():
                raise refuse(
                    "overlap",
                    f"{part.name} has times of {channel} that another file has, too. Leave one of the files out.",
                )
            used[number, real] = True
            arrays, more = variables.select_positions(part.ds[names[channel]], set(own.dims), answers)
            findings += more
            same = [array.rename(dict(zip(own.dims, axes[0].dims, strict=True))) for array in arrays]
            pieces += [cube.Piece(array, number, steps, under=number_of > 0) for number_of, array in enumerate(same)]
    return pieces, {channel: units_of[channel].unit for channel in chosen}, findings


def cell_names(lats: np.ndarray, lons: np.ndarray) -> list[str]:
    """Names of grid cells by their location, such as ``51.25N 0.5W``."""
    locations = zip(lats.tolist(), np.where(lons > 180, lons - 360, lons).tolist(), strict=True)
    return [
        f"{abs(lat):.7g}{'S' if lat < 0 else 'N'} {abs(lon):.7g}{'W' if lon < 0 else 'E'}" for lat, lon in locations
    ]


READER = Reader(recognises, read, order=20)
