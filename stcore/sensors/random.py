"""Random sensors: what any mask has to beat."""

import numpy as np
from typing_extensions import override

from stcore.registry import MaskCard
from stcore.sensors.mask import Ranked
from stcore.sensors.options import MaskOptions


class Random(Ranked):
    """Sites in random order; the seed decides."""

    @override
    def order(self) -> np.ndarray:
        """[R] a permutation."""
        return self.generator(0).permutation(self.sites.count)


CARD = MaskCard(
    "random",
    "Sensors drawn at random: what any mask has to beat.",
    "the baseline",
    "stcore.sensors.random:Random",
    MaskOptions,
)
