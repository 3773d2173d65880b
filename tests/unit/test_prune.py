"""Budgets, draws and the functions of each pruning paper that decides anew in every epoch, by small cases made by hand."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stcore.options import OptionError
from stcore.prune import repb, seta
from stcore.prune.draws import SEPARATE, draw, easy_by_budget, easy_by_mean, hardest
from stcore.prune.dynamic import meet_floor, without_hardest
from stcore.prune.epsilon_greedy import EpsilonGreedy, EpsilonGreedyOptions, epsilon_greedy
from stcore.prune.infobatch import InfoBatch, InfoBatchOptions, infobatch, thin_evenly
from stcore.prune.schedule import SMALLEST_SHARE, ScheduleOptions, full_passes, plan_visits, pruning_curve
from stcore.prune.st_prune import STPruneOptions, complexity, excess_over_hour, keep_probability, st_prune
from stcore.prune.strategy import Samples, Selection
from stcore.prune.ucb import running_moments, upper_bound

RNG = np.random.default_rng


@given(st.integers(20, 5000), st.integers(4, 60), st.floats(0.35, 1), st.sampled_from(["step", "cosine", "linear"]))
def test_a_budget_adds_up(count: int, epochs: int, keep: float, anneal: str) -> None:
    try:
        visits, _ = plan_visits(count, epochs, ScheduleOptions(keep=keep, anneal=anneal))
    except OptionError as error:
        smallest = float(str(error).rsplit(" ", 1)[1])
        assert keep < smallest + 1e-3
        return
    assert abs(visits.sum() - keep * epochs * count) <= 1
    assert visits[0] == count and visits.max() <= count
    assert visits.min() >= SMALLEST_SHARE * count - 1


def test_a_budget_shortens_the_tail_and_says_so() -> None:
    visits, notes = plan_visits(1000, 8, ScheduleOptions(keep=0.35, tail=0.5))
    assert visits.sum() == 2800
    assert (visits == 1000).sum() < 5
    assert "not 4" in notes[0]


def test_an_impossible_budget_is_refused_with_the_smallest() -> None:
    with pytest.raises(OptionError, match=r"smallest share is 0\.559"):
        plan_visits(1000, 2, ScheduleOptions(keep=0.2))


def test_the_shape_is_full_at_both_ends() -> None:
    for anneal in ("step", "cosine", "linear"):
        level = pruning_curve(16, anneal, 0.125)
        assert level[0] == 0 and (level[14:] == 0).all()
        assert level[1] == 1 and (np.diff(level[1:]) <= 1e-12).all()


def test_full_passes_end_with_a_partial_one() -> None:
    np.testing.assert_array_equal(full_passes(100, 5, 0.5), [100, 100, 50])
    np.testing.assert_array_equal(full_passes(100, 4, 0.5), [100, 100])


# ---- draws -------------------------------------------------------------------------------------------------------------
def test_easy_is_below_the_mean_and_never_unscored() -> None:
    np.testing.assert_array_equal(easy_by_mean(np.array([1, 2, 9, np.nan])), [True, True, False, False])
    assert not easy_by_mean(np.ones(5)).any()
    assert not easy_by_mean(np.full(5, np.nan)).any()


def test_a_budget_takes_the_easiest() -> None:
    scores = np.arange(100.0)
    easy, probability = easy_by_budget(scores, 45, RNG(0))
    assert easy[:50].all() and not easy[50:].any() and probability == 0.9


@pytest.mark.parametrize("count", [1, 7, 300, 10_000])
@given(seed=st.integers(0, 10_000))
def test_a_draw_has_the_size_of_its_probabilities(count: int, seed: int) -> None:
    rng = RNG(seed)
    probability = rng.random(count)
    assert abs(draw(probability, rng).sum() - probability.sum()) < 1 + 1e-6


def test_a_draw_from_very_many_is_right_within_chance() -> None:
    probability = RNG(0).random(SEPARATE + 1)
    probability[:3] = 0, 1, 1
    drawn = draw(probability, RNG(1))
    assert drawn[:3].tolist() == [False, True, True]
    assert abs(drawn.sum() - probability.sum()) < 4 * np.sqrt((probability * (1 - probability)).sum())


def test_a_draw_has_exact_inclusion_probabilities() -> None:
    probability = np.array([0.1, 0.5, 0.9, 1.0, 0.25, 0.0])
    drawn = np.mean([draw(probability, RNG([7, seed])) for seed in range(20_000)], axis=0)
    np.testing.assert_allclose(drawn, probability, atol=3.5 * 0.5 / np.sqrt(20_000))


@given(st.lists(st.sampled_from([0.0, 1.0, 2.0, np.nan]), min_size=1, max_size=40), st.integers(0, 40))
def test_the_hardest_are_as_many_as_asked_for(scores: list[float], kept: int) -> None:
    array = np.array(scores)
    chosen = hardest(array, min(kept, len(array)), RNG(0))
    known = np.where(np.isnan(array), np.inf, array)
    assert chosen.sum() == min(kept, len(array))
    if chosen.any() and not chosen.all():
        assert known[chosen].min() >= known[~chosen].max()


def test_trimming_leaves_out_the_hardest_but_not_the_unknown() -> None:
    np.testing.assert_array_equal(without_hardest(np.array([5, np.nan, 9, 1]), 1, RNG(0)), [0, 1, 3])
    np.testing.assert_array_equal(without_hardest(np.array([np.nan, np.nan, 9, np.nan]), 3, RNG(0)), [0, 1, 3])


def test_a_floor_takes_from_the_methods_own_budget() -> None:
    cells = np.repeat([0, 1], 50)

    def proposed(target: float) -> np.ndarray:
        return np.where(np.arange(100) >= 100 - round(target), 1.0, 0.0)  # all from cell 1

    chance = meet_floor(proposed, 40, cells, 0.2)
    assert chance.sum() == pytest.approx(40, abs=1)
    assert chance[:50].mean() == pytest.approx(0.2)


# ---- InfoBatch and ST-Prune --------------------------------------------------------------------------------------------
def test_infobatch_is_the_paper() -> None:
    np.testing.assert_array_equal(thin_evenly(np.array([True, True, False]), 0.4), [0.6, 0.6, 1])
    indices, weights = infobatch(np.arange(100.0), 0.4, RNG(0))
    assert len(indices) == 80 and set(range(50, 100)) <= set(indices)  # 40 % of the 50 below the mean are pruned
    np.testing.assert_allclose(weights, np.where(indices < 50, 1 / 0.6, 1), rtol=1e-6)


def test_an_epoch_of_the_class_is_the_function() -> None:
    strategy = InfoBatch(InfoBatchOptions(prune_probability=0.4), Samples(100, 8, 3, lambda name: np.zeros(100)))
    strategy.observe(0, np.arange(100), {"error": np.arange(100, dtype=np.float32)})
    chosen, expected = strategy.select(1), infobatch(strategy.score(), 0.4, strategy.generator(1))
    np.testing.assert_array_equal(chosen.indices, expected.indices)
    np.testing.assert_array_equal(chosen.weights, expected.weights)


@given(st.floats(0.01, 0.89), st.integers(2, 400))
def test_keep_probability_meets_its_mean(prune_probability: float, count: int) -> None:
    calm = np.arange(1, count + 1) / count
    probability = keep_probability(calm, prune_probability)
    assert probability.mean() == pytest.approx(1 - prune_probability, abs=1e-6)
    assert probability.min() >= 0.1 - 1e-12 and probability.max() <= 1
    assert (np.diff(probability) <= 1e-12).all()


def test_st_prune_thins_the_calmest_most() -> None:
    easy = np.arange(400) < 300
    chance = st_prune(easy, 1 - np.arange(400) / 400, 0.5)
    assert (chance[300:] == 1).all()
    assert chance[:300].mean() == pytest.approx(0.5) and (np.diff(chance[:300]) >= 0).all()


def test_complexity_adds_level_and_spreads() -> None:
    np.testing.assert_allclose(complexity(np.ones(2), np.full(2, 2.0), np.full(2, 4.0), (0.5, 0.25)), [3, 3])


def test_excess_is_above_the_mean_of_the_same_hour() -> None:
    scores, cells = np.array([1.0, 3.0, 10.0, np.nan, 20.0]), np.array([0, 0, 1, 1, 1])
    np.testing.assert_array_equal(excess_over_hour(scores, cells), [-1, 1, -5, np.nan, 5])


def test_a_probability_given_without_a_share_is_meant() -> None:
    assert STPruneOptions.read({"prune_probability": 0}).keep is None
    assert STPruneOptions.read({"prune_probability": 0, "keep": 0.3}).keep == 0.3
    assert STPruneOptions.read({}).keep == 0.5


def test_old_names_of_its_options_are_read() -> None:
    old = {"level": "relative", "sensor_spread": 2.0, "horizon_spread": 0.0}
    assert STPruneOptions.read(old) == STPruneOptions(measure="relative", sensor_std=2.0, horizon_std=0.0)


# ---- epsilon-greedy and UCB --------------------------------------------------------------------------------------------
def test_epsilon_greedy_takes_the_hardest_and_some_by_chance() -> None:
    scores = np.arange(100.0)
    drawn = np.array([epsilon_greedy(scores, 40, 0.25, RNG(seed)) for seed in range(400)])
    assert (drawn.sum(axis=1) == 40).all()
    assert drawn[:, 70:].all()  # 30 of 40 by score
    np.testing.assert_allclose(drawn[:, :70].mean(axis=0), 10 / 70, atol=3.7 * 0.35 / 20)


def test_the_bound_is_mean_plus_variance_as_in_the_re_implementation() -> None:
    mean, variance = running_moments(np.array([np.nan]), np.zeros(1), np.array([1.0]), 0.8)
    assert (mean[0], variance[0]) == pytest.approx((0.8, 0.8))
    mean, variance = running_moments(mean, variance, np.array([2.0]), 0.8)
    assert (mean[0], variance[0]) == pytest.approx((0.2 * 0.8 + 1.6, 0.2 * 0.8 + 0.8 * 1.2**2))
    assert upper_bound(np.array([1.0]), np.array([0.25]), 2.0, False)[0] == 1.5
    assert upper_bound(np.array([1.0]), np.array([0.25]), 2.0, True)[0] == 2.0


def rounds(**more: object) -> tuple[EpsilonGreedy, list[Selection], list[int]]:
    """Ten epochs of epsilon-greedy over samples whose errors change, and those in which it asked for a refresh."""
    strategy = EpsilonGreedy(
        EpsilonGreedyOptions(period=3, **more), Samples(200, 10, 0, dict[str, np.ndarray]().__getitem__)
    )
    selections, asked = [], []
    for epoch in range(10):
        if strategy.refresh(epoch):
            asked.append(epoch)
            strategy.observe(epoch, np.arange(200), {"error": RNG([1, epoch]).random(200).astype(np.float32)})
        selections.append(strategy.select(epoch))
        visited = selections[-1].indices
        strategy.observe(epoch, visited, {"error": RNG([2, epoch]).random(len(visited)).astype(np.float32)})
    return strategy, selections, asked


def changes(selections: list[Selection]) -> list[int]:
    """Epochs in which more changed than the rounding of a budget asks for."""
    pairs = enumerate(pairwise(selections), 1)
    return [epoch for epoch, (one, next_) in pairs if len(np.setxor1d(one.indices, next_.indices)) > 4]


def test_a_choice_stands_for_its_period() -> None:
    _, selections, asked = rounds()
    assert asked == [4, 7]  # before the first choice everything has just been met
    assert changes(selections) == [1, 4, 7]
    _, selections, asked = rounds(refresh=False)
    assert asked == [] and changes(selections) == [1, 4, 7]


def test_annealing_ends_the_rounds() -> None:
    _, selections, asked = rounds(tail=0.3)
    assert asked == [4] and [len(selection.indices) for selection in selections[7:]] == [200] * 3


# ---- SeTa --------------------------------------------------------------------------------------------------------------
def test_groups_are_those_of_k_means() -> None:
    ordered = np.sort(np.concatenate([RNG(0).normal(middle, 0.1, 50) for middle in (1, 5, 9)]))
    np.testing.assert_array_equal(seta.group_bounds(ordered, 3), [0, 50, 100, 150])
    np.testing.assert_array_equal(seta.group_bounds(np.ones(10), 5), [0, 2, 4, 6, 8, 10])
    skewed = np.sort(np.exp(RNG(1).normal(size=2000)))
    bounds = seta.group_bounds(skewed, 4)
    means = [skewed[first:end].mean() for first, end in pairwise(bounds)]
    nearest = np.abs(skewed[:, None] - np.array(means)).argmin(axis=1)
    np.testing.assert_array_equal(nearest, np.searchsorted(bounds, np.arange(2000), side="right") - 1)  # a fixed point


def test_the_window_slides_from_easy_to_hard_and_starts_over() -> None:
    ordered = np.repeat([1.0, 2.0, 3.0, 4.0], 5)
    assert [seta.seta(ordered, turn, 4, 2) for turn in range(4)] == [(0, 10), (5, 15), (10, 20), (0, 10)]


@given(st.integers(1, 500), st.integers(1, 30), st.floats(0.01, 1))
def test_a_window_of_a_budget_meets_every_sample(count: int, groups: int, share: float) -> None:
    groups, kept = min(groups, count), max(1, round(share * count))
    if kept < count / groups:  # narrower than a group: the cycle leaves gaps, as one must
        return
    met = np.zeros(count, bool)
    for turn in range(groups):
        first, end = seta.seta_by_budget(count, kept, turn, groups)
        assert first >= 0 and end <= count and end - first == kept
        met[first:end] = True
    assert met.all() or kept == count


# ---- RePB --------------------------------------------------------------------------------------------------------------
def test_a_loss_is_held_against_its_own_batches() -> None:
    level, batch = np.array([1.0, 3.0, 10.0, 20.0]), np.array([0.0, 0.0, 1.0, 1.0])
    np.testing.assert_array_equal(repb.excess_over_batches(level, batch, 1), [-1, 1, -5, 5])
    np.testing.assert_array_equal(repb.excess_over_batches(level, batch, 2), level - 8.5)


def test_repb_brings_the_others_back_by_chance() -> None:
    above = np.array([0.5, 0.0, -0.5, -np.inf])  # the last was not visited
    np.testing.assert_allclose(repb.repb(above, 0.7), [1, 1, 0.3, 0.3])


@pytest.mark.parametrize("kept", [5, 20, 35, 60, 90])
def test_a_budget_chooses_rho(kept: float) -> None:
    above = np.concatenate([np.linspace(0, 1, 30), np.linspace(-1, -0.1, 30), np.full(40, -np.inf)])
    chance = repb.repb_by_budget(above, kept, RNG(0))
    assert chance.sum() == pytest.approx(kept)
    assert (chance[30:] >= 0.0999).all() or kept < 10
    assert (np.diff(chance[:30]) >= 0).all()  # those most above their mean stay longest


def test_a_weight_is_epochs_over_selections() -> None:
    strategy = repb.RePB(repb.RePBOptions(), Samples(3, 30, 0, dict[str, np.ndarray]().__getitem__))
    for epoch, visited in enumerate([[0, 1, 2], [0, 1], [0]]):
        columns = {"error": np.ones(len(visited), np.float32), "batch": np.zeros(len(visited), np.float32)}
        strategy.observe(epoch, np.array(visited), columns)
    np.testing.assert_allclose(strategy.weigh(np.arange(3), np.ones(3)), [1, 1.5, 3])
