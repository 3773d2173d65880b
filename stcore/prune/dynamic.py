"""Dynamic: what every strategy shares that decides anew in each epoch.

A strategy says how likely each sample is to be kept; drawing, the exact budget, full epochs at both ends, the trim of the
hardest and the floor under each hour of the week are done here, once for all. Where the paper reweighs, a kept sample
weighs the inverse of its probability, so that the expected gradient is that of all data.
"""

from collections.abc import Callable
from functools import cached_property

import numpy as np

from stcore.prune.draws import draw, hardest
from stcore.prune.schedule import LEAST, ScheduleOptions, budget
from stcore.prune.strategy import Arrays, Pilot, Samples, Selection, everything


class Dynamic:
    """Subclasses give ``probability``; its default keeps all alike."""

    needs: tuple[str, ...] = ("error",)
    pilot: Pilot | None = None
    inverse_weights = False  # weigh a kept sample by 1 / probability
    first = 1  # full epochs at the start
    least = 0.0  # smallest share that an epoch can keep

    def __init__(self, options: ScheduleOptions, samples: Samples) -> None:
        self.options, self.samples = options, samples
        least = max(self.least, LEAST if self.inverse_weights else 0.0, 1 / samples.count)
        self.plan, self.notes = budget(samples.count, samples.epochs, options, min(least, 1.0), self.first)
        self.scores = np.full(samples.count, np.nan, np.float32)
        self.report: dict[str, float] = {}

    # ---- what a method decides -------------------------------------------------------------------------------------
    def probability(self, epoch: int, pool: np.ndarray, kept: float, rng: np.random.Generator) -> np.ndarray:
        """How likely each sample of ``pool`` [P] is kept [P], 0 to 1; sums to about ``kept``."""
        return np.full(len(pool), kept / len(pool))

    def complexity(self, columns: Arrays) -> np.ndarray:
        """A sample's new score [K] from its columns; the error level unless a strategy says otherwise."""
        return columns["error"]

    def weigh(self, indices: np.ndarray, probability: np.ndarray) -> np.ndarray:
        """Weights [K] of the kept ``indices`` [K], which were kept with ``probability`` [K]."""
        return 1 / probability if self.inverse_weights else np.ones(len(indices))

    def refresh(self, epoch: int) -> bool:
        """Never, unless a strategy says otherwise."""
        return False

    def learn(self, repeat: int, epoch: int, columns: Arrays) -> None:
        """Nothing is learned before training, unless a strategy says otherwise."""

    def judge(self, epoch: int, error: float) -> None:
        """Validation changes nothing, unless a strategy says otherwise."""

    # ---- what all share --------------------------------------------------------------------------------------------
    def select(self, epoch: int) -> Selection:
        """This epoch's samples."""
        count, kept = self.samples.count, int(self.plan[epoch])
        self.report = {}
        if not self.prunes(epoch):
            return everything(count)
        rng = self.generator(epoch)
        spare = count - 1 if self.options.keep is None else count - kept  # a budget comes before the trim
        pool = trimmed(self.score(), min(int(self.options.trim * count), spare), rng)

        def proposed(target: float) -> np.ndarray:
            return self.probability(epoch, pool, target, np.random.default_rng([self.samples.seed, epoch, 4]))

        chance = proposed(kept)
        if self.options.floor and self.options.keep is None:
            chance = raised(chance, self.hours[pool], self.options.floor)
        elif self.options.floor:
            chance = with_floor(proposed, kept, self.hours[pool], self.options.floor)
        drawn = draw(chance, rng)
        if not drawn.any():
            drawn[rng.integers(len(drawn))] = True
        return Selection(pool[drawn], self.weigh(pool[drawn], chance[drawn]).astype(np.float32))

    @cached_property
    def hours(self) -> np.ndarray:
        """The hour of the week of each sample [W]."""
        return self.samples.feature("cell")

    def prunes(self, epoch: int) -> bool:
        """Whether anything is left out in this epoch."""
        return int(self.plan[epoch]) < self.samples.count

    def generator(self, epoch: int) -> np.random.Generator:
        """The epoch's own random draws."""
        return np.random.default_rng([self.samples.seed, epoch, 2])

    def observe(self, epoch: int, indices: np.ndarray, columns: Arrays) -> None:
        """The latest score replaces the one before."""
        self.scores[indices] = self.complexity(columns)

    def score(self) -> np.ndarray:
        """[W], NaN where a sample was never visited."""
        return self.scores

    def state_dict(self) -> dict[str, np.ndarray]:
        """The scores."""
        return {"scores": self.scores.copy()}

    def load_state_dict(self, state: Arrays) -> None:
        """The scores back."""
        self.scores[:] = state["scores"]


def trimmed(scores: np.ndarray, out: int, rng: np.random.Generator) -> np.ndarray:
    """The samples [P] that stay when the ``out`` hardest scored ones are left out."""
    out = min(out, int(np.count_nonzero(~np.isnan(scores))))
    if out <= 0:
        return np.arange(len(scores))
    known = np.where(np.isnan(scores), -np.inf, scores)  # what was never met cannot be too hard
    return np.flatnonzero(~hardest(known, out, rng))


def raised(chance: np.ndarray, cells: np.ndarray, floor: float) -> np.ndarray:
    """Probabilities [P], raised where they average less than ``floor`` over the samples of one of the ``cells`` [P]."""
    share = np.bincount(cells, chance) / np.maximum(np.bincount(cells), 1)
    lack = np.clip((floor - share) / np.maximum(1 - share, 1e-12), 0, 1)
    return chance + (1 - chance) * lack[cells]


def with_floor(proposed: Callable[[float], np.ndarray], kept: float, cells: np.ndarray, floor: float) -> np.ndarray:
    """Probabilities [P] that sum to ``kept`` and average at least ``floor`` over the samples of each of the ``cells`` [P].

    ``proposed(target)`` is the method's own answer for a smaller target, which is sought by bisection: what the floor
    gives to the hours that the method neglects is taken from its own budget. Ours.
    """
    floor = min(floor, kept / len(cells))
    chance = raised(proposed(kept), cells, floor)
    low, high = 1.0, float(kept)
    for _ in range(20):
        if abs(chance.sum() - kept) <= 0.5:
            break
        middle = (low + high) / 2
        chance = raised(proposed(middle), cells, floor)
        low, high = (low, middle) if chance.sum() > kept else (middle, high)
    return chance
