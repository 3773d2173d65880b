"""GRIB, the format of weather services, read with cfgrib where that is installed."""

from contextlib import ExitStack
from importlib import import_module
from importlib.util import find_spec
from mmap import ACCESS_READ, mmap
from typing import Any

import xarray as xr

from stcore.findings import DataError, refuse
from stcore.readers.grids import netcdf_grid
from stcore.readers.grids.netcdf_grid import Part
from stcore.readers.reader import Answers, Raw, Reader
from stcore.readers.safe.limits import check_room
from stcore.readers.source import Source
from stcore.registry import Card

CARD = Card(
    "grib",
    "GRIB 1 and 2 over time, latitude and longitude; needs cfgrib, which the extra 'grib' installs.",
    "WMO Manual on Codes",
    "stcore.readers.grids.grib:READER",
)


def recognises(source: Source) -> float:
    """0.8 for a GRIB file."""
    return 0.8 if source.content == "grib" else 0.0


def read(source: Source, answers: Answers) -> Raw:
    """The cells of the grid, as from NetCDF. No index file is written beside the file."""
    if find_spec("cfgrib") is None:
        raise refuse(
            "needs-cfgrib",
            f"{source.name} is a GRIB file; only cfgrib reads these. Install it with "
            "pip install cfgrib eccodes, or convert the file to NetCDF.",
        )
    cfgrib: Any = import_module("cfgrib")

    check_room(source.size, source.name)
    _check_ends(source)
    with ExitStack() as stack:
        datasets = cfgrib.open_datasets(str(source.path), backend_kwargs={"indexpath": ""})
        parts = [Part(stack.enter_context(_plain(ds)), source.name, _level(ds)) for ds in datasets]
        grids = [part for part in parts if _is_grid(part)]
        if not grids:
            raise refuse("dims", f"{source.name} has no variables over time, latitude and longitude.")
        return netcdf_grid.grid_raw(grids, source.path.stem, answers)


def _check_ends(source: Source) -> None:
    """Refuse a file that ends within a message: each one ends with 7777. (cfgrib would silently leave out the rest.)"""
    with source.path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
        start = 0
        while (start := content.find(b"GRIB", start)) >= 0:
            head = content[start : start + 16]
            length = int.from_bytes(head[4:7] if head[7:8] == b"\x01" else head[8:16], "big")
            if (
                head[7:8] == b"\x01" and length >= 2**23
            ):  # too large for the length of edition 1: services count in 120s
                return
            if length < 16 or content[start + length - 4 : start + length] != b"7777":
                raise refuse(
                    "cut-off",
                    f"{source.name} ends in the middle of a message, or is damaged at byte {start}; "
                    "copy or download it again.",
                )
            start += length


def _plain(ds: xr.Dataset) -> xr.Dataset:
    """The dataset without the coordinates that cfgrib adds."""
    return ds.drop_vars([name for name in ("step", "valid_time") if name in ds.coords and name not in ds.dims])


def _level(ds: xr.Dataset) -> str:
    """The kind of level, which tells variables of the same name apart."""
    first: Any = next(iter(ds.data_vars.values()))
    return f"{first.name} {first.attrs.get('GRIB_typeOfLevel', '')}".strip()


def _is_grid(part: Part) -> bool:
    try:
        return netcdf_grid.grid_axes(part.ds, part.name) is not None
    except DataError:
        return False


READER = Reader(recognises, read, order=25, apart=True)  # ecCodes aborts on some damaged bytes
