"""What a reader is: it says whether a file is its own, and turns it into a raw dataset."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import xarray as xr

from stcore.findings import Finding
from stcore.readers.source import Source

Answers = Mapping[str, str]


class Raw(NamedTuple):
    """What a reader hands over: a dataset for ``STData.of``, what it did to get it, and the map layers it met."""

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
