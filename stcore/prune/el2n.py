"""EL2N (Paul, Ganguli, Dziugaite 2021, arXiv 2107.07075): keep the samples with the largest error norm early in training.

Theirs is the norm of a classifier's error after few epochs, averaged over ten trainings. Our regression form: the root of
the mean squared error of a window's observed targets, in training spreads, so that busy sensors do not outweigh others.
"""

from stcore.prune.scored import Scored, ScoredOptions
from stcore.registry import StrategyCard


class EL2N(Scored):
    """Scores are root mean squared errors of short trainings."""

    column = "squared"


CARD = StrategyCard(
    "el2n",
    "Keeps the samples with the largest squared error after a short training beforehand.",
    "Paul et al. 2021, arXiv 2107.07075; the form for regression is ours",
    "stcore.prune.el2n:EL2N",
    ScoredOptions,
    title="EL2N",
)
