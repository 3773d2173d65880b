"""Every k-th window: neighbours share all but one of their steps, so thinning them evenly loses little. Costs nothing."""

import numpy as np
from typing_extensions import override

from stcore.prune.static import Static, StaticOptions
from stcore.registry import StrategyCard


def every_kth(positions: np.ndarray, share: float, phase: np.ndarray) -> np.ndarray:
    """Which ``positions`` [W] are kept [W] bool so that any stretch of them holds its ``share``, evenly spaced.

    ``phase`` [W], 0 to 1, says where counting begins. With a share of 1/k it is every k-th.
    """
    return np.asarray(np.floor((positions + 1) * share + phase) > np.floor(positions * share + phase))


class Stride(Static):
    """From a random start. Of cells, each sensor has a start of its own, so that not always the same sensors stay."""

    @override
    def pick(self, rng: np.random.Generator) -> np.ndarray:
        sensor = self.samples.feature("sensor")
        phase = rng.random(int(sensor.max()) + 1)[sensor]
        kept = every_kth(self.samples.feature("window"), self.options.keep, phase)
        kept[0] |= not kept.any()
        return kept.astype(np.float32)


CARD = StrategyCard(
    "stride",
    "Every k-th window, the same ones in every epoch: neighbouring windows are nearly copies.",
    "the usual thinning of overlapping windows; evenly spaced for any share is ours",
    "stcore.prune.stride:Stride",
    StaticOptions,
)
