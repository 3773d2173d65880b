"""Graphs in numpy archives: scipy's sparse matrices, tsl's lists of edges, and a matrix alone in its archive."""

from typing import NamedTuple

import numpy as np

from stcore.findings import DataError, refuse
from stcore.readers.safe import numpy_files
from stcore.readers.source import Source

ROWS, PAIRS = {"data.npy", "indices.npy", "indptr.npy", "shape.npy"}, {"data.npy", "row.npy", "col.npy", "shape.npy"}
LISTS = ({"edge_index.npy", "edge_weight.npy"}, {"arr_0.npy", "arr_1.npy"})


class Sparse(NamedTuple):
    """``start``, ``end`` [E] as positions, ``value`` [E], and the number of rows, where the file says it."""

    start: np.ndarray
    end: np.ndarray
    value: np.ndarray
    size: int | None


def is_sparse(names: set[str]) -> bool:
    """Whether an archive with these members is one of scipy's matrices, whose ``data`` are no series."""
    return names >= ROWS or names >= PAIRS


def recognises(source: Source) -> bool:
    """Whether an archive holds a graph, by what its members are called."""
    names = set(numpy_files.members(source))
    return is_sparse(names) or any(names >= wanted for wanted in LISTS) or _alone(source, names) is not None


def _alone(source: Source, names: set[str]) -> str | None:
    """The only member, where it or its file is called an adjacency or a distance."""
    only = next(iter(names)) if len(names) == 1 else ""
    called = f"{only} {source.stem}".lower()
    return only if only.endswith(".npy") and ("adj" in called or "dist" in called) else None


def read(source: Source) -> Sparse | np.ndarray:
    """The edges, or the matrix where the archive holds one in full; raises DataError where the parts do not agree."""
    names = set(numpy_files.members(source))
    if only := _alone(source, names):
        return numpy_files.member(source, only)
    if not is_sparse(names):
        first, second = ("edge_index", "edge_weight") if names >= LISTS[0] else ("arr_0", "arr_1")
        return _listed(numpy_files.member(source, f"{first}.npy"), numpy_files.member(source, f"{second}.npy"), source)
    shape, value = numpy_files.member(source, "shape.npy"), numpy_files.member(source, "data.npy")
    if shape.shape != (2,) or shape.dtype.kind not in "iu" or shape[0] != shape[1]:
        raise refuse("adjacency", f"{source.name} holds a matrix of {shape.tolist()}, no square adjacency.")
    if names >= PAIRS:
        start, end = numpy_files.member(source, "row.npy"), numpy_files.member(source, "col.npy")
    else:
        start, end = _unpacked(source)
    return _checked(start, end, value, int(shape[0]), source)


def _unpacked(source: Source) -> tuple[np.ndarray, np.ndarray]:
    """(row, column) of the entries of a matrix that is packed by rows (csr) or by columns (csc)."""
    inner, ends = numpy_files.member(source, "indices.npy"), numpy_files.member(source, "indptr.npy")
    kind = "csr"
    if "format.npy" in numpy_files.members(source):
        held = numpy_files.member(source, "format.npy").item()
        kind = held.decode("latin1") if isinstance(held, bytes) else str(held)
    if kind not in ("csr", "csc"):
        raise refuse("adjacency", f"{source.name} is a sparse matrix of the kind {kind[:10]!r}; save it as csr or coo.")
    many: np.ndarray = np.diff(ends.astype(np.int64))
    if (many < 0).any() or many.sum() != len(inner):
        raise _disagree(source)
    outer = np.repeat(np.arange(len(many)), many)
    return (outer, inner) if kind == "csr" else (inner, outer)


def _listed(pairs: np.ndarray, value: np.ndarray, source: Source) -> Sparse:
    if pairs.ndim != 2 or pairs.shape[0] != 2:
        raise refuse(
            "adjacency", f"{source.name} holds an array of shape {pairs.shape} where edges [2, E] were expected."
        )
    return _checked(pairs[0], pairs[1], value, None, source)


def _checked(start: np.ndarray, end: np.ndarray, value: np.ndarray, size: int | None, source: Source) -> Sparse:
    """All of one length, positions that are whole and not below zero, and inside the matrix."""
    if any(part.ndim != 1 or part.shape != value.shape for part in (start, end, value)):
        raise _disagree(source)
    if start.dtype.kind not in "iu" or end.dtype.kind not in "iu" or value.dtype.kind not in "fiub":
        raise _disagree(source)
    start, end, value = start.astype(np.int64), end.astype(np.int64), value.astype(np.float64)
    if len(start) and (min(start.min(), end.min()) < 0 or max(start.max(), end.max()) >= (size or np.inf)):
        raise _disagree(source)
    if np.isnan(value).any():
        raise refuse("adjacency", f"{int(np.isnan(value).sum())} weights in {source.name} are not numbers.")
    return Sparse(start, end, value, size)


def _disagree(source: Source) -> DataError:
    return refuse("adjacency", f"The parts of {source.name} do not agree: they are not the edges of one graph.")
