"""Epsilon-greedy (Raju, Daruwalla, Lipasti 2021, arXiv 2111.12621): the highest running mean error, and some by chance.

Weights stay 1 and nothing is annealed, as in the paper: the model leans towards hard samples.
"""

import numpy as np
from typing_extensions import override

from stcore.options import option
from stcore.prune.draws import hardest
from stcore.prune.rounds import RoundOptions, Rounds, smooth
from stcore.registry import StrategyCard


def epsilon_greedy(scores: np.ndarray, kept: int, explore: float, rng: np.random.Generator) -> np.ndarray:
    """The ``kept`` samples [W] bool: a share 1 - ``explore`` of them with the highest scores, the others by chance."""
    greedy = hardest(scores, kept - round(explore * kept), rng)
    luck = np.where(greedy, np.float32(2), rng.random(len(scores), np.float32))
    return hardest(luck, kept, rng)


class EpsilonGreedyOptions(RoundOptions):
    """Options of epsilon-greedy."""

    explore: float = option(
        0.1, "Share of the kept samples that is drawn by chance among the rest (the paper's epsilon).", ge=0, le=1
    )


class EpsilonGreedy(Rounds):
    """Scores are running means of the error."""

    options: EpsilonGreedyOptions

    @override
    def fold(self, met: np.ndarray, error: np.ndarray) -> None:
        self.scores[met] = smooth(self.scores[met], error, self.options.smoothing)

    @override
    def top(self, scores: np.ndarray, kept: int, rng: np.random.Generator) -> np.ndarray:
        return epsilon_greedy(scores, kept, self.options.explore, rng)


CARD = StrategyCard(
    "epsilon-greedy",
    "Keeps the samples with the highest running mean error for some epochs, and a tenth by chance.",
    "Raju et al. 2021, arXiv 2111.12621; the free scores of a full first epoch are ours",
    "stcore.prune.epsilon_greedy:EpsilonGreedy",
    EpsilonGreedyOptions,
)
