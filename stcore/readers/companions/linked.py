"""From a graph as a file says it to edges between the data's sensors: by id where both have ids, else by position."""

import numpy as np
import pandas as pd
import xarray as xr

from stcore.data import graph
from stcore.findings import Finding, refuse
from stcore.readers.companions.network import Network
from stcore.words import listing

LIST = 16
"""A table with at most so many rows per sensor lists neighbours; a longer one lists all pairs within a distance."""


def attach(
    ds: xr.Dataset, network: Network, order: list[str] | None, rows: list[str] | None = None
) -> tuple[xr.Dataset, list[Finding]]:
    """Edges of the data's sensors, matched by id where both have ids, else by position. ``order``: ids of a matrix without.

    ``rows`` are the ids of a table of sensors beside the data, whose rows a list of edges between positions counts (tsl).
    """
    ds, findings = _with_ids(ds, network)
    sensors = [str(name) for name in ds["sensor"].values]
    numbered = bool(ds.attrs.get("positions"))
    network = (None if numbered else _by_rows(network, rows, sensors)) or _sized(network, len(sensors))
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


def _by_rows(network: Network, rows: list[str] | None, sensors: list[str]) -> Network | None:
    """A list of edges between positions, with the ids of the rows that it counts, where they are known to be the sensors'."""
    if network.size is not None or network.start.dtype.kind not in "iu" or not rows or not set(sensors) <= set(rows):
        return None
    if len(network.start) and max(network.start.max(), network.end.max()) >= len(rows):
        return None
    return network._replace(size=len(rows), ids=rows)


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
        text = (
            f"None of the sensors in {network.name} ({listing(mentioned, 3)}) is in the data ({listing(sensors, 3)})."
        )
        raise refuse("adjacency", text)
    others = [name for name in mentioned if name not in place]
    without = [name for name in sensors if name not in set(mentioned)] if names is not None else []
    said = []
    if others:
        said.append(
            Finding(
                "note",
                "graph-others",
                f"{network.name} knows {len(others)} sensors that the data do not have: {listing(others)}.",
            )
        )
    if without:
        said.append(
            Finding(
                "note",
                "graph-without",
                f"{network.name} does not know {len(without)} sensors of the data: {listing(without)}.",
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
