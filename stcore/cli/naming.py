"""Sensors named on the command line: with commas between them, one at a time, or in a file."""

import csv
from collections.abc import Collection, Iterable
from pathlib import Path

from stcore.options import OptionError

SENSOR, COST = "sensor", "cost"  # columns of a CSV
HOW = "Several with commas between them, or the option several times, or @FILE: a line each, or a CSV with a column sensor"


def named(texts: Iterable[str] | None, known: Collection[str]) -> list[str] | None:
    """The sensors that an option names, each time that it is given; a whole text that is ``known`` is one name, its commas
    included. None without the option. OptionError for a file that cannot be read."""
    return None if texts is None else [name for text in texts for name in _split(text, known, priced=False)]


def priced(texts: Iterable[str] | None, known: Collection[str]) -> list[str] | None:
    """Costs as ``sensor=cost``, likewise; a file is a CSV with a column cost, or has such lines."""
    return None if texts is None else [part for text in texts for part in _split(text, known, priced=True)]


def _split(text: str, known: Collection[str], priced: bool) -> list[str]:
    if text.startswith("@") and text not in known:
        return _read(Path(text[1:]), priced)
    whole = text.strip()
    if (whole.rpartition("=")[0] if priced else whole) in known:
        return [whole]
    return [part.strip() for part in text.split(",") if part.strip()]


def _read(path: Path, priced: bool) -> list[str]:
    """The names in a file, ``sensor=cost`` where they are ``priced``. OptionError."""
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except FileNotFoundError:
        raise OptionError(f"There is no file {path}.") from None
    except (OSError, ValueError) as error:
        raise OptionError(f"{path} is no text that names sensors: {error}.") from None
    if path.suffix.lower() != ".csv":
        return [line.strip() for line in lines if line.strip()]
    head, *rows = [row for row in csv.reader(lines) if row] or [[]]
    columns = [name.strip().lower() for name in head]
    wanted = (SENSOR, COST) if priced else (SENSOR,)
    if missing := [name for name in wanted if name not in columns]:
        raise OptionError(f"{path} has no column {missing[0]}; it has {', '.join(head) or 'none'}.")
    places = [columns.index(name) for name in wanted]
    if short := [row for row in rows if len(row) <= max(places)]:
        raise OptionError(f"{path} has a row with fewer columns than its head: {','.join(short[0])[:100]!r}.")
    return ["=".join(row[place].strip() for place in places) for row in rows]
