"""Tables of text (CSV and its kin) as columns: numbers where there are numbers, text else."""

import csv
import io
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from stcore.findings import DataError, Finding, refuse
from stcore.readers.reader import Answers
from stcore.readers.source import CONTROL, Source
from stcore.readers.tables.dialect import EMPTY, MISSING, Dialect, layout, pointed, sniff
from stcore.words import listing, percentage

MOST_TEXT = 0.01
"""Of a column's cells, this share may be text where numbers belong."""


def lines_of(source: Source) -> list[str]:
    """The lines that say something: no empty ones at the ends, no comments before the table."""
    text, _ = source.text_and_encoding
    lines = text.replace("\x1a", "").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip() and not line.startswith("#")), len(lines))
    last = next((number for number in range(len(lines), 0, -1) if lines[number - 1].strip(" ,;\t")), 0)
    return lines[first:last]


def peek(source: Source) -> tuple[tuple[str, ...] | None, list[list[str]]] | None:
    """(header or None, first rows) of what may be a table, from its first bytes; None where it is none."""
    if source.content not in ("text", "gzip"):
        return None
    try:
        _, rows, header = layout(_start(source), source.name)
    except (DataError, csv.Error, zlib.error):
        return None
    return header, [row for row in rows[1 if header else 0 :] if len(row) == len(rows[0])]


def _start(source: Source) -> list[str]:
    """Whole lines from the first 256 kB."""
    raw = source.beginning(BEGINNING)
    text = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", errors="replace")
    if any(mark in text for mark in CONTROL):
        raise refuse("encoding", f"{source.name} is not text.")
    lines = re.split(r"\r\n|\n|\r", text)
    lines = lines[:-1] if len(lines) > 2 and len(raw) == BEGINNING else lines
    lines = [line for line in lines if line.strip() and not line.startswith("#")][:LINES]
    if not lines:
        raise refuse("empty", f"{source.name} is empty.")
    return lines


BEGINNING = 2**18
LINES = 40


def table(
    source: Source, answers: Answers, texts: Iterable[int] = (), headless: bool = False
) -> tuple[pd.DataFrame, Dialect, list[Finding]]:
    """All rows; columns are numbered from 0, named in ``dialect.header``. Raises DataError with the line that is wrong.

    The columns ``texts`` stay as they are written; ``headless`` takes the first line for numbers though it may name columns.
    """
    lines = lines_of(source)
    if not lines:
        raise refuse("empty", f"{source.name} is empty.")
    try:
        dialect, findings = sniff(lines, source.name, answers)
        dialect = replace(dialect, header=None) if headless else dialect
        _check_widths(lines, dialect, source)
    except csv.Error as error:
        raise refuse("ragged", f"{source.name} is not a table that can be read: {error}.") from error
    encoding = source.text_and_encoding[1]
    if encoding != "utf-8-sig":
        findings.append(Finding("note", "encoding", f"{source.name} is not UTF-8; it was read as {encoding}."))
    body = lines[1:] if dialect.header else lines
    if not body:
        raise refuse("empty", f"{source.name} has a header and no rows.")
    texts = tuple(texts)
    numbers = [number for number in range(dialect.columns) if number not in texts]
    frame = pd.read_csv(
        io.StringIO("\n".join(body)), header=None, names=range(dialect.columns), sep=dialect.separator, decimal=dialect.decimal,
        thousands=dialect.thousands, skipinitialspace=True, low_memory=False, skip_blank_lines=True,
        dtype=dict.fromkeys(texts, str), keep_default_na=False, na_values={number: ["", *MISSING] for number in numbers},
    )  # fmt: skip
    for number in numbers:
        if frame[number].dtype.kind not in "fiub":
            frame[number] = pointed(frame[number], dialect)
    return frame, dialect, findings


def first_rows(frame: pd.DataFrame) -> list[list[str]]:
    """The first rows as text, empty where nothing is."""
    return [["" if pd.isna(cell) else str(cell) for cell in row] for row in frame.head(LINES).values.tolist()]


def _check_widths(lines: list[str], dialect: Dialect, source: Source) -> None:
    """Every line has as many cells as the first."""
    quoted = any('"' in line for line in lines)
    if quoted:
        counts = [len(row) for row in csv.reader(lines, delimiter=dialect.separator, strict=True)]
    else:
        counts = [line.count(dialect.separator) + 1 for line in lines]
    for number, count in enumerate(counts):
        if count != dialect.columns and (quoted or lines[number].strip()):
            last = (
                " It is the last line: was the file cut off?"
                if number == len(counts) - 1 and count < dialect.columns
                else ""
            )
            text = f"Line {number + 1} of {source.name} has {count} cells where the first has {dialect.columns}.{last}"
            raise refuse("ragged", text)


def numbers(
    frame: pd.DataFrame, columns: list[int], name: str, header: Sequence[str] | None = None
) -> tuple[np.ndarray, list[Finding]]:
    """[T, K] float64; a few words among many numbers become missing and are told, more are refused, with column and line."""
    values = np.empty((len(frame), len(columns)))
    examples: list[str] = []
    worst = 0.0
    for place, column in enumerate(columns):
        series = frame[column]
        if series.dtype.kind in "fiub":
            values[:, place] = series.to_numpy(float)
            continue
        coerced = pd.to_numeric(series, errors="coerce")
        words = series[coerced.isna() & series.notna()]
        words = words[[str(cell).strip().lower() not in EMPTY for cell in words]]
        text = [str(cell) for cell in words]
        if len(text) > MOST_TEXT * len(series):
            called = f" ({header[column][:40]})" if header else ""
            line = int(words.index[0]) + (2 if header else 1)
            raise refuse(
                "text-in-numbers",
                f"Column {column + 1}{called} of {name} holds text where numbers belong: {text[0][:40]!r} in line {line}"
                + (f", and {len(text) - 1} more." if len(text) > 1 else "."),
            )
        examples += text
        worst = max(worst, len(text) / max(len(series), 1))
        values[:, place] = coerced.to_numpy(float)
    if not examples:
        return values, []
    shown = listing(dict.fromkeys(repr(text[:40]) for text in examples), 3)
    said = (
        f"{len(examples)} cells of {name} held text such as {shown} "
        f"(at most {percentage(worst)} of a column); they became missing."
    )
    return values, [Finding("repaired", "text-in-numbers", said)]
