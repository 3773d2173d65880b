"""How a table of text was written: what separates its cells, what its decimal mark is, whether its first line is a header."""

import csv
import re
from dataclasses import dataclass

import pandas as pd

from stcore.findings import Finding, refuse
from stcore.readers.reader import Answers

LOOKED_AT = 100
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
MISSING = sorted(
    {*EMPTY - {""}, "NA", "N/A", "NaN", "NAN", "-NaN", "-nan", "NULL", "Null", "None", "#N/A", "#NA", "<NA>"}
)


@dataclass(frozen=True)
class Dialect:
    """Separator, decimal and thousands mark, and the header's cells where there is one."""

    separator: str
    decimal: str
    thousands: str | None
    header: tuple[str, ...] | None
    columns: int


def pointed(column: pd.Series, dialect: Dialect) -> pd.Series:
    """A column that holds words among its numbers, its numbers with a decimal point and no other mark."""
    if dialect.decimal == "." and not dialect.thousands:
        return column
    plain = column.str.replace(dialect.thousands, "", regex=False) if dialect.thousands else column
    plain = plain.str.replace(dialect.decimal, ".", regex=False)
    return column.where(~column.str.strip().str.fullmatch(MARKED).fillna(False).astype(bool), plain)


def layout(lines: list[str], name: str) -> tuple[str, list[list[str]], tuple[str, ...] | None]:
    """(separator, first rows, header or None) of the first lines."""
    sample = lines[:LOOKED_AT]
    separator = next((mark for mark in SEPARATORS if _fits(sample, mark)), None) or _widest(sample)
    if separator is None:
        raise refuse("no-columns", f"{name} has one column only, or its lines have nothing in common; it is no table.")
    rows = [[cell.strip() for cell in row] for row in csv.reader(sample, delimiter=separator)]
    return separator, rows, tuple(rows[0]) if is_header(rows) else None


def sniff(lines: list[str], name: str, answers: Answers) -> tuple[Dialect, list[Finding]]:
    """The dialect of the first lines; raises DataError where two readings fit."""
    separator, rows, header = layout(lines, name)
    cells = [cell for row in rows[1 if header else 0 :] for cell in row]
    decimal, thousands, findings = _decimal(cells, separator, name, answers)
    if separator != "," or decimal != ".":
        marks = f"separated by {SEPARATORS[separator]}, with a decimal {'comma' if decimal == ',' else 'point'}"
        findings.append(Finding("note", "dialect", f"{name} was read as a table {marks}."))
    return Dialect(separator, decimal, thousands, header, len(rows[0])), findings


def _fits(sample: list[str], mark: str) -> bool:
    """Nearly all lines have as many cells as the first, and more than one."""
    counts = [len(row) for row in csv.reader(sample, delimiter=mark)]
    return counts[0] > 1 and sum(count == counts[0] for count in counts) >= 0.9 * len(counts)


def _widest(sample: list[str]) -> str | None:
    """For ragged tables: what the first line has most of."""
    counts = {mark: sample[0].count(mark) for mark in SEPARATORS}
    best = max(counts, key=lambda mark: counts[mark])
    return best if counts[best] else None


def is_number(cell: str) -> bool:
    """A number with a decimal point or comma."""
    return bool(
        NUMBER.fullmatch(cell) or COMMA_NUMBER.fullmatch(cell) or POINTED.fullmatch(cell) or DOTTED.fullmatch(cell)
    )


def is_time(cell: str) -> bool:
    """A date, with or without a time of day."""
    return bool(TIME.fullmatch(cell.strip()))


def is_header(rows: list[list[str]]) -> bool:
    """Whether the first row names columns: it has text, or ids above numbers that are no ids."""
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


def _decimal(cells: list[str], separator: str, name: str, answers: Answers) -> tuple[str, str | None, list[Finding]]:
    """(decimal mark, thousands mark) that all cells agree with."""
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
                f"In {name}, is {commas[0]!r} a number with a decimal comma, or with a mark for thousands?",
                choices,
            )
        asked = [Finding("note", "decimal", f"Commas in the numbers of {name} were read as answered.", choices, chosen)]
        return (",", None, asked) if chosen == "comma" else (".", ",", asked)
    if points:
        raise refuse(
            "decimal",
            f"{name} has numbers with a decimal comma ({commas[0]}) and with a decimal point ({points}); make them alike.",
        )
    return ",", None, []
