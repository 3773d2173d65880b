"""Long tables of text, some ten thousand lines at a time: never all rows as separate texts at once."""

import csv
import io
from collections.abc import Iterator

import pandas as pd

from stcore.findings import Finding, refuse
from stcore.readers.reader import Answers
from stcore.readers.source import Source
from stcore.readers.tables.dialect import MISSING, Dialect, pointed, sniff

BLOCK = 2**23
"""Characters of a block."""


def opened(source: Source, answers: Answers) -> tuple[Dialect, list[Finding]]:
    """How the table was written, by its first lines."""
    first = next(_blocks(source), None)
    if first is None:
        raise refuse("empty", f"{source.name} is empty.")
    try:
        dialect, findings = sniff(first[1], source.name, answers)
    except csv.Error as error:
        raise refuse("ragged", f"{source.name} is not a table that can be read: {error}.") from error
    if (encoding := source.text_and_encoding[1]) != "utf-8-sig":
        findings.append(Finding("note", "encoding", f"{source.name} is not UTF-8; it was read as {encoding}."))
    return dialect, findings


def frames(source: Source, dialect: Dialect, texts: list[int], numbers: list[int]) -> Iterator[pd.DataFrame]:
    """Blocks of rows with the columns asked for; ``texts`` exactly as written, ``numbers`` as numbers where they are."""
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
            io.StringIO("\n".join(body)), header=None, names=range(dialect.columns), usecols=wanted, sep=dialect.separator,
            decimal=dialect.decimal, thousands=dialect.thousands, dtype=dict.fromkeys(texts, str), keep_default_na=False,
            na_values={number: ["", *MISSING] for number in numbers}, skipinitialspace=True, low_memory=False,
        )  # fmt: skip
        for number in numbers:
            if frame[number].dtype.kind not in "fiub":
                frame[number] = pointed(frame[number], dialect)
        rows += len(frame)
        yield frame
    if not rows:
        raise refuse("empty", f"{source.name} has a header and no rows.")


def _blocks(source: Source) -> Iterator[tuple[int, list[str]]]:
    """(number of the first line, lines) without comments before the table and empty lines behind it."""
    text = source.text_and_encoding[0]
    if "\n" not in text:
        text = text.replace("\r", "\n")
    end = len(text.rstrip(" ,;\t\r\n\x1a"))
    end = end if (rest := text.find("\n", end)) < 0 else rest  # the last line keeps its empty cells
    begin, number, started = 0, 1, False
    while begin < end:
        stop = text.find("\n", min(begin + BLOCK, end))
        stop = end if stop < 0 or stop > end else stop
        lines = text[begin:stop].replace("\r", "").replace("\x1a", "").split("\n")
        if not started:
            skipped = next((place for place, line in enumerate(lines) if line.strip() and line[:1] != "#"), len(lines))
            lines, number, started = lines[skipped:], number + skipped, skipped < len(lines)
        if lines:
            yield number, lines
        begin, number = stop + 1, number + len(lines)


def _check_widths(lines: list[str], first: int, dialect: Dialect, name: str) -> None:
    """Every line has as many cells as the table's first."""
    mark, right = dialect.separator, dialect.columns
    quoted = any('"' in line for line in lines)
    counts = (
        [len(row) for row in csv.reader(lines, delimiter=mark, strict=True)]
        if quoted
        else [line.count(mark) + 1 for line in lines]
    )
    if counts.count(right) == len(counts):
        return
    for place, count in enumerate(counts):
        if count != right and (quoted or lines[place].strip()):
            cut = " It is the last line: was the file cut off?" if place == len(counts) - 1 and count < right else ""
            raise refuse(
                "ragged", f"Line {first + place} of {name} has {count} cells where the first has {right}.{cut}"
            )
