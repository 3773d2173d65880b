"""Scored: static strategies that score samples in a short training and pick by the score."""

import numpy as np

from stcore.options import option
from stcore.prune.draws import hardest
from stcore.prune.static import Static, StaticOptions
from stcore.prune.strategy import Arrays, Pilot, Samples


class ScoredOptions(StaticOptions):
    """What strategies share that score samples in a short training and pick by the score."""

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
    """Subclasses name the column that is their score, and its pilot averages it over repeats."""

    choice: ScoredOptions
    column = "error"

    def __init__(self, options: ScoredOptions, samples: Samples) -> None:
        super().__init__(options, samples)
        self.pilot = Pilot(options.epochs, options.repeats, (self.column,))

    def learn(self, repeat: int, epoch: int, columns: Arrays) -> None:
        """The mean over the repeats so far; a pilot that starts over starts it anew."""
        before = self.scores * repeat if repeat else 0.0
        self.scores[:] = (before + columns[self.column]) / (repeat + 1)

    def observe(self, epoch: int, indices: np.ndarray, columns: Arrays) -> None:
        """The choice is made; the scores stay those it was made by."""

    def pick(self, rng: np.random.Generator) -> np.ndarray:
        """By the score, as the options say."""
        choice, scores = self.choice, self.scores
        if choice.hours:
            scores = rank_within(scores, self.samples.feature("cell"))
        out = min(int(choice.offset * len(scores)), len(scores) - self.size)
        taken = ~hardest(scores, out, rng) if out else np.ones(len(scores), bool)
        left = np.flatnonzero(taken)
        way = from_each_tenth if choice.strata else hardest
        taken[left] = way(-scores[left] if choice.easiest else scores[left], self.size, rng)
        return taken.astype(np.float32)


def rank_within(scores: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """Each score's place among those of its own cell [W], 0 to 1 (hardest); unscored ones (NaN) are hardest."""
    order = np.lexsort((scores, cells))
    size = np.bincount(cells)
    first = np.cumsum(size) - size
    rank = np.empty(len(scores))
    rank[order] = (np.arange(len(scores)) - first[cells[order]] + 0.5) / size[cells[order]]
    return rank


def from_each_tenth(scores: np.ndarray, kept: int, rng: np.random.Generator) -> np.ndarray:
    """``kept`` samples [W] bool, the same share by chance of each tenth of the samples in order of their scores."""
    order, bounds = np.argsort(scores, kind="stable"), np.linspace(0, len(scores), 11).round().astype(int)
    taken, ends = np.zeros(len(scores), bool), np.round(bounds * kept / len(scores)).astype(int)
    for first, end, many in zip(bounds[:-1], bounds[1:], np.diff(ends), strict=True):
        taken[rng.choice(order[first:end], many, replace=False)] = True
    return taken
