"""What a reader is: it recognises its files, alone or in a folder, and makes a raw dataset of them."""

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
"""``write(data, path)`` writes a dataset to a new file or folder ``path`` that the reader beside it reads back. It returns
sentences that say what the format cannot hold. It raises DataError where the format cannot hold the values themselves."""


class Raw(NamedTuple):
    """What a reader returns: a dataset for ``STData.of``, what the reader did to get it, and the file's map layers.

    The caller owns the dataset's values: checks may change them in place.
    """

    ds: xr.Dataset
    findings: list[Finding]
    layers: Mapping[str, Mapping[str, Any]]
    numbered: bool = False
    """Whether the sensors have no ids of their own and are numbered from 0, in the order of the columns."""
    likely_zone: str | None = None
    """The time zone of the published set of this name and size. The zone question offers it and does not assume it."""

    def more(self, *findings: Finding, **changes: Any) -> "Raw":
        """The same with changed fields and with further findings behind its own."""
        return self._replace(findings=[*self.findings, *findings], **changes)


@dataclass(frozen=True)
class Reader:
    """``recognises(source)`` scores a file by its content, from 0 (not mine) to 1 (surely mine); ``read(source, answers)``
    reads it. Both may raise DataError.

    To add a format, put one file with a ``CARD`` and a reader into tables/, grids/ or archives/.
    """

    recognises: Callable[[Source], float]
    read: Callable[[Source, Answers], Raw]
    order: int = field(default=50)
    """Where several files of a folder hold values, the reader with the lowest order goes first."""
    write: Writer | None = None
    apart: bool = False
    """Whether a child process has to read the file, because a library of this reader can crash on a broken one."""


@dataclass(frozen=True)
class FolderReader:
    """For several files that are one dataset. ``members(folder)`` gives the files of that dataset, none where the folder
    belongs to another reader; ``read(folder, answers)`` reads them. Both may raise DataError.

    A file is a member only where it is incomplete by itself. The other files of the folder may hold locations, a graph and
    ids, as beside any values.
    """

    members: Callable[[Folder], Sequence[Source]]
    read: Callable[[Folder, Answers], Raw]
    order: int = field(default=5)
    """As for a reader: where two readers recognise a folder, the one with the lowest order reads it."""
    whole: bool = False
    """Whether the folder holds nothing but this dataset, as a Zarr store does. Then nothing else is looked for in it."""
    write: Writer | None = None
