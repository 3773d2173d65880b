"""A new uniformly random subset in every epoch: the baseline that published methods find hard to beat.

Raju, Daruwalla, Lipasti 2021, arXiv 2111.12621 (uniform random); Okanovic et al. 2024, arXiv 2305.18424 (RS2).
"""

from stcore.prune.dynamic import Dynamic
from stcore.prune.schedule import EvenOptions
from stcore.registry import StrategyCard


class Random(Dynamic):
    """Every sample is kept with the same probability; no full epochs are needed, as nothing has to be scored."""

    unbiased = "mean"
    first = 0


CARD = StrategyCard(
    "random",
    "A new random subset in every epoch, without scores.",
    "Raju et al. 2021, arXiv 2111.12621; Okanovic et al. 2024, arXiv 2305.18424",
    "stcore.prune.random:Random",
    EvenOptions,
)
