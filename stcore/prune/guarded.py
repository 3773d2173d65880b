"""Guarded pruning, ours: visit most what is hardest, but only as far as the scores can be trusted.

The measurements behind it (bench/results/pruning.md) say two things. A single sample's loss is a poor guide once the model
has seen the sample a few times. Without weights it shifts the optimum. Both do harm on short or heavy-tailed data. So, by
default, the score is the mean loss of a sample's stratum: its sensor at its hour of the week. A visit weighs the inverse of
the stratum's rate. The run begins evenly, and ends evenly where a tail is asked for. Once validation rises, all later
visits are even. Even visits go through all samples before any is visited twice: this is full training for fewer passes.

The bolder rules, by a sample's own loss (its root, or a quantile as threshold), are here for comparison. They score only
while each sample has been visited a few times.
"""

from typing import Literal

import numpy as np
from typing_extensions import override

from stcore.options import option
from stcore.prune.draws import MOST, hardest
from stcore.prune.dynamic import Dynamic, without_hardest
from stcore.prune.schedule import BudgetOptions, pruning_curve
from stcore.prune.strata import Strata, allocate, mean_loss, round_by_chance
from stcore.prune.strategy import Arrays, Samples, Selection
from stcore.registry import StrategyCard

BOUNDS = (1 - MOST, 1 / (1 - MOST))  # visits of a stratum relative to even ones, hence also weights
FORGET = 0.8  # share of earlier losses that each round leaves in the sums


class GuardedOptions(BudgetOptions):
    """Options of guarded pruning."""

    rule: Literal["strata", "root", "threshold"] = option(
        "strata",
        "What decides: the mean loss of a sample's sensor at its hour of the week; the root of the sample's own loss; "
        "or whether its own loss is among the highest.",
    )
    weights: Literal["inverse", "none"] = option(
        "inverse",
        "Weigh a visit by the inverse of its rate, so that gradients stay unbiased (cautious), or not (bold).",
    )
    rounds: int = option(20, "Selections over the run: scores are as fresh as these are many.", ge=2, le=1000)
    start: float = option(0.05, "Share of the visits at the start that go to all alike.", ge=0, le=1)
    tail: float = option(0.0, "Share of the visits at the end that go to all alike; bold weights want 0.2.", ge=0, le=1)
    passes: float = option(
        3.0, "For rules by a sample's own loss: visits per sample after which all go on alike.", gt=0, le=1000
    )
    rise: float = option(
        0.05, "Validation error above its best, three rounds in a row, at which all go on alike.", gt=0, le=10
    )


class Guarded(Dynamic):
    """Epochs are rounds: as many as there are selections, each a part of the visits."""

    options: GuardedOptions
    arrays = ("scores", "total", "count", "next", "guard")
    decides = "round"
    first = 0

    def __init__(self, options: GuardedOptions, samples: Samples) -> None:
        super().__init__(options, samples)
        rounds = len(self.plan)
        self.trust = pruning_curve(rounds, options.anneal, options.tail, int(np.ceil(options.start * rounds)))
        sensor = samples.feature("sensor")
        self.strata = Strata(self.hours * (int(sensor.max()) + 1) + sensor, samples.seed)
        self.like = np.arange(len(self.strata.size)) % (int(sensor.max()) + 1)
        self.total, self.count = np.zeros((2, len(self.strata.size)))  # of the losses of each stratum
        self.next = self.strata.next
        self.guard = np.array([np.inf, 0.0, 0.0])  # best validation error, rounds above it in a row, whether it tripped

    @override
    def schedule(self) -> tuple[np.ndarray, list[str]]:
        options, samples = self.options, self.samples
        total = max(1, round(options.keep * samples.epochs * samples.count))
        rounds = min(total, max(options.rounds, int(np.ceil(4 * options.keep * samples.epochs))))
        plan = np.diff(np.round(np.linspace(0, total, rounds + 1))).astype(np.int64)
        share = plan[0] / samples.count
        return plan, [
            f"the visits come in {rounds} rounds of {share:.1%} of the samples each, so that scores are fresh"
        ]

    # ---- selecting -------------------------------------------------------------------------------------------------
    @override
    def select(self, epoch: int) -> Selection:
        trust, kept = self.trust_in(epoch), int(self.plan[epoch])
        self.report = {"guard": float(self.guard[2])}
        if trust == 0 or self.options.rule == "strata":
            return self.select_by_strata(kept, trust, self.generator(epoch))
        return super().select(epoch)

    def trust_in(self, epoch: int) -> float:
        """How far scores decide in this round, 0 to 1."""
        passes = self.plan[:epoch].sum() / self.samples.count
        too_many = self.options.rule != "strata" and passes >= self.options.passes
        return 0.0 if self.guard[2] or too_many or not self.count.any() else float(self.trust[epoch])

    def select_by_strata(self, kept: int, trust: float, rng: np.random.Generator) -> Selection:
        """The next samples of every stratum, evenly where nothing is trusted."""
        strata = self.strata
        low = max(BOUNDS[0], min(self.options.floor / self.options.keep, 1.0))  # a floor is a share of a pass
        score = mean_loss(self.total, self.count, self.like) if trust else np.ones(len(strata.size))
        usual = float(np.average(score, weights=strata.size))
        score = trust * score / usual + 1 - trust if usual > 0 else np.ones(len(score))  # 0: nothing is left to learn
        visits = allocate(strata.size, score, kept, (low, BOUNDS[1]))
        if self.options.trim and trust:
            left = np.zeros(self.samples.count, bool)
            left[without_hardest(self.scores, int(self.options.trim * self.samples.count), rng)] = True
            share = np.bincount(strata.group, left) / np.maximum(
                strata.size, 1
            )  # of the visits to it that are not lost
            visits = allocate(strata.size, score, kept * visits.sum() / (visits * share).sum(), (low, BOUNDS[1]))
            indices = meet_count(strata.take(round_by_chance(visits, rng)), left, kept, rng)
        else:
            indices = strata.take(round_by_chance(visits, rng))
        weights = np.ones(len(indices), np.float32)
        if trust and self.options.weights == "inverse":
            rate = visits.sum() / self.samples.count * strata.size / np.maximum(visits, 1e-12)
            weights = np.clip(rate, *BOUNDS).astype(np.float32)[strata.group[indices]]
        return Selection(indices, weights)

    @override
    def probability(self, epoch: int, pool: np.ndarray, kept: float, rng: np.random.Generator) -> np.ndarray:
        usual = mean_loss(self.total, self.count, self.like)[self.strata.group[pool]]
        scores = np.where(np.isnan(self.scores[pool]), usual, self.scores[pool])  # never visited: its stratum's mean
        if self.options.rule == "threshold":
            wanted = hardest(scores, round(kept), rng).astype(float)
        else:
            wanted, even = np.sqrt(scores) if scores.any() else np.ones(len(scores)), kept / len(pool)
            for _ in range(3):  # clipping changes the sum, so the sum is met in steps
                wanted = np.clip(wanted * (kept / wanted.sum()), BOUNDS[0] * even, min(BOUNDS[1] * even, 1.0))
        trust = self.trust_in(epoch)
        return trust * wanted + (1 - trust) * kept / len(pool)

    @override
    def weigh(self, indices: np.ndarray, probability: np.ndarray) -> np.ndarray:
        if self.options.weights == "none":
            return np.ones(len(indices))
        return np.clip(len(indices) / self.samples.count / probability, *BOUNDS)

    # ---- observing -------------------------------------------------------------------------------------------------
    @override
    def observe(self, epoch: int, indices: np.ndarray, columns: Arrays) -> None:
        super().observe(epoch, indices, columns)
        group = self.strata.group[indices]
        self.total = FORGET * self.total + np.bincount(group, columns["error"], len(self.total))
        self.count = FORGET * self.count + np.bincount(group, minlength=len(self.count))

    @override
    def judge(self, epoch: int, error: float) -> None:
        best, above, tripped = self.guard  # once validation has risen for three rounds, scores are not trusted any more
        above = above + 1 if error > best * (1 + self.options.rise) else 0
        self.guard = np.array([min(best, error), above, float(tripped or above >= 3)])


def meet_count(turn: np.ndarray, left: np.ndarray, kept: int, rng: np.random.Generator) -> np.ndarray:
    """``kept`` ascending samples: those of the ``turn`` [M] that are ``left`` [W] bool, then some more or fewer by chance.

    There are too many where those whose turn it is were never met, so that none counts as too hard. There are too few where
    the turn came to more of the hardest than usual.
    """
    indices = turn[left[turn]]
    if len(indices) > kept:
        indices = np.sort(rng.choice(indices, kept, replace=False))
    spare = np.setdiff1d(np.flatnonzero(left), indices)
    lack = min(kept - len(indices), len(spare))
    return np.sort(np.concatenate([indices, rng.choice(spare, lack, replace=False)]))


CARD = StrategyCard(
    "guarded",
    "Visits most what the model still gets wrong, sensor by sensor and hour by hour of the week, weighs it back, and stops "
    "where scores cannot be trusted.",
    "ours; stratified sampling after Neyman 1934 and arXiv 1405.3080",
    "stcore.prune.guarded:Guarded",
    GuardedOptions,
    ours=True,
)
