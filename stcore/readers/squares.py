"""Square tables of numbers alone: an adjacency or distances, as STGCN's W_228.csv and T-GCN's los_adj.csv."""

import numpy as np

from stcore.readers import text_table
from stcore.readers.dialect import is_number
from stcore.readers.reader import Answers
from stcore.readers.source import Source

EMPTY = 0.3
"""Where more than this share of a table of distances is zero, a zero means no link, not no distance."""


def is_bare(source: Source) -> bool:
    """Numbers alone, as many lines as columns: the first line is one of them, whatever it looks like."""
    header, rows = text_table.peek(source) or (None, [])
    if not rows or len(rows[0]) < 2 or not all(is_number(cell) for row in (header or (), *rows) for cell in row):
        return False
    return len(text_table.lines_of(source)) == len(rows[0])


def read(source: Source, answers: Answers) -> tuple[np.ndarray, bool]:
    """([N, N], whether these are weights and not distances): by the file's name, and by numbers of at most 1."""
    frame, dialect, _ = text_table.table(source, answers, headless=True)
    values, _ = text_table.numbers(frame, list(range(dialect.columns)), source.name)
    weights = "adj" in source.stem or not np.nanmax(values) > 1
    if not weights and (values == 0).mean() > EMPTY:
        values[values == 0] = np.inf  # distances of those that are linked, and no others
    return values, weights
