"""What all generations of BasicTS have in common: their contents, and the description beside the data."""

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
    """The contents of a set: ``values`` [T, N, C], the names of the channels, and what else the files say.

    ``calendar`` are columns [T] by name, ``name`` is the name of the set, ``seconds`` the step (0: unknown), ``split`` [T] the
    part of each step, and ``null`` the number that marks a missing value.
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
    """The description, read as Python's JSON, where ``NaN`` is a number; DataError for any other file."""
    if source.size > MOST_BYTES:
        raise refuse("description", f"{source.name} is too large for a description.")
    try:
        content = json.loads(source.path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise refuse("description", f"{source.name} is not JSON: {str(error)[:120]}.") from error
    if not isinstance(content, dict):
        raise refuse("description", f"{source.name} describes no dataset; it holds a {type(content).__name__}.")
    return content


def number_in(mapping: Any, name: str) -> float | None:
    """A number in a description; None where there is none."""
    value = mapping.get(name) if isinstance(mapping, Mapping) else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def seconds_of(description: Mapping[str, Any]) -> int:
    """The step in a description, in seconds; 0 where there is none that is possible."""
    minutes = number_in(description, "frequency (minutes)")
    return round(60 * minutes) if minutes and math.isfinite(minutes) and 1 / 60 <= minutes <= 6e5 else 0


def null_of(description: Mapping[str, Any]) -> float | None:
    """The number that a description calls a missing value. (Older descriptions write the key in capitals.)"""
    settings = {str(key).lower(): part for key, part in _mapping(description.get("regular_settings")).items()}
    return number_in(settings, "null_val")


def shares_of(description: Mapping[str, Any]) -> tuple[float, float] | None:
    """The shares of training and validation, where a description has three that sum to 1; else None."""
    settings = {str(key).lower(): part for key, part in _mapping(description.get("regular_settings")).items()}
    shares = settings.get("train_val_test_ratio")
    if not isinstance(shares, list) or len(shares) != 3 or not all(isinstance(part, int | float) for part in shares):
        return None
    return (float(shares[0]), float(shares[1])) if min(shares) > 0 and abs(sum(shares) - 1) < 1e-6 else None


def _mapping(part: Any) -> Mapping[str, Any]:
    return part if isinstance(part, Mapping) else {}


def text_list(words: Any) -> list[str]:
    """A list of words in a description; empty for anything else."""
    return [str(word)[:80] for word in words] if isinstance(words, list) else []


def split_at(steps: int, train: int, validation: int) -> np.ndarray:
    """[T] the part of each step, from the lengths of training and validation."""
    return np.repeat(["train", "validation", "test"], [train, validation, steps - train - validation])


def calendar_of(names: list[str], columns: np.ndarray) -> tuple[dict[str, np.ndarray], list[Finding]]:
    """Calendar columns by name, from [T, K]. A second day of the week is the day of the month, which ETT's descriptions
    misname.

    A column that does not fit its name is left out, with a finding.
    """
    columns_by_name: dict[str, np.ndarray] = {}
    wrong = []
    for name, column in zip(names, columns.T, strict=True):
        name = "day of month" if name == "day of week" and name in columns_by_name else name
        if name in calendar_columns.NAMES and calendar_columns.fits_calendar(name, column):
            columns_by_name[name] = column
        else:
            wrong.append(name)
    if not wrong:
        return columns_by_name, []
    text = f"The columns {', '.join(wrong)} are not the calendar columns that their names say; they were left out."
    return columns_by_name, [Finding("note", "calendar-columns", text)]
