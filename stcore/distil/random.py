"""Random windows of random sensors: every distillation has to beat them."""

import numpy as np
from typing_extensions import override

from stcore.distil.picked import PickedWindows


class Random(PickedWindows):
    """Every window and every sensor has the same chance."""

    @override
    def pick(self) -> np.ndarray:
        return self.rng.permutation(len(self.ground.windows))[: self.windows]
