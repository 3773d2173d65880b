"""WeatherBench 1 and similar downloads: one NetCDF per year or month, in a folder per variable, opened together."""

import re
from collections.abc import Sequence
from contextlib import ExitStack

from stcore.findings import DataError, refuse
from stcore.readers.grids import netcdf, netcdf_grid
from stcore.readers.grids.netcdf_grid import Part
from stcore.readers.reader import Answers, FolderReader, Raw
from stcore.readers.source import Folder, Source
from stcore.registry import Card

CARD = Card(
    "weatherbench",
    "Folders with one NetCDF grid for every year or month (WeatherBench 1); variables become channels.",
    "Rasp et al. 2020, arXiv 2002.00469",
    "stcore.readers.grids.weatherbench:READER",
)
YEAR = re.compile(r"(?<!\d)(?:18|19|20|21)\d\d(?:[-_.]?(?:0[1-9]|1[0-2])(?:[-_.]?[0-3]\d)?)?(?!\d)")
MOST_FILES = 700
"""Files that are open at once."""


def members(folder: Folder) -> Sequence[Source]:
    """The files of the folder whose names differ only in the year, else those in the folders of variables below it."""
    own = _file_series(folder)
    if len(own) > 1:
        return own if _is_grid(own[0]) else []
    below = [_file_series(inner) for inner in folder.below]
    named = [
        files
        for inner, files in zip(folder.below, below, strict=True)
        if files and files[0].name.lower().startswith(inner.stem) and _is_grid(files[0])
    ]
    every = [source for files in named for source in files]
    return every if len(every) > 1 else []


def _file_series(folder: Folder) -> list[Source]:
    """NetCDF files whose names differ only in a year or month; none where there are several such series."""
    files = [source for source in folder.named("*.nc", "*.nc4") if YEAR.search(source.name)]
    names = {YEAR.sub("", source.name) for source in files}
    return files if len(names) == 1 else []


def _is_grid(source: Source) -> bool:
    """Whether the file is a grid over time, by its header. A file without times (constants) is not."""
    try:
        return netcdf_grid.recognises(source) > 0
    except DataError:
        return False


def read(folder: Folder, answers: Answers) -> Raw:
    """All years in one dataset, all variables as channels. Where a variable lacks times of another, its values are missing."""
    files = members(folder)
    if len(files) > MOST_FILES:
        raise refuse(
            "too-many-files", f"{folder.name} holds {len(files)} files of one dataset, more than {MOST_FILES}."
        )
    with ExitStack() as stack:
        parts = [
            Part(stack.enter_context(netcdf.open_netcdf(source)), source.name, source.path.parent.name)
            for source in files
        ]
        return netcdf_grid.grid_raw(parts, folder.name, answers)


READER = FolderReader(members, read)
