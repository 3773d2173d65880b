"""Random windows of random sensors: what every distillation has to beat."""

import numpy as np

from stcore.distil.picked import Picked


class Random(Picked):
    """Each window and each sensor with the same chance."""

    def pick(self) -> np.ndarray:
        """See Picked."""
        return self.rng.permutation(len(self.ground.windows))[: self.windows]
