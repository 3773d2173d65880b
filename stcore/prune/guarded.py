"""Guarded pruning, ours: visit most what is hardest, but only as far as the scores can be trusted.

What the measurements behind it say (bench/results/pruning.md): a single sample's loss is a poor guide once the model has
seen the sample a few times, and unweighted it shifts the optimum; both do harm on short or heavy-tailed data. So, by
default, the score is the mean loss of a sample's stratum, its sensor at its hour of the week; a visit weighs the inverse
of the stratum's rate; the run begins evenly, and ends so where a tail is asked for; and where validation rises, all go on
evenly. Even visits go through all samples before any is visited twice: then this is full training for fewer passes.

The bolder rules, by a sample's own loss (its root, or a quantile as threshold), are here to be compared with; they score
only while each sample has been visited a few times.
"""

from typing import Literal

import numpy as np

from stcore.options import option
from stcore.prune.draws import MOST, hardest
from stcore.prune.dynamic import Dynamic, trimmed
from stcore.prune.schedule import BudgetOptions, shape
from stcore.prune.strata import Strata, allocate, mean_loss, rounded
from stcore.prune.strategy import Arrays, Samples, Selection
from stcore.registry import Card

BOUNDS = (1 - MOST, 1 / (1 - MOST))  # visits of a stratum relative to even ones, hence also weights
FORGET = 0.8  # what a round leaves of the losses before it


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

    first = 0

    def __init__(self, options: GuardedOptions, samples: Samples) -> None:
        super().__init__(options, samples)
        self.choice = options
        total = max(1, round(options.keep * samples.epochs * samples.count))
        rounds = min(total, max(options.rounds, int(np.ceil(4 * options.keep * samples.epochs))))
        self.plan = np.diff(np.round(np.linspace(0, total, rounds + 1))).astype(np.int64)
        share = self.plan[0] / samples.count
        self.notes = [
            f"the visits come in {rounds} rounds of {share:.1%} of the samples each, so that scores are fresh"
        ]
        self.trust = shape(rounds, options.anneal, options.tail, int(np.ceil(options.start * rounds)))
        sensor = samples.feature("sensor")
        self.cells = samples.feature("cell")
        self.strata = Strata(self.cells * (int(sensor.max()) + 1) + sensor, samples.seed)
        self.like = np.arange(len(self.strata.size)) % (int(sensor.max()) + 1)
        self.total, self.count = np.zeros((2, len(self.strata.size)))
        self.guard = np.array(
            [np.inf, 0.0, 0.0]
        )  # best validation error, rounds above it in a row, whether it was pulled

    # ---- deciding --------------------------------------------------------------------------------------------------
    def select(self, epoch: int) -> Selection:
        """This round's samples: by strata, evenly, or by their own losses."""
        trust, kept = self.trusted(epoch), int(self.plan[epoch])
        self.report = {"guard": float(self.guard[2])}
        if trust == 0 or self.choice.rule == "strata":
            return self.by_strata(kept, trust, self.generator(epoch))
        return super().select(epoch)

    def trusted(self, epoch: int) -> float:
        """How far scores decide in this round, 0 to 1."""
        behind = self.plan[:epoch].sum() / self.samples.count
        many = self.choice.rule != "strata" and behind >= self.choice.passes
        return 0.0 if self.guard[2] or many or not self.count.any() else float(self.trust[epoch])

    def by_strata(self, kept: int, trust: float, rng: np.random.Generator) -> Selection:
        """The next samples of every stratum, evenly where nothing is trusted."""
        strata, low = (
            self.strata,
            max(BOUNDS[0], min(self.options.floor / self.choice.keep, 1.0)),
        )  # a floor is of a pass
        score = mean_loss(self.total, self.count, self.like) if trust else np.ones(len(strata.size))
        usual = float(np.average(score, weights=strata.size))
        score = trust * score / usual + 1 - trust if usual > 0 else np.ones(len(score))  # 0: nothing is left to learn
        visits = allocate(strata.size, score, kept, (low, BOUNDS[1]))
        if self.options.trim and trust:
            left = np.zeros(self.samples.count, bool)
            left[trimmed(self.scores, int(self.options.trim * self.samples.count), rng)] = True
            share = np.bincount(strata.group, left) / np.maximum(strata.size, 1)  # what a visit to the stratum comes to
            visits = allocate(strata.size, score, kept * visits.sum() / (visits * share).sum(), (low, BOUNDS[1]))
            indices = strata.take(rounded(visits, rng))
            indices = indices[left[indices]]
            if len(indices) > kept:  # those whose turn it is were never met, so that none of them was too hard
                indices = np.sort(rng.choice(indices, kept, replace=False))
            spare = np.setdiff1d(np.flatnonzero(left), indices)
            lack = min(kept - len(indices), len(spare))  # where the turn came to more of the hardest than usual
            indices = np.sort(np.concatenate([indices, rng.choice(spare, lack, replace=False)]))
        else:
            indices = strata.take(rounded(visits, rng))
        weights = np.ones(len(indices), np.float32)
        if trust and self.choice.weights == "inverse":
            rate = visits.sum() / self.samples.count * strata.size / np.maximum(visits, 1e-12)
            weights = np.clip(rate, *BOUNDS).astype(np.float32)[strata.group[indices]]
        return Selection(indices, weights)

    def probability(self, epoch: int, pool: np.ndarray, kept: float, rng: np.random.Generator) -> np.ndarray:
        """By the samples' own losses; never-visited ones count as the mean of their stratum."""
        unknown = np.isnan(self.scores[pool])
        usual = mean_loss(self.total, self.count, self.like)[self.strata.group[pool]]
        scores = np.where(unknown, usual, self.scores[pool])
        if self.choice.rule == "threshold":
            wanted = hardest(scores, round(kept), rng).astype(float)
        else:
            wanted, even = np.sqrt(scores) if scores.any() else np.ones(len(scores)), kept / len(pool)
            for _ in range(3):  # clipping changes the sum, so it is met step by step
                wanted = np.clip(wanted * (kept / wanted.sum()), BOUNDS[0] * even, min(BOUNDS[1] * even, 1.0))
        trust = self.trusted(epoch)
        return trust * wanted + (1 - trust) * kept / len(pool)

    def weigh(self, indices: np.ndarray, probability: np.ndarray) -> np.ndarray:
        """The inverse of the rate, 1 for an even one."""
        if self.choice.weights == "none":
            return np.ones(len(indices))
        return np.clip(len(indices) / self.samples.count / probability, *BOUNDS)

    # ---- learning --------------------------------------------------------------------------------------------------
    def observe(self, epoch: int, indices: np.ndarray, columns: Arrays) -> None:
        """The latest losses, and the strata's means, in which earlier rounds fade."""
        super().observe(epoch, indices, columns)
        group = self.strata.group[indices]
        self.total = FORGET * self.total + np.bincount(group, columns["error"], len(self.total))
        self.count = FORGET * self.count + np.bincount(group, minlength=len(self.count))

    def judge(self, epoch: int, error: float) -> None:
        """The guard: scores are not trusted any more once validation has risen for three rounds."""
        best, above, pulled = self.guard
        above = above + 1 if error > best * (1 + self.choice.rise) else 0
        self.guard = np.array([min(best, error), above, float(pulled or above >= 3)])

    def state_dict(self) -> dict[str, np.ndarray]:
        """Scores, the strata's sums and places, and the guard."""
        own = {"total": self.total, "count": self.count, "next": self.strata.next, "guard": self.guard}
        return super().state_dict() | {name: array.copy() for name, array in own.items()}

    def load_state_dict(self, state: Arrays) -> None:
        """All of it back."""
        super().load_state_dict(state)
        self.total, self.count = state["total"].copy(), state["count"].copy()
        self.strata.next, self.guard = state["next"].copy(), state["guard"].copy()


CARD = Card(
    "guarded",
    "Visits most what the model still gets wrong, sensor by sensor and hour by hour of the week, weighs it back, and stops "
    "where scores cannot be trusted.",
    "ours; stratified sampling after Neyman 1934 and arXiv 1405.3080",
    "stcore.prune.guarded:Guarded",
    GuardedOptions,
    ours=True,
)
