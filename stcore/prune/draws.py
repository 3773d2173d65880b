"""Fair draws with exact probabilities, the hardest of many, and which samples count as easy: all in linear time."""

import numpy as np

SEPARATE = 65_536  # where there are more samples, each is drawn on its own
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
    crossings = np.floor(np.cumsum(probability[order], dtype=np.float64) + rng.random() + 1e-9)
    drawn = np.zeros(count, bool)
    drawn[order] = np.diff(crossings, prepend=0) > 0
    return drawn


def hardest(scores: np.ndarray, kept: int, rng: np.random.Generator) -> np.ndarray:
    """The ``kept`` samples [W] bool with the highest scores; unscored ones (NaN) come first, equal ones by chance."""
    count = len(scores)
    if kept >= count:
        return np.ones(count, bool)
    filled = np.where(np.isnan(scores), np.inf, scores)
    limit = np.partition(filled, count - kept)[count - kept] if kept else np.inf
    chosen = filled > limit
    equal = np.flatnonzero(filled == limit)
    chosen[rng.choice(equal, kept - int(chosen.sum()), replace=False)] = True
    return chosen


def easy_by_mean(scores: np.ndarray) -> np.ndarray:
    """Samples [W] bool whose score is below the mean of all scores; unscored ones never are."""
    scored = np.isfinite(scores)
    return scored & (scores < scores[scored].mean(dtype=np.float64)) if scored.any() else scored


def easy_by_budget(
    scores: np.ndarray, pruned: int, rng: np.random.Generator, most: float = MOST
) -> tuple[np.ndarray, float]:
    """The easiest samples [W] bool, of which ``pruned`` are pruned with probability ``most``, and that probability.

    Where there are too few of them, all samples count as easy and the probability rises. Equal scores are ordered by
    chance, unscored ones count as hard. Ours: an exact budget by a quantile of the score.
    """
    count = len(scores)
    if pruned == 0:
        return np.zeros(count, bool), 0.0
    size = min(count, max(pruned + 1, int(np.ceil(pruned / most))))
    return ~hardest(scores, count - size, rng), pruned / size
