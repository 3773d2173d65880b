"""Herding (Welling 2009): windows whose mean follows the mean of all, of the means of clusters of sensors."""

import numpy as np
from typing_extensions import override

from stcore.distil.picked import PickedWindows
from stcore.prune.herding import herding


class Herding(PickedWindows):
    """On the windows' values."""

    @override
    def pick(self) -> np.ndarray:
        return np.flatnonzero(herding(self.rows(), self.windows))
