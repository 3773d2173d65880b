"""NetCDF grids: every cell of latitude x longitude becomes a sensor that remembers its place."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr

from stcore.data.checks.values import left_out_finding
from stcore.findings import Finding, refuse
from stcore.readers.grids import calendars, cube, netcdf, variables
from stcore.readers.reader import Answers, Raw, Reader
from stcore.readers.source import Source
from stcore.registry import Card

CARD = Card(
    "netcdf-grid", "NetCDF over time, latitude and longitude, dims in any order (ERA5, WeatherBench, CMIP).",
    "Climate and Forecast conventions", "stcore.readers.grids.netcdf_grid:READER",
)  # fmt: skip
YEARLY = ("dayofyear", "month", "season", "week")


class Part(NamedTuple):
    """One opened dataset of several that make a grid: its name for people, and whose folder it lies in."""

    ds: xr.Dataset
    name: str
    group: str = ""


class Axes(NamedTuple):
    """Names of the dimension of time, of the variable with the times, and of the dimensions of latitude and longitude."""

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
    with netcdf.opened(source) as ds:
        return 0.8 if axes_of(ds, source.name) else 0.0


def read(source: Source, answers: Answers) -> Raw:
    """Cells in the order (lat, lon), first latitude as stored; ``cell`` [sensor] = place, ``attrs["grid"]`` = [nlat, nlon]."""
    with netcdf.opened(source) as ds:
        return assembled([Part(ds, source.name)], source.path.stem, answers)


def axes_of(ds: xr.Dataset, name: str) -> Axes | None:
    """The axes, where latitude and longitude are dimensions of their own; a grid over the year alone is refused."""
    lat = netcdf.coordinate(ds, netcdf.LATITUDES, "degrees_north")
    lon = netcdf.coordinate(ds, netcdf.LONGITUDES, "degrees_east")
    if lat is None or lon is None or lat not in ds.dims or lon not in ds.dims:
        return None
    time = netcdf.time_dim(ds)
    if time is None:
        over = [str(dim) for dim in ds.dims if str(dim).lower() in YEARLY]
        if over and any({over[0], lat, lon} <= set(map(str, array.dims)) for array in ds.data_vars.values()):
            text = f"{name} is a climatology: its values lie over {over[0]!r} and not over time, so nothing can be forecast."
            raise refuse("climatology", text)
        return None
    axes = Axes(*time, lat, lon)
    return axes if variables.measured(ds, set(axes.dims)) else None


def assembled(parts: Sequence[Part], title: str, answers: Answers) -> Raw:
    """One dataset of all parts, which share a grid; steps and variables are those of any. What there is to tell is told."""
    axes = [_axes(part) for part in parts]
    lats, lons = (netcdf.degrees(parts[0].ds, dim, parts[0].name) for dim in axes[0].dims[1:])
    for part, own in zip(parts, axes, strict=True):
        for dim, degrees in ((own.lat, lats), (own.lon, lons)):
            if not np.array_equal(netcdf.degrees(part.ds, dim, part.name), degrees):
                raise refuse("grid", f"{part.name} has another {dim} than {parts[0].name}; a dataset has one grid.")
    when = [netcdf.times(part.ds, own.stamps, part.name, answers) for part, own in zip(parts, axes, strict=True)]
    when = _joined(when)
    findings, stamps, rows = (
        [finding for own in when for finding in own.findings],
        when[0].stamps,
        [own.rows for own in when],
    )
    pieces, known, more = _pieces(parts, axes, rows, answers)
    read = cube.read(pieces, axes[0].dims, len(stamps), title)
    if not read.seen.any():
        raise refuse("all-missing", f"Not a single reading is there in {title}: every value is missing.")
    place = np.flatnonzero(read.seen)
    lat, lon = lats[place // len(lons)], lons[place % len(lons)]
    names = list(known)
    raw = xr.Dataset(
        {"value": (("time", "sensor", "channel"), read.values), "lat": ("sensor", lat), "lon": ("sensor", lon),
         "cell": ("sensor", place)},
        coords={"time": stamps, "channel": names, "sensor": places_named(lat, lon)},
        attrs=netcdf.attributes(parts[0].ds, title) | {"units": known, "grid": [len(lats), len(lons)]},
    )  # fmt: skip
    if read.under:
        text = (
            f"{read.under} readings are ERA5T's, preliminary (expver 5), where the final ones (expver 1) are missing."
        )
        more.append(Finding("note", "expver", text))
    if not read.seen.all():
        more.append(left_out_finding(raw["sensor"].values[:0], len(lats) * len(lons), len(place)))
    return Raw(raw, netcdf.once([*findings, *more]), {})


def _axes(part: Part) -> Axes:
    if (axes := axes_of(part.ds, part.name)) is None:
        raise refuse("dims", f"{part.name} has no variables over time, latitude and longitude.")
    return axes


def _joined(when: list[calendars.Times]) -> list[calendars.Times]:
    """The times of all parts, rising where there are several, with the step of every row of each among them."""
    if len(when) == 1:
        return [netcdf.whole(when[0])]
    every = np.unique(np.concatenate([own.stamps for own in when]))
    joined = netcdf.whole(calendars.Times(every, np.arange(len(every)), []))
    return [
        calendars.Times(
            joined.stamps,
            np.where(own.rows >= 0, np.searchsorted(joined.stamps, own.stamps)[np.maximum(own.rows, 0)], -1),
            [*own.findings, *joined.findings],
        )
        for own in when
    ]


def _pieces(
    parts: Sequence[Part], axes: list[Axes], rows: list[np.ndarray], answers: Answers
) -> tuple[list[cube.Piece], dict[str, str], list[Finding]]:
    """What is read of each part, the channels with their units, and what there is to tell."""
    found = [variables.measured(part.ds, set(own.dims)) for part, own in zip(parts, axes, strict=True)]
    groups = [(name, part.group) for part, own in zip(parts, found, strict=True) for name in own]
    several = {name for name, group in groups if {other for same, other in groups if same == name} - {group}}
    called = [
        {part.group if name in several else name: name for name in own} for part, own in zip(parts, found, strict=True)
    ]
    known = {channel: own[name] for names, own in zip(called, found, strict=True) for channel, name in names.items()}
    taken, findings = variables.chosen(known, answers)
    pieces, used = [], np.zeros((len(taken), 1 + max(int(own.max()) for own in rows)), bool)
    for part, own, names, steps in zip(parts, axes, called, rows, strict=True):
        here = [channel for channel in taken if channel in names]
        findings += variables.told(part.ds, [names[channel] for channel in here], own.time, part.name)
        for channel in here:
            number, real = taken.index(channel), steps[steps >= 0]
            if len(parts) > 1 and used[number, real].any():
                raise refuse(
                    "overlap", f"{part.name} has times of {channel} that another file has, too; leave one out."
                )
            used[number, real] = True
            arrays, more = variables.places(part.ds[names[channel]], set(own.dims), answers)
            findings += more
            same = [array.rename(dict(zip(own.dims, axes[0].dims, strict=True))) for array in arrays]
            pieces += [cube.Piece(array, number, steps, under=place > 0) for place, array in enumerate(same)]
    return pieces, {channel: known[channel].unit for channel in taken}, findings


def places_named(lats: np.ndarray, lons: np.ndarray) -> list[str]:
    """``51.25N 0.5W``: where each cell is."""
    places = zip(lats.tolist(), np.where(lons > 180, lons - 360, lons).tolist(), strict=True)
    return [f"{abs(lat):.7g}{'S' if lat < 0 else 'N'} {abs(lon):.7g}{'W' if lon < 0 else 'E'}" for lat, lon in places]


READER = Reader(recognises, read, order=20)
