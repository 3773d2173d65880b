"""Tables as files: whether a file can be written, and CSV in which a spreadsheet finds no formulas."""

import os
from pathlib import Path

import pandas as pd

from stcore.options import OptionError


def spreadsheet_text(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def csv_text(frame: pd.DataFrame) -> str:
    """A table as CSV, in which no text and no column name is a formula for a spreadsheet."""
    texts = {
        name: column.map(lambda value: spreadsheet_text(value) if isinstance(value, str) else value)
        for name, column in frame.items()
        if not pd.api.types.is_numeric_dtype(column)
    }
    return str(frame.assign(**texts).rename(columns=lambda name: spreadsheet_text(str(name))).to_csv(index=False))


def check_writable(out: Path) -> None:
    """Raise OptionError, before any work, where no file can be written to ``out``."""
    if not os.path.isdir(out.parent):
        raise OptionError(f"There is no folder {out.parent} to write {out.name} into.")
    if os.path.isdir(out):
        raise OptionError(f"{out} is a folder; name a file to write.")
    new = not os.path.lexists(out)
    if not (new or os.path.isfile(out)):
        return  # such as a pipe: opening it would have an effect
    try:
        with open(out, "ab"):  # what is there stays as it is
            pass
        if new:
            out.unlink()
    except OSError as error:
        raise OptionError(f"{out} cannot be written: {error.strerror or error}.") from None
