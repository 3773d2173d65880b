"""A random subset that is drawn once: every method that chooses once has to beat it."""

import numpy as np
from typing_extensions import override

from stcore.prune.static import Static, StaticOptions
from stcore.registry import StrategyCard


class StaticRandom(Static):
    """All subsets of the size are equally likely."""

    unbiased = "mean"

    @override
    def pick(self, rng: np.random.Generator) -> np.ndarray:
        weights = np.zeros(self.samples.count, np.float32)
        weights[rng.choice(self.samples.count, self.size, replace=False)] = 1
        return weights


CARD = StrategyCard(
    "static-random",
    "One random subset, the same in every epoch.",
    "the baseline of methods that choose once",
    "stcore.prune.static_random:StaticRandom",
    StaticOptions,
)
