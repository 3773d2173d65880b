"""Threshold: what InfoBatch and ST-Prune share. Easy samples are pruned by chance, the hard ones always stay."""

import numpy as np
from typing_extensions import override

from stcore.prune.draws import MOST, easy_by_budget, easy_by_mean
from stcore.prune.dynamic import Dynamic
from stcore.prune.schedule import ScheduleOptions, pruning_curve
from stcore.prune.strategy import Samples, Unbiased


class Threshold(Dynamic):
    """With ``keep``, a quantile of the score and an exact budget; without, the mean and the paper's own probability."""

    inverse_weights = True
    unbiased: Unbiased = "sum"
    most = MOST  # the probability that an exact budget aims at: higher spares the harder ones, lower the weights

    def __init__(self, options: ScheduleOptions, samples: Samples, prune_probability: float) -> None:
        super().__init__(options, samples)
        self.rate = prune_probability * pruning_curve(samples.epochs, options.anneal, options.tail)

    def thin(self, easy: np.ndarray, pool: np.ndarray, prune_probability: float) -> np.ndarray:
        """Keep probabilities [P] of the samples ``pool`` [P]; the ``easy`` ones are pruned so likely on average."""
        raise TypeError(f"{type(self).__name__} does not say which of the easy samples it keeps")

    @override
    def prunes(self, epoch: int) -> bool:
        return super().prunes(epoch) if self.options.keep is not None else bool(self.rate[epoch] > 0)

    @override
    def probability(self, epoch: int, pool: np.ndarray, kept: float, rng: np.random.Generator) -> np.ndarray:
        scores = self.score()[pool]
        if self.options.keep is not None:
            easy, rate = easy_by_budget(scores, max(len(pool) - round(kept), 0), rng, self.most)
        else:
            easy, rate = easy_by_mean(scores), float(self.rate[epoch])
        if not easy.any():
            return np.ones(len(pool))
        self.report = {"easy": float(easy.mean()), "threshold": float(scores[easy].max())}
        return self.thin(easy, pool, rate)
