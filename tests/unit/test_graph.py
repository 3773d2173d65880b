"""Graphs from places, distances and likeness, against hand-made or brute-force answers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stcore.data import graph

PLACES = np.array([[52.0, 7.0], [52.01, 7.0], [52.0, 7.03], [51.5, 7.5], [52.02, 7.01], [52.0, 7.2]])


def dense(edges: graph.Edges, many: int) -> np.ndarray:
    matrix = np.zeros((many, many))
    matrix[edges.start, edges.end] = edges.weight
    return matrix


def test_haversine_of_known_pairs() -> None:
    berlin, munich, sydney = [52.52, 13.405], [48.137, 11.575], [-33.87, 151.21]
    apart = graph.haversine(np.array([berlin]), np.array([munich, sydney, berlin]))[0]
    assert apart[0] == pytest.approx(504.3, abs=0.5)
    assert apart[1] == pytest.approx(16094, abs=20)
    assert apart[2] == 0
    assert graph.haversine(np.array([[0.0, 0.0]]), np.array([[0.0, 180.0]]))[0, 0] == pytest.approx(np.pi * graph.EARTH)
    assert graph.haversine(np.array([[90.0, 0.0]]), np.array([[90.0, 77.0]]))[0, 0] == pytest.approx(0, abs=1e-9)


def test_the_date_line_is_no_border() -> None:
    fiji = np.array([[-17.0, 179.9], [-17.0, -179.9], [-17.0, 178.0]])
    edges = graph.from_coordinates(fiji, 1)
    assert (0, 1) in set(zip(edges.start.tolist(), edges.end.tolist(), strict=True))
    assert graph.haversine(fiji[:1], fiji[1:2])[0, 0] < 25


def test_nearest_is_both_ways_and_nearer_weighs_more() -> None:
    matrix = dense(graph.from_coordinates(PLACES, 2), 6)
    np.testing.assert_array_equal(matrix > 0, matrix.T > 0)
    assert not matrix.diagonal().any()
    apart = graph.haversine(PLACES, PLACES)
    np.fill_diagonal(apart, np.inf)
    wanted = np.zeros((6, 6), bool)
    np.put_along_axis(wanted, np.argsort(apart, axis=1)[:, :2], True, axis=1)
    np.testing.assert_array_equal(matrix > 0, wanted | wanted.T)
    linked = matrix > 0
    assert (np.diff(matrix[linked][np.argsort(apart[linked])]) <= 0).all()


def test_gaussian_is_the_rule_of_dcrnn() -> None:
    apart = graph.haversine(PLACES, PLACES)
    wanted = np.exp(-((apart / apart.std()) ** 2))
    wanted[wanted < 0.1] = 0
    np.fill_diagonal(wanted, 0)
    np.testing.assert_allclose(dense(graph.from_coordinates(PLACES, rule="gaussian"), 6), wanted, atol=1e-12)


def test_sensors_without_a_place_get_no_edge() -> None:
    places = PLACES.copy()
    places[2] = np.nan
    for rule in ("nearest", "gaussian"):
        edges = graph.from_coordinates(places, 3, rule=rule)
        assert 2 not in edges.start
        assert 2 not in edges.end
        assert len(edges.start)
    assert len(graph.from_coordinates(np.full((4, 2), np.nan)).start) == 0
    assert len(graph.from_coordinates(PLACES[:1]).start) == 0


def test_sensors_in_one_place_are_neighbours() -> None:
    edges = graph.from_coordinates(np.repeat(PLACES[:1], 4, axis=0), 2)
    assert np.isfinite(edges.weight).all()
    assert (edges.start != edges.end).all()
    assert len(edges.start)


def test_many_places_by_a_tree_are_those_by_blocks() -> None:
    rng = np.random.default_rng(3)
    places = np.stack([rng.uniform(-80, 80, 700), rng.uniform(-180, 180, 700)], axis=1)
    by_blocks, by_tree = graph._by_blocks(places, 5), graph._by_tree(places, 5)
    np.testing.assert_allclose(by_tree[1], by_blocks[1], rtol=1e-6, atol=1e-6)
    assert (by_tree[0] == by_blocks[0]).mean() > 0.999


def test_distances_by_the_rule_of_dcrnn() -> None:
    start, end, cost = np.array([0, 1, 2, 0]), np.array([1, 2, 0, 2]), np.array([100.0, 200.0, 1000.0, np.inf])
    edges = graph.from_distances(start, end, cost)
    std = np.std([100, 200, 1000])
    assert edges.start.tolist() == [0, 1]
    np.testing.assert_allclose(edges.weight, np.exp(-(np.array([100, 200]) ** 2) / std**2))


def test_a_short_list_of_neighbours_is_kept_whole() -> None:
    start, end, cost = np.arange(5), np.arange(1, 6), np.array([330.0, 340, 350, 360, 900])
    assert len(graph.from_distances(start, end, cost).start) < 5  # why there is another rule
    edges = graph.from_neighbours(start, end, cost)
    assert len(edges.start) == 5
    assert (np.diff(edges.weight) < 0).all()
    assert len(graph.from_neighbours(start, end, np.zeros(5)).start) == 5


def test_a_matrix_is_kept_as_it_is() -> None:
    matrix = np.array([[1.0, 0.5, 0], [0, 0, 0.25], [0, 0, 1]])
    edges = graph.from_matrix(matrix)
    np.testing.assert_array_equal(dense(edges, 3), matrix)
    assert edges.start.tolist() == [0, 0, 1, 2]


def test_correlation_is_that_of_the_shared_steps() -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(size=(400, 5)) @ rng.normal(size=(5, 5)) + rng.normal(size=(400, 5))
    values[rng.random((400, 5)) < 0.2] = np.nan
    matrix = dense(graph.from_correlation(values, 4), 5)
    for one in range(5):
        for other in range(5):
            shared = np.isfinite(values[:, one]) & np.isfinite(values[:, other])
            wanted = np.corrcoef(values[shared, one], values[shared, other])[0, 1] if one != other else 0
            assert matrix[one, other] == pytest.approx(max(wanted, 0), abs=1e-9)


def test_correlation_of_still_and_of_empty_sensors() -> None:
    values = np.random.default_rng(0).normal(size=(50, 4))
    values[:, 1], values[:, 2] = 3.0, np.nan
    edges = graph.from_correlation(values)
    assert not {1, 2} & set(edges.start.tolist())
    assert np.isfinite(edges.weight).all()


@given(
    st.lists(st.tuples(st.floats(-90, 90), st.floats(-180, 180)), min_size=2, max_size=30),
    st.integers(1, 8),
    st.sampled_from(["nearest", "gaussian"]),
)
def test_any_places_give_a_sound_graph(places: list[tuple[float, float]], neighbours: int, rule: str) -> None:
    edges = graph.from_coordinates(np.array(places), neighbours, rule=rule)
    assert len(edges.start) == len(edges.end) == len(edges.weight)
    assert (edges.start != edges.end).all()
    assert ((edges.weight >= 0) & (edges.weight <= 1)).all()
    pairs = set(zip(edges.start.tolist(), edges.end.tolist(), strict=True))
    assert len(pairs) == len(edges.start)
    assert {(end, start) for start, end in pairs} == pairs
