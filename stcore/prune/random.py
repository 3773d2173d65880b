"""A new uniformly random subset in every epoch: the baseline that published methods find hard to beat.

Raju, Daruwalla, Lipasti 2021, arXiv 2111.12621 (uniform random); Okanovic et al. 2024, arXiv 2305.18424 (RS2).
"""

import numpy as np

from stcore.options import Options, option
from stcore.prune.strategy import Dynamic, Samples, Selection
from stcore.registry import Card


def random_subset(count: int, kept: int, rng: np.random.Generator) -> Selection:
    """``kept`` of ``count`` samples without replacement, all with weight 1."""
    return Selection(np.sort(rng.choice(count, kept, replace=False)), np.ones(kept, np.float32))


class RandomOptions(Options):
    """Options of random pruning."""

    keep: float = option(0.5, "Share of the samples that each epoch visits.", gt=0, le=1)


class Random(Dynamic):
    """The same share in every epoch, no full epochs."""

    def __init__(self, options: RandomOptions, samples: Samples) -> None:
        total = np.round(np.cumsum(np.full(samples.epochs, options.keep * samples.count)))
        plan = np.maximum(np.diff(total, prepend=0), 1).astype(np.int64)
        super().__init__(samples, plan, [])

    def select(self, epoch: int) -> Selection:
        """This epoch's draw."""
        return random_subset(self.samples.count, int(self.plan[epoch]), self.generator(epoch))


CARD = Card(
    "random",
    "A new random subset in every epoch, without scores.",
    "Raju et al. 2021, arXiv 2111.12621; Okanovic et al. 2024, arXiv 2305.18424",
    "stcore.prune.random:Random",
    RandomOptions,
)
