"""Static: what every strategy shares that picks once, before training, and keeps the same samples in every epoch."""

import numpy as np

from stcore.options import OptionError, Options, option
from stcore.prune.dynamic import Dynamic
from stcore.prune.schedule import BudgetOptions
from stcore.prune.strategy import Arrays, Samples, Selection


class StaticOptions(Options):
    """A share is all that a choice made once needs."""

    keep: float = option(0.5, "Share of the samples, the same ones in every epoch.", gt=0, le=1)


class Static(Dynamic):
    """Subclasses give ``pick``. A run that goes on from a checkpoint has its choice in there."""

    first = 0
    most: int | None = None  # samples that it can work on

    def __init__(self, options: StaticOptions, samples: Samples) -> None:
        super().__init__(BudgetOptions(keep=1.0, tail=0.0), samples)
        if self.most is not None and samples.count > self.most:
            raise OptionError(
                f"this method compares samples with each other and works on up to {self.most:,} of them, here are "
                f"{samples.count:,}; prune whole windows (data.samples = windows) or take another method"
            )
        self.choice = options
        self.size = max(1, round(options.keep * samples.count))
        self.plan = np.full(samples.epochs, self.size)
        self.weights = np.zeros(samples.count, np.float32)  # 0: left out; all 0: nothing picked yet

    def pick(self, rng: np.random.Generator) -> np.ndarray:
        """Weights [W] of all samples, 0 for those that are left out; about ``size`` are not."""
        raise TypeError(f"{type(self).__name__} does not say what it keeps")

    def select(self, epoch: int) -> Selection:
        """The same in every epoch."""
        if not self.weights.any():
            self.weights[:] = self.pick(np.random.default_rng([self.samples.seed, 6]))
        indices = np.flatnonzero(self.weights)
        return Selection(indices, self.weights[indices])

    def state_dict(self) -> dict[str, np.ndarray]:
        """Scores and choice."""
        return super().state_dict() | {"weights": self.weights.copy()}

    def load_state_dict(self, state: Arrays) -> None:
        """Both back."""
        super().load_state_dict(state)
        self.weights[:] = state["weights"]
