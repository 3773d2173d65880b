"""The words that checks share."""

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pandas as pd
import xarray as xr

from stcore.findings import Finding

Answers = Mapping[str, str]
Checked = tuple[xr.Dataset, list[Finding]]
Check = Callable[[xr.Dataset, Answers], Checked]


def note(code: str, text: str) -> Finding:
    """Something seen and left as it is."""
    return Finding("note", code, text)


def repaired(code: str, text: str) -> Finding:
    """Something changed that had one harmless reading."""
    return Finding("repaired", code, text)


def listed(names: Iterable[object], most: int = 5) -> str:
    """The first names and how many more there are: ``a, b and 3 more``. Long names are cut at 80 characters."""
    every = [str(name)[:80] for name in names]
    shown = ", ".join(every[:most])
    return f"{shown} and {len(every) - most} more" if len(every) > most else shown


def share(part: float) -> str:
    """A share for people: two digits that mean something, never a 0 % that is not zero."""
    percent = 100 * part
    if 0 < percent < 0.01:
        return "less than 0.01 %"
    return f"{percent:.3g} %" if percent < 99.95 or part >= 1 else f"{percent:.2f} %"


def counted(number: int, one: str, many: str | None = None) -> str:
    """``1 reading``, ``3 readings``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def node(ds: xr.Dataset) -> str:
    """What people call a place of the data: the ``cell`` of a grid, else a ``sensor``."""
    return "cell" if "cell" in ds and "grid" in ds.attrs else "sensor"


def spoken(text: str, ds: xr.Dataset) -> str:
    """A text about sensors as it is said of these data."""
    return text.replace("sensor", node(ds))


def lasting(seconds: float) -> str:
    """A length of time in the largest unit that it fills: ``15 min``, ``1.5 h``."""
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"


def moment(stamp: np.datetime64 | pd.Timestamp) -> str:
    """To the minute, also for years that pandas does not know."""
    instant = stamp.to_datetime64() if isinstance(stamp, pd.Timestamp) else stamp
    return str(instant.astype("datetime64[m]")).replace("T", " ")
