"""Who is linked with whom: adj_mx.pkl, square tables and arrays, lists of from,to,cost, and lists of ids."""

import re
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from stcore import graph
from stcore.checks import listed
from stcore.findings import Finding, refuse
from stcore.readers import arrays, pickles, sparse, squares, text_table
from stcore.readers.dialect import is_number
from stcore.readers.reader import Answers
from stcore.readers.source import Source

Kind = Literal["adjacency", "edges", "matrix", "ids"]
STARTS, ENDS = ("from", "source", "start", "i", "u", "from_id"), ("to", "target", "end", "j", "v", "to_id")
COSTS = ("cost", "distance", "dist", "length", "weight", "w")
LIST = 16
"""A table with at most so many rows per sensor lists neighbours; a longer one lists all pairs within a distance."""


class Network(NamedTuple):
    """``start``, ``end`` [E] as ids (text) or positions (int), ``value`` [E], what the value is, and ids of a matrix' rows."""

    start: np.ndarray
    end: np.ndarray
    value: np.ndarray
    weights: bool
    ids: list[str] | None
    size: int | None
    name: str


def recognises(source: Source) -> Kind | None:
    """What kind of graph file this is, by content."""
    if source.content == "pickle" or (source.content == "npy" and _may_be_matrix(source)):
        return "adjacency"
    if source.content == "zip":
        return "adjacency" if sparse.recognises(source) else None
    seen = text_table.peek(source)
    if seen is None:
        return "ids" if source.content == "text" and _ids(source, 64) else None
    header, rows = seen
    if squares.is_bare(source):
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
    shape = arrays.shape(source)
    return len(shape) == 2 and shape[0] == shape[1]


def _square(header: tuple[str, ...], rows: list[list[str]], source: Source) -> bool:
    """A table whose first column names its rows as the header names its columns."""
    named = [row[0] for row in rows]
    return (
        set(named) <= set(header[1:])
        and len(set(named)) == len(named)
        and abs(len(text_table.lines_of(source)) - len(header)) <= 1
    )


def read(source: Source, kind: Kind, answers: Answers) -> Network:
    """The graph of the file as it says it, not yet matched with sensors."""
    if kind == "adjacency":
        return _adjacency(source)
    if kind == "matrix" and squares.is_bare(source):
        matrix, weights = squares.read(source, answers)
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
    """Ids as they are written: 007 stays 007, but 3.0, which a number became on its way, is 3."""
    return [re.sub(r"^(\d+)\.0$", r"\1", str(cell).strip()) for cell in column.tolist()]


def _adjacency(source: Source) -> Network:
    """An [N, N] array alone, or DCRNN's (ids, positions by id, array)."""
    held = {"npy": arrays.alone, "zip": sparse.read}.get(source.content, pickles.load)(source)
    if isinstance(held, sparse.Sparse):
        weights = "dist" not in source.stem and bool(np.isfinite(held.value).all())
        return Network(held.start, held.end, held.value, weights, None, held.size, source.name)
    ids = None
    if isinstance(held, list | tuple) and len(held) == 3 and isinstance(held[1], dict):
        ids, held = [_name(part) for part in held[0]], held[2]
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


def _name(part: Any) -> str:
    return part.decode("utf-8", "replace") if isinstance(part, bytes) else str(part)


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
    text, _ = source.text_and_encoding
    parts = [part.strip() for part in re.split(r"[,;\n\r]+", text) if part.strip()]
    return parts if all(re.fullmatch(r"[\w.\-]{1,40}", part) for part in (parts[:most] if most else parts)) else []


def ids(source: Source) -> list[str]:
    """The sensor ids that a list names, in its order."""
    return _ids(source)


def attach(ds: xr.Dataset, network: Network, order: list[str] | None) -> tuple[xr.Dataset, list[Finding]]:
    """Edges of the data's sensors, matched by id where both have ids, else by position. ``order``: ids of a matrix without."""
    ds, findings = _with_ids(ds, network)
    sensors = [str(name) for name in ds["sensor"].values]
    numbered = bool(ds.attrs.get("positions"))
    network = _sized(network, len(sensors))
    names = network.ids or (order if network.size is not None and order and len(order) == network.size else None)
    if network.size is not None and (names is None or numbered):
        if network.size != len(sensors):
            text = (
                f"{network.name} is {network.size} x {network.size}, but the data "
                f"have {len(sensors)} sensors, and it does not say which are meant."
            )
            raise refuse("adjacency", text)
        start, end = network.start, network.end
        if not numbered:
            findings.append(
                Finding(
                    "note",
                    "graph-order",
                    f"{network.name} has no ids; its rows were taken in the order of the data's columns.",
                )
            )
    else:
        start, end, more = _matched(network, names, sensors, numbered)
        findings += more
    inside = (start >= 0) & (end >= 0)
    edges, rule = _weighted(start[inside], end[inside], network.value[inside], network, len(sensors))
    parts = {"edge_from": edges.start, "edge_to": edges.end, "edge_weight": edges.weight}
    ds = ds.assign({name: ("edge", part) for name, part in parts.items()}).assign_attrs(graph=rule)
    if not network.weights:
        cost = (
            pd.Series(network.value[inside], index=start[inside] * len(sensors) + end[inside]).groupby(level=0).first()
        )
        ds = ds.assign(edge_cost=("edge", cost.reindex(edges.start * len(sensors) + edges.end).to_numpy()))
    return ds, findings


def _with_ids(ds: xr.Dataset, network: Network) -> tuple[xr.Dataset, list[Finding]]:
    """Sensors that have only numbers get the ids of a matrix with as many rows."""
    ids = network.ids
    if not ds.attrs.get("positions") or ids is None or len(ids) != ds.sizes["sensor"] or len(set(ids)) < len(ids):
        return ds, []
    text = f"Sensor ids are from {network.name}, whose rows were taken in the order of the data's columns."
    ds = ds.assign_coords(sensor=np.array(ids, dtype=str)).assign_attrs(positions=0)
    return ds, [Finding("note", "ids", text)]


def _sized(network: Network, sensors: int) -> Network:
    """A list of edges between positions is one between the data's sensors, where it fits."""
    if network.size is not None or network.start.dtype.kind not in "iu" or not len(network.start):
        return network
    if (most := int(max(network.start.max(), network.end.max()))) >= sensors:
        raise refuse("adjacency", f"{network.name} links sensor {most}, but the data have {sensors}, numbered from 0.")
    return network._replace(size=sensors)


def _matched(
    network: Network, names: list[str] | None, sensors: list[str], numbered: bool
) -> tuple[np.ndarray, np.ndarray, list[Finding]]:
    """Positions among the data's sensors, -1 for others."""
    place = {name: number for number, name in enumerate(sensors)}
    if names is not None:
        by_row = np.array([place.get(name, -1) for name in names])
        start, end = by_row[network.start], by_row[network.end]
        mentioned = names
    else:
        start, end = (
            np.array([place.get(name, -1) for name in column.tolist()], dtype=np.int64)
            for column in (network.start, network.end)
        )
        mentioned = list(dict.fromkeys([*network.start.tolist(), *network.end.tolist()]))
        if numbered and (start < 0).any() | (end < 0).any():
            worst = next(name for name in mentioned if name not in place)
            text = (
                f"{network.name} links sensor {worst!r}, but the data's sensors have no ids "
                f"and are numbered 0 to {len(sensors) - 1}. Is the list of ids missing?"
            )
            raise refuse("adjacency", text)
    if not any(name in place for name in mentioned):
        text = f"None of the sensors in {network.name} ({listed(mentioned, 3)}) is in the data ({listed(sensors, 3)})."
        raise refuse("adjacency", text)
    others = [name for name in mentioned if name not in place]
    without = [name for name in sensors if name not in set(mentioned)] if names is not None else []
    said = []
    if others:
        said.append(
            Finding(
                "note",
                "graph-others",
                f"{network.name} knows {len(others)} sensors that the data do not have: {listed(others)}.",
            )
        )
    if without:
        said.append(
            Finding(
                "note",
                "graph-without",
                f"{network.name} does not know {len(without)} sensors of the data: {listed(without)}.",
            )
        )
    return start, end, said


def _weighted(
    start: np.ndarray, end: np.ndarray, value: np.ndarray, network: Network, sensors: int
) -> tuple[graph.Edges, str]:
    """Weights as the file has them, or made of its distances; and the rule in words."""
    start, end = start.astype(np.int64), end.astype(np.int64)
    if network.weights:
        return graph.Edges(start, end, value), f"weights from {network.name} as they are"
    if (value[np.isfinite(value)] < 0).any():
        raise refuse("adjacency", f"{network.name} has distances below zero.")
    if len(start) <= LIST * sensors:
        return graph.from_neighbours(
            start, end, value
        ), f"every pair listed in {network.name}; weight exp(-(d/s)\u00b2), s the root mean square distance"
    return graph.from_distances(
        start, end, value
    ), f"distances of {network.name}; weight exp(-(d/std)\u00b2) where at least 0.1 (DCRNN's rule)"
