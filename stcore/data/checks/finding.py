"""What a check takes and gives, the findings that it makes, and the word for a sensor in their texts."""

from collections.abc import Callable, Mapping

import xarray as xr

from stcore.findings import Finding

Answers = Mapping[str, str]
CheckResult = tuple[xr.Dataset, list[Finding]]
Check = Callable[[xr.Dataset, Answers], CheckResult]


def note(code: str, text: str) -> Finding:
    """Something that was noticed and left unchanged."""
    return Finding("note", code, text)


def repair(code: str, text: str) -> Finding:
    """Something that was changed, because only one meaning was possible or harmless."""
    return Finding("repaired", code, text)


def sensor_word(ds: xr.Dataset) -> str:
    """What one sensor is called in texts: ``cell`` in a grid, else ``sensor``."""
    return "cell" if "cell" in ds and "grid" in ds.attrs else "sensor"


def with_sensor_word(text: str, ds: xr.Dataset) -> str:
    """A text about sensors with the right word for these data."""
    return text.replace("sensor", sensor_word(ds))
