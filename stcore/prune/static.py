"""Static: strategies that choose once, before training, and keep the same samples in every epoch."""

import numpy as np
from typing_extensions import override

from stcore.options import OptionError, Options, option
from stcore.prune.strategy import Samples, Selection, Strategy


class StaticOptions(Options):
    """A choice made once needs a share and nothing more."""

    keep: float = option(0.5, "Share of the samples, the same ones in every epoch.", gt=0, le=1)


class Static(Strategy):
    """Subclasses give ``pick``. The choice is a part of the state, so a run that goes on keeps it."""

    options: StaticOptions
    arrays = ("scores", "weights")
    decides = "once"
    most: int | None = None  # samples that it can work on

    def __init__(self, options: StaticOptions, samples: Samples) -> None:
        super().__init__(options, samples)
        if self.most is not None and samples.count > self.most:
            raise OptionError(
                f"this method compares samples with each other and works on up to {self.most:,} of them, here are "
                f"{samples.count:,}; prune whole windows (data.samples = windows) or take another method"
            )
        self.size = max(1, round(options.keep * samples.count))
        self.plan = np.full(samples.epochs, self.size)
        self.weights = np.zeros(samples.count, np.float32)  # 0: pruned; all 0: nothing chosen yet

    def pick(self, rng: np.random.Generator) -> np.ndarray:
        """Weights [W] of all samples, 0 for those that are pruned; about ``size`` are above 0."""
        raise TypeError(f"{type(self).__name__} does not say what it keeps")

    @override
    def select(self, epoch: int) -> Selection:
        if not self.weights.any():
            self.weights[:] = self.pick(np.random.default_rng([self.samples.seed, 6]))
        indices = np.flatnonzero(self.weights)
        return Selection(indices, self.weights[indices])
