"""Full training: every sample in every epoch. Pruning is compared with it, at all visits or at as many as a method has."""

import numpy as np
from typing_extensions import override

from stcore.options import Options, option
from stcore.prune.schedule import full_passes
from stcore.prune.strategy import Samples, Selection, Strategy, all_samples
from stcore.registry import StrategyCard


class FullOptions(Options):
    """Options of full training."""

    keep: float = option(
        1.0,
        "Share of the visits of all epochs after which training ends: fewer full passes, the last one partial. "
        "The control at equal visits.",
        gt=0,
        le=1,
    )


class Full(Strategy):
    """Keeps everything. Samples are still scored, so that a full run can be looked at like a pruned one."""

    decides = "never"
    by_chance = False
    unbiased = "sum"

    def __init__(self, options: FullOptions, samples: Samples) -> None:
        super().__init__(options, samples)
        self.plan = full_passes(samples.count, samples.epochs, options.keep)

    @override
    def select(self, epoch: int) -> Selection:
        kept, count = int(self.plan[epoch]), self.samples.count
        if kept == count:
            return all_samples(count)
        indices = np.sort(self.generator(epoch).choice(count, kept, replace=False))  # a partial last epoch
        return Selection(indices, np.ones(kept, np.float32))


CARD = StrategyCard(
    "full",
    "Every sample in every epoch: nothing is pruned. With a share, fewer epochs: the control at equal visits.",
    "the baseline",
    "stcore.prune.full:Full",
    FullOptions,
    prunes=False,
)
