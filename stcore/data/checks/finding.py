"""The words that checks share."""

from collections.abc import Callable, Mapping

import xarray as xr

from stcore.findings import Finding

Answers = Mapping[str, str]
CheckResult = tuple[xr.Dataset, list[Finding]]
Check = Callable[[xr.Dataset, Answers], CheckResult]


def note(code: str, text: str) -> Finding:
    """Something seen and left as it is."""
    return Finding("note", code, text)


def repair(code: str, text: str) -> Finding:
    """Something changed that had one harmless reading."""
    return Finding("repaired", code, text)


def sensor_word(ds: xr.Dataset) -> str:
    """What people call a place of the data: the ``cell`` of a grid, else a ``sensor``."""
    return "cell" if "cell" in ds and "grid" in ds.attrs else "sensor"


def with_sensor_word(text: str, ds: xr.Dataset) -> str:
    """A text about sensors as it is said of these data."""
    return text.replace("sensor", sensor_word(ds))
