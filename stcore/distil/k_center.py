"""k-center (Sener, Savarese 2018, arXiv 1708.00489) in time and in space: windows and sensors far from each other."""

import numpy as np

from stcore.distil.picked import Picked
from stcore.prune.k_center import k_center


class KCenter(Picked):
    """On the values of windows and sensors, farthest first."""

    def pick(self) -> np.ndarray:
        """See Picked."""
        return np.flatnonzero(k_center(self.rows(), self.windows, self.rng))
