"""Every k-th window of the means of clusters. Neighbouring windows share all but one of their steps."""

import numpy as np
from typing_extensions import override

from stcore.distil.picked import PickedWindows


class Stride(PickedWindows):
    """Windows at equal distances in time, from a random start."""

    @override
    def pick(self) -> np.ndarray:
        apart = len(self.ground.windows) / self.windows
        return np.floor(apart * (np.arange(self.windows) + self.rng.random())).astype(np.int64)
