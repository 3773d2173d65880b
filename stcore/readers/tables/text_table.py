"""Tables of text (CSV and similar) as columns of numbers or text, and how such a table is written: its dialect."""

import csv
import io
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from stcore.findings import DataError, Finding, refuse
from stcore.readers.reader import Answers
from stcore.readers.source import CONTROL, Source
from stcore.words import listing, percentage

SAMPLE_LINES = 100
SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars", ",": "commas"}
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(nan|inf)", re.IGNORECASE)
COMMA_NUMBER = re.compile(r"[+-]?\d+,\d+([eE][+-]?\d+)?")
THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+")
DOTTED = re.compile(r"[+-]?\d{1,3}(\.\d{3})+,\d+")
POINTED = re.compile(r"[+-]?\d{1,3}(,\d{3})+\.\d+")
TIME = re.compile(
    r"\d{4}([-/]\d{1,2}([-/.]\d{1,2})?|\.\d{1,2}\.\d{1,2})([T ]\d{1,2}(:\d{2}){0,2}([.,]\d+)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?)?"
    r"|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}([T ,]+\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?\s*([AaPp][Mm])?)?"
)
MARKED = "|".join(f"(?:{form.pattern})" for form in (COMMA_NUMBER, THOUSANDS, DOTTED, POINTED))
EMPTY = {"", "na", "n/a", "nan", "null", "none", "-", "--", "#n/a"}
WORDS = ("NA", "N/A", "NaN", "NAN", "-NaN", "-nan", "NULL", "Null", "None", "#N/A", "#NA", "<NA>")
MISSING = sorted({*EMPTY - {""}, *WORDS})


@dataclass(frozen=True)
class Dialect:
    """Separator, decimal mark, thousands mark, the entries of the header (None without one), and the number of columns."""

    separator: str
    decimal: str
    thousands: str | None
    header: tuple[str, ...] | None
    columns: int


def with_decimal_points(column: pd.Series, dialect: Dialect) -> pd.Series:
    """A column of numbers and words, its numbers with a decimal point and no thousands mark."""
    if dialect.decimal == "." and not dialect.thousands:
        return column
    plain = column.str.replace(dialect.thousands, "", regex=False) if dialect.thousands else column
    plain = plain.str.replace(dialect.decimal, ".", regex=False)
    return column.where(~column.str.strip().str.fullmatch(MARKED).fillna(False).astype(bool), plain)


def split_lines(lines: list[str], name: str) -> tuple[str, list[list[str]], tuple[str, ...] | None]:
    """(separator, first rows, header or None) from the first lines."""
    sample = lines[:SAMPLE_LINES]
    equal = (mark for mark in SEPARATORS if _has_equal_rows(sample, mark))
    separator = next(equal, None) or _most_frequent_mark(sample)
    if separator is None:
        raise refuse("no-columns", f"{name} has only one column, or its lines differ too much; it is no table.")
    rows = [[cell.strip() for cell in row] for row in csv.reader(sample, delimiter=separator)]
    return separator, rows, tuple(rows[0]) if is_header(rows) else None


def detect_dialect(lines: list[str], name: str, answers: Answers) -> tuple[Dialect, list[Finding]]:
    """The dialect of the first lines; DataError where it is ambiguous."""
    separator, rows, header = split_lines(lines, name)
    cells = [entry for row in rows[1 if header else 0 :] for entry in row]
    decimal, thousands, findings = _decimal_marks(cells, separator, name, answers)
    if separator != "," or decimal != ".":
        marks = f"separated by {SEPARATORS[separator]}, with a decimal {'comma' if decimal == ',' else 'point'}"
        findings.append(Finding("note", "dialect", f"{name} was read as a table {marks}."))
    return Dialect(separator, decimal, thousands, header, len(rows[0])), findings


def _has_equal_rows(sample: list[str], mark: str) -> bool:
    """Whether nearly all lines have as many entries as the first, and more than one."""
    counts = [len(row) for row in csv.reader(sample, delimiter=mark)]
    return counts[0] > 1 and sum(count == counts[0] for count in counts) >= 0.9 * len(counts)


def _most_frequent_mark(sample: list[str]) -> str | None:
    """The most frequent separator of the first line, for ragged tables."""
    counts = {mark: sample[0].count(mark) for mark in SEPARATORS}
    best = max(counts, key=lambda mark: counts[mark])
    return best if counts[best] else None


def is_number(cell: str) -> bool:
    """Whether an entry is a number, with a decimal point or comma."""
    return bool(
        NUMBER.fullmatch(cell) or COMMA_NUMBER.fullmatch(cell) or POINTED.fullmatch(cell) or DOTTED.fullmatch(cell)
    )


def is_time(cell: str) -> bool:
    """Whether an entry is a date, with or without a time of day."""
    return bool(TIME.fullmatch(cell.strip()))


def is_header(rows: list[list[str]]) -> bool:
    """Whether the first row names the columns: it has text, or ids above numbers that are no ids."""
    first = [cell.strip() for cell in rows[0]]
    if any(cell.lower() not in EMPTY and not is_number(cell) and not is_time(cell) for cell in first):
        text_below = any(
            not is_number(cell.strip()) and not is_time(cell) and cell.strip().lower() not in EMPTY
            for row in rows[1:3]
            for cell in row
        )
        return not text_below or len(set(first)) == len(first)
    if len(rows) < 2 or not first[0]:
        return True
    if is_time(rows[1][0]) and not is_time(first[0]):
        return True
    whole = all(cell.isdigit() for cell in first)
    return whole and len(set(first)) == len(first) > 2 and any("." in cell for row in rows[1:] for cell in row)


def _decimal_marks(
    cells: list[str], separator: str, name: str, answers: Answers
) -> tuple[str, str | None, list[Finding]]:
    """(decimal mark, thousands mark, findings) that fit all entries; DataError where an answer is needed."""
    if any(DOTTED.fullmatch(cell) for cell in cells):
        return ",", ".", []
    if any(POINTED.fullmatch(cell) for cell in cells):
        return ".", ",", []
    commas = [cell for cell in cells if COMMA_NUMBER.fullmatch(cell) or THOUSANDS.fullmatch(cell)]
    if not commas:
        return ".", None, []
    points = next((cell for cell in cells if re.fullmatch(r"[+-]?\d*\.\d+", cell)), None)
    if all(THOUSANDS.fullmatch(cell) for cell in commas):
        if points:
            return ".", ",", []
        choices = {
            "comma": f"{commas[0]} is between {commas[0].split(',')[0]} and one more",
            "thousands": f"{commas[0]} is {commas[0].replace(',', '')}",
        }
        chosen = answers.get("decimal")
        if chosen not in choices:
            raise refuse(
                "decimal",
                f"In {name}, is {commas[0]!r} a number with a decimal comma, or with a thousands mark?",
                choices,
            )
        findings = [
            Finding("note", "decimal", f"Commas in the numbers of {name} were read as answered.", choices, chosen)
        ]
        return (",", None, findings) if chosen == "comma" else (".", ",", findings)
    if points:
        raise refuse(
            "decimal",
            f"{name} has numbers with a decimal comma ({commas[0]}) and with a decimal point ({points}). Write all alike.",
        )
    return ",", None, []


MOST_TEXT = 0.01
"""The share of a column's entries that may be text where numbers belong."""


def table_lines(source: Source) -> list[str]:
    """The lines of the table, without comments before it and empty lines at its ends."""
    text, _ = source.text_and_encoding
    lines = text.replace("\x1a", "").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip() and not line.startswith("#")), len(lines))
    last = next((number for number in range(len(lines), 0, -1) if lines[number - 1].strip(" ,;\t")), 0)
    return lines[first:last]


def header_and_rows(source: Source) -> tuple[tuple[str, ...] | None, list[list[str]]] | None:
    """(header or None, first rows) of a table, from its first bytes; None for other files."""
    if source.content not in ("text", "gzip"):
        return None
    try:
        _, rows, header = split_lines(_first_lines(source), source.name)
    except (DataError, csv.Error, zlib.error):
        return None
    return header, [row for row in rows[1 if header else 0 :] if len(row) == len(rows[0])]


def _first_lines(source: Source) -> list[str]:
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


def read_table(
    source: Source, answers: Answers, texts: Iterable[int] = (), headless: bool = False
) -> tuple[pd.DataFrame, Dialect, list[Finding]]:
    """All rows. Columns are numbered from 0; ``dialect.header`` has their names. A DataError names the wrong line.

    The columns ``texts`` stay as written. ``headless`` reads the first line as numbers, although it may look like a header.
    """
    lines = table_lines(source)
    if not lines:
        raise refuse("empty", f"{source.name} is empty.")
    try:
        dialect, findings = detect_dialect(lines, source.name, answers)
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
        io.StringIO("\n".join(body)),
        header=None,
        names=range(dialect.columns),
        sep=dialect.separator,
        decimal=dialect.decimal,
        thousands=dialect.thousands,
        skipinitialspace=True,
        low_memory=False,
        skip_blank_lines=True,
        dtype=dict.fromkeys(texts, str),
        keep_default_na=False,
        na_values={number: ["", *MISSING] for number in numbers},
    )
    for number in numbers:
        if frame[number].dtype.kind not in "fiub":
            frame[number] = with_decimal_points(frame[number], dialect)
    return frame, dialect, findings


def rows_as_text(frame: pd.DataFrame) -> list[list[str]]:
    """The first rows as text; missing entries are empty."""
    return [["" if pd.isna(cell) else str(cell) for cell in row] for row in frame.head(LINES).values.tolist()]


def _check_widths(lines: list[str], dialect: Dialect, source: Source) -> None:
    """Refuse a line with more or fewer entries than the first."""
    quoted = any('"' in line for line in lines)
    if quoted:
        counts = [len(row) for row in csv.reader(lines, delimiter=dialect.separator, strict=True)]
    else:
        counts = [line.count(dialect.separator) + 1 for line in lines]
    for number, count in enumerate(counts):
        if count != dialect.columns and (quoted or lines[number].strip()):
            short = number == len(counts) - 1 and count < dialect.columns
            last = " It is the last line: was the file cut off?" if short else ""
            text = (
                f"Line {number + 1} of {source.name} has {count} entries where the first has {dialect.columns}.{last}"
            )
            raise refuse("ragged", text)


def numeric_values(
    frame: pd.DataFrame, columns: list[int], name: str, header: Sequence[str] | None = None
) -> tuple[np.ndarray, list[Finding]]:
    """[T, K] float64. A few words among many numbers become missing, with a finding. More of them raise DataError."""
    values = np.empty((len(frame), len(columns)))
    examples: list[str] = []
    worst = 0.0
    for position, column in enumerate(columns):
        series = frame[column]
        if series.dtype.kind in "fiub":
            values[:, position] = series.to_numpy(float)
            continue
        coerced = pd.to_numeric(series, errors="coerce")
        no_numbers = series[coerced.isna() & series.notna()]
        no_numbers = no_numbers[[str(entry).strip().lower() not in EMPTY for entry in no_numbers]]
        words = [str(entry) for entry in no_numbers]
        if len(words) > MOST_TEXT * len(series):
            column_name = f" ({header[column][:40]})" if header else ""
            line = int(no_numbers.index[0]) + (2 if header else 1)
            raise refuse(
                "text-in-numbers",
                f"Column {column + 1}{column_name} of {name} holds text where numbers belong: {words[0][:40]!r} in line {line}"
                + (f", and {len(words) - 1} more." if len(words) > 1 else "."),
            )
        examples += words
        worst = max(worst, len(words) / max(len(series), 1))
        values[:, position] = coerced.to_numpy(float)
    if not examples:
        return values, []
    shown = listing(dict.fromkeys(repr(word[:40]) for word in examples), 3)
    text = (
        f"{len(examples)} entries of {name} held text such as {shown} "
        f"(at most {percentage(worst)} of a column); they became missing."
    )
    return values, [Finding("repaired", "text-in-numbers", text)]
