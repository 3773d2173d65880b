"""The day of the week as sets write it: a whole number, a seventh, or one of seven columns; Monday is 0."""

import numpy as np

CLOSE = 1e-3


def weekdays(column: np.ndarray) -> np.ndarray | None:
    """Days [T], NaN where unknown, of whole numbers to 6 or of sevenths; None where a column can be neither."""
    known = column[np.isfinite(column)].astype(np.float64)
    if not len(known) or known.min() < 0:
        return None
    scale = 7 if known.max() < 1 else 1
    days = known * scale
    if days.max() > 6.5 or np.abs(days - np.rint(days)).max() > CLOSE:
        return None
    return np.rint(column.astype(np.float64) * scale)


def one_of_seven(table: np.ndarray) -> np.ndarray | None:
    """Days [T], NaN where unknown, of [T, 7] columns of which at most one is 1 and the others 0; None for any other table."""
    known = np.isfinite(table)
    if table.shape[1] != 7 or not np.isin(table[known], (0, 1)).all() or (np.nansum(table, axis=1) > 1).any():
        return None
    return np.where(known.all(axis=1), np.argmax(np.nan_to_num(table), axis=1), np.nan)
