"""Every k-th window: neighbours share all but one of their steps, so thinning them evenly loses little. Costs nothing."""

import numpy as np

from stcore.prune.static import Static, StaticOptions
from stcore.registry import Card


def every(places: np.ndarray, share: float, phase: np.ndarray) -> np.ndarray:
    """Which ``places`` [W] are kept [W] bool so that any stretch of them holds its ``share``, evenly spaced.

    ``phase`` [W], 0 to 1, says where counting begins. With a share of 1/k it is every k-th.
    """
    return np.asarray(np.floor((places + 1) * share + phase) > np.floor(places * share + phase))


class Stride(Static):
    """Of cells, each sensor's windows are counted from a phase of their own, so that not always the same sensors stay."""

    def pick(self, rng: np.random.Generator) -> np.ndarray:
        """Evenly in time, from a random start."""
        sensor = self.samples.feature("sensor")
        phase = rng.random(int(sensor.max()) + 1)[sensor]
        kept = every(self.samples.feature("window"), self.choice.keep, phase)
        kept[0] |= not kept.any()
        return kept.astype(np.float32)


CARD = Card(
    "stride",
    "Every k-th window, the same ones in every epoch: neighbouring windows are nearly copies.",
    "the usual thinning of overlapping windows; evenly spaced for any share is ours",
    "stcore.prune.stride:Stride",
    StaticOptions,
)
