"""Files with a graph: adj_mx.pkl, square tables and arrays, sparse matrices, lists of from,to,cost; and lists of ids."""

import re
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from stcore.data import graph
from stcore.findings import DataError, refuse
from stcore.readers.reader import Answers
from stcore.readers.safe import numpy_files, pickles
from stcore.readers.source import Source
from stcore.readers.tables import text_table
from stcore.readers.tables.roles import cell_text
from stcore.readers.tables.text_table import is_number

Kind = Literal["adjacency", "edges", "matrix", "ids"]
STARTS, ENDS = ("from", "source", "start", "i", "u", "from_id"), ("to", "target", "end", "j", "v", "to_id")
COSTS = ("cost", "distance", "dist", "length", "weight", "w")


class Network(NamedTuple):
    """``start``, ``end`` [E] as ids (text) or positions (int), and ``value`` [E]: weights or distances. A matrix also has the
    ``ids`` of its rows, where known, and its ``size``."""

    start: np.ndarray
    end: np.ndarray
    value: np.ndarray
    weights: bool
    ids: list[str] | None
    size: int | None
    name: str


def recognise_network(source: Source) -> Kind | None:
    """The kind of graph file, by its content; None for other files."""
    if source.content == "pickle" or (source.content == "npy" and _may_be_matrix(source)):
        return "adjacency"
    if source.content == "zip":
        return "adjacency" if is_array_graph(source) else None
    if source.content == "text" and source.head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return None  # JSON is one long line, too
    first = text_table.header_and_rows(source)
    if first is None:
        return "ids" if source.content == "text" and _read_ids(source, 64) else None
    header, rows = first
    if is_bare_matrix(source):
        return "matrix"
    named = [name.lower() for name in header or ()]
    if len(named) > 2 and named[0] in STARTS and named[1] in ENDS:
        return "edges"
    if not rows:
        return "ids" if len(text_table.table_lines(source)) == 1 else None
    if header and _is_named_square(header, rows, source):
        return "matrix"
    if (
        not header
        and len(rows[0]) == 3
        and all(row[0].isdigit() and row[1].isdigit() and is_number(row[2]) for row in rows)
    ):
        return "edges"
    return "ids" if len(text_table.table_lines(source)) == 1 else None


def _may_be_matrix(source: Source) -> bool:
    """Whether the name of a .npy file says that it is a graph, or its array is square."""
    if "adj" in source.stem or "dist" in source.stem:
        return True
    shape = numpy_files.npy_shape(source)
    return len(shape) == 2 and shape[0] == shape[1]


def _is_named_square(header: tuple[str, ...], rows: list[list[str]], source: Source) -> bool:
    """Whether the first column of a table names its rows as the header names its columns."""
    named = [row[0] for row in rows]
    return (
        set(named) <= set(header[1:])
        and len(set(named)) == len(named)
        and abs(len(text_table.table_lines(source)) - len(header)) <= 1
    )


def read_network(source: Source, kind: Kind, answers: Answers) -> Network:
    """The graph in the file, not yet matched with sensors."""
    if kind == "adjacency":
        return _read_adjacency(source)
    if kind == "matrix" and is_bare_matrix(source):
        matrix, weights = read_square(source, answers)
        return _from_matrix(matrix, None, weights, source)
    frame, dialect, _ = text_table.read_table(source, answers, texts=[0] if kind == "matrix" else [0, 1])
    if kind == "matrix":
        values, _ = text_table.numeric_values(frame, list(range(1, dialect.columns)), source.name)
        names = [str(name) for name in (dialect.header or ())[1:]]
        rows = _as_ids(frame[0])
        if sorted(rows) != sorted(names):
            raise refuse("adjacency", f"The rows and columns of {source.name} do not have the same names.")
        position = {name: number for number, name in enumerate(rows)}
        return _from_matrix(values[[position[name] for name in names]], names, "adj" in source.stem, source)
    values, _ = text_table.numeric_values(frame, [2], source.name)
    weights = bool(dialect.header) and str((dialect.header or ("", "", ""))[2]).lower() in ("weight", "w")
    return Network(
        np.array(_as_ids(frame[0])), np.array(_as_ids(frame[1])), values[:, 0], weights, None, None, source.name
    )


def _as_ids(column: pd.Series) -> list[str]:
    """Ids as written, except 3.0, which the number 3 became on its way into the text."""
    return [re.sub(r"^(\d+)\.0$", r"\1", cell_text(cell)) for cell in column.tolist()]


def _read_adjacency(source: Source) -> Network:
    """An [N, N] array, a sparse one, or DCRNN's (ids, positions by id, array)."""
    content = {"npy": numpy_files.read_npy, "zip": read_array_graph}.get(source.content, pickles.load_pickle)(source)
    if isinstance(content, Entries):
        weights = "dist" not in source.stem and bool(np.isfinite(content.value).all())
        return Network(content.start, content.end, content.value, weights, None, content.size, source.name)
    ids = None
    if isinstance(content, list | tuple) and len(content) == 3 and isinstance(content[1], dict):
        ids, content = [cell_text(part) for part in content[0]], content[2]
    if (
        not isinstance(content, np.ndarray)
        or content.ndim != 2
        or content.shape[0] != content.shape[1]
        or content.dtype.kind not in "fiub"
    ):
        what = (
            f"an array of shape {content.shape}" if isinstance(content, np.ndarray) else f"a {type(content).__name__}"
        )
        raise refuse("adjacency", f"{source.name} holds {what}, no square adjacency.")
    if ids is not None and len(ids) != len(content):
        raise refuse(
            "adjacency", f"{source.name} names {len(ids)} sensors for an adjacency of {len(content)} x {len(content)}."
        )
    weights = "dist" not in source.stem and not np.isinf(content).any()  # a weight is never infinite, a distance may be
    return _from_matrix(content.astype(np.float64), ids, weights, source)


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


def _read_ids(source: Source, most: int | None = None) -> list[str]:
    """Ids with commas between them, or one a line."""
    text, _ = source.text_and_encoding
    parts = [part.strip() for part in re.split(r"[,;\n\r]+", text) if part.strip()]
    return parts if all(re.fullmatch(r"[\w.\-]{1,40}", part) for part in (parts[:most] if most else parts)) else []


def sensor_ids(source: Source) -> list[str]:
    """The sensor ids in a list, in its order."""
    return _read_ids(source)


MOST_ZEROS = 0.3
"""Where more than this share of a table of distances is zero, a zero means that there is no link."""


def is_bare_matrix(source: Source) -> bool:
    """Whether a table is square and holds only numbers, its first line included."""
    header, rows = text_table.header_and_rows(source) or (None, [])
    if not rows or len(rows[0]) < 2 or not all(is_number(cell) for row in (header or (), *rows) for cell in row):
        return False
    return len(text_table.table_lines(source)) == len(rows[0])


def read_square(source: Source, answers: Answers) -> tuple[np.ndarray, bool]:
    """([N, N], whether these are weights, not distances): weights by the name of the file, or because none is above 1."""
    frame, dialect, _ = text_table.read_table(source, answers, headless=True)
    values, _ = text_table.numeric_values(frame, list(range(dialect.columns)), source.name)
    weights = "adj" in source.stem or not np.nanmax(values) > 1
    if not weights and (values == 0).mean() > MOST_ZEROS:
        values[values == 0] = np.inf  # distances are given for linked sensors only
    return values, weights


ROWS, PAIRS = {"data.npy", "indices.npy", "indptr.npy", "shape.npy"}, {"data.npy", "row.npy", "col.npy", "shape.npy"}
LISTS = ({"edge_index.npy", "edge_weight.npy"}, {"arr_0.npy", "arr_1.npy"})


class Entries(NamedTuple):
    """``start``, ``end`` [E] as positions, ``value`` [E], and the number of rows, where the file has it."""

    start: np.ndarray
    end: np.ndarray
    value: np.ndarray
    size: int | None


def is_sparse(names: set[str]) -> bool:
    """Whether an archive with these members is a sparse matrix of scipy; its ``data`` are no series."""
    return names >= ROWS or names >= PAIRS


def is_array_graph(source: Source) -> bool:
    """Whether an archive holds a graph, by the names of its members."""
    names = set(numpy_files.members(source))
    return is_sparse(names) or any(names >= wanted for wanted in LISTS) or _only_array(source, names) is not None


def _only_array(source: Source, names: set[str]) -> str | None:
    """The only member, where its name or the file's says adjacency or distance."""
    only = next(iter(names)) if len(names) == 1 else ""
    names_in_text = f"{only} {source.stem}".lower()
    return only if only.endswith(".npy") and ("adj" in names_in_text or "dist" in names_in_text) else None


def read_array_graph(source: Source) -> Entries | np.ndarray:
    """The edges, or the matrix where the archive holds a full one; DataError where the parts do not agree."""
    names = set(numpy_files.members(source))
    if only := _only_array(source, names):
        return numpy_files.read_member(source, only)
    if not is_sparse(names):
        first, second = ("edge_index", "edge_weight") if names >= LISTS[0] else ("arr_0", "arr_1")
        return _edge_list(
            numpy_files.read_member(source, f"{first}.npy"), numpy_files.read_member(source, f"{second}.npy"), source
        )
    shape, value = numpy_files.read_member(source, "shape.npy"), numpy_files.read_member(source, "data.npy")
    if shape.shape != (2,) or shape.dtype.kind not in "iu" or shape[0] != shape[1]:
        raise refuse("adjacency", f"{source.name} holds a matrix of {shape.tolist()}, no square adjacency.")
    if names >= PAIRS:
        start, end = numpy_files.read_member(source, "row.npy"), numpy_files.read_member(source, "col.npy")
    else:
        start, end = _sparse_positions(source)
    return _check_entries(start, end, value, int(shape[0]), source)


def _sparse_positions(source: Source) -> tuple[np.ndarray, np.ndarray]:
    """(row, column) of the entries of a sparse matrix, stored by rows (csr) or by columns (csc)."""
    inner, ends = numpy_files.read_member(source, "indices.npy"), numpy_files.read_member(source, "indptr.npy")
    kind = "csr"
    if "format.npy" in numpy_files.members(source):
        form = numpy_files.read_member(source, "format.npy").item()
        kind = form.decode("latin1") if isinstance(form, bytes) else str(form)
    if kind not in ("csr", "csc"):
        raise refuse("adjacency", f"{source.name} is a sparse matrix of the kind {kind[:10]!r}; save it as csr or coo.")
    many: np.ndarray = np.diff(ends.astype(np.int64))
    if (many < 0).any() or many.sum() != len(inner):
        raise _disagreement(source)
    outer = np.repeat(np.arange(len(many)), many)
    return (outer, inner) if kind == "csr" else (inner, outer)


def _edge_list(pairs: np.ndarray, value: np.ndarray, source: Source) -> Entries:
    if pairs.ndim != 2 or pairs.shape[0] != 2:
        raise refuse(
            "adjacency", f"{source.name} holds an array of shape {pairs.shape} where edges [2, E] were expected."
        )
    return _check_entries(pairs[0], pairs[1], value, None, source)


def _check_entries(start: np.ndarray, end: np.ndarray, value: np.ndarray, size: int | None, source: Source) -> Entries:
    """The entries, checked: of one length, with whole positions inside the matrix."""
    if any(part.ndim != 1 or part.shape != value.shape for part in (start, end, value)):
        raise _disagreement(source)
    if start.dtype.kind not in "iu" or end.dtype.kind not in "iu" or value.dtype.kind not in "fiub":
        raise _disagreement(source)
    start, end, value = start.astype(np.int64), end.astype(np.int64), value.astype(np.float64)
    if len(start) and (min(start.min(), end.min()) < 0 or max(start.max(), end.max()) >= (size or np.inf)):
        raise _disagreement(source)
    if np.isnan(value).any():
        raise refuse("adjacency", f"{int(np.isnan(value).sum())} weights in {source.name} are not numbers.")
    return Entries(start, end, value, size)


def _disagreement(source: Source) -> DataError:
    return refuse("adjacency", f"The parts of {source.name} do not agree: they are not the edges of one graph.")
