"""ST-Prune (Chen et al. 2026, arXiv 2602.19113): prune by spatio-temporal complexity, rescale by stationarity, anneal.

The paper's formulas are not public; what stands here is our reconstruction from its abstract. Complexity is the error
plus its std over sensors and over the horizon, all from the model's live state. Easy windows are thinned, the calmest
most, and weighted by the inverse of their keep probability, so the expected gradient is that of all data.
"""

from typing import Any, Literal

import numpy as np
from pydantic import model_validator
from typing_extensions import override

from stcore.options import option
from stcore.prune.draws import MOST
from stcore.prune.infobatch import thin_evenly
from stcore.prune.schedule import ScheduleOptions
from stcore.prune.strategy import Arrays, Samples
from stcore.prune.threshold import Threshold
from stcore.registry import StrategyCard

BINS = 1000  # of stationarity, where there are many samples
OLD_NAMES = {"level": "measure", "sensor_spread": "sensor_std", "horizon_spread": "horizon_std"}  # of options
SOFTENING = 0.1  # training stds, added to the seasonal naive's error before it divides


def complexity(
    error: np.ndarray, sensor_std: np.ndarray, horizon_std: np.ndarray, weights: tuple[float, float]
) -> np.ndarray:
    """Error + its std over sensors + its std over the horizon [K], in training stds. Our reconstruction."""
    return error + weights[0] * sensor_std + weights[1] * horizon_std


def excess_over_hour(scores: np.ndarray, hours: np.ndarray) -> np.ndarray:
    """Scores [W] less the mean of the scored samples of the same hour of the week, ``hours`` [W]: hard for its hour.

    So that rush hours are not hard merely for being busy. NaN stays NaN. Ours.
    """
    scored = np.isfinite(scores)
    total = np.bincount(hours[scored], scores[scored], minlength=int(hours.max()) + 1)
    count = np.bincount(hours[scored], minlength=len(total))
    return scores - (total / np.maximum(count, 1))[hours].astype(scores.dtype)


def keep_probability(stationarity: np.ndarray, prune_probability: float) -> np.ndarray:
    """p = clip(1 - s * stationarity, 0.1, 1) [K] with s such that the mean of p is 1 - prune_probability.

    ``stationarity`` in [0, 1], 1 = calmest. s is found by bisection, over a thousand bins where there are more samples.
    Our reconstruction.
    """
    calm, share = stationarity, None
    if len(calm) > 10 * BINS:
        share = np.bincount((calm * BINS).astype(int).clip(0, BINS - 1), minlength=BINS) / len(calm)
        calm = (np.arange(BINS) + 0.5) / BINS

    def mean(slope: float) -> float:
        return float(np.average(np.clip(1 - slope * calm, 1 - MOST, 1), weights=share))

    low, high = 0.0, 1.0
    while mean(high) > 1 - prune_probability and high < 1e9:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if mean(middle) > 1 - prune_probability else (low, middle)
    return np.clip(1 - high * stationarity, 1 - MOST, 1)


def st_prune(easy: np.ndarray, stationarity: np.ndarray, prune_probability: float) -> np.ndarray:
    """Keep probabilities [W]: ``keep_probability`` for the ``easy`` [W] bool, 1 for all others. Our reconstruction."""
    chance = np.ones(len(easy))
    chance[easy] = keep_probability(stationarity[easy], prune_probability)
    return chance


class STPruneOptions(ScheduleOptions):
    """Options of ST-Prune."""

    prune_probability: float = option(
        0.5,
        "How likely a sample below the mean is pruned, where keep is none; given alone, it sets keep to none.",
        ge=0,
        le=MOST,
    )
    measure: Literal["error", "gradient", "relative"] = option(
        "error",
        "What the complexity starts from: the error; the norm of the last layer's gradient, which still tells samples "
        "apart where the loss is an absolute error; or the error over that of the seasonal naive forecast.",
    )
    excess: bool = option(
        False,
        "Subtract what is usual at the same hour of the week, so that rush hours are not hard merely for being busy.",
    )
    sensor_std: float = option(
        1.0, "Weight of the error's standard deviation over sensors in the complexity.", ge=0, le=10
    )
    horizon_std: float = option(0.5, "Weight of the error's standard deviation over the horizon in it.", ge=0, le=10)
    variant: Literal["stationarity", "constant", "partial"] = option(
        "stationarity",
        "Calm windows thinned most, or all easy ones alike, both with inverse weights; or alike with partial weights.",
    )

    @model_validator(mode="before")
    @classmethod
    def _asked_for(cls, values: Any) -> Any:
        """Old names are read as the new ones. A probability without a share is meant: it sets ``keep`` to none."""
        if not isinstance(values, dict):
            return values
        values = {OLD_NAMES.get(name, name): value for name, value in values.items()}
        alone = "prune_probability" in values and "keep" not in values
        return {**values, "keep": None} if alone else values


class STPrune(Threshold):
    """Windows are scored whenever they are visited."""

    options: STPruneOptions
    most = 0.85  # spares the hard ones nearly as InfoBatch does, and leaves room to thin calm windows more than lively ones

    def __init__(self, options: STPruneOptions, samples: Samples) -> None:
        super().__init__(options, samples, options.prune_probability)
        if options.variant == "partial":
            self.unbiased = None
        stds = {"sensor_std": options.sensor_std, "horizon_std": options.horizon_std}
        gradient = ("gradient",) if options.measure == "gradient" else ()
        self.needs = ("error", *gradient, *(name for name, weight in stds.items() if weight))
        self.stationarity = None if options.variant == "constant" else samples.feature("stationarity")
        self.naive = samples.feature("naive") if options.measure == "relative" else None

    @override
    def observe(self, epoch: int, indices: np.ndarray, columns: Arrays) -> None:
        options, nothing = self.options, np.zeros(len(indices), np.float32)
        error = columns["gradient" if options.measure == "gradient" else "error"]
        if self.naive is not None:
            error = error / (self.naive[indices] + SOFTENING)
        stds = columns.get("sensor_std", nothing), columns.get("horizon_std", nothing)
        self.scores[indices] = complexity(error, *stds, (options.sensor_std, options.horizon_std))

    @override
    def score(self) -> np.ndarray:
        return excess_over_hour(self.scores, self.hours) if self.options.excess else self.scores

    @override
    def thin(self, easy: np.ndarray, pool: np.ndarray, prune_probability: float) -> np.ndarray:
        if self.options.variant == "stationarity" and self.stationarity is not None:
            return st_prune(easy, self.stationarity[pool], prune_probability)
        return thin_evenly(easy, prune_probability)

    @override
    def weigh(self, indices: np.ndarray, probability: np.ndarray) -> np.ndarray:
        weights = super().weigh(indices, probability)
        if self.options.variant == "partial" and self.stationarity is not None:
            return 1 + self.stationarity[indices] * (weights - 1)
        return weights


CARD = StrategyCard(
    "st-prune",
    "Prunes calm, well-learned windows: low error that is even over sensors and horizon; rescales, and ends on all data.",
    "Chen et al. 2026, arXiv 2602.19113; formulas are our reconstruction",
    "stcore.prune.st_prune:STPrune",
    STPruneOptions,
    title="ST-Prune",
)
