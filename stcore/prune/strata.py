"""Strata: samples of the same sensor and hour of the week, visited in proportion to how wrong the model still is there.

Stratified sampling with an allocation after Neyman (1934): a stratum gets visits in proportion to its size and its mean
loss, and each visit weighs the inverse, so that the expected gradient stays that of all data. A model cannot memorise a
mean over hundreds of visits as it can a single sample, and the mean covers samples that were never visited. Ours; for
minibatches see Zhao and Zhang 2014, arXiv 1405.3080.
"""

import numpy as np


class Strata:
    """``group`` [W]: the stratum of each sample, 0..G-1.

    Samples of a stratum are visited in turn, in a random order: none is visited twice before all of them were visited once.
    """

    def __init__(self, group: np.ndarray, seed: int) -> None:
        self.size = np.bincount(group)
        self.group = group.astype(np.uint16 if len(self.size) <= 65_536 else np.int32)  # short numbers sort quickly
        shuffled = np.random.default_rng([seed, 5]).permutation(np.arange(len(group), dtype=np.int32))
        self.order = shuffled[np.argsort(self.group[shuffled], kind="stable")]  # stratum after stratum
        self.first = np.cumsum(self.size) - self.size
        self.next = np.zeros(len(self.size), np.int64)  # position of each stratum's next sample

    def take(self, visits: np.ndarray) -> np.ndarray:
        """The next ``visits`` [G] samples of each stratum, ascending; at most all of it. The turn goes on from there."""
        visits = np.minimum(visits, self.size)
        stratum = np.repeat(np.arange(len(visits)), visits)
        step = np.arange(len(stratum)) - np.repeat(np.cumsum(visits) - visits, visits)
        position = (self.next[stratum] + step) % self.size[stratum]
        self.next[:] = (self.next + visits) % np.maximum(self.size, 1)
        return np.sort(self.order[self.first[stratum] + position]).astype(np.int64)


def mean_loss(total: np.ndarray, count: np.ndarray, like: np.ndarray, pull: float = 20.0) -> np.ndarray:
    """Mean loss [G] of each stratum from sums and counts [G], pulled towards the mean over its ``like`` [G].

    ``like`` says which strata are alike (the same sensor's); the pull is as strong as ``pull`` visits.
    Ours, after James and Stein.
    """
    sums, counts = np.bincount(like, total), np.bincount(like, count)
    overall = sums.sum() / max(counts.sum(), 1e-9)
    usual = (sums + overall) / (counts + 1)
    return (total + pull * usual[like]) / (count + pull)


def allocate(size: np.ndarray, score: np.ndarray, kept: float, bounds: tuple[float, float]) -> np.ndarray:
    """Expected visits [G] that sum to ``kept``: in proportion to ``size`` times ``score`` [G].

    A stratum gets between ``bounds`` times its even share, and no more than it has.
    """
    even = kept * size / size.sum()
    low, high = bounds[0] * even, np.minimum(bounds[1] * even, size)
    wanted = even * score / max(float(np.average(score, weights=size)), 1e-12)
    scale = np.array([0.0, (high / np.maximum(wanted, 1e-12)).max()])  # at the second, all get the most they can
    for _ in range(50):
        middle = scale.mean()
        scale[int(np.clip(middle * wanted, low, high).sum() > kept)] = middle
    return np.clip(scale[0] * wanted, low, high)


def round_by_chance(visits: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Whole visits [G], rounded by chance: their expectations are ``visits`` [G], and their sum is the same."""
    order, whole = rng.permutation(len(visits)), np.empty(len(visits), np.int64)
    whole[order] = np.diff(np.floor(np.cumsum(visits[order]) + rng.random() + 1e-9), prepend=0)
    return whole
