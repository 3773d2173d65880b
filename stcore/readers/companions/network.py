"""Who is linked with whom: adj_mx.pkl, square tables and arrays, lists of from,to,cost, and lists of ids."""

import re
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from stcore.data import graph
from stcore.findings import refuse
from stcore.readers.companions import sparse
from stcore.readers.reader import Answers
from stcore.readers.safe import numpy_files, pickles
from stcore.readers.source import Source
from stcore.readers.tables import text_table
from stcore.readers.tables.dialect import is_number
from stcore.readers.tables.labels import text

Kind = Literal["adjacency", "edges", "matrix", "ids"]
STARTS, ENDS = ("from", "source", "start", "i", "u", "from_id"), ("to", "target", "end", "j", "v", "to_id")
COSTS = ("cost", "distance", "dist", "length", "weight", "w")


class Network(NamedTuple):
    """``start``, ``end`` [E] as ids (text) or positions (int), ``value`` [E], what the value is, and ids of a matrix' rows."""

    start: np.ndarray
    end: np.ndarray
    value: np.ndarray
    weights: bool
    ids: list[str] | None
    size: int | None
    name: str


def recognise_network(source: Source) -> Kind | None:
    """What kind of graph file this is, by content."""
    if source.content == "pickle" or (source.content == "npy" and _may_be_matrix(source)):
        return "adjacency"
    if source.content == "zip":
        return "adjacency" if sparse.recognises(source) else None
    if source.content == "text" and source.head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return None  # JSON, which is one long line as a list of ids is
    seen = text_table.peek(source)
    if seen is None:
        return "ids" if source.content == "text" and _ids(source, 64) else None
    header, rows = seen
    if is_bare(source):
        return "matrix"
    named = [name.lower() for name in header or ()]
    if len(named) > 2 and named[0] in STARTS and named[1] in ENDS:
        return "edges"
    if not rows:
        return "ids" if len(text_table.lines_of(source)) == 1 else None
    if header and _square(header, rows, source):
        return "matrix"
    if (
        not header
        and len(rows[0]) == 3
        and all(row[0].isdigit() and row[1].isdigit() and is_number(row[2]) for row in rows)
    ):
        return "edges"
    return "ids" if len(text_table.lines_of(source)) == 1 else None


def _may_be_matrix(source: Source) -> bool:
    """Whether an array alone in its file is called a graph, or is square."""
    if "adj" in source.stem or "dist" in source.stem:
        return True
    shape = numpy_files.shape(source)
    return len(shape) == 2 and shape[0] == shape[1]


def _square(header: tuple[str, ...], rows: list[list[str]], source: Source) -> bool:
    """A table whose first column names its rows as the header names its columns."""
    named = [row[0] for row in rows]
    return (
        set(named) <= set(header[1:])
        and len(set(named)) == len(named)
        and abs(len(text_table.lines_of(source)) - len(header)) <= 1
    )


def read_network(source: Source, kind: Kind, answers: Answers) -> Network:
    """The graph of the file as it says it, not yet matched with sensors."""
    if kind == "adjacency":
        return _adjacency(source)
    if kind == "matrix" and is_bare(source):
        matrix, weights = read_square(source, answers)
        return _from_matrix(matrix, None, weights, source)
    frame, dialect, _ = text_table.table(source, answers, texts=[0] if kind == "matrix" else [0, 1])
    if kind == "matrix":
        values, _ = text_table.numbers(frame, list(range(1, dialect.columns)), source.name)
        names = [str(name) for name in (dialect.header or ())[1:]]
        rows = _as_ids(frame[0])
        if sorted(rows) != sorted(names):
            raise refuse("adjacency", f"The rows and columns of {source.name} do not have the same names.")
        place = {name: number for number, name in enumerate(rows)}
        return _from_matrix(values[[place[name] for name in names]], names, "adj" in source.stem, source)
    values, _ = text_table.numbers(frame, [2], source.name)
    weights = bool(dialect.header) and str((dialect.header or ("", "", ""))[2]).lower() in ("weight", "w")
    return Network(
        np.array(_as_ids(frame[0])), np.array(_as_ids(frame[1])), values[:, 0], weights, None, None, source.name
    )


def _as_ids(column: pd.Series) -> list[str]:
    """Ids as they are written, but for 3.0, which the number 3 became on its way into the text."""
    return [re.sub(r"^(\d+)\.0$", r"\1", text(cell)) for cell in column.tolist()]


def _adjacency(source: Source) -> Network:
    """An [N, N] array alone, or DCRNN's (ids, positions by id, array)."""
    held = {"npy": numpy_files.alone, "zip": sparse.read}.get(source.content, pickles.load)(source)
    if isinstance(held, sparse.Sparse):
        weights = "dist" not in source.stem and bool(np.isfinite(held.value).all())
        return Network(held.start, held.end, held.value, weights, None, held.size, source.name)
    ids = None
    if isinstance(held, list | tuple) and len(held) == 3 and isinstance(held[1], dict):
        ids, held = [text(part) for part in held[0]], held[2]
    if (
        not isinstance(held, np.ndarray)
        or held.ndim != 2
        or held.shape[0] != held.shape[1]
        or held.dtype.kind not in "fiub"
    ):
        what = f"an array of shape {held.shape}" if isinstance(held, np.ndarray) else f"a {type(held).__name__}"
        raise refuse("adjacency", f"{source.name} holds {what}, no square adjacency.")
    if ids is not None and len(ids) != len(held):
        raise refuse(
            "adjacency", f"{source.name} names {len(ids)} sensors for an adjacency of {len(held)} x {len(held)}."
        )
    weights = "dist" not in source.stem and not np.isinf(held).any()  # no weight is infinite, a distance may be
    return _from_matrix(held.astype(np.float64), ids, weights, source)


def _from_matrix(matrix: np.ndarray, ids: list[str] | None, weights: bool, source: Source) -> Network:
    if np.isnan(matrix).any():
        raise refuse(
            "adjacency", f"{int(np.isnan(matrix).sum())} entries of the adjacency in {source.name} are not numbers."
        )
    if weights:
        start, end, value = graph.from_matrix(matrix)
    else:
        start, end = np.nonzero(np.isfinite(matrix) & ~np.eye(len(matrix), dtype=bool))
        value = matrix[start, end]
    return Network(start, end, value, weights, ids, len(matrix), source.name)


def _ids(source: Source, most: int | None = None) -> list[str]:
    """Ids with commas between, or one a line."""
    whole, _ = source.text_and_encoding
    parts = [part.strip() for part in re.split(r"[,;\n\r]+", whole) if part.strip()]
    return parts if all(re.fullmatch(r"[\w.\-]{1,40}", part) for part in (parts[:most] if most else parts)) else []


def ids(source: Source) -> list[str]:
    """The sensor ids that a list names, in its order."""
    return _ids(source)


EMPTY = 0.3
"""Where more than this share of a table of distances is zero, a zero means no link, not no distance."""


def is_bare(source: Source) -> bool:
    """Numbers alone, as many lines as columns: the first line is one of them, whatever it looks like."""
    header, rows = text_table.peek(source) or (None, [])
    if not rows or len(rows[0]) < 2 or not all(is_number(cell) for row in (header or (), *rows) for cell in row):
        return False
    return len(text_table.lines_of(source)) == len(rows[0])


def read_square(source: Source, answers: Answers) -> tuple[np.ndarray, bool]:
    """([N, N], whether these are weights and not distances): by the file's name, and by numbers of at most 1."""
    frame, dialect, _ = text_table.table(source, answers, headless=True)
    values, _ = text_table.numbers(frame, list(range(dialect.columns)), source.name)
    weights = "adj" in source.stem or not np.nanmax(values) > 1
    if not weights and (values == 0).mean() > EMPTY:
        values[values == 0] = np.inf  # distances of those that are linked, and no others
    return values, weights
