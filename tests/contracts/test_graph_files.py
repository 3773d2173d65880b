"""Graphs in the forms of the field: sparse matrices, lists of edges, infinite distances."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from data_samples.arrays import write_pems
from data_samples.hdf5 import write_metr_la
from data_samples.values import IDS, SENSORS, ring
from hostile_tools import refused

import stcore.readers as readers
from stcore.data import STData, graph

START, END = np.nonzero(ring())


def dense(data: STData) -> np.ndarray:
    matrix = np.zeros((SENSORS, SENSORS))
    assert data.edges is not None
    matrix[data.edges[0], data.edges[1]] = data.edges[2]
    return matrix


def arrays(path: Path, *parts: np.ndarray, **named: Any) -> None:
    np.savez(path, *parts, **named)


WRITTEN: dict[str, Callable[[Path], None]] = {
    "csr": lambda folder: scipy.sparse.save_npz(folder / "adj.npz", scipy.sparse.csr_matrix(ring())),
    "csc": lambda folder: scipy.sparse.save_npz(folder / "adj.npz", scipy.sparse.csc_matrix(ring())),
    "coo": lambda folder: scipy.sparse.save_npz(folder / "adj.npz", scipy.sparse.coo_matrix(ring())),
    "tsl by name": lambda folder: arrays(
        folder / "adj.npz", edge_index=np.stack([START, END]), edge_weight=ring()[START, END]
    ),
    "tsl in order": lambda folder: arrays(folder / "adj.npz", np.stack([START, END]), ring()[START, END]),
    "alone in its archive": lambda folder: arrays(folder / "adj_mx.npz", adj_mx=ring()),
    "square and called otherwise": lambda folder: np.save(folder / "sd_rn.npy", ring()),
}


@pytest.mark.parametrize("kind", WRITTEN)
@pytest.mark.parametrize("values", [write_metr_la, write_pems])
def test_graphs_by_position(kind: str, values: Callable[[Path], Path], tmp_path: Path) -> None:
    """The rows are in the order of the data's columns, whether these have ids or not."""
    path = values(tmp_path)
    path.with_suffix(".csv").unlink(missing_ok=True)
    WRITTEN[kind](tmp_path)
    np.testing.assert_allclose(dense(readers.open(tmp_path)), ring())


@pytest.mark.parametrize("name", ["speeds_dist.npy", "dist.npy", "adj.npy"])
def test_infinite_distances_are_no_edges(name: str, tmp_path: Path) -> None:
    """As tsl's metr_la_dist.npy: float32, inf where there is no way, 0 from each sensor to itself."""
    write_metr_la(tmp_path)
    distances = np.full((SENSORS, SENSORS), np.inf, np.float32)
    distances[START, END] = 1000 * (1 + np.arange(SENSORS))
    np.fill_diagonal(distances, 0)
    np.save(tmp_path / name, distances)
    data = readers.open(tmp_path)
    wanted = graph.from_neighbours(START, END, distances[START, END].astype(float))
    assert data.edges is not None
    np.testing.assert_array_equal(data.edges[:2], [wanted.start, wanted.end])
    np.testing.assert_allclose(data.edges[2], wanted.weight)
    assert "root mean square distance" in str(data.ds.attrs["graph"])


def test_numbered_sensors_get_the_ids_of_their_graph(tmp_path: Path) -> None:
    """A DCRNN folder without the list of ids: adj_mx.pkl names the rows, which are in the order of the columns."""
    import pickle

    write_pems(tmp_path).with_suffix(".csv").unlink()
    held = (IDS, {name: place for place, name in enumerate(IDS)}, ring())
    (tmp_path / "adj_mx.pkl").write_bytes(pickle.dumps(held, 2))
    data = readers.open(tmp_path)
    assert data.sensors == IDS
    np.testing.assert_allclose(dense(data), ring())
    assert any(finding.code == "ids" and "adj_mx.pkl" in finding.text for finding in data.findings)


def test_a_sparse_matrix_is_no_series(tmp_path: Path) -> None:
    scipy.sparse.save_npz(tmp_path / "adj.npz", scipy.sparse.csr_matrix(ring()))
    assert "no reader" in refused(tmp_path / "adj.npz", "unknown-format")


SPARSE = {"data": np.ones(2), "indices": np.array([1, 2]), "indptr": np.array([0, 1, 2]), "shape": np.array([2, 2])}
BROKEN: dict[str, tuple[dict[str, np.ndarray], str]] = {
    "beyond its size": (SPARSE | {"format": np.array(b"csr")}, "do not agree"),
    "rows that go back": (SPARSE | {"indptr": np.array([0, 2, 1])}, "do not agree"),
    "more rows than entries": (SPARSE | {"indptr": np.array([0, 2**40])}, "do not agree"),
    "not square": (SPARSE | {"shape": np.array([2, 3])}, "no square"),
    "of another kind": (SPARSE | {"format": np.array(b"bsr")}, "kind"),
    "not numbers": (
        {"edge_index": np.array([[0], [1]]), "edge_weight": np.array([np.nan])},
        "not numbers",
    ),
    "below zero": ({"edge_index": np.array([[0], [-1]]), "edge_weight": np.ones(1)}, "do not agree"),
    "other lengths": ({"edge_index": np.array([[0], [1]]), "edge_weight": np.ones(2)}, "do not agree"),
    "sensors that are not there": ({"edge_index": np.array([[0], [6]]), "edge_weight": np.ones(1)}, "numbered from 0"),
    "no pairs": ({"edge_index": np.ones((3, 2), int), "edge_weight": np.ones(2)}, "edges [2, E]"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_parts_that_do_not_agree_are_refused(kind: str, tmp_path: Path) -> None:
    write_metr_la(tmp_path)
    parts, said = BROKEN[kind]
    arrays(tmp_path / "adj.npz", **parts)
    assert said in refused(tmp_path, "adjacency")
