"""ST-Prune (Chen et al. 2026, arXiv 2602.19113): prune by spatio-temporal complexity, rescale by stationarity, anneal.

The paper's formulas are not public; what stands here is our reconstruction from its abstract. Complexity is the error
level plus its spread over sensors and over the horizon, all from the model's live state. Easy windows are thinned, the
calmest most, and weighted by the inverse of their keep probability, so the expected gradient is that of all data.
"""

from typing import Any, Literal

import numpy as np
from pydantic import model_validator

from stcore.options import option
from stcore.prune.infobatch import infobatch
from stcore.prune.schedule import ScheduleOptions
from stcore.prune.strategy import Arrays, Samples, Selection
from stcore.prune.threshold import MOST, Threshold, draw
from stcore.registry import Card


def complexity(
    level: np.ndarray, sensor_spread: np.ndarray, horizon_spread: np.ndarray, weights: tuple[float, float]
) -> np.ndarray:
    """Error level + spread over sensors + spread over the horizon [K], in training spreads. Our reconstruction."""
    return level + weights[0] * sensor_spread + weights[1] * horizon_spread


def keep_probability(stationarity: np.ndarray, prune_probability: float) -> np.ndarray:
    """p = clip(1 - s * stationarity, 0.1, 1) [K] with s such that the mean of p is 1 - prune_probability.

    ``stationarity`` in [0, 1], 1 = calmest. s is found by bisection. Our reconstruction.
    """
    low, high = 0.0, 1.0
    while np.clip(1 - high * stationarity, 1 - MOST, 1).mean() > 1 - prune_probability and high < 1e9:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        above = np.clip(1 - middle * stationarity, 1 - MOST, 1).mean() > 1 - prune_probability
        low, high = (middle, high) if above else (low, middle)
    return np.clip(1 - high * stationarity, 1 - MOST, 1)


def st_prune(
    easy: np.ndarray, stationarity: np.ndarray, prune_probability: float, rng: np.random.Generator
) -> Selection:
    """Thin the ``easy`` [W] bool by ``keep_probability``, weight 1 / p; keep all others with weight 1."""
    probability = np.ones(len(easy))
    probability[easy] = keep_probability(stationarity[easy], prune_probability)
    indices = np.flatnonzero(draw(probability, rng))
    return Selection(indices, (1 / probability[indices]).astype(np.float32))


class STPruneOptions(ScheduleOptions):
    """Options of ST-Prune."""

    prune_probability: float = option(
        0.5,
        "How likely a sample below the mean is dropped, where keep is none; given alone, it sets keep to none.",
        ge=0,
        le=MOST,
    )
    sensor_spread: float = option(0.5, "Weight of the error's spread over sensors in the complexity.", ge=0, le=10)
    horizon_spread: float = option(0.5, "Weight of the error's spread over the horizon in the complexity.", ge=0, le=10)
    variant: Literal["stationarity", "constant", "partial"] = option(
        "stationarity",
        "Calm windows thinned most, or all easy ones alike, both with inverse weights; or alike with partial weights.",
    )

    @model_validator(mode="before")
    @classmethod
    def _asked_for(cls, values: Any) -> Any:
        """A probability given without a share is meant: the default share must not overrule it."""
        alone = isinstance(values, dict) and "prune_probability" in values and "keep" not in values
        return {**values, "keep": None} if alone else values


class STPrune(Threshold):
    """Windows are scored whenever they are visited."""

    most = 0.75  # leaves room to keep lively windows more often than calm ones
    needs = ("level", "sensor_spread", "horizon_spread")

    def __init__(self, options: STPruneOptions, samples: Samples) -> None:
        super().__init__(options, samples, options.prune_probability)
        self.options = options
        self.stationarity = None if options.variant == "constant" else samples.feature("stationarity")

    def complexity(self, columns: Arrays) -> np.ndarray:
        """[K]."""
        weights = (self.options.sensor_spread, self.options.horizon_spread)
        return complexity(columns["level"], columns["sensor_spread"], columns["horizon_spread"], weights)

    def thin(self, easy: np.ndarray, probability: float, rng: np.random.Generator) -> Selection:
        """By the chosen variant."""
        if self.options.variant == "stationarity" and self.stationarity is not None:
            return st_prune(easy, self.stationarity, probability, rng)
        selection = infobatch(easy, probability, rng)
        if self.stationarity is None:
            return selection
        partly = 1 + self.stationarity[selection.indices] * (selection.weights - 1)
        return Selection(selection.indices, partly.astype(np.float32))


CARD = Card(
    "st-prune",
    "Drops calm, well-learned windows: low error that is even over sensors and horizon; rescales, and ends on all data.",
    "Chen et al. 2026, arXiv 2602.19113; formulas are our reconstruction",
    "stcore.prune.st_prune:STPrune",
    STPruneOptions,
)
