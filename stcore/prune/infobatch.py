"""InfoBatch (Qin et al. 2024, arXiv 2303.04947): drop easy samples by chance, weigh the rest of them up.

Samples whose last loss is below the mean are dropped with probability r; those that stay get weight 1 / (1 - r), so the
expected gradient is that of all data; the last 12.5 % of the epochs see everything. With ``keep`` a quantile replaces the
mean, so that the budget is met exactly; that part is ours.
"""

import numpy as np

from stcore.options import option
from stcore.prune.schedule import ScheduleOptions
from stcore.prune.strategy import Samples, Selection
from stcore.prune.threshold import MOST, Threshold
from stcore.registry import Card


def infobatch(easy: np.ndarray, prune_probability: float, rng: np.random.Generator) -> Selection:
    """Keep (1 - r) |easy|, rounded, of the ``easy`` [W] bool at random, weight 1 / (1 - r), and all others with weight 1."""
    candidates = np.flatnonzero(easy)
    kept = rng.choice(candidates, round((1 - prune_probability) * len(candidates)), replace=False)
    weights = np.ones(len(easy), np.float32)
    weights[kept] = 1 / (1 - prune_probability)
    chosen = ~easy
    chosen[kept] = True
    indices = np.flatnonzero(chosen)
    return Selection(indices, weights[indices])


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

    def thin(self, easy: np.ndarray, probability: float, rng: np.random.Generator) -> Selection:
        """As in the paper."""
        return infobatch(easy, probability, rng)


CARD = Card(
    "infobatch",
    "Drops samples with a loss below the mean by chance and weighs the remaining ones up.",
    "Qin et al. 2024, arXiv 2303.04947; the exact budget is ours",
    "stcore.prune.infobatch:InfoBatch",
    InfoBatchOptions,
)
