"""Full training: every sample in every epoch. What pruning is held against."""

import numpy as np

from stcore.options import Options
from stcore.prune.strategy import Dynamic, Samples, Selection, everything
from stcore.registry import Card


class Full(Dynamic):
    """Keeps everything; still scored, so that a full run can be looked at like a pruned one."""

    def __init__(self, options: Options, samples: Samples) -> None:
        super().__init__(samples, np.full(samples.epochs, samples.count), [])

    def select(self, epoch: int) -> Selection:
        """All."""
        return everything(self.samples.count)


CARD = Card("full", "Every sample in every epoch: nothing is pruned.", "the baseline", "stcore.prune.full:Full")
