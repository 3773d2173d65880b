"""Fair draws with exact probabilities, the hardest of many, and which samples count as easy: all in linear time."""

import numpy as np

BLOCK = 4096  # samples drawn from together; a power of 2
MOST = 0.9  # largest probability of being pruned; inverse weights stay at most 10


def draw(probability: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A sample [W] bool in which entry i is drawn with exactly ``probability`` [W][i].

    Systematic sampling (Madow 1949) over a random order within blocks of 4096: of each block as many are drawn as its
    probabilities sum to, rounded by chance. So a budget is met and inverse weights stay unbiased. The order is a random
    affine one, since a true permutation of a million would cost more than all the rest.
    """
    count = len(probability)
    size = min(BLOCK, 1 << max(count - 1, 1).bit_length())
    blocks = -(-count // size)
    padded = np.zeros(blocks * size, np.float32)
    padded[:count] = probability
    step, shift = 2 * rng.integers(0, size // 2, (blocks, 1)) + 1, rng.integers(0, size, (blocks, 1))
    order = (np.arange(size) * step + shift) % size + size * np.arange(blocks)[:, None]
    passed = np.floor(np.cumsum(padded[order], axis=1, dtype=np.float64) + rng.random((blocks, 1)) + 1e-9)
    taken = np.zeros(blocks * size, bool)
    taken[order] = np.diff(passed, axis=1, prepend=0) > 0
    return taken[:count]


def hardest(scores: np.ndarray, kept: int, rng: np.random.Generator) -> np.ndarray:
    """The ``kept`` samples [W] bool with the highest scores; unscored ones (NaN) come first, equal ones by chance."""
    count = len(scores)
    if kept >= count:
        return np.ones(count, bool)
    known = np.where(np.isnan(scores), np.inf, scores)
    limit = np.partition(known, count - kept)[count - kept] if kept else np.inf
    chosen = known > limit
    equal = np.flatnonzero(known == limit)
    chosen[rng.choice(equal, kept - int(chosen.sum()), replace=False)] = True
    return chosen


def easy_by_mean(scores: np.ndarray) -> np.ndarray:
    """Samples [W] bool whose score is below the mean of all scores; unscored ones never are."""
    known = np.isfinite(scores)
    return known & (scores < scores[known].mean(dtype=np.float64)) if known.any() else known


def easy_by_budget(
    scores: np.ndarray, dropped: int, rng: np.random.Generator, most: float = MOST
) -> tuple[np.ndarray, float]:
    """The easiest samples [W] bool out of which ``dropped`` go with probability ``most``, and that probability.

    Where that many are not there, all samples count as easy and the probability rises.

    Ours: an exact budget by a quantile of the score. Equal scores are ordered by chance, unscored ones count as hard.
    """
    count = len(scores)
    if dropped == 0:
        return np.zeros(count, bool), 0.0
    size = min(count, max(dropped + 1, int(np.ceil(dropped / most))))
    return ~hardest(scores, count - size, rng), dropped / size
