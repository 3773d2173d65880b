"""Tables that a spreadsheet opens without running anything."""

import pandas as pd


def safe(text: str) -> str:
    """A text that a spreadsheet will not take for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def csv(frame: pd.DataFrame) -> str:
    """Rows as CSV, every text and column name made harmless for a spreadsheet."""
    texts = {
        name: column.map(lambda value: safe(value) if isinstance(value, str) else value)
        for name, column in frame.items()
        if not pd.api.types.is_numeric_dtype(column)
    }
    return str(frame.assign(**texts).rename(columns=lambda name: safe(str(name))).to_csv(index=False))
