"""What the masks known before training promise, and how an order becomes a mask."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from sites import NOBODY, begun, city, grouped, with_values, without_places
from tiny import tiny

from stcore import registry
from stcore.data import STData
from stcore.data.graph import haversine
from stcore.sensors.conditional_variance import RIDGE, explaining_order
from stcore.sensors.correlation import correlation, covariance, definite
from stcore.sensors.coverage import coverage_order
from stcore.sensors.daily_course import course, hours
from stcore.sensors.farthest_first import farthest_first, graph_distances, location_distances
from stcore.sensors.options import MaskOptions
from stcore.sensors.predictive import elimination_order, regression
from stcore.sensors.sites import Sites
from stcore.sensors.variance import variances


# ---- likeness ----------------------------------------------------------------------------------------------------------
def test_covariance_and_correlation_are_over_common_steps() -> None:
    rng = np.random.default_rng(0)
    series = 1e3 + rng.normal(size=(200, 5)) @ rng.normal(size=(5, 5))
    np.testing.assert_allclose(covariance(series), np.cov(series.T, bias=True), rtol=1e-9)
    series[rng.random(series.shape) < 0.3] = np.nan
    table = pd.DataFrame(series)
    pairs = [(a, b) for a in range(5) for b in range(5)]
    expected = [
        table[[a, b]].dropna().cov(ddof=0).to_numpy()[0, -1] if a != b else table[a].var(ddof=0) for a, b in pairs
    ]
    np.testing.assert_allclose(covariance(series).reshape(-1), expected, rtol=1e-6)
    shown = correlation(series)
    np.testing.assert_allclose(shown, table.corr(), atol=0.1)  # there, spreads too are over common steps
    np.testing.assert_allclose(np.diag(shown), 1)
    assert np.abs(shown).max() <= 1


def test_sites_without_readings_or_change_are_like_nobody() -> None:
    series = np.random.default_rng(0).normal(size=(100, 4))
    series[:, 1], series[:, 2], series[5:, 3] = np.nan, 7.1, np.nan
    shown = correlation(series)
    assert not shown[1].any() and not shown[2].any() and not shown[3, :3].any()


def test_pairwise_covariance_is_made_definite() -> None:
    series = np.random.default_rng(1).normal(size=(40, 12)).cumsum(axis=0)
    series[np.random.default_rng(2).random(series.shape) < 0.6] = np.nan
    found = covariance(series)
    assert np.linalg.eigvalsh(found).min() < -0.01, "the test needs one that is not"
    mended = definite(found)
    assert np.linalg.eigvalsh(mended).min() > -1e-9 * np.trace(found)
    whole = np.cov(np.random.default_rng(3).normal(size=(5, 50)))
    np.testing.assert_array_equal(definite(whole), whole)


# ---- conditional variance ----------------------------------------------------------------------------------------------
def unexplained(common: np.ndarray, taken: list[int]) -> float:
    """Sum of the variances given the taken sites, the long way."""
    noise = RIDGE * np.trace(common) / len(common) * np.eye(len(taken))
    part = common[:, taken]
    return float(np.trace(common - part @ np.linalg.solve(common[np.ix_(taken, taken)] + noise, part.T)))


@pytest.mark.parametrize("seed", range(5))
def test_each_choice_leaves_the_least_unexplained(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(7, 7))
    common, prices = mixing @ mixing.T, rng.uniform(1, 3, 7)
    order = explaining_order(common, prices, NOBODY, NOBODY).tolist()
    assert sorted(order) == list(range(7))
    for place, site in enumerate(order):
        before = unexplained(common, order[:place]) if place else float(np.trace(common))
        gain = {
            other: (before - unexplained(common, [*order[:place], other])) / prices[other] for other in order[place:]
        }
        assert gain[site] == pytest.approx(max(gain.values()), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("name", ["conditional-variance", "coverage"])
@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_copies_come_last(name: str, missing: float) -> None:
    rng = np.random.default_rng(0)
    values = grouped(rng)
    values[rng.random(values.shape) < missing] = np.nan
    mask = begun(name, with_values(values), sparsity=6 / 9, connected=False)
    assert mask.keep.reshape(3, 3).sum(axis=1).tolist() == [1, 1, 1]


def test_conditional_variance_weighs_by_raw_variance() -> None:
    mask = begun(
        "conditional-variance", with_values(grouped(np.random.default_rng(0))), sparsity=8 / 9, connected=False
    )
    assert mask.keep[:3].sum() == 1


def test_what_is_forced_on_is_known_to_the_greedy_masks() -> None:
    data = with_values(grouped(np.random.default_rng(0)))
    for name in ("conditional-variance", "coverage"):
        mask = begun(name, data, sparsity=6 / 9, on=["s4"], off=["s0"], connected=False)
        assert mask.keep[4] and not mask.keep[0]
        assert mask.keep.reshape(3, 3).sum(axis=1).tolist() == [1, 1, 1]


# ---- coverage ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(5))
def test_lazy_coverage_is_greedy_coverage(seed: int) -> None:
    rng = np.random.default_rng(seed)
    likeness, prices = np.abs(correlation(rng.normal(size=(30, 9)) @ rng.normal(size=(9, 9)))), rng.uniform(1, 3, 9)
    order = coverage_order(likeness, prices, np.array([3]), np.array([5])).tolist()
    assert order[0] == 3 and order[-1] == 5 and sorted(order) == list(range(9))
    for place in range(1, 8):
        taken, left = order[:place], order[place:-1]
        gain = {site: (value(likeness, [*taken, site]) - value(likeness, taken)) / prices[site] for site in left}
        assert gain[order[place]] == pytest.approx(max(gain.values()), abs=1e-12)


def value(likeness: np.ndarray, taken: list[int]) -> float:
    return float(likeness[taken].max(axis=0).sum())


def test_the_cheaper_of_two_copies_is_taken() -> None:
    data = with_values(grouped(np.random.default_rng(0), noise=0.0))
    costs = [f"s{place}={2 if place % 3 else 1}" for place in range(9)]
    for name in ("conditional-variance", "coverage"):
        mask = begun(name, data, costs=costs, budget=3, connected=False)
        assert np.flatnonzero(mask.keep).tolist() == [0, 3, 6]


# ---- spread ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("kept", [1, 2, 3, 4])
def test_no_site_is_farther_than_twice_the_best(seed: int, kept: int) -> None:
    rng = np.random.default_rng(seed)
    places = np.stack([rng.uniform(-60, 60, 9), (175 + rng.uniform(0, 20, 9) + 180) % 360 - 180], axis=1)  # date line
    first, far, known = location_distances(places)
    order = farthest_first(far, NOBODY, first, np.flatnonzero(known))
    apart = haversine(places, places)
    radius = min(apart[list(some)].min(axis=0).max() for some in combinations(range(9), kept))
    assert apart[order[:kept]].min(axis=0).max() <= 2 * radius + 1e-6


def test_spread_begins_in_the_middle_and_goes_to_the_ends() -> None:
    places = np.stack([np.zeros(5), [179.0, 179.5, 180.0, -179.5, -179.0]], axis=1)  # across the date line
    first, far, known = location_distances(places)
    assert first == 2
    assert set(farthest_first(far, NOBODY, first, np.flatnonzero(known))[1:3]) == {0, 4}


def test_sensors_in_one_place_come_last_and_those_without_a_place_after_them() -> None:
    ds = tiny(100, 6).ds.copy(deep=True)
    ds["lat"][1], ds["lon"][1] = ds["lat"][0], ds["lon"][0]
    ds["lat"][4] = np.nan
    order = begun("farthest-first", STData.of(ds)).order().tolist()
    assert order[-1] == 4 and order[-2] in (0, 1)


def test_spread_without_places_follows_the_graph_and_says_so() -> None:
    start = np.arange(4)
    edges = {"edge_from": start, "edge_to": start + 1, "edge_weight": np.full(4, 0.5)}
    mask = begun(
        "farthest-first", without_places(with_values(grouped(np.random.default_rng(0))[:, :5], **edges), "file")
    )
    assert mask.order()[0] == 2 and set(mask.order()[1:3]) == {0, 4}
    assert "along the graph" in mask.notes[0]


def test_parts_of_a_graph_are_far_from_each_other() -> None:
    apart = graph_distances((np.array([0, 1, 3]), np.array([1, 2, 4]), np.array([0.9, 0.1, 0.5])), 5)
    assert (apart == apart.T).all() and apart[0, 3] > apart[0, 2] > apart[1, 2] > apart[0, 1] > 0
    assert apart[1, 2] == pytest.approx(np.sqrt(np.log(9)), abs=1e-4)


def test_spread_without_places_and_graph_goes_by_likeness_and_says_so() -> None:
    data = without_places(with_values(grouped(np.random.default_rng(0))), "none")
    mask = begun("farthest-first", data, sparsity=6 / 9)
    assert mask.keep.reshape(3, 3).sum(axis=1).tolist() == [1, 1, 1]
    assert "correlation" in mask.notes[0]


# ---- variance and degree -----------------------------------------------------------------------------------------------
def test_variance_ranks_by_spread_in_units() -> None:
    rng = np.random.default_rng(0)
    values = 1e4 + rng.normal(size=(400, 5)) * [1, 5, 3, 2, 4]
    values[::3, 1] = np.nan
    np.testing.assert_allclose(variances(values), np.nanvar(values, axis=0), rtol=1e-9)
    assert begun("variance", with_values(values)).order().tolist() == [1, 4, 2, 3, 0]


def test_degree_sums_weights_both_ways() -> None:
    edges = {"edge_from": np.array([0, 1, 3]), "edge_to": np.array([2, 2, 0]), "edge_weight": np.array([0.9, 0.8, 0.3])}
    mask = begun("degree", with_values(np.random.default_rng(0).normal(size=(100, 4)), **edges))
    assert mask.order().tolist() == [2, 0, 1, 3]


# ---- predictive --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("lags", [(0,), (0, 3)])
def test_each_elimination_is_the_one_that_costs_least(lags: tuple[int, ...]) -> None:
    gram, products = regression(city(), lags, (3, 6))
    together, left, expected = len(lags), list(range(7)), []

    def explained(sites: list[int]) -> float:
        rows = [site * together + part for site in sites for part in range(together)]
        part = products[rows]
        return float(np.trace(part.T @ np.linalg.solve(gram[np.ix_(rows, rows)], part))) if rows else 0.0

    while left:
        gone = max(left, key=lambda site: explained([other for other in left if other != site]))
        left.remove(gone)
        expected.append(gone)
    assert elimination_order(gram, products, together, np.ones(7), np.ones(7)).tolist() == expected


def test_elimination_does_not_count_on_what_is_forced_off_and_knows_what_is_forced_on() -> None:
    copies = {"s0", "s6"}
    for forced, other in (("s0", "s6"), ("s6", "s0")):
        off = begun("predictive", with_values(city()), off=[forced], sparsity=0.6)
        kept = {off.sites.name[site] for site in np.flatnonzero(off.keep)}
        assert kept & copies == {other}
        on = begun("predictive", with_values(city()), on=[forced], sparsity=0.6)
        kept = {on.sites.name[site] for site in np.flatnonzero(on.keep)}
        assert kept & copies == {forced}


# ---- sites -------------------------------------------------------------------------------------------------------------
def test_a_region_across_the_date_line_has_its_middle_there() -> None:
    ds = tiny(100, 8, grid=(2, 4)).ds.copy(deep=True)
    ds["lon"][:] = [178, 179.5, -179.5, -178, 178, 179.5, -179.5, -178]
    places = Sites(STData.of(ds), MaskOptions.read({"region": 4})).locations
    assert places is not None and places.shape == (1, 2)
    assert abs(abs(places[0, 1]) - 180) < 1e-9


def test_a_region_reads_the_mean_of_its_cells_that_measured() -> None:
    ds = tiny(100, 4, grid=(2, 2), missing=0.3).ds
    found = Sites(STData.of(ds), MaskOptions.read({"region": 2})).series
    single = Sites(STData.of(ds), MaskOptions.read({"region": 1})).series
    expected = pd.DataFrame(single.astype(float)).mean(axis=1).to_numpy()[:, None]
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_the_usual_day_is_a_mean_by_hour_of_what_was_seen() -> None:
    clock = pd.date_range("2026-01-02", periods=96, freq="1h")  # from a Friday to a Monday
    series = np.random.default_rng(0).normal(size=(96, 3))
    seen = np.random.default_rng(1).random((96, 3)) < 0.8
    seen[clock.hour == 5] = False
    table = pd.DataFrame(np.where(seen, series, np.nan)).groupby(hours(clock)).mean().fillna(0)
    np.testing.assert_allclose(course(series, seen, hours(clock)), table, rtol=1e-12)


# ---- dynst -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("forced", ["s0", "s6"])
def test_of_copies_one_stays_on_where_another_is_forced_off(forced: str) -> None:
    """Also where the one that is off would have been worth most."""
    card = registry.card("masks", "dynst")
    settings = card.options.read({"sparsity": 0.5, "off": [forced]})
    mask = card.load()(settings, Sites(with_values(city()), settings), 8, 0)
    mask.prior = np.array([1.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.9])
    mask.begin(0, lambda masks: np.ones(len(masks)))
    assert mask.duplicates[[0, 6]].tolist().count(-1) == 1
    assert mask.keep[[0, 6]].sum() == 1 and not mask.keep[int(forced[1:])]
