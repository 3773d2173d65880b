"""The methods that choose once before training, on planted data."""

import numpy as np
import pytest

from stcore.options import OptionError
from stcore.prune.blockwise import EmbeddingOptions
from stcore.prune.craig import CRAIG, CRAIGOptions, craig, likeness
from stcore.prune.el2n import EL2N
from stcore.prune.forgetting import Forgetting, ForgettingOptions, is_learned
from stcore.prune.herding import Herding, herding
from stcore.prune.k_center import KCenter, k_center
from stcore.prune.scored import ScoredOptions, rank_within, sample_tenths
from stcore.prune.static import StaticOptions
from stcore.prune.strategy import Samples
from stcore.prune.stride import Stride, every_kth

RNG = np.random.default_rng
GROUPS, COPIES = 12, 5


def copies() -> np.ndarray:
    """Rows [60, 64]: twelve of them, each five times; row i is a copy of group i % 12."""
    return np.tile(RNG(0).normal(size=(GROUPS, 64)), (COPIES, 1)).astype(np.float32)


def samples(count: int, seed: int = 0, **features: np.ndarray) -> Samples:
    return Samples(count, 4, seed, features.__getitem__)


# ---- subsets of what lies in space --------------------------------------------------------------------------------------
def test_one_of_each_copy_is_taken() -> None:
    rows = copies()
    ways = {
        "k-center": k_center(rows, GROUPS, RNG(1)),
        "herding": herding(rows, GROUPS),
        "craig": craig(likeness(rows), GROUPS) > 0,
    }
    for name, chosen in ways.items():
        assert sorted(np.flatnonzero(chosen) % GROUPS) == list(range(GROUPS)), name


def test_herding_follows_the_mean_better_than_chance_and_than_argmax() -> None:
    rows = RNG(2).normal(size=(400, 8)) + 3
    apart = [np.linalg.norm(rows[herding(rows, kept)].mean(axis=0) - rows.mean(axis=0)) for kept in (20, 40, 80)]
    by_chance = np.linalg.norm(rows[RNG(3).permutation(400)[:80]].mean(axis=0) - rows.mean(axis=0))
    assert apart[2] < apart[1] < apart[0] < by_chance
    assert herding(rows, 400).all()


def test_herding_is_argmin_by_hand() -> None:
    rows = np.array([[0.0], [1.0], [2.0], [9.0]])  # mean 3: nearest 2, then nearest to 6 - 2 = 4
    assert np.flatnonzero(herding(rows, 1)).tolist() == [2]
    assert np.flatnonzero(herding(rows, 2)).tolist() == [1, 2]


def test_k_center_is_farthest_first_by_hand() -> None:
    rows = np.array([[0.0], [1.0], [10.0], [11.0], [5.0]])
    for seed in range(5):
        chosen = np.flatnonzero(k_center(rows, 3, RNG(seed)))
        gaps = np.abs(rows - rows[chosen].T).min(axis=1)
        assert gaps.max() <= 5  # within twice the best radius (Gonzalez 1985)


def test_craig_counts_whom_a_medoid_stands_for() -> None:
    rows = np.concatenate([np.tile([1.0, 0.0], (7, 1)), np.tile([0.0, 1.0], (3, 1))])
    sizes = craig(likeness(rows), 2)
    assert sorted(sizes[sizes > 0]) == [3, 7] and sizes[:7].sum() == 7


def test_craig_is_the_plain_greedy() -> None:
    alike = likeness(RNG(4).normal(size=(60, 5)))
    chosen: list[int] = []
    for _ in range(10):
        reached = alike[chosen].max(axis=0, initial=0)
        values = [np.maximum(reached, alike[place]).sum() if place not in chosen else -1 for place in range(60)]
        chosen.append(int(np.argmax(values)))
    np.testing.assert_array_equal(np.flatnonzero(craig(alike, 10)), sorted(chosen))


def test_craig_weighs_within_bounds() -> None:
    gradients = np.concatenate([np.tile([1.0, 0.0], (95, 1)), RNG(0).normal(size=(5, 2))])
    strategy = CRAIG(CRAIGOptions(keep=0.2), samples(100))
    strategy.learn(0, 1, {"gradients": gradients})
    selection = strategy.select(0)
    assert len(selection.indices) == 20 and selection.weights.max() == 10
    assert strategy.pilot_rows is None  # a state need not hold them


@pytest.mark.parametrize("kind", [KCenter, Herding])
def test_many_samples_are_worked_on_in_blocks(kind: type[KCenter]) -> None:
    strategy = kind(EmbeddingOptions(keep=0.3), samples(1000, series=RNG(0).normal(size=(1000, 64))))
    strategy.block = 300
    chosen = strategy.select(0).indices
    assert len(chosen) == 300
    assert np.histogram(chosen, 4, (0, 1000))[0].tolist() == [75] * 4


def test_embeddings_of_a_short_training_are_compared_where_asked_for() -> None:
    values, embedding = RNG(0).normal(size=(100, 64)), np.zeros((100, 64))
    embedding[40:42] = np.eye(64)[:2] * 100
    strategy = KCenter(EmbeddingOptions(keep=0.03, epochs=1), samples(100, series=values))
    assert strategy.pilot is not None and strategy.pilot.needs == ("embedding",)
    strategy.learn(0, 0, {"error": np.zeros(100), "embedding": embedding})
    assert {40, 41} <= set(strategy.select(0).indices)
    assert KCenter(EmbeddingOptions(), samples(100)).pilot is None


def test_too_many_samples_are_refused_in_words() -> None:
    with pytest.raises(OptionError, match="up to 1,000,000 of them, here are 1,200,000; prune whole windows"):
        Herding(EmbeddingOptions(), samples(1_200_000))


# ---- stride -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("k", [2, 3, 4, 7])
def test_a_share_of_one_in_k_is_every_kth(k: int) -> None:
    kept = np.flatnonzero(every_kth(np.arange(100), 1 / k, np.full(100, 0.37)))
    assert (np.diff(kept) == k).all()


def test_any_share_is_evenly_spaced() -> None:
    kept = np.flatnonzero(every_kth(np.arange(1000), 0.3, np.full(1000, 0.5)))
    assert abs(len(kept) - 300) <= 1 and set(np.diff(kept)) == {3, 4}


def test_of_cells_no_sensor_is_left_out() -> None:
    window, sensor = np.divmod(np.arange(400), 4)  # four sensors: every second cell would be two of them for good
    chosen = Stride(StaticOptions(), samples(400, window=window, sensor=sensor)).select(0).indices
    assert (np.bincount(sensor[chosen]) == 50).all()


# ---- scores of a short training -----------------------------------------------------------------------------------------
def el2n(scores: np.ndarray, week_hour: np.ndarray | None = None, **options: object) -> np.ndarray:
    features = {} if week_hour is None else {"hour": week_hour}
    strategy = EL2N(ScoredOptions(**options), samples(len(scores), **features))
    strategy.learn(0, 1, {"squared": scores})
    return strategy.select(0).indices


def test_the_hardest_or_the_easiest_stay() -> None:
    scores = np.arange(10.0)
    assert el2n(scores).tolist() == [5, 6, 7, 8, 9]
    assert el2n(scores, easiest=True).tolist() == [0, 1, 2, 3, 4]
    assert el2n(scores, offset=0.2).tolist() == [3, 4, 5, 6, 7]
    assert el2n(scores, offset=0.9).tolist() == [0, 1, 2, 3, 4]  # never more than leaves enough


def test_scores_are_averaged_over_repeats_and_a_pilot_may_start_over() -> None:
    strategy = EL2N(ScoredOptions(repeats=2), samples(2))
    for repeat, scores in enumerate([[9, 9], [1, 2]]):
        strategy.learn(repeat, 1, {"squared": np.array(scores)})
    for repeat, scores in enumerate([[1, 2], [3, 6]]):
        strategy.learn(repeat, 1, {"squared": np.array(scores)})
    np.testing.assert_allclose(strategy.score(), [2, 4])


def test_strata_take_the_same_of_each_tenth() -> None:
    taken = np.flatnonzero(sample_tenths(RNG(0).permutation(200).astype(float), 60, RNG(1)))
    scores = RNG(0).permutation(200)
    assert np.bincount(scores[taken] // 20).tolist() == [6] * 10


def test_hours_take_the_same_of_each_hour() -> None:
    hours = np.arange(100) % 5
    chosen = el2n(hours * 100.0 + np.arange(100), hours, hours=True, keep=0.2)
    assert np.bincount(hours[chosen]).tolist() == [4] * 5
    assert chosen.min() >= 80  # and there the hardest
    np.testing.assert_allclose(rank_within(np.array([3.0, 1, 2]), np.array([0, 0, 1])), [0.75, 0.25, 0.5])


# ---- forgetting ---------------------------------------------------------------------------------------------------------
def test_learned_and_forgotten_have_a_gap() -> None:
    level, naive = np.array([0.69, 0.75, 0.75, 0.81]), np.ones(4)
    now = is_learned(np.array([False, False, True, True]), level, naive)
    np.testing.assert_array_equal(now, [True, False, True, False])


LEVELS = np.array(
    [  # by epoch: always learned, forgotten twice, wavers at the border, never learned
        [0.5, 0.5, 0.75, 0.9],
        [0.5, 0.9, 0.69, 0.9],
        [0.5, 0.5, 0.75, 0.9],
        [0.5, 0.9, 0.79, 0.9],
        [0.5, 0.5, 0.72, 0.9],
    ]
)


def test_events_are_counted_and_never_learned_is_hardest() -> None:
    strategy = Forgetting(ForgettingOptions(keep=0.5, repeats=2), samples(4, naive=np.ones(4)))
    for repeat in (0, 1):
        for epoch, level in enumerate(LEVELS):
            strategy.learn(repeat, epoch, {"error": level})
    np.testing.assert_array_equal(strategy.score(), [0, 2, 0, 5])
    assert strategy.select(0).indices.tolist() == [1, 3]


def test_forgetting_starts_over_with_its_pilot() -> None:
    strategy = Forgetting(ForgettingOptions(), samples(4, naive=np.ones(4)))
    strategy.learn(0, 0, {"error": np.zeros(4)})
    strategy.learn(0, 1, {"error": np.ones(4)})  # stopped here, begun again
    for epoch, level in enumerate(LEVELS):
        strategy.learn(0, epoch, {"error": level})
    np.testing.assert_array_equal(strategy.score(), [0, 2, 0, 5])


def test_fewer_samples_than_blocks_are_chosen_too() -> None:
    strategy = CRAIG(CRAIGOptions(keep=0.02), samples(100))
    strategy.block = 10
    strategy.learn(0, 1, {"gradients": RNG(0).normal(size=(100, 64))})
    assert len(strategy.select(0).indices) == 2
