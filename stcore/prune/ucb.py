"""UCB (Raju, Daruwalla, Lipasti 2021, arXiv 2111.12621): the highest upper bound of the running error.

The bound is the running mean plus c times the running *variance*, as in the public re-implementation; ``root`` takes the
standard deviation instead, which has the error's own unit. It counts no visits: it is not the UCB1 of bandits.
"""

import numpy as np

from stcore.options import option
from stcore.prune.draws import hardest
from stcore.prune.rounds import RoundOptions, Rounds, smoothed
from stcore.prune.strategy import Arrays, Samples
from stcore.registry import Card


def running(
    mean: np.ndarray, variance: np.ndarray, level: np.ndarray, smoothing: float
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance [M] after the errors ``error`` [M]; the variance is about the mean before. Both start at 0."""
    return smoothed(mean, level, smoothing), smoothed(variance, (level - np.nan_to_num(mean)) ** 2, smoothing)


def bound(mean: np.ndarray, variance: np.ndarray, confidence: float, root: bool) -> np.ndarray:
    """mean + confidence x variance [W], or x its square root."""
    return mean + confidence * (np.sqrt(variance) if root else variance)


class UCBOptions(RoundOptions):
    """Options of UCB."""

    confidence: float = option(1.0, "Weight of the spread of a sample's errors over rounds (the paper's c).", ge=0)
    root: bool = option(False, "Add the standard deviation instead of the variance. Ours.")


class UCB(Rounds):
    """Scores are upper bounds."""

    choice: UCBOptions

    def __init__(self, options: UCBOptions, samples: Samples) -> None:
        super().__init__(options, samples)
        self.mean = np.full(samples.count, np.nan, np.float32)
        self.variance = np.zeros(samples.count, np.float32)

    def fold(self, met: np.ndarray, level: np.ndarray) -> None:
        """Mean and variance go on, and with them the bound."""
        found = running(self.mean[met], self.variance[met], level, self.choice.smoothing)
        self.mean[met], self.variance[met] = found
        self.scores[met] = bound(*found, self.choice.confidence, self.choice.root)

    def choose(self, scores: np.ndarray, kept: int, rng: np.random.Generator) -> np.ndarray:
        """The highest bounds."""
        return hardest(scores, kept, rng)

    def state_dict(self) -> dict[str, np.ndarray]:
        """The bounds, and what they are made of."""
        return super().state_dict() | {"mean": self.mean.copy(), "variance": self.variance.copy()}

    def load_state_dict(self, state: Arrays) -> None:
        """All back."""
        super().load_state_dict(state)
        self.mean[:], self.variance[:] = state["mean"], state["variance"]


CARD = Card(
    "ucb",
    "Keeps the samples whose error is high or has varied much, for some epochs.",
    "Raju et al. 2021, arXiv 2111.12621; the free scores of a full first epoch are ours",
    "stcore.prune.ucb:UCB",
    UCBOptions,
    title="UCB",
)
