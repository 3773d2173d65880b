"""GRIB, as weather services send it: read through cfgrib where that is installed."""

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
    "grib", "GRIB 1 and 2 over time, latitude and longitude; needs cfgrib, which the extra 'grib' installs.",
    "WMO Manual on Codes", "stcore.readers.grids.grib:READER",
)  # fmt: skip


def recognises(source: Source) -> float:
    """0.8 for a GRIB file."""
    return 0.8 if source.content == "grib" else 0.0


def read(source: Source, answers: Answers) -> Raw:
    """Cells of the grid as of a NetCDF's; no index is written beside the file."""
    if find_spec("cfgrib") is None:
        raise refuse("needs-cfgrib", f"{source.name} is a GRIB file, which only cfgrib reads. Install it with "
                     "pip install cfgrib eccodes, or convert the file to NetCDF.")  # fmt: skip
    cfgrib: Any = import_module("cfgrib")

    check_room(source.size, source.name)
    _check_ends(source)
    with ExitStack() as stack:
        found = cfgrib.open_datasets(str(source.path), backend_kwargs={"indexpath": ""})
        parts = [Part(stack.enter_context(_plain(ds)), source.name, _level(ds)) for ds in found]
        grids = [part for part in parts if _is_grid(part)]
        if not grids:
            raise refuse("dims", f"{source.name} has no variables over time, latitude and longitude.")
        return netcdf_grid.assembled(grids, source.path.stem, answers)


def _check_ends(source: Source) -> None:
    """Every message ends in the file, with its four sevens; cfgrib would leave out the rest without a word."""
    with source.path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as held:
        place = 0
        while (place := held.find(b"GRIB", place)) >= 0:
            head = held[place : place + 16]
            length = int.from_bytes(head[4:7] if head[7:8] == b"\x01" else head[8:16], "big")
            if head[7:8] == b"\x01" and length >= 2**23:  # larger than edition 1 can count: services multiply by 120
                return
            if length < 16 or held[place + length - 4 : place + length] != b"7777":
                raise refuse("cut-off", f"{source.name} ends in the middle of a message, or is damaged at byte {place}; "
                             "copy or download it again.")  # fmt: skip
            place += length


def _plain(ds: xr.Dataset) -> xr.Dataset:
    """Without what cfgrib adds of GRIB's own."""
    return ds.drop_vars([name for name in ("step", "valid_time") if name in ds.coords and name not in ds.dims])


def _level(ds: xr.Dataset) -> str:
    """What tells variables of one name apart: the kind of level."""
    first: Any = next(iter(ds.data_vars.values()))
    return f"{first.name} {first.attrs.get('GRIB_typeOfLevel', '')}".strip()


def _is_grid(part: Part) -> bool:
    try:
        return netcdf_grid.axes_of(part.ds, part.name) is not None
    except DataError:
        return False


READER = Reader(recognises, read, order=25, apart=True)  # ecCodes aborts on some damaged bytes
