"""Fair draws with exact probabilities, the hardest of many, and which samples count as easy: all in linear time."""

import numpy as np

SEPARATE = 65_536  # more samples than that are drawn each on its own
MOST = 0.9  # largest probability of being pruned; inverse weights stay at most 10


def draw(probability: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A sample [W] bool in which entry i is drawn with exactly ``probability`` [W][i].

    Systematic sampling over a random order (Madow 1949): as many are drawn as the probabilities sum to, rounded by
    chance, so a budget is met and inverse weights stay unbiased. Above 65,536 samples each is drawn on its own (Poisson
    sampling): the number drawn then differs by less than 0.5 %, in a tenth of the time.
    """
    count = len(probability)
    if count > SEPARATE:
        return rng.random(count, np.float32) < probability
    order = rng.permutation(count)
    passed = np.floor(np.cumsum(probability[order], dtype=np.float64) + rng.random() + 1e-9)
    taken = np.zeros(count, bool)
    taken[order] = np.diff(passed, prepend=0) > 0
    return taken


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
