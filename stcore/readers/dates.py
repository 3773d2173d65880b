"""A column of times as people write them: ISO, with dots, with slashes; day and month are never guessed."""

import re
from typing import Any

import numpy as np
import pandas as pd

from stcore.findings import Finding, refuse
from stcore.readers.reader import Answers

NAMES = (
    "time", "timestamp", "datetime", "date", "date_time", "valid_time", "ts", "ds",
    "datum", "zeit", "zeitstempel", "utc", "time_utc", "fecha",
)  # fmt: skip
PARTS = re.compile(
    r"(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})(?:([T ,]+)(\d{1,2})(?::(\d{2}))?(?::(\d{2})([.,]\d+)?)?\s*([AaPp][Mm])?)?"
)
COMPACT = {8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}


def parsed(column: pd.Series, name: str, answers: Answers) -> tuple[np.ndarray, dict[str, Any], list[Finding]]:
    """[T] instants, the zone as attributes, findings. Instants with offsets become UTC; numbers are passed on to the checks."""
    if column.isna().any():
        raise refuse("time", f"Row {int(column.isna().to_numpy().argmax()) + 1} of {name} has no time.")
    if column.dtype.kind in "iuf":
        return _numbers(column.to_numpy())
    if column.dtype.kind == "M" or isinstance(column.dtype, pd.DatetimeTZDtype):
        index = pd.DatetimeIndex(column)
        return (index.values, {}, []) if index.tz is None else _utc(index, str(index.tz))
    text = column.astype(str).str.strip()
    pattern = PARTS.fullmatch(text.iloc[0])
    if pattern and len(pattern[1]) <= 2:
        return _day_and_month(text, pattern, name, answers)
    return _iso(text, name)


def _numbers(column: np.ndarray) -> tuple[np.ndarray, dict[str, Any], list[Finding]]:
    """20120301 or 201203010005 written as numbers are dates; else they count from 1970."""
    whole = (
        np.rint(column).astype(np.int64)
        if np.all(np.isfinite(column)) and np.all(np.abs(column) < 2**62)
        else np.zeros(1, np.int64)
    )
    form = COMPACT.get(len(str(whole[0])))
    if form and 1900 <= int(str(whole[0])[:4]) < 2200:
        stamps = pd.to_datetime(pd.Series(whole).astype(str), format=form, errors="coerce")
        if stamps.notna().all():
            return (
                stamps.to_numpy(),
                {},
                [Finding("note", "compact-times", f"Times such as {whole[0]} were read as {stamps.iloc[0]}.")],
            )
    return column, {}, []


def _utc(index: pd.DatetimeIndex, zone: str) -> tuple[np.ndarray, dict[str, Any], list[Finding]]:
    local = {"local_zone": zone} if "/" in zone else {}
    text = f"Times in {zone} are kept as UTC." if local else "Times with offsets are kept as UTC."
    return (
        index.tz_convert("UTC").tz_localize(None).values,
        {"zone": "UTC"} | local,
        [Finding("repaired", "zone", text)],
    )


def _iso(text: pd.Series, name: str) -> tuple[np.ndarray, dict[str, Any], list[Finding]]:
    offset = text.str.contains(r"(?:Z|UTC|\d[+-]\d{2}:?\d{2})$", regex=True)
    cleaned = text.str.replace(r"\s*UTC$", "Z", regex=True).str.replace("/", "-", regex=False)
    if offset.any() and not offset.all():
        raise refuse(
            "time",
            f"Some times of {name} have an offset from UTC and some have none, such as {text[~offset].iloc[0]!r}.",
        )
    stamps = pd.to_datetime(cleaned, format="ISO8601", utc=bool(offset.any()), errors="coerce")
    if stamps.isna().any():
        row = int(stamps.isna().to_numpy().argmax())
        raise refuse("time", f"Row {row + 1} of {name} has a time that is not understood: {text.iloc[row][:40]!r}.")
    return _utc(pd.DatetimeIndex(stamps), "UTC") if offset.any() else (stamps.to_numpy(), {}, [])


def _day_and_month(
    text: pd.Series, first: re.Match[str], name: str, answers: Answers
) -> tuple[np.ndarray, dict[str, Any], list[Finding]]:
    """13.04.2020 and 04/13/2020: dots mean day first; with other marks a number above 12 decides, else it is asked."""
    mark = re.escape(first[2])
    pairs = text.str.extract(rf"^(\d{{1,2}}){mark}(\d{{1,2}}){mark}").astype(float)
    if pairs.isna().any(axis=None):
        row = int(pairs.isna().any(axis=1).to_numpy().argmax())
        raise refuse("time", f"Row {row + 1} of {name} has a time unlike the first: {text.iloc[row][:40]!r}.")
    day_first, month_first = bool((pairs[0] > 12).any()), bool((pairs[1] > 12).any())
    findings = []
    if not (day_first or month_first):
        if first[2] == ".":
            day_first = True
        else:
            choices = {"day": f"{text.iloc[0]} is day first", "month": f"{text.iloc[0]} is month first"}
            chosen = answers.get("day-month")
            if chosen not in choices:
                raise refuse(
                    "day-month", f"Does {text.iloc[0]!r} in {name} start with the day or with the month?", choices
                )
            findings, day_first = (
                [Finding("note", "day-month", f"Dates of {name} were read as answered.", choices, chosen)],
                chosen == "day",
            )
    form = _form(first, "%d{0}%m{0}" if day_first else "%m{0}%d{0}")
    stamps = pd.to_datetime(text.str.replace(r"\s+(?=[AaPp][Mm]$)", "", regex=True), format=form, errors="coerce")
    if stamps.isna().any():
        row = int(stamps.isna().to_numpy().argmax())
        raise refuse("time", f"Row {row + 1} of {name} has a time that is not understood: {text.iloc[row][:40]!r}.")
    return stamps.to_numpy(), {}, findings


def _form(first: re.Match[str], days: str) -> str:
    form = days.format(first[2]) + ("%Y" if len(first[4]) == 4 else "%y")
    if first[6]:
        hour = "%I" if first[10] else "%H"
        form += (
            first[5]
            + hour
            + (":%M" if first[7] else "")
            + (":%S" if first[8] else "")
            + (".%f" if first[9] else "")
            + ("%p" if first[10] else "")
        )
    return form
