"""k-center (Sener, Savarese 2018, arXiv 1708.00489) in time and in space: windows and sensors far from each other."""

import numpy as np
from typing_extensions import override

from stcore.distil.picked import PickedWindows
from stcore.prune.k_center import k_center


class KCenter(PickedWindows):
    """Farthest first, on the values of windows and of sensors."""

    @override
    def pick(self) -> np.ndarray:
        return np.flatnonzero(k_center(self.rows(), self.windows, self.rng))
