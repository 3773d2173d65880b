"""Rounds: what epsilon-greedy and UCB share. Running statistics of the errors, and a choice that stands for some epochs.

After Raju, Daruwalla, Lipasti 2021 (arXiv 2111.12621). Ours: the first epoch sees everything, so that its scores are free
and the first choice needs no pass of its own.
"""

import numpy as np
from typing_extensions import override

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
    """Subclasses put new errors into their statistics with ``fold`` and pick with ``top``."""

    options: RoundOptions
    arrays: tuple[str, ...] = ("scores", "latest")

    def __init__(self, options: RoundOptions, samples: Samples) -> None:
        super().__init__(options, samples)
        self.latest = np.full(samples.count, np.nan, np.float32)  # errors since the last choice

    def fold(self, met: np.ndarray, error: np.ndarray) -> None:
        """Put the errors [M] of the samples ``met`` [M] in a round into the statistics."""
        raise TypeError(f"{type(self).__name__} does not say how it remembers errors")

    def top(self, scores: np.ndarray, kept: int, rng: np.random.Generator) -> np.ndarray:
        """The ``kept`` samples [P] bool by their ``scores`` [P]; ``rng`` draws the same throughout a period."""
        raise TypeError(f"{type(self).__name__} does not say what it keeps")

    def round_start(self, epoch: int) -> int:
        """The epoch in which the choice that stands in ``epoch`` was made."""
        return epoch - (epoch - self.first) % self.options.period

    @override
    def refresh(self, epoch: int) -> bool:
        # The first choice follows an epoch that met everything, so it needs no refresh.
        return self.options.refresh and epoch > self.first and self.round_start(epoch) == epoch and self.prunes(epoch)

    @override
    def select(self, epoch: int) -> Selection:
        if self.round_start(epoch) == epoch and self.prunes(epoch):
            met = np.flatnonzero(np.isfinite(self.latest))
            self.fold(met, self.latest[met])
            self.latest[met] = np.nan
        return super().select(epoch)

    @override
    def probability(self, epoch: int, pool: np.ndarray, kept: float, rng: np.random.Generator) -> np.ndarray:
        same = np.random.default_rng([self.samples.seed, self.round_start(epoch), 5])
        return self.top(self.score()[pool], min(max(round(kept), 1), len(pool)), same).astype(np.float32)

    @override
    def observe(self, epoch: int, indices: np.ndarray, columns: Arrays) -> None:
        self.latest[indices] = columns["error"]  # waits for the next round

    @override
    def score(self) -> np.ndarray:
        return np.where(np.isnan(self.scores), self.latest, self.scores)  # before the first round, what was met


def smooth(before: np.ndarray, error: np.ndarray, smoothing: float) -> np.ndarray:
    """Exponential running mean [M] of the errors; it starts at 0 where there is none before (NaN)."""
    return np.asarray((1 - smoothing) * np.nan_to_num(before) + smoothing * error)
