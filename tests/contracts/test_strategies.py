"""Every registered pruning strategy against one contract."""

import numpy as np
import pytest

from stcore import registry
from stcore.prune.strategy import PruningStrategy, Samples, Selection

NAMES = list(registry.cards("strategies"))
COLUMNS = ("level", "sensor_spread", "horizon_spread", "gradient", "excess", "relative")
SCORES = {
    "lognormal": lambda rng, count: np.exp(rng.normal(size=count) * 0.6),
    "equal": lambda rng, count: np.ones(count),
    "all easy": lambda rng, count: np.full(count, 1e-9),
    "all hard": lambda rng, count: np.full(count, 1e4),
}


def make(name: str, count: int = 500, epochs: int = 12, seed: int = 0, **options: object) -> PruningStrategy:
    card = registry.card("strategies", name)
    calm = np.random.default_rng(9).permutation(count) / max(count - 1, 1)
    features = {"stationarity": calm, "cell": np.arange(count) % 168}
    return card.load()(card.options.read(options), Samples(count, epochs, seed, features.__getitem__))


def train(strategy: PruningStrategy, epochs: int, kind: str = "lognormal", seed: int = 1) -> list[Selection]:
    """The strategy's selections over a run in which samples cost what ``kind`` says."""
    selections = []
    for epoch in range(epochs):
        selection = strategy.select(epoch)
        rng = np.random.default_rng([seed, epoch])
        cost = SCORES[kind](rng, len(selection.indices)).astype(np.float32)
        strategy.observe(epoch, selection.indices, dict.fromkeys(COLUMNS, cost))
        selections.append(selection)
    return selections


def takes_keep(name: str) -> bool:
    return "keep" in registry.card("strategies", name).options.model_fields


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", SCORES)
@pytest.mark.parametrize("count", [1, 2, 500])
def test_selections_are_well_formed(name: str, kind: str, count: int) -> None:
    for selection in train(make(name, count), 12, kind):
        assert selection.indices.dtype == np.int64
        assert len(selection.indices) >= 1
        assert (np.diff(selection.indices) > 0).all()
        assert selection.indices[0] >= 0 and selection.indices[-1] < count
        assert selection.weights.dtype == np.float32 and selection.weights.shape == selection.indices.shape
        assert (selection.weights > 0).all() and selection.weights.max() <= 10.001


@pytest.mark.parametrize("name", [name for name in NAMES if takes_keep(name)])
@pytest.mark.parametrize("keep", [0.3, 0.5, 0.75])
def test_budget_is_met(name: str, keep: float) -> None:
    selections = train(make(name, 1000, 20, keep=keep), 20)
    assert sum(len(selection.indices) for selection in selections) / 20_000 == pytest.approx(keep, rel=0.01)


@pytest.mark.parametrize("name", NAMES)
def test_the_plan_tells_the_visits(name: str) -> None:
    strategy = make(name, 1000, 20)
    if not takes_keep(name) or name == "infobatch":  # without a budget the plan is only an upper bound
        assert strategy.plan.max() <= 1000
        return
    visited = [len(selection.indices) for selection in train(strategy, 20)]
    assert np.abs(np.array(visited) - strategy.plan).max() <= 2


@pytest.mark.parametrize("name", NAMES)
def test_deterministic_by_seed(name: str) -> None:
    first, again = (train(make(name, seed=0), 12) for _ in range(2))
    for left, right in zip(first, again, strict=True):
        np.testing.assert_array_equal(left.indices, right.indices)
        np.testing.assert_array_equal(left.weights, right.weights)


@pytest.mark.parametrize("name", ["random", "infobatch", "st-prune"])
def test_another_seed_draws_others(name: str) -> None:
    first, other = (train(make(name, keep=0.5, seed=seed), 12) for seed in (0, 1))
    assert any(not np.array_equal(left.indices, right.indices) for left, right in zip(first, other, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_resumed_choices_are_the_same(name: str) -> None:
    whole = make(name)
    before = train(whole, 6)
    state = {key: array.copy() for key, array in whole.state_dict().items()}
    assert all(isinstance(array, np.ndarray) for array in state.values())
    after = [whole.select(epoch) for epoch in range(6, 12)]
    resumed = make(name)
    resumed.load_state_dict(state)
    for epoch, expected in zip(range(6, 12), after, strict=True):
        selection = resumed.select(epoch)
        np.testing.assert_array_equal(selection.indices, expected.indices)
        np.testing.assert_array_equal(selection.weights, expected.weights)
    assert len(before) == 6


@pytest.mark.parametrize("name", NAMES)
def test_scores_are_told(name: str) -> None:
    strategy = make(name)
    train(strategy, 3)
    score = strategy.score()
    assert score.shape == (500,) and np.isfinite(score).any()


@pytest.mark.parametrize("name", ["full", "random", "infobatch", "st-prune"])
def test_the_weighted_sum_is_unbiased(name: str) -> None:
    """The mean over draws of sum w g / (sum of g times the kept share where weights are 1) is that of all data."""
    count, draws = 400, 600
    gradient = np.random.default_rng(3).normal(size=(count, 3)) + np.arange(count)[:, None] / count
    sums = []
    for seed in range(draws):
        strategy = make(name, count, 10, seed=seed, **({"keep": 0.6} if takes_keep(name) else {}))
        level = (np.arange(count) / count).astype(np.float32)
        strategy.observe(0, np.arange(count), dict.fromkeys(COLUMNS, level))
        selection = strategy.select(1)
        scale = count / len(selection.indices) if name == "random" else 1.0
        sums.append(scale * (selection.weights[:, None] * gradient[selection.indices]).sum(axis=0))
    mean, error = np.mean(sums, axis=0), np.std(sums, axis=0) / np.sqrt(draws)
    assert (np.abs(mean - gradient.sum(axis=0)) <= 3.5 * error + 1e-3).all()
