"""InfoBatch (Qin et al. 2024, arXiv 2303.04947): prune easy samples by chance, weigh the rest of them up.

Samples whose last loss is below the mean are pruned with probability r. Those that stay weigh 1 / (1 - r), so the
expected gradient is that of all data. The last 12.5 % of the epochs see everything. With ``keep`` a quantile replaces the
mean, so that the budget is met exactly; that part is ours.
"""

import numpy as np
from typing_extensions import override

from stcore.options import option
from stcore.prune.draws import MOST, draw, easy_by_mean
from stcore.prune.schedule import ScheduleOptions
from stcore.prune.strategy import Samples, Selection
from stcore.prune.threshold import Threshold
from stcore.registry import StrategyCard


def infobatch(scores: np.ndarray, prune_probability: float, rng: np.random.Generator) -> Selection:
    """The paper: an epoch's selection by the last losses ``scores`` [W]; NaN, a sample without one, always stays."""
    probability = thin_evenly(easy_by_mean(scores), prune_probability)
    indices = np.flatnonzero(draw(probability, rng))
    return Selection(indices, (1 / probability[indices]).astype(np.float32))


def thin_evenly(easy: np.ndarray, prune_probability: float) -> np.ndarray:
    """Keep probabilities [W]: 1 - r for the ``easy`` [W] bool, 1 for all others."""
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
        0.5, "How likely a sample below the mean is pruned (the paper's r).", ge=0, le=MOST
    )


class InfoBatch(Threshold):
    """Scores are last losses. Without a budget, a floor or a trim an epoch is ``infobatch`` itself."""

    def __init__(self, options: InfoBatchOptions, samples: Samples) -> None:
        super().__init__(options, samples, options.prune_probability)

    @override
    def thin(self, easy: np.ndarray, pool: np.ndarray, prune_probability: float) -> np.ndarray:
        return thin_evenly(easy, prune_probability)


CARD = StrategyCard(
    "infobatch",
    "Prunes samples with a loss below the mean by chance and weighs the remaining ones up.",
    "Qin et al. 2024, arXiv 2303.04947; the exact budget is ours",
    "stcore.prune.infobatch:InfoBatch",
    InfoBatchOptions,
    title="InfoBatch",
)
