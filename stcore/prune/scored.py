"""Scored: static strategies that score samples in a short training and pick by the score."""

import numpy as np
from typing_extensions import override

from stcore.options import option
from stcore.prune.draws import hardest
from stcore.prune.static import Static, StaticOptions
from stcore.prune.strategy import Arrays, Pilot, Samples


class ScoredOptions(StaticOptions):
    """Options of strategies that score samples in a short training and pick by the score."""

    epochs: int = option(2, "Epochs of each short training on all samples, before the run.", ge=1, le=1000)
    repeats: int = option(1, "Short trainings, each with a seed of its own, whose scores are averaged.", ge=1, le=100)
    easiest: bool = option(False, "Keep the easiest instead of the hardest samples.")
    offset: float = option(
        0.0, "Share of the hardest samples that is skipped first: broken sensors look hard.", ge=0, le=0.9
    )
    strata: bool = option(False, "Take the same share, by chance, of each tenth of the samples by score.")
    hours: bool = option(
        False, "Take the same share of each hour of the week, so that rush hours are not all that is kept."
    )


class Scored(Static):
    """Subclasses name the ``column`` that is their score; the pilot averages it over its repeats."""

    options: ScoredOptions
    by_chance = False
    column = "error"

    def __init__(self, options: ScoredOptions, samples: Samples) -> None:
        super().__init__(options, samples)
        self.by_chance = options.strata
        self.pilot = Pilot(options.epochs, options.repeats, (self.column,))

    @override
    def learn(self, repeat: int, epoch: int, columns: Arrays) -> None:
        before = self.scores * repeat if repeat else 0.0  # a pilot that starts over starts the mean anew
        self.scores[:] = (before + columns[self.column]) / (repeat + 1)

    @override
    def observe(self, epoch: int, indices: np.ndarray, columns: Arrays) -> None:
        pass  # the choice is made; the scores stay those that it was made by

    @override
    def pick(self, rng: np.random.Generator) -> np.ndarray:
        options, scores = self.options, self.scores
        if options.hours:
            scores = rank_within(scores, self.samples.feature("hour"))
        skipped = min(int(options.offset * len(scores)), len(scores) - self.size)
        kept = ~hardest(scores, skipped, rng) if skipped else np.ones(len(scores), bool)
        left = np.flatnonzero(kept)
        pick = sample_tenths if options.strata else hardest
        kept[left] = pick(-scores[left] if options.easiest else scores[left], self.size, rng)
        return kept.astype(np.float32)


def rank_within(scores: np.ndarray, hours: np.ndarray) -> np.ndarray:
    """Each score's rank among those of its own hour [W], 0 to 1 (hardest); unscored ones (NaN) are hardest."""
    order = np.lexsort((scores, hours))
    size = np.bincount(hours)
    first = np.cumsum(size) - size
    rank = np.empty(len(scores))
    rank[order] = (np.arange(len(scores)) - first[hours[order]] + 0.5) / size[hours[order]]
    return rank


def sample_tenths(scores: np.ndarray, kept: int, rng: np.random.Generator) -> np.ndarray:
    """``kept`` samples [W] bool, the same share by chance of each tenth of the samples in order of their scores."""
    order, bounds = np.argsort(scores, kind="stable"), np.linspace(0, len(scores), 11).round().astype(int)
    chosen, ends = np.zeros(len(scores), bool), np.round(bounds * kept / len(scores)).astype(int)
    for first, end, size in zip(bounds[:-1], bounds[1:], np.diff(ends), strict=True):
        chosen[rng.choice(order[first:end], size, replace=False)] = True
    return chosen
