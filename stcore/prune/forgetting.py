"""Forgetting events (Toneva et al. 2019, arXiv 1812.05159): keep what the model learns and forgets again, or never learns.

Theirs counts how often a classified sample becomes wrong. Our regression form: a sample is learned once its error is at
most 0.7 of the seasonal naive forecast's, and forgotten only above 0.8, so that noise at the border does not count.
"""

from functools import cached_property

import numpy as np
from typing_extensions import override

from stcore.options import option
from stcore.prune.scored import Scored, ScoredOptions
from stcore.prune.strategy import Arrays, Pilot, Samples
from stcore.registry import StrategyCard

LEARNED, FORGOTTEN = 0.7, 0.8  # of the seasonal naive forecast's error


def is_learned(before: np.ndarray, error: np.ndarray, naive: np.ndarray) -> np.ndarray:
    """Which samples [W] bool count as learned after the errors [W], where those ``before`` [W] bool counted until then."""
    return np.where(before, ~(error > FORGOTTEN * naive), error <= LEARNED * naive)


class ForgettingOptions(ScoredOptions):
    """Options of forgetting: the short training must be long enough to forget in."""

    epochs: int = option(5, "Epochs of the short training on all samples, before the run.", ge=2, le=1000)


class Forgetting(Scored):
    """Scores are mean counts of events over the repeats; never learned in one counts as many as it has epochs."""

    options: ForgettingOptions

    def __init__(self, options: ForgettingOptions, samples: Samples) -> None:
        super().__init__(options, samples)
        self.by_chance = True  # many samples have equal counts
        self.pilot = Pilot(options.epochs, options.repeats, ("error",), every_epoch=True)
        self.learned, self.ever = np.zeros((2, samples.count), bool)
        self.total, self.events = np.zeros((2, samples.count), np.float32)

    @cached_property
    def naive(self) -> np.ndarray:
        """The seasonal naive forecast's error of each sample [W]."""
        return self.samples.feature("naive")

    @override
    def learn(self, repeat: int, epoch: int, columns: Arrays) -> None:
        if epoch == 0:
            self.learned[:], self.ever[:], self.events[:] = False, False, 0
            self.total *= repeat > 0
        now = is_learned(self.learned, columns["error"], self.naive)
        self.events += self.learned & ~now
        self.learned, self.ever = now, self.ever | now
        if epoch == self.options.epochs - 1:
            self.total += np.where(self.ever, self.events, self.options.epochs)
            self.scores[:] = self.total / (repeat + 1)


CARD = StrategyCard(
    "forgetting",
    "Keeps the samples that a short training beforehand learned and forgot again, or never learned.",
    "Toneva et al. 2019, arXiv 1812.05159; the form for regression is ours",
    "stcore.prune.forgetting:Forgetting",
    ForgettingOptions,
)
