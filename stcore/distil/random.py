"""Random windows of random sensors: what every distillation has to beat."""

import numpy as np
from typing_extensions import override

from stcore.distil.picked import PickedWindows


class Random(PickedWindows):
    """Each window and each sensor with the same chance."""

    @override
    def pick(self) -> np.ndarray:
        return self.rng.permutation(len(self.ground.windows))[: self.windows]
