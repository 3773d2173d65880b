"""How numbers, lists and times are written in a sentence: ``a, b and 3 more``, ``3 readings``, ``12.3 %``, ``2 h 5 min``."""

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import pandas as pd


def listing(names: Iterable[object], most: int = 5) -> str:
    """The first names and how many more there are: ``a, b and 3 more``. Long names are cut at 80 characters."""
    every = [str(name)[:80] for name in names]
    shown = ", ".join(every[:most])
    return f"{shown} and {len(every) - most} more" if len(every) > most else shown


def percentage(part: float) -> str:
    """A share for people: two digits that mean something, never a 0 % that is not zero."""
    percent = 100 * part
    if 0 < percent < 0.01:
        return "less than 0.01 %"
    return f"{percent:.3g} %" if percent < 99.95 or part >= 1 else f"{percent:.2f} %"


def quantity(number: int, one: str, many: str | None = None) -> str:
    """``1 reading``, ``3 readings``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def duration(seconds: float | None) -> str:
    """A length of time in its two largest units: ``8 s``, ``15 min``, ``3 min 20 s``, ``1 day 6 h``; ``unknown`` for None."""
    if seconds is None:
        return "unknown"
    if seconds < 10:
        return f"{max(seconds, 0):.2g} s"
    whole = round(seconds)
    for (unit, size), (smaller, part) in pairwise((("day", 86_400), ("h", 3_600), ("min", 60), ("s", 1))):
        if whole >= size:
            number, rest = divmod(whole, size)
            text = quantity(number, unit) if unit == "day" else f"{number} {unit}"
            return f"{text} {rest // part} {smaller}" if rest >= part else text
    return f"{whole} s"


def moment(stamp: np.datetime64 | pd.Timestamp) -> str:
    """To the minute, also for years that pandas does not know."""
    instant = stamp.to_datetime64() if isinstance(stamp, pd.Timestamp) else stamp
    return str(instant.astype("datetime64[m]")).replace("T", " ")
