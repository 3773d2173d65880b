"""Every registered pruning strategy against one contract."""

import numpy as np
import pytest

from stcore import registry
from stcore.options import OptionError
from stcore.prune.strategy import PruningStrategy, Samples, Selection

NAMES = list(registry.cards("strategies"))
OPTIONS = {name: registry.card("strategies", name).options.model_fields for name in NAMES}
WITH_KEEP = [name for name in NAMES if "keep" in OPTIONS[name]]
DYNAMIC = [name for name in NAMES if "trim" in OPTIONS[name]]  # those that decide anew in every epoch
BY_ROUNDS = (
    "guarded",
)  # its epochs are parts of a pass: even at both ends instead of full; tests/unit/test_guarded.py
BY_EPOCHS = [name for name in DYNAMIC if name not in BY_ROUNDS]
STATIC = [name for name in WITH_KEEP if name not in DYNAMIC and name != "full"]
UNBIASED = ("full", "random", "infobatch", "st-prune")  # methods.md 11; repb only in the long run
LEANING = ("epsilon-greedy", "ucb", "seta", "repb", "el2n", "grand", "forgetting")
BY_THE_DATA_ALONE = ("full", "ucb", "el2n", "grand", "herding", "craig")  # no chance in them but for equal scores
COLUMNS = ("error", "squared", "sensor_std", "horizon_std", "gradient")
SCORES = {
    "lognormal": lambda rng, count: np.exp(rng.normal(size=count) * 0.6),
    "equal": lambda rng, count: np.ones(count),
    "all easy": lambda rng, count: np.full(count, 1e-9),
    "nothing left to learn": lambda rng, count: np.zeros(count),
    "all hard": lambda rng, count: np.full(count, 1e4),
}


def columns(cost: np.ndarray) -> dict[str, np.ndarray]:
    """Columns of samples that cost so much, visited in batches of 64."""
    cost = cost.astype(np.float32)
    batch = (np.arange(len(cost)) // 64).astype(np.float32)
    series = np.random.default_rng(5).normal(size=(len(cost), 64)).astype(np.float32)
    return dict.fromkeys(COLUMNS, cost) | {"batch": batch, "gradients": series, "embedding": series}


def make(name: str, count: int = 500, epochs: int = 12, seed: int = 0, **options: object) -> PruningStrategy:
    card = registry.card("strategies", name)
    rng = np.random.default_rng(9)
    features = {
        "stationarity": rng.permutation(count) / max(count - 1, 1),
        "naive": np.ones(count, np.float32),
        "hour": np.arange(count) % 168,
        "window": np.arange(count),
        "sensor": np.zeros(count, int),
        "series": rng.normal(size=(count, 64)).astype(np.float32),
    }
    return card.load()(card.options.read(options), Samples(count, epochs, seed, features.__getitem__))


def piloted(strategy: PruningStrategy, costs: np.ndarray) -> PruningStrategy:
    """The strategy after the short trainings it wants, in which samples cost so much [W]."""
    pilot = strategy.pilot
    if pilot is not None:
        for repeat in range(pilot.repeats):
            for epoch in range(pilot.epochs) if pilot.every_epoch else [pilot.epochs - 1]:
                strategy.learn(repeat, epoch, columns(costs))
    return strategy


def train(strategy: PruningStrategy, kind: str = "lognormal", seed: int = 1, until: int = 99) -> list[Selection]:
    """The strategy's selections over a run in which samples cost what ``kind`` says."""
    count = len(strategy.score())
    piloted(strategy, SCORES[kind](np.random.default_rng(seed), count))
    selections = []
    for epoch in range(min(len(strategy.plan), until)):
        if strategy.refresh(epoch):
            cost = SCORES[kind](np.random.default_rng([seed, epoch, 1]), count)
            strategy.observe(epoch, np.arange(count), columns(cost))
        selection = strategy.select(epoch)
        cost = SCORES[kind](np.random.default_rng([seed, epoch]), len(selection.indices))
        strategy.observe(epoch, selection.indices, columns(cost))
        selections.append(selection)
    return selections


def same(left: Selection, right: Selection) -> bool:
    return np.array_equal(left.indices, right.indices) and np.array_equal(left.weights, right.weights)


def smallest(refused: pytest.ExceptionInfo[OptionError]) -> float:
    """The smallest possible share that a refusal names, as a user would type it."""
    return float(str(refused.value).rsplit(" ", 1)[1])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", SCORES)
@pytest.mark.parametrize("count", [1, 2, 500])
def test_selections_are_well_formed(name: str, kind: str, count: int) -> None:
    keep = {"keep": 1.0 if count == 1 else 0.75} if count < 500 and name in WITH_KEEP else {}
    for selection in train(make(name, count, **keep), kind):
        assert selection.indices.dtype == np.int64
        assert len(selection.indices) >= 1
        assert (np.diff(selection.indices) > 0).all()
        assert selection.indices[0] >= 0 and selection.indices[-1] < count
        assert selection.weights.dtype == np.float32 and selection.weights.shape == selection.indices.shape
        assert (selection.weights > 0).all() and selection.weights.max() <= 10.001


@pytest.mark.parametrize("name", WITH_KEEP)
@pytest.mark.parametrize("keep", [0.3, 0.5, 0.75])
@pytest.mark.parametrize("kind", ["lognormal", "equal"])
def test_budget_is_met(name: str, keep: float, kind: str) -> None:
    selections = train(make(name, 1000, 20, keep=keep), kind)
    assert sum(len(selection.indices) for selection in selections) / 20_000 == pytest.approx(keep, rel=0.01)


@pytest.mark.parametrize("name", NAMES)
def test_the_plan_tells_the_visits(name: str) -> None:
    if name not in WITH_KEEP:  # without a budget the plan is only an upper bound
        assert make(name, 1000, 20).plan.max() <= 1000
        return
    strategy = make(name, 1000, 20, keep=0.4)
    visited = [len(selection.indices) for selection in train(strategy)]
    assert len(visited) == len(strategy.plan) and np.abs(np.array(visited) - strategy.plan).max() <= 2


@pytest.mark.parametrize("name", NAMES)
def test_deterministic_by_seed(name: str) -> None:
    first, again = (train(make(name, seed=0)) for _ in range(2))
    assert all(map(same, first, again))


@pytest.mark.parametrize("name", [name for name in NAMES if name not in BY_THE_DATA_ALONE])
def test_another_seed_draws_others(name: str) -> None:
    first, *others = (train(make(name, keep=0.5, seed=seed)) for seed in range(4))
    assert not all(all(map(same, first, other)) for other in others)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("options", [{}, {"keep": 0.5}])
def test_resumed_choices_are_the_same(name: str, options: dict[str, float]) -> None:
    whole = make(name, **options)
    train(whole, until=6)
    state = {key: array.copy() for key, array in whole.state_dict().items()}
    assert all(isinstance(array, np.ndarray) for array in state.values())
    rest = range(6, len(whole.plan))
    after = [whole.select(epoch) for epoch in rest]
    resumed = make(name, **options)  # without a pilot: what it taught must be in the state
    resumed.load_state_dict(state)
    assert all(same(resumed.select(epoch), expected) for epoch, expected in zip(rest, after, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_scores_are_told(name: str) -> None:
    strategy = make(name)
    train(strategy, until=1)
    score = strategy.score()
    assert score.shape == (500,) and np.isfinite(score).any() and not np.isinf(score).any()


@pytest.mark.parametrize("name", STATIC)
def test_what_is_chosen_once_stays(name: str) -> None:
    first, *others = train(make(name))
    assert all(same(first, other) for other in others)


# ---- the schedule that all dynamic methods share -----------------------------------------------------------------------
@pytest.mark.parametrize("name", BY_EPOCHS)
def test_trim_leaves_out_the_hardest(name: str) -> None:
    strategy = make(name, 1000, 20, keep=0.5, trim=0.1)
    level = np.random.default_rng(2).permutation(1000) / 1000
    for epoch in range(20):
        selection = strategy.select(epoch)
        if epoch and strategy.plan[epoch] < 1000:
            assert level[selection.indices].max() < 0.9
        strategy.observe(epoch, np.arange(1000), columns(level))


@pytest.mark.parametrize("name", [name for name in BY_EPOCHS if OPTIONS[name]["keep"].default is None] + ["st-prune"])
def test_trim_works_by_a_papers_own_rule_too(name: str) -> None:
    strategy = make(name, 1000, 20, keep=None, trim=0.1)
    level = np.random.default_rng(2).permutation(1000) / 1000
    for epoch in range(3):
        selection = strategy.select(epoch)
        if epoch:
            assert level[selection.indices].max() < 0.9 and len(selection.indices) > 100
        strategy.observe(epoch, np.arange(1000), columns(level))


@pytest.mark.parametrize("name", DYNAMIC)
def test_floor_keeps_every_hour_of_the_week(name: str) -> None:
    count = 168 * 50
    hour = np.arange(count) % 168
    strategy = make(name, count, 20, keep=0.5, floor=0.2)
    strategy.select(0)
    strategy.observe(0, np.arange(count), columns(hour + 0.01))  # some hours are always easy
    for epoch in (1, 2, 3):
        kept = np.bincount(hour[strategy.select(epoch).indices], minlength=168) / 50
        least = 0.2 * (strategy.plan[epoch] / (0.5 * count) if name in BY_ROUNDS else 1)  # a round is a part of a pass
        assert kept.min() > 0 and np.sort(kept)[:17].mean() > 0.5 * least
        assert kept.sum() * 50 == pytest.approx(strategy.plan[epoch], abs=2)


@pytest.mark.parametrize("name", BY_EPOCHS)
@pytest.mark.parametrize("anneal", ["step", "cosine", "linear"])
def test_pruning_gives_way_to_full_data(name: str, anneal: str) -> None:
    visits = [len(selection.indices) for selection in train(make(name, keep=0.6, anneal=anneal, tail=0.25))]
    assert visits[9:] == [500] * 3
    assert min(np.diff(visits[1:])) >= -2  # after the first epoch nothing is pruned harder than before
    assert (visits[1] < visits[8] - 50) == (anneal != "step")


@pytest.mark.parametrize("name", BY_EPOCHS)
def test_a_shortened_tail_is_said(name: str) -> None:
    assert "not 4" in make(name, 1000, 8, keep=0.35, tail=0.5).notes[0]
    assert not make(name, 1000, 8, keep=0.8).notes


@pytest.mark.parametrize("name", BY_EPOCHS)
def test_an_impossible_share_is_refused_with_the_smallest(name: str) -> None:
    count, epochs, keep = (1, 12, 0.5) if name == "random" else (1000, 2, 0.2)  # random needs no full epoch
    with pytest.raises(OptionError, match="smallest share is") as refused:
        make(name, count, epochs, keep=keep)
    possible = min(smallest(refused) + 0.0005, 1.0)  # it is told with three digits
    strategy = make(name, count, epochs, keep=possible)
    assert sum(len(selection.indices) for selection in train(strategy)) / (count * epochs) == pytest.approx(
        possible, rel=0.01
    )


# ---- bias --------------------------------------------------------------------------------------------------------------
def weighted_sums(name: str, rescaled: bool, draws: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean over draws of sum w g, its standard error, and the sum of g over all data; ``rescaled`` by the kept share."""
    count = 400
    gradient = np.random.default_rng(3).normal(size=(count, 3)) + np.arange(count)[:, None] / count
    level, sums = np.arange(1, count + 1) / count, []
    for seed in range(draws):
        strategy = piloted(make(name, count, 10, seed=seed, **({"keep": 0.6} if name in WITH_KEEP else {})), level)
        strategy.observe(0, np.arange(count), columns(level))
        selection = strategy.select(1)
        scale = count / len(selection.indices) if rescaled else 1.0
        sums.append(scale * (selection.weights[:, None] * gradient[selection.indices]).sum(axis=0))
    return np.mean(sums, axis=0), np.std(sums, axis=0) / np.sqrt(draws), gradient.sum(axis=0)


@pytest.mark.parametrize("name", UNBIASED)
def test_the_weighted_sum_is_unbiased(name: str) -> None:
    mean, error, whole = weighted_sums(name, name == "random", 600)
    assert (np.abs(mean - whole) <= 3.5 * error + 1e-3).all()


@pytest.mark.parametrize("name", LEANING)
def test_the_weighted_sum_leans_where_the_paper_does_not_reweigh(name: str) -> None:
    """So that the test above can fail, and nobody takes these for unbiased."""
    mean, error, whole = weighted_sums(name, True, 100)
    assert (np.abs(mean - whole) > 3.5 * error + 1e-3).any()
