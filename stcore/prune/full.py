"""Full training: every sample in every epoch. What pruning is held against, with all visits or with as many as a method."""

import numpy as np

from stcore.options import Options, option
from stcore.prune.dynamic import Dynamic
from stcore.prune.schedule import BudgetOptions, full_passes
from stcore.prune.strategy import Samples, Selection, everything
from stcore.registry import Card


class FullOptions(Options):
    """Options of full training."""

    keep: float = option(
        1.0,
        "Share of the visits of all epochs after which training ends: fewer full passes, the last one partial. "
        "The control at equal visits.",
        gt=0,
        le=1,
    )


class Full(Dynamic):
    """Keeps everything; still scored, so that a full run can be looked at like a pruned one."""

    first = 0

    def __init__(self, options: FullOptions, samples: Samples) -> None:
        super().__init__(BudgetOptions(keep=1.0, tail=0.0), samples)
        self.plan = full_passes(samples.count, samples.epochs, options.keep)

    def select(self, epoch: int) -> Selection:
        """All; in a partial last epoch a random share."""
        kept, count = int(self.plan[epoch]), self.samples.count
        if kept == count:
            return everything(count)
        indices = np.sort(self.generator(epoch).choice(count, kept, replace=False))
        return Selection(indices, np.ones(kept, np.float32))


CARD = Card(
    "full",
    "Every sample in every epoch: nothing is pruned. With a share, fewer epochs: the control at equal visits.",
    "the baseline",
    "stcore.prune.full:Full",
    FullOptions,
)
