"""Dynamic: strategies that decide anew in each epoch.

A strategy says how likely each sample is to be kept. Dynamic does the rest, once for all: the draw, the exact budget, full
epochs at both ends, the trim of the hardest and the floor under each hour of the week. Where the paper reweighs, a kept
sample weighs the inverse of its probability, so that the expected gradient is that of all data.
"""

from collections.abc import Callable
from functools import cached_property

import numpy as np
from typing_extensions import override

from stcore.prune.draws import draw, hardest
from stcore.prune.schedule import SMALLEST_SHARE, ScheduleOptions, plan_visits
from stcore.prune.strategy import Samples, Selection, Strategy, all_samples


class Dynamic(Strategy):
    """Subclasses give ``probability``; its default keeps all alike."""

    options: ScheduleOptions
    inverse_weights = False  # weigh a kept sample by 1 / probability
    first = 1  # full epochs at the start
    least = 0.0  # smallest share that an epoch can keep

    def __init__(self, options: ScheduleOptions, samples: Samples) -> None:
        super().__init__(options, samples)
        self.plan, self.notes = self.schedule()

    # ---- what a method decides -------------------------------------------------------------------------------------
    def schedule(self) -> tuple[np.ndarray, list[str]]:
        """Visits expected in each epoch [E], and notes."""
        count, epochs = self.samples.count, self.samples.epochs
        least = max(self.least, SMALLEST_SHARE if self.inverse_weights else 0.0, 1 / count)
        return plan_visits(count, epochs, self.options, min(least, 1.0), self.first)

    def probability(self, epoch: int, pool: np.ndarray, kept: float, rng: np.random.Generator) -> np.ndarray:
        """How likely each sample of ``pool`` [P] is kept [P], 0 to 1; the sum is about ``kept``."""
        return np.full(len(pool), kept / len(pool))

    def weigh(self, indices: np.ndarray, probability: np.ndarray) -> np.ndarray:
        """Weights [K] of the kept ``indices`` [K], which were kept with ``probability`` [K]."""
        return 1 / probability if self.inverse_weights else np.ones(len(indices))

    def prunes(self, epoch: int) -> bool:
        """Whether any sample is pruned in this epoch."""
        return int(self.plan[epoch]) < self.samples.count

    # ---- what all share --------------------------------------------------------------------------------------------
    @override
    def select(self, epoch: int) -> Selection:
        count, kept = self.samples.count, int(self.plan[epoch])
        self.report = {}
        if not self.prunes(epoch):
            return all_samples(count)
        rng = self.generator(epoch)
        spare = count - 1 if self.options.keep is None else count - kept  # a budget comes before the trim
        pool = without_hardest(self.score(), min(int(self.options.trim * count), spare), rng)

        def propose(target: float) -> np.ndarray:
            return self.probability(epoch, pool, target, np.random.default_rng([self.samples.seed, epoch, 4]))

        chance = propose(kept)
        if self.options.floor and self.options.keep is None:
            chance = raise_to_floor(chance, self.hours[pool], self.options.floor)
        elif self.options.floor:
            chance = meet_floor(propose, kept, self.hours[pool], self.options.floor)
        drawn = draw(chance, rng)
        if not drawn.any():
            drawn[rng.integers(len(drawn))] = True
        return Selection(pool[drawn], self.weigh(pool[drawn], chance[drawn]).astype(np.float32))

    @cached_property
    def hours(self) -> np.ndarray:
        """The hour of the week of each sample [W]."""
        return self.samples.feature("hour")


def without_hardest(scores: np.ndarray, pruned: int, rng: np.random.Generator) -> np.ndarray:
    """The samples [P] that stay when the ``pruned`` hardest of those with a score are left out."""
    pruned = min(pruned, int(np.count_nonzero(~np.isnan(scores))))
    if pruned <= 0:
        return np.arange(len(scores))
    finite = np.where(np.isnan(scores), -np.inf, scores)  # a sample that was never met cannot be too hard
    return np.flatnonzero(~hardest(finite, pruned, rng))


def raise_to_floor(chance: np.ndarray, hours: np.ndarray, floor: float) -> np.ndarray:
    """Probabilities [P], raised where they average less than ``floor`` over the samples of one of the ``hours`` [P]."""
    share = np.bincount(hours, chance) / np.maximum(np.bincount(hours), 1)
    lack = np.clip((floor - share) / np.maximum(1 - share, 1e-12), 0, 1)
    return chance + (1 - chance) * lack[hours]


def meet_floor(propose: Callable[[float], np.ndarray], kept: float, hours: np.ndarray, floor: float) -> np.ndarray:
    """Probabilities [P] that sum to ``kept`` and average at least ``floor`` over the samples of each of the ``hours`` [P].

    ``propose(target)`` is the method's own answer for a smaller target. Bisection finds the target: the method pays from
    its own budget for the hours that it neglects. Ours.
    """
    floor = min(floor, kept / len(hours))
    chance = raise_to_floor(propose(kept), hours, floor)
    low, high = 1.0, float(kept)
    for _ in range(20):
        if abs(chance.sum() - kept) <= 0.5:
            break
        middle = (low + high) / 2
        chance = raise_to_floor(propose(middle), hours, floor)
        low, high = (low, middle) if chance.sum() > kept else (middle, high)
    return chance
