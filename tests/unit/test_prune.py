"""Budgets, draws and the functions of each pruning paper."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stcore.options import OptionError
from stcore.prune.infobatch import infobatch
from stcore.prune.schedule import LEAST, ScheduleOptions, budget, shape
from stcore.prune.st_prune import STPruneOptions, complexity, keep_probability, st_prune
from stcore.prune.threshold import draw, easy_by_budget, easy_by_mean


@given(st.integers(20, 5000), st.integers(4, 60), st.floats(0.35, 1), st.sampled_from(["step", "cosine", "linear"]))
def test_a_budget_adds_up(count: int, epochs: int, keep: float, anneal: str) -> None:
    try:
        visits, _ = budget(count, epochs, ScheduleOptions(keep=keep, anneal=anneal))
    except OptionError as error:
        smallest = float(str(error).rsplit(" ", 1)[1])
        assert keep < smallest + 1e-3
        return
    assert abs(visits.sum() - keep * epochs * count) <= 1
    assert visits[0] == count and visits.max() <= count
    assert visits.min() >= LEAST * count - 1


def test_a_budget_shortens_the_tail_and_says_so() -> None:
    visits, notes = budget(1000, 8, ScheduleOptions(keep=0.35, tail=0.5))
    assert visits.sum() == 2800
    assert (visits == 1000).sum() < 5
    assert "not 4" in notes[0]


def test_an_impossible_budget_is_refused_with_the_smallest() -> None:
    with pytest.raises(OptionError, match=r"smallest share is 0\.559"):
        budget(1000, 2, ScheduleOptions(keep=0.2))


def test_the_shape_is_full_at_both_ends() -> None:
    for anneal in ("step", "cosine", "linear"):
        level = shape(16, anneal, 0.125)
        assert level[0] == 0 and (level[14:] == 0).all()
        assert level[1] == 1 and (np.diff(level[1:]) <= 1e-12).all()


def test_easy_is_below_the_mean_and_never_unscored() -> None:
    np.testing.assert_array_equal(easy_by_mean(np.array([1, 2, 9, np.nan])), [True, True, False, False])
    assert not easy_by_mean(np.ones(5)).any()
    assert not easy_by_mean(np.full(5, np.nan)).any()


def test_a_budget_takes_the_easiest() -> None:
    scores = np.arange(100.0)
    easy, probability = easy_by_budget(scores, 45, np.random.default_rng(0))
    assert easy[:50].all() and not easy[50:].any() and probability == 0.9


@given(st.integers(1, 300), st.integers(0, 10_000))
def test_a_draw_has_the_size_of_its_probabilities(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    probability = rng.random(count)
    size = draw(probability, rng).sum()
    assert abs(size - probability.sum()) < 1 + 1e-6


def test_a_draw_has_exact_inclusion_probabilities() -> None:
    probability = np.array([0.1, 0.5, 0.9, 1.0, 0.25, 0.0])
    drawn = np.mean([draw(probability, np.random.default_rng([7, seed])) for seed in range(20_000)], axis=0)
    np.testing.assert_allclose(drawn, probability, atol=3.5 * 0.5 / np.sqrt(20_000))


def test_infobatch_is_the_paper() -> None:
    easy = np.arange(100) < 60
    selection = infobatch(easy, 0.5, np.random.default_rng(0))
    assert len(selection.indices) == 70
    np.testing.assert_array_equal(selection.weights, np.where(selection.indices < 60, 2, 1))


@given(st.floats(0.01, 0.89), st.integers(2, 400))
def test_keep_probability_meets_its_mean(prune_probability: float, count: int) -> None:
    calm = np.arange(1, count + 1) / count
    probability = keep_probability(calm, prune_probability)
    assert probability.mean() == pytest.approx(1 - prune_probability, abs=1e-6)
    assert probability.min() >= 0.1 - 1e-12 and probability.max() <= 1
    assert (np.diff(probability) <= 1e-12).all()


def test_st_prune_thins_the_calmest_most() -> None:
    count = 4000
    easy, calm = np.arange(count) < 3000, np.linspace(0, 1, count)
    selection = st_prune(easy, calm, 0.5, np.random.default_rng(0))
    kept = np.zeros(count, bool)
    kept[selection.indices] = True
    assert kept[3000:].all()
    assert kept[:1000].mean() > kept[2000:3000].mean() + 0.2
    assert (selection.weights[selection.indices >= 3000] == 1).all()


def test_complexity_adds_level_and_spreads() -> None:
    np.testing.assert_allclose(complexity(np.ones(2), np.full(2, 2.0), np.full(2, 4.0), (0.5, 0.25)), [3, 3])


def test_a_probability_given_without_a_share_is_meant() -> None:
    assert STPruneOptions.read({"prune_probability": 0}).keep is None
    assert STPruneOptions.read({"prune_probability": 0, "keep": 0.3}).keep == 0.3
    assert STPruneOptions.read({}).keep == 0.5
