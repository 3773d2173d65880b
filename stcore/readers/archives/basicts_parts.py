"""What every generation of BasicTS hands over, and the description beside its data."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from stcore.findings import Finding, refuse
from stcore.readers.archives import calendar_columns
from stcore.readers.source import Source

MOST_BYTES = 2**20


@dataclass
class BasictsData:
    """Raw ``values`` [T, N, C], the names of their channels, and what the files say besides.

    ``calendar`` are columns [T] by name, ``seconds`` the step (0 unknown), ``split`` [T] names of parts, ``null`` the number
    that stands for a missing value, ``name`` what the set is called.
    """

    values: np.ndarray
    channels: list[str]
    calendar: Mapping[str, np.ndarray]
    name: str = ""
    seconds: int = 0
    split: np.ndarray | None = None
    null: float | None = None
    findings: list[Finding] = field(default_factory=list)


def read_description(source: Source) -> Mapping[str, Any]:
    """The description as Python reads JSON, where ``NaN`` is a number; DataError where it is none."""
    if source.size > MOST_BYTES:
        raise refuse("description", f"{source.name} is too large for a description.")
    try:
        held = json.loads(source.path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise refuse("description", f"{source.name} is not JSON: {str(error)[:120]}.") from error
    if not isinstance(held, dict):
        raise refuse("description", f"{source.name} describes no dataset; it holds a {type(held).__name__}.")
    return held


def number_in(held: Any, name: str) -> float | None:
    """A number of a description, None where there is none."""
    value = held.get(name) if isinstance(held, Mapping) else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def seconds_of(held: Mapping[str, Any]) -> int:
    """The step that a description says, 0 where it says none that can be."""
    minutes = number_in(held, "frequency (minutes)")
    return round(60 * minutes) if minutes and math.isfinite(minutes) and 1 / 60 <= minutes <= 6e5 else 0


def null_of(held: Mapping[str, Any]) -> float | None:
    """The number that a description calls a missing value; its key is in capitals in older ones."""
    settings = {str(key).lower(): part for key, part in _mapping(held.get("regular_settings")).items()}
    return number_in(settings, "null_val")


def shares_of(held: Mapping[str, Any]) -> tuple[float, float] | None:
    """The shares of training and validation, where a description gives three that are shares."""
    settings = {str(key).lower(): part for key, part in _mapping(held.get("regular_settings")).items()}
    shares = settings.get("train_val_test_ratio")
    if not isinstance(shares, list) or len(shares) != 3 or not all(isinstance(part, int | float) for part in shares):
        return None
    return (float(shares[0]), float(shares[1])) if min(shares) > 0 and abs(sum(shares) - 1) < 1e-6 else None


def _mapping(held: Any) -> Mapping[str, Any]:
    return held if isinstance(held, Mapping) else {}


def text_list(held: Any) -> list[str]:
    """A list of words of a description, empty where it is none."""
    return [str(part)[:80] for part in held] if isinstance(held, list) else []


def split_at(steps: int, train: int, validation: int) -> np.ndarray:
    """[T] names of parts, of two lengths and the rest."""
    return np.repeat(["train", "validation", "test"], [train, validation, steps - train - validation])


def calendar_of(names: list[str], columns: np.ndarray) -> tuple[dict[str, np.ndarray], list[Finding]]:
    """Columns [T, K] by what they are; the second day of the week is the day of the month, as ETT's descriptions miscall it.

    What is not what it is called is left out and told.
    """
    kept: dict[str, np.ndarray] = {}
    wrong = []
    for name, column in zip(names, columns.T, strict=True):
        name = "day of month" if name == "day of week" and name in kept else name
        if name in calendar_columns.NAMES and calendar_columns.fits_calendar(name, column):
            kept[name] = column
        else:
            wrong.append(name)
    if not wrong:
        return kept, []
    text = f"The columns {', '.join(wrong)} do not hold what a calendar holds; they were left out."
    return kept, [Finding("note", "calendar-columns", text)]
