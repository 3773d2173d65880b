"""What a reader is: it says whether a file, or which files of a folder, are its own, and makes a raw dataset of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import xarray as xr

from stcore.data import STData
from stcore.findings import Finding
from stcore.readers.source import Folder, Source

Answers = Mapping[str, str]
Writer = Callable[[STData, Path], list[str]]
"""``write(data, place)`` puts a dataset into a new file or folder ``place`` so that the reader beside it reads it back, and
says in sentences what the format cannot hold. Raises DataError where it cannot hold the values themselves."""


class Raw(NamedTuple):
    """What a reader hands over: a dataset for ``STData.of``, what it did to get it, and the map layers it met.

    The dataset's values are given away: checks may change them in place.
    """

    ds: xr.Dataset
    findings: list[Finding]
    layers: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Reader:
    """``recognises(source)`` scores 0 (not mine) to 1 (surely mine) by content; ``read(source, answers)`` reads it.

    Both may raise DataError. To add a format, put one file with a ``CARD`` and the reader it points at into this folder.
    """

    recognises: Callable[[Source], float]
    read: Callable[[Source, Answers], Raw]
    order: int = field(default=50)
    """Where several files of a folder hold values, the lowest order is taken first."""
    write: Writer | None = None
    apart: bool = False
    """Whether a library that this reader uses can end the process on a broken file, so that a child process has to read it."""


@dataclass(frozen=True)
class FolderReader:
    """For several files that are one dataset: ``members(folder)`` are the files of that dataset, none where it is another's;
    ``read(folder, answers)`` reads them. The other files of the folder are places, graphs and ids as beside any values.

    Both may raise DataError. Files count as members only where they are nothing by themselves, or only a part.
    """

    members: Callable[[Folder], Sequence[Source]]
    read: Callable[[Folder, Answers], Raw]
    order: int = field(default=5)
    """As a reader's; where two readers know a folder, the lowest order reads it."""
    whole: bool = False
    """Whether everything in the folder is the dataset's, so that nothing else is looked for in it (a Zarr store)."""
    write: Writer | None = None
