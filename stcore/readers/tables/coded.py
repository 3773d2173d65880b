"""Rows of a long table as they come in, block by block: names and times as numbers, so that many rows need little room."""

from typing import Any

import numpy as np
import pandas as pd

from stcore.findings import Finding, refuse
from stcore.readers.tables.dialect import EMPTY
from stcore.readers.tables.text_table import MOST_TEXT
from stcore.words import listing, percentage


class Coded:
    """A column of few different entries: ``codes`` [R] and the ``entries`` that they stand for, in order of appearance."""

    def __init__(self) -> None:
        self.place: dict[Any, int] = {}
        self.parts: list[np.ndarray] = []

    def add(self, column: pd.Series) -> None:
        """More rows; a missing entry has the code -1."""
        codes, uniques = pd.factorize(column)
        entries = uniques.tolist() if hasattr(uniques, "tolist") else list(uniques)
        known = np.array([self.place.setdefault(entry, len(self.place)) for entry in entries] or [0], np.int32)
        self.parts.append(np.where(codes < 0, np.int32(-1), known[codes]).astype(np.int32))

    @property
    def rows(self) -> int:
        """How many rows were added."""
        return sum(len(part) for part in self.parts)

    @property
    def codes(self) -> np.ndarray:
        """[R] the code of every row."""
        if len(self.parts) > 1:
            self.parts = [np.concatenate(self.parts)]
        return self.parts[0]

    @property
    def entries(self) -> list[Any]:
        """What the codes stand for."""
        return list(self.place)


class Numbers:
    """Columns of numbers [R, K] float32; a few words among them become missing and are told, more are refused."""

    def __init__(self, names: list[str], file: str) -> None:
        self.names, self.file = names, file
        self.parts: list[np.ndarray] = []
        self.words = [0] * len(names)
        self.examples: dict[str, None] = {}

    def add(self, columns: list[pd.Series]) -> None:
        """More rows of every column."""
        block = np.empty((len(columns[0]), len(columns)), np.float32)
        for place, series in enumerate(columns):
            if series.dtype.kind not in "fiub":
                numbers = pd.to_numeric(series, errors="coerce")
                text = [str(cell) for cell in series[numbers.isna() & series.notna()].tolist()]
                text = [cell for cell in text if cell.strip().lower() not in EMPTY]
                self.words[place] += len(text)
                self.examples |= dict.fromkeys(repr(cell[:40]) for cell in text[:3])
                series = numbers
            with np.errstate(over="ignore"):  # what does not fit becomes infinite, which has a check of its own
                block[:, place] = series.to_numpy(np.float64)
        self.parts.append(block)

    def taken(self) -> tuple[np.ndarray, list[Finding]]:
        """[R, K] all rows, and what became of words."""
        values = np.concatenate(self.parts) if len(self.parts) > 1 else self.parts[0]
        self.parts = [values]
        worst = int(np.argmax(self.words))
        if self.words[worst] > MOST_TEXT * len(values):
            text = f"{self.words[worst]} cells of the column {self.names[worst][:80]!r} of {self.file} hold text where numbers"
            raise refuse("text-in-numbers", f"{text} belong, such as {next(iter(self.examples))}.")
        if not sum(self.words):
            return values, []
        part = percentage(self.words[worst] / len(values))
        text = f"{sum(self.words)} cells of {self.file} held text such as {listing(self.examples, 3)}"
        said = f"{text} (at most {part} of a column); they became missing."
        return values, [Finding("repaired", "text-in-numbers", said)]
