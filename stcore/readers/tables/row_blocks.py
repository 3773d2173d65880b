"""Long tables of text in blocks of lines, so that not all rows are in memory as text. Names and times become numbers."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from stcore.findings import Finding, refuse
from stcore.readers.reader import Answers
from stcore.readers.source import Source
from stcore.readers.tables.text_table import EMPTY, MISSING, MOST_TEXT, Dialect, detect_dialect, with_decimal_points
from stcore.words import listing, percentage

BLOCK = 2**23
"""Characters of a block."""


def table_dialect(source: Source, answers: Answers) -> tuple[Dialect, list[Finding]]:
    """The dialect of the table, from its first lines."""
    first = next(_blocks(source), None)
    if first is None:
        raise refuse("empty", f"{source.name} is empty.")
    try:
        dialect, findings = detect_dialect(first[1], source.name, answers)
    except csv.Error as error:
        raise refuse("ragged", f"{source.name} is not a table that can be read: {error}.") from error
    if (encoding := source.text_and_encoding[1]) != "utf-8-sig":
        findings.append(Finding("note", "encoding", f"{source.name} is not UTF-8; it was read as {encoding}."))
    return dialect, findings


def read_frames(source: Source, dialect: Dialect, texts: list[int], numbers: list[int]) -> Iterator[pd.DataFrame]:
    """Blocks of rows with some columns: ``texts`` as written, ``numbers`` as numbers where they are numbers."""
    wanted, rows = sorted({*texts, *numbers}), 0
    header = dialect.header is not None
    for first, lines in _blocks(source):
        try:
            _check_widths(lines, first, dialect, source.name)
        except csv.Error as error:
            raise refuse("ragged", f"{source.name} is not a table that can be read: {error}.") from error
        body = lines[1:] if header else lines
        header = False
        if not any(line.strip() for line in body):
            continue
        frame = pd.read_csv(
            io.StringIO("\n".join(body)),
            header=None,
            names=range(dialect.columns),
            usecols=wanted,
            sep=dialect.separator,
            decimal=dialect.decimal,
            thousands=dialect.thousands,
            dtype=dict.fromkeys(texts, str),
            keep_default_na=False,
            na_values={number: ["", *MISSING] for number in numbers},
            skipinitialspace=True,
            low_memory=False,
        )
        for number in numbers:
            if frame[number].dtype.kind not in "fiub":
                frame[number] = with_decimal_points(frame[number], dialect)
        rows += len(frame)
        yield frame
    if not rows:
        raise refuse("empty", f"{source.name} has a header and no rows.")


def _blocks(source: Source) -> Iterator[tuple[int, list[str]]]:
    """(number of the first line, lines) of each block, without comments before the table and empty lines after it."""
    text = source.text_and_encoding[0]
    if "\n" not in text:
        text = text.replace("\r", "\n")
    end = len(text.rstrip(" ,;\t\r\n\x1a"))
    end = end if (rest := text.find("\n", end)) < 0 else rest  # the last line keeps its empty entries
    begin, number, started = 0, 1, False
    while begin < end:
        stop = text.find("\n", min(begin + BLOCK, end))
        stop = end if stop < 0 or stop > end else stop
        lines = text[begin:stop].replace("\r", "").replace("\x1a", "").split("\n")
        if not started:
            skipped = next((index for index, line in enumerate(lines) if line.strip() and line[:1] != "#"), len(lines))
            lines, number, started = lines[skipped:], number + skipped, skipped < len(lines)
        if lines:
            yield number, lines
        begin, number = stop + 1, number + len(lines)


def _check_widths(lines: list[str], first: int, dialect: Dialect, name: str) -> None:
    """Refuse a line with more or fewer entries than the first of the table."""
    mark, right = dialect.separator, dialect.columns
    quoted = any('"' in line for line in lines)
    counts = (
        [len(row) for row in csv.reader(lines, delimiter=mark, strict=True)]
        if quoted
        else [line.count(mark) + 1 for line in lines]
    )
    if counts.count(right) == len(counts):
        return
    for row, count in enumerate(counts):
        if count != right and (quoted or lines[row].strip()):
            cut = " It is the last line: was the file cut off?" if row == len(counts) - 1 and count < right else ""
            raise refuse(
                "ragged", f"Line {first + row} of {name} has {count} entries where the first has {right}.{cut}"
            )


class CodedColumn:
    """A column with few different entries: ``codes`` [R] and the ``entries`` for the codes, in order of appearance."""

    def __init__(self) -> None:
        self.numbers: dict[Any, int] = {}
        self.parts: list[np.ndarray] = []

    def add(self, column: pd.Series) -> None:
        """Add rows. A missing entry has the code -1."""
        codes, uniques = pd.factorize(column)
        entries = uniques.tolist() if hasattr(uniques, "tolist") else list(uniques)
        codes_of = np.array([self.numbers.setdefault(entry, len(self.numbers)) for entry in entries] or [0], np.int32)
        self.parts.append(np.where(codes < 0, np.int32(-1), codes_of[codes]).astype(np.int32))

    @property
    def rows(self) -> int:
        """The number of rows so far."""
        return sum(len(part) for part in self.parts)

    @property
    def codes(self) -> np.ndarray:
        """[R] the code of each row."""
        if len(self.parts) > 1:
            self.parts = [np.concatenate(self.parts)]
        return self.parts[0]

    @property
    def entries(self) -> list[Any]:
        """The entry for each code."""
        return list(self.numbers)


class NumberColumns:
    """Columns of numbers [R, K] float32. A few words among them become missing, with a finding; more raise DataError."""

    def __init__(self, names: list[str], file: str) -> None:
        self.names, self.file = names, file
        self.parts: list[np.ndarray] = []
        self.words = [0] * len(names)
        self.examples: dict[str, None] = {}

    def add(self, columns: list[pd.Series]) -> None:
        """Add rows of every column."""
        block = np.empty((len(columns[0]), len(columns)), np.float32)
        for column, series in enumerate(columns):
            if series.dtype.kind not in "fiub":
                numbers = pd.to_numeric(series, errors="coerce")
                text = [str(cell) for cell in series[numbers.isna() & series.notna()].tolist()]
                text = [cell for cell in text if cell.strip().lower() not in EMPTY]
                self.words[column] += len(text)
                self.examples |= dict.fromkeys(repr(cell[:40]) for cell in text[:3])
                series = numbers
            with np.errstate(over="ignore"):  # too large a number becomes infinite, and a check reports it
                block[:, column] = series.to_numpy(np.float64)
        self.parts.append(block)

    def values(self) -> tuple[np.ndarray, list[Finding]]:
        """[R, K] all rows, and a finding about words."""
        values = np.concatenate(self.parts) if len(self.parts) > 1 else self.parts[0]
        self.parts = [values]
        worst = int(np.argmax(self.words))
        if self.words[worst] > MOST_TEXT * len(values):
            text = f"{self.words[worst]} entries of the column {self.names[worst][:80]!r} of {self.file} hold text"
            raise refuse("text-in-numbers", f"{text} where numbers belong, such as {next(iter(self.examples))}.")
        if not sum(self.words):
            return values, []
        part = percentage(self.words[worst] / len(values))
        text = f"{sum(self.words)} entries of {self.file} held text such as {listing(self.examples, 3)}"
        text = f"{text} (at most {part} of a column); they became missing."
        return values, [Finding("repaired", "text-in-numbers", text)]
