"""InfoBatch (Qin et al. 2024, arXiv 2303.04947): drop easy samples by chance, weigh the rest of them up.

Samples whose last loss is below the mean are dropped with probability r; those that stay get weight 1 / (1 - r), so the
expected gradient is that of all data; the last 12.5 % of the epochs see everything. With ``keep`` a quantile replaces the
mean, so that the budget is met exactly; that part is ours.
"""

import numpy as np

from stcore.options import option
from stcore.prune.draws import MOST
from stcore.prune.schedule import ScheduleOptions
from stcore.prune.strategy import Samples
from stcore.prune.threshold import Threshold
from stcore.registry import Card


def infobatch(easy: np.ndarray, prune_probability: float) -> np.ndarray:
    """Keep probabilities [W]: 1 - r for the ``easy`` [W] bool, 1 for all others; the weight of a kept one is the inverse."""
    return np.where(easy, 1 - prune_probability, 1.0)


class InfoBatchOptions(ScheduleOptions):
    """Options of InfoBatch."""

    keep: float | None = option(
        None,
        "Share of all sample visits, full epochs counted, met by a quantile; the paper's mean threshold when none.",
        gt=0,
        le=1,
    )
    prune_probability: float = option(
        0.5, "How likely a sample below the mean is dropped (the paper's r).", ge=0, le=MOST
    )


class InfoBatch(Threshold):
    """Scores are last losses."""

    def __init__(self, options: InfoBatchOptions, samples: Samples) -> None:
        super().__init__(options, samples, options.prune_probability)

    def thin(self, easy: np.ndarray, pool: np.ndarray, prune_probability: float) -> np.ndarray:
        """As in the paper."""
        return infobatch(easy, prune_probability)


CARD = Card(
    "infobatch",
    "Drops samples with a loss below the mean by chance and weighs the remaining ones up.",
    "Qin et al. 2024, arXiv 2303.04947; the exact budget is ours",
    "stcore.prune.infobatch:InfoBatch",
    InfoBatchOptions,
    title="InfoBatch",
)
