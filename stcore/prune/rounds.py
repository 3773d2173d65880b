"""Rounds: what epsilon-greedy and UCB share. Running statistics of the errors, and a choice that stands for some epochs.

After Raju, Daruwalla, Lipasti 2021 (arXiv 2111.12621). Ours: the first epoch sees everything, so that its scores are free
and the first choice needs no pass of its own.
"""

import numpy as np

from stcore.options import option
from stcore.prune.dynamic import Dynamic
from stcore.prune.schedule import EvenOptions
from stcore.prune.strategy import Arrays, Samples, Selection


class RoundOptions(EvenOptions):
    """What the two share."""

    period: int = option(
        3, "Epochs for which a choice stands; the paper has 10 of its 200.", ge=1, le=10_000, unit="epochs"
    )
    smoothing: float = option(0.8, "Weight of the newest error in the running mean (the paper's alpha).", gt=0, le=1)
    refresh: bool = option(
        True,
        "Score all samples before each choice, as in the paper, for about a third of an epoch's time; without it a "
        "sample keeps the error at which it was last visited.",
    )


class Rounds(Dynamic):
    """Subclasses fold new errors into their statistics with ``fold`` and pick with ``choose``."""

    def __init__(self, options: RoundOptions, samples: Samples) -> None:
        super().__init__(options, samples)
        self.choice = options
        self.latest = np.full(samples.count, np.nan, np.float32)  # errors since the last choice

    def fold(self, met: np.ndarray, level: np.ndarray) -> None:
        """Take in the errors ``error`` [M] of the samples ``met`` [M] in a round."""
        raise TypeError(f"{type(self).__name__} does not say how it remembers errors")

    def choose(self, scores: np.ndarray, kept: int, rng: np.random.Generator) -> np.ndarray:
        """The ``kept`` ones [P] bool by their ``scores`` [P]; ``rng`` draws the same throughout a period."""
        raise TypeError(f"{type(self).__name__} does not say what it keeps")

    def began(self, epoch: int) -> int:
        """The epoch in which the choice that stands in ``epoch`` was made."""
        return epoch - (epoch - self.first) % self.choice.period

    def refresh(self, epoch: int) -> bool:
        """Before each choice but the first, which follows an epoch that met everything."""
        return self.choice.refresh and epoch > self.first and self.began(epoch) == epoch and self.prunes(epoch)

    def select(self, epoch: int) -> Selection:
        """A new round takes in what was met since the last one; between rounds the choice stands."""
        if self.began(epoch) == epoch and self.prunes(epoch):
            met = np.flatnonzero(np.isfinite(self.latest))
            self.fold(met, self.latest[met])
            self.latest[met] = np.nan
        return super().select(epoch)

    def probability(self, epoch: int, pool: np.ndarray, kept: float, rng: np.random.Generator) -> np.ndarray:
        """1 for the chosen ones, else 0."""
        same = np.random.default_rng([self.samples.seed, self.began(epoch), 5])
        return self.choose(self.score()[pool], min(max(round(kept), 1), len(pool)), same).astype(np.float32)

    def observe(self, epoch: int, indices: np.ndarray, columns: Arrays) -> None:
        """The latest error of each sample waits for the next round."""
        self.latest[indices] = columns["error"]

    def score(self) -> np.ndarray:
        """[W] as of the last round; before the first, what was met."""
        return np.where(np.isnan(self.scores), self.latest, self.scores)

    def state_dict(self) -> dict[str, np.ndarray]:
        """The statistics and what waits to be taken in."""
        return super().state_dict() | {"latest": self.latest.copy()}

    def load_state_dict(self, state: Arrays) -> None:
        """Both back."""
        super().load_state_dict(state)
        self.latest[:] = state["latest"]


def smoothed(before: np.ndarray, level: np.ndarray, smoothing: float) -> np.ndarray:
    """Exponential running mean [M] of the errors; it starts at 0 where there is none before (NaN)."""
    return np.asarray((1 - smoothing) * np.nan_to_num(before) + smoothing * level)
