"""GraNd (Paul, Ganguli, Dziugaite 2021, arXiv 2107.07075): keep the samples with the largest gradient early in training.

Of the last layer alone, as in DeepCore (Guo et al. 2022, arXiv 2204.08499), and of the mean absolute error: it still
tells windows apart where the loss does not. The form for forecasters is ours; see ``stcore.training.scores``. Of a single
cell only the error's sign is left in it, so that it is little more than the length of the last layer's input.
"""

from stcore.prune.scored import Scored, ScoredOptions
from stcore.registry import StrategyCard


class GraNd(Scored):
    """Scores are norms of the last layer's gradient."""

    column = "gradient"


CARD = StrategyCard(
    "grand",
    "Keeps the samples with the largest gradient in the last layer after a short training beforehand.",
    "Paul et al. 2021, arXiv 2107.07075, last layer as in DeepCore; the form for regression is ours",
    "stcore.prune.grand:GraNd",
    ScoredOptions,
    title="GraNd",
)
