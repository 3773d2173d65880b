"""Herding (Welling 2009): windows whose mean is close to the mean of all windows. Sensors are means of clusters."""

import numpy as np
from typing_extensions import override

from stcore.distil.picked import PickedWindows
from stcore.prune.herding import herding


class Herding(PickedWindows):
    """Herding on the values of the windows."""

    @override
    def pick(self) -> np.ndarray:
        return np.flatnonzero(herding(self.rows(), self.windows))
