"""No mask: every sensor is on."""

import numpy as np

from stcore.options import Options
from stcore.registry import MaskCard
from stcore.sensors.mask import Fixed, Judge


class Unmasked(Fixed):
    """Keeps everything; the gate is never asked of the model."""

    def begin(self, epoch: int, judge: Judge) -> bool:
        """See SensorMask."""
        return False

    def idle(self) -> list[str]:
        """Nothing is asked of it."""
        return []

    def order(self) -> np.ndarray:
        """All alike."""
        return np.arange(self.sites.count)


CARD = MaskCard("none", "Every sensor is on.", "the baseline", "stcore.sensors.none:Unmasked", Options, off="never")
