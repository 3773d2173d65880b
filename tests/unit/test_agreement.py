"""Whether rankings of sensors agree, and how stable a mask is, against what is known."""

from itertools import combinations
from math import comb

import numpy as np
import pytest

from stcore.evidence.agreement import (
    across_seeds,
    agreement,
    jaccard,
    jaccard_at_most,
    jaccard_by_chance,
    overlap_between_runs,
    overlap_by_epoch,
)


# ---- agreement -------------------------------------------------------------------------------------------------------
def test_equal_rankings_agree_and_opposite_ones_do_not() -> None:
    values = np.random.default_rng(0).normal(size=30)
    assert agreement(values, np.exp(values)) == pytest.approx((1, 1, 1, 30, 1))
    assert agreement(values, -values)[:3] == pytest.approx((-1, -1, -1))


def test_ties_are_left_out_and_sensors_without_a_number_too() -> None:
    one, other = np.array([1, 1, 2, 3, 4.0]), np.array([1, 2, 2, 3, np.nan])
    pairs = [(a, b) for a, b in combinations(range(4), 2)]
    signs = [np.sign(one[a] - one[b]) * np.sign(other[a] - other[b]) for a, b in pairs]
    untied = [sum(values[a] != values[b] for a, b in pairs) for values in (one, other)]
    found = agreement(one, other)
    assert found.tau == pytest.approx(sum(signs) / np.sqrt(untied[0] * untied[1])) and found.sensors == 4
    assert np.isnan(found.low) and np.isnan(found.high), "four sensors carry no interval"


@pytest.mark.parametrize("values", [np.zeros(20), np.full(20, np.nan), np.arange(3.0)])
def test_nothing_to_rank_is_no_number(values: np.ndarray) -> None:
    assert np.isnan(agreement(values, np.arange(len(values)))[:3]).all()


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    rng, held = np.random.default_rng(1), 0
    truth = 2 / np.pi * np.arcsin(0.6)  # Kendall's tau of a normal pair with correlation 0.6 (Greiner 1909)
    for seed in range(50):
        one = rng.normal(size=60)
        other = 0.6 * one + 0.8 * rng.normal(size=60)
        found = agreement(one, other, 100, seed)
        held += found.low <= truth <= found.high
    assert 43 <= held <= 50


def test_seeds_are_compared_in_pairs() -> None:
    values = np.random.default_rng(0).normal(size=(3, 20))
    found = across_seeds(values)
    assert found is not None and found.pairs == 3
    each = [agreement(values[a], values[b]).tau for a, b in combinations(range(3), 2)]
    assert found.tau == pytest.approx(np.mean(each))
    assert across_seeds(values[:1]) is None


# ---- sets ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("one", "other", "count"), [(2, 3, 5), (0, 2, 4), (4, 4, 4), (1, 1, 6), (0, 0, 3)])
def test_chance_is_the_mean_over_all_sets(one: int, other: int, count: int) -> None:
    fixed = np.arange(count) < one
    sets = [np.isin(np.arange(count), chosen) for chosen in combinations(range(count), other)]
    assert len(sets) == comb(count, other)
    assert jaccard_by_chance(one, other, count) == pytest.approx(np.mean([jaccard(fixed, drawn) for drawn in sets]))
    assert max(jaccard(fixed, drawn) for drawn in sets) == jaccard_at_most(one, other)


def test_stability_through_epochs() -> None:
    active = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 1, 0]], bool)
    found = overlap_by_epoch(active)
    assert found["kept"].tolist() == [4, 2, 2] and np.isnan(found["before"][0])
    assert found["before"].tolist()[1:] == [0.5, pytest.approx(1 / 3)]
    assert found["last"].tolist() == [0.5, pytest.approx(1 / 3), 1] and found["last_most"].tolist() == [0.5, 1, 1]
    pair = overlap_between_runs({"a": active[1], "b": active[2]})
    assert pair[["run", "other", "overlap"]].values.tolist() == [["a", "b", pytest.approx(1 / 3)]]
