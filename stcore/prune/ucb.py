"""UCB (Raju, Daruwalla, Lipasti 2021, arXiv 2111.12621): the highest upper bound of the running error.

The bound is the running mean plus c times the running *variance*, as in the public re-implementation; ``root`` takes the
standard deviation instead, which has the error's own unit. It counts no visits: it is not the UCB1 of bandits.
"""

import numpy as np
from typing_extensions import override

from stcore.options import option
from stcore.prune.draws import hardest
from stcore.prune.rounds import RoundOptions, Rounds, smooth
from stcore.prune.strategy import Samples
from stcore.registry import StrategyCard


def running_moments(
    mean: np.ndarray, variance: np.ndarray, error: np.ndarray, smoothing: float
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance [M] after the errors [M]; the variance is about the mean before. Both start at 0."""
    return smooth(mean, error, smoothing), smooth(variance, (error - np.nan_to_num(mean)) ** 2, smoothing)


def upper_bound(mean: np.ndarray, variance: np.ndarray, confidence: float, root: bool) -> np.ndarray:
    """mean + confidence x variance [W], or x its square root."""
    return mean + confidence * (np.sqrt(variance) if root else variance)


class UCBOptions(RoundOptions):
    """Options of UCB."""

    confidence: float = option(1.0, "Weight of the variance of a sample's errors over rounds (the paper's c).", ge=0)
    root: bool = option(False, "Add the standard deviation instead of the variance. Ours.")


class UCB(Rounds):
    """Scores are upper bounds."""

    options: UCBOptions
    arrays = ("scores", "latest", "mean", "variance")
    by_chance = False

    def __init__(self, options: UCBOptions, samples: Samples) -> None:
        super().__init__(options, samples)
        self.mean = np.full(samples.count, np.nan, np.float32)
        self.variance = np.zeros(samples.count, np.float32)

    @override
    def fold(self, met: np.ndarray, error: np.ndarray) -> None:
        moments = running_moments(self.mean[met], self.variance[met], error, self.options.smoothing)
        self.mean[met], self.variance[met] = moments
        self.scores[met] = upper_bound(*moments, self.options.confidence, self.options.root)

    @override
    def top(self, scores: np.ndarray, kept: int, rng: np.random.Generator) -> np.ndarray:
        return hardest(scores, kept, rng)


CARD = StrategyCard(
    "ucb",
    "Keeps the samples whose error is high or has varied much, for some epochs.",
    "Raju et al. 2021, arXiv 2111.12621; the free scores of a full first epoch are ours",
    "stcore.prune.ucb:UCB",
    UCBOptions,
    title="UCB",
)
