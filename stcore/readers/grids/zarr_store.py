"""Zarr stores in a folder, in both formats: grids (WeatherBench 2, ARCO), stations, and data that this program saved."""

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import xarray as xr

from stcore.data import STData
from stcore.findings import refuse
from stcore.readers.grids import netcdf_grid, netcdf_stations, stdata
from stcore.readers.reader import Answers, FolderReader, Raw
from stcore.readers.safe import zarr
from stcore.readers.safe.limits import check_room
from stcore.readers.source import Folder, Source
from stcore.registry import Card

CARD = Card(
    "zarr",
    "A Zarr store (version 2 or 3) over time and a grid or stations, such as WeatherBench 2; saved data, too.",
    "Zarr 2 and 3; Climate and Forecast conventions",
    "stcore.readers.grids.zarr_store:READER",
)
MARKS = (".zgroup", ".zarray", "zarr.json")
CHUNK = 2**22
"""Values in a chunk that this program writes."""


def members(folder: Folder) -> Sequence[Source]:
    """The metadata file that makes a folder a store."""
    marks = [folder.path / name for name in MARKS]
    return [Source(mark) for mark in marks if mark.is_file() and not mark.is_symlink()][:1]


def is_zipped_store(source: Source) -> bool:
    """Whether a zip archive holds a store."""
    try:
        with zipfile.ZipFile(source.path) as archive:
            return any(name.rsplit("/", 1)[-1] in MARKS for name in archive.namelist())
    except (zipfile.BadZipFile, OSError):
        return False


@contextmanager
def open_store(folder: Folder, times: bool = False) -> Iterator[xr.Dataset]:
    """The variables of the store, not yet read. Nothing outside this folder is opened."""
    from zarr.storage import LocalStore

    form = zarr.check_store(folder.path)
    if (folder.path / ".zarray").is_file():
        raise refuse(
            "zarr", f"{folder.name} is a single array. Open the store that it belongs to; the store has the times."
        )
    store: Any = LocalStore(folder.path, read_only=True)  # xarray accepts it, though its types do not say so
    with xr.open_dataset(
        store, engine="zarr", zarr_format=form, consolidated=False, chunks=None, decode_times=times
    ) as ds:
        yield ds


def read(folder: Folder, answers: Answers) -> Raw:
    """A dataset that this program saved, else a grid, else stations."""
    title = folder.path.stem
    with open_store(folder) as ds:
        saved = "value" in ds and set(ds["value"].dims) == {"time", "sensor", "channel"}
        if not saved:
            if netcdf_grid.grid_axes(ds, folder.name):
                return netcdf_grid.grid_raw([netcdf_grid.Part(ds, folder.name)], title, answers)
            return netcdf_stations.stations_raw(ds, folder.name, title, answers)
    with open_store(folder, times=True) as ds:
        check_room(sum(array.nbytes for array in ds.variables.values()), folder.name)
        return stdata.restore(ds.load().drop_encoding(), folder.name)


def write(data: STData, path: Path) -> list[str]:
    """Everything, findings and layers included, in format 2, which older programs read, too. Nothing is lost."""
    steps = max(CHUNK // (len(data.sensors) * len(data.channels)), 1)
    chunks = (min(steps, data.steps), len(data.sensors), len(data.channels))
    data.to_dataset().to_zarr(path, mode="w-", zarr_format=2, consolidated=True, encoding={"value": {"chunks": chunks}})
    return []


READER = FolderReader(members, read, whole=True, write=write)
