"""Guarded pruning: the walk through strata, Neyman's allocation, weights that give back, and the guard."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stcore import registry
from stcore.prune.guarded import BOUNDS, Guarded
from stcore.prune.strata import Strata, allocate, mean_loss, round_by_chance
from stcore.prune.strategy import Samples


def make(count: int = 168 * 40, epochs: int = 6, seed: int = 0, **options: object) -> Guarded:
    features = {"hour": np.arange(count) // 40, "sensor": np.arange(count) % 4}
    card = registry.card("strategies", "guarded")
    strategy = card.load()(
        card.options.read({"keep": 0.5, **options}), Samples(count, epochs, seed, features.__getitem__)
    )
    assert isinstance(strategy, Guarded)
    return strategy


def loss(strategy: Guarded) -> np.ndarray:
    """Planted: sensor 0 is hard, and the later hours of the week."""
    sample = np.arange(strategy.samples.count)
    return ((sample % 4 == 0) * 3.0 + sample / len(sample) + 0.2).astype(np.float32)


def rounds(strategy: Guarded, until: int, error: float = 1.0) -> list[tuple[np.ndarray, np.ndarray]]:
    told = []
    for epoch in range(until):
        selection = strategy.select(epoch)
        strategy.observe(epoch, selection.indices, {"error": loss(strategy)[selection.indices]})
        strategy.judge(epoch, error)
        told.append((selection.indices, selection.weights))
    return told


# ---- strata ------------------------------------------------------------------------------------------------------------
@given(st.lists(st.integers(0, 5), min_size=1, max_size=200), st.integers(0, 99))
def test_a_stratum_is_gone_through_before_any_sample_comes_again(groups: list[int], seed: int) -> None:
    group = np.array(groups)
    strata, visited = Strata(group, seed), np.zeros(len(group), int)
    rng = np.random.default_rng(seed)
    for _ in range(6):
        taken = strata.take(rng.integers(0, strata.size + 1))
        assert len(np.unique(taken)) == len(taken)
        visited[taken] += 1
        for one in range(len(strata.size)):
            of_one = visited[group == one]
            assert not len(of_one) or of_one.max() - of_one.min() <= 1


@given(st.lists(st.tuples(st.integers(1, 500), st.floats(0, 100)), min_size=1, max_size=50), st.floats(0.05, 0.9))
def test_an_allocation_meets_its_sum_and_its_bounds(strata: list[tuple[int, float]], share: float) -> None:
    size, score = np.array([part[0] for part in strata]), np.array([part[1] for part in strata]) + 1e-3
    kept = share * size.sum()
    visits = allocate(size, score, kept, BOUNDS)
    assert visits.sum() == pytest.approx(kept, rel=1e-3)
    even = share * size
    assert (visits >= 0.1 * even - 1e-9).all() and (visits <= np.minimum(10 * even, size) + 1e-9).all()


def test_visits_go_in_proportion_to_size_and_loss() -> None:
    np.testing.assert_allclose(
        allocate(np.array([100, 100, 200]), np.array([1.0, 3.0, 2.0]), 40, BOUNDS), [5, 15, 20], rtol=1e-6
    )


def test_rounding_is_by_chance_and_keeps_the_sum() -> None:
    visits = np.array([0.2, 1.5, 3.3, 5.0])
    drawn = np.array([round_by_chance(visits, np.random.default_rng(seed)) for seed in range(4000)])
    assert set(drawn.sum(axis=1)) == {10}
    np.testing.assert_allclose(drawn.mean(axis=0), visits, atol=0.03)


def test_what_was_hardly_visited_is_taken_for_like_its_sensor() -> None:
    total, count = np.array([40.0, 2.0, 5.0, 0.0]), np.array([40.0, 40.0, 1.0, 0.0])  # strata 0 and 2: sensor 0
    mean = mean_loss(total, count, np.array([0, 1, 0, 1]))
    assert 1 < mean[2] < 1.5 and mean[3] < 0.2 and mean[0] == pytest.approx(1.03, abs=0.05)


# ---- the strategy ------------------------------------------------------------------------------------------------------
def test_it_begins_and_ends_evenly_and_visits_the_hard_most_between() -> None:
    strategy = make(tail=0.1)
    told = rounds(strategy, len(strategy.plan))
    hard = [(indices % 4 == 0).mean() for indices, _ in told]
    trusted = np.flatnonzero(strategy.trust)
    even = np.flatnonzero(strategy.trust == 0)
    assert min(hard[place] for place in trusted) > 0.5
    assert max(hard[place] for place in even) < 0.27
    assert all((told[place][1] == 1).all() for place in even)
    assert 0 in even and len(strategy.plan) - 1 in even
    visits = np.bincount(np.concatenate([indices for indices, _ in told]), minlength=strategy.samples.count)
    assert visits.sum() == round(0.5 * 6 * strategy.samples.count) and visits.min() >= 1


def test_weights_give_back_what_the_rates_took() -> None:
    """Mean over draws of sum w g over the kept share equals the sum of g over all data, which unweighted it does not."""
    gradient = np.random.default_rng(3).normal(size=(168 * 40, 2)) + loss(make())[:, None]
    sums: dict[str, list[np.ndarray]] = {"inverse": [], "none": []}
    for weights in sums:
        for seed in range(150):
            strategy = make(seed=seed, weights=weights)
            rounds(strategy, 3)
            indices, given_back = strategy.select(3)
            scale = strategy.samples.count / len(indices)
            sums[weights].append(scale * (given_back[:, None] * gradient[indices]).sum(axis=0))
    whole = gradient.sum(axis=0)
    far = {
        name: np.abs(np.mean(all_of, axis=0) - whole) / (np.std(all_of, axis=0) / np.sqrt(150))
        for name, all_of in sums.items()
    }
    assert far["inverse"].max() < 3.5 < far["none"].min()


def test_the_guard_is_pulled_where_validation_rises() -> None:
    strategy = make()
    rounds(strategy, 5, error=1.0)
    for epoch, error in zip(range(5, 8), (1.2, 1.2, 1.2), strict=True):
        assert strategy.trust_in(epoch) == 1
        strategy.judge(epoch, error)
    assert strategy.trust_in(8) == 0 and (strategy.select(8).weights == 1).all() and strategy.report["guard"] == 1
    calm = make()
    rounds(calm, 5)
    for epoch, error in zip(range(5, 9), (1.2, 1.2, 0.99, 1.2), strict=True):
        calm.judge(epoch, error)
    assert calm.trust_in(9) == 1


@pytest.mark.parametrize("rule", ["root", "threshold"])
def test_rules_by_a_samples_own_loss_score_only_while_passes_are_few(rule: str) -> None:
    strategy = make(rule=rule, weights="none", epochs=12)
    assert strategy.plan.sum() == 6 * strategy.samples.count
    rounds(strategy, 8)
    assert strategy.trust_in(8) == 1 and (strategy.select(8).indices % 4 == 0).mean() > 0.4
    rounds(strategy, len(strategy.plan))
    assert strategy.trust_in(int(len(strategy.plan) * 0.55)) == 0


def test_trim_leaves_the_hardest_out_while_scores_decide() -> None:
    strategy = make(trim=0.05)
    told = rounds(strategy, 10)
    worst = np.quantile(loss(strategy), 0.97)
    assert max(loss(strategy)[told[9][0]]) < worst
    assert len(told[9][0]) == pytest.approx(strategy.plan[9], rel=0.06)


def test_on_windows_strata_are_hours_of_the_week() -> None:
    features = {"hour": np.arange(1680) % 168, "sensor": np.zeros(1680, int)}
    card = registry.card("strategies", "guarded")
    strategy = card.load()(card.options.read({}), Samples(1680, 4, 0, features.__getitem__))
    assert len(strategy.strata.size) == 168 and strategy.select(0).indices.max() < 1680


def test_hours_without_samples_are_no_strata() -> None:
    """Short data do not hold every hour of the week with every sensor."""
    sample = np.arange(3000)
    features = {"hour": 3 + 5 * (sample // 200), "sensor": sample % 4}
    card = registry.card("strategies", "guarded")
    strategy = card.load()(card.options.read({"trim": 0.1}), Samples(3000, 6, 0, features.__getitem__))
    told = rounds(strategy, 20)
    assert (strategy.strata.size == 0).any()
    assert all(len(indices) == pytest.approx(strategy.plan[place], rel=0.01) for place, (indices, _) in enumerate(told))


@pytest.mark.parametrize("rule", ["strata", "root", "threshold"])
def test_where_nothing_is_left_to_learn_all_go_on_alike(rule: str) -> None:
    strategy = make(rule=rule)
    for epoch in range(3):
        selection = strategy.select(epoch)
        assert len(selection.indices) == pytest.approx(strategy.plan[epoch], abs=1)
        strategy.observe(epoch, selection.indices, {"error": np.zeros(len(selection.indices), np.float32)})
    assert strategy.trust_in(3) == 1


def test_a_floor_is_of_a_pass_however_many_rounds_it_has() -> None:
    """Half the visits in 20 or in 80 rounds: a floor of 0.2 gives an hour at least 0.4 of its even visits in either."""
    for number in (20, 80):
        strategy = make(floor=0.2, rounds=number)
        rounds(strategy, 8)
        hours = np.bincount(strategy.select(8).indices // 40, minlength=168) / 40
        even = strategy.plan[8] / strategy.samples.count
        assert 0.3 * even < np.sort(hours)[:20].mean() < 0.8 * even


def test_a_trim_takes_nothing_from_the_budget() -> None:
    """On few samples the turn may come to many of the hardest, which are then replaced."""
    strategy = make(count=120, trim=0.5, keep=0.6)
    told = rounds(strategy, len(strategy.plan))
    assert [len(indices) for indices, _ in told] == strategy.plan.tolist()
    assert all((np.diff(indices) > 0).all() for indices, _ in told)
