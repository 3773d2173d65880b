"""Grids over the x and y of a map: where their cells are in degrees, by the file's own coordinate system, else by an answer."""

from typing import Any

import numpy as np
import xarray as xr

from stcore.findings import Finding, refuse
from stcore.readers.grids import netcdf
from stcore.readers.layers.layers import CHOICES, asks_for_files, known_code
from stcore.readers.reader import Answers
from stcore.readers.safe.limits import check_room

STANDARD = {"x": ("projection_x_coordinate", "grid_longitude"), "y": ("projection_y_coordinate", "grid_latitude")}
CALLED = {"x": ("x", "xc", "easting"), "y": ("y", "yc", "northing")}
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


def axes_of(ds: xr.Dataset) -> tuple[str, str] | None:
    """The dimensions (y, x) of a map, by their standard names, or by their own where they are lengths; None where the file
    has latitude and longitude."""
    if netcdf.coordinate(ds, netcdf.LATITUDES, "degrees_north") or netcdf.coordinate(
        ds, netcdf.LONGITUDES, "degrees_east"
    ):
        return None
    found = [next((str(dim) for dim in ds.dims if _is_axis(ds, str(dim), side)), None) for side in ("y", "x")]
    return (found[0], found[1]) if found[0] and found[1] else None


def _is_axis(ds: xr.Dataset, dim: str, side: str) -> bool:
    if dim not in ds.variables or ds[dim].dtype.kind not in "iuf":
        return False
    about = ds[dim].attrs
    return about.get("standard_name") in STANDARD[side] or (
        dim.lower() in CALLED[side] and str(about.get("units", "")).strip().lower() in LENGTHS
    )


def placed(ds: xr.Dataset, name: str, answers: Answers) -> tuple[xr.Dataset, list[Finding]]:
    """The dataset with ``lat`` and ``lon`` [y, x] of its cells; as it is where it is no map. DataError: which system?"""
    if (axes := axes_of(ds)) is None:
        return ds, []
    from pyproj import CRS, Transformer

    system, asked = _own(ds), answers.get("projected")
    text = f"The grid of {name} lies over {axes[1]} and {axes[0]} of a map"
    if asked is not None:
        system = CRS.from_epsg(known_code(asked, name))
    if system is None or asks_for_files(system):
        raise refuse("projected", f"{text}, whose coordinate system it does not tell. Which one is it?", CHOICES)
    check_room(64 * ds.sizes[axes[0]] * ds.sizes[axes[1]], name)
    x, y = np.meshgrid(*(_metres(ds, dim) for dim in axes[::-1]))
    lon, lat = Transformer.from_crs(system, 4326, always_xy=True).transform(x, y)
    there = np.isfinite(lon) & np.isfinite(lat)
    where = {"lat": np.where(there, lat, np.nan), "lon": np.where(there, lon, np.nan)}
    epsg = system.to_epsg()
    called = f"EPSG:{epsg}" if epsg else str(system.name)[:80]
    told = Finding("repaired", "reprojected", f"{text}, {called}; its cells were brought to latitude and longitude.")
    if asked is not None:
        told = Finding("repaired", "projected", told.text, CHOICES, asked)
    return ds.assign_coords({part: (axes, degrees) for part, degrees in where.items()}), [told]


def _metres(ds: xr.Dataset, dim: str) -> np.ndarray:
    """Its numbers, in metres where they are lengths."""
    unit = str(ds[dim].attrs.get("units", "")).strip().lower()
    return np.asarray(ds[dim].values, np.float64) * LENGTHS.get(unit, 1.0)


def _own(ds: xr.Dataset) -> Any:
    """The coordinate system that the file's variables are mapped by (``grid_mapping``, CF or WKT), or None."""
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
