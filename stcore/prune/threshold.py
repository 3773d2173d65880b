"""Threshold: what InfoBatch and ST-Prune share. Easy samples are dropped by chance, the hard ones always stay."""

import numpy as np

from stcore.prune.draws import MOST, easy_by_budget, easy_by_mean
from stcore.prune.dynamic import Dynamic
from stcore.prune.schedule import ScheduleOptions, shape
from stcore.prune.strategy import Samples


class Threshold(Dynamic):
    """With ``keep``, a quantile of the score and an exact budget; without, the mean and the paper's own probability."""

    inverse_weights = True
    most = MOST  # the probability that an exact budget aims at: higher spares the harder ones, lower the weights

    def __init__(self, options: ScheduleOptions, samples: Samples, prune_probability: float) -> None:
        super().__init__(options, samples)
        self.rate = prune_probability * shape(samples.epochs, options.anneal, options.tail)

    def thin(self, easy: np.ndarray, pool: np.ndarray, prune_probability: float) -> np.ndarray:
        """Keep probabilities [P] of the samples ``pool`` [P], of which the ``easy`` [P] go with that probability on average."""
        raise TypeError(f"{type(self).__name__} does not say which of the easy samples it keeps")

    def prunes(self, epoch: int) -> bool:
        """By the budget, or by the paper's probability."""
        return super().prunes(epoch) if self.options.keep is not None else bool(self.rate[epoch] > 0)

    def probability(self, epoch: int, pool: np.ndarray, kept: float, rng: np.random.Generator) -> np.ndarray:
        """1 for the hard ones, what ``thin`` says for the easy ones."""
        scores = self.score()[pool]
        if self.options.keep is not None:
            easy, rate = easy_by_budget(scores, max(len(pool) - round(kept), 0), rng, self.most)
        else:
            easy, rate = easy_by_mean(scores), float(self.rate[epoch])
        if not easy.any():
            return np.ones(len(pool))
        self.report = {"easy": float(easy.mean()), "threshold": float(scores[easy].max())}
        return self.thin(easy, pool, rate)
