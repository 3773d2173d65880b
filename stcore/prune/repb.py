"""RePB (ICLR 2026, github.com/mrazhou/RePB): a sample is compared with the mean of its own batches, which share one model.

A sample that was not below the mean loss of its window of batches stays for the next epoch. Each of the others returns
with probability 1 - rho. A kept sample weighs the epochs so far over the times it was selected, within 0.1 and 10. Written
from the paper's abstract and notes on it. With ``keep`` rho is chosen so that the budget is met; that part is ours.
"""

import numpy as np
from typing_extensions import override

from stcore.options import option
from stcore.prune.draws import MOST, hardest
from stcore.prune.dynamic import Dynamic
from stcore.prune.schedule import ScheduleOptions
from stcore.prune.strategy import Arrays, Samples
from stcore.registry import StrategyCard

SMALLEST, LARGEST = 0.1, 10.0  # bounds of a weight


def excess_over_batches(error: np.ndarray, batch: np.ndarray, together: int) -> np.ndarray:
    """Each loss [K] less the mean loss of its window of ``together`` batches; ``batch`` [K] numbers them in an epoch."""
    window = batch.astype(np.int64) // together
    mean = np.bincount(window, error) / np.maximum(np.bincount(window), 1)
    return np.asarray(error - mean[window])


def repb(excess: np.ndarray, prune_probability: float) -> np.ndarray:
    """Keep probabilities [W]: 1 for a sample that was not below its window's mean, 1 - rho for all others."""
    return np.where(excess >= 0, 1.0, 1 - prune_probability)


def repb_by_budget(excess: np.ndarray, kept: float, rng: np.random.Generator) -> np.ndarray:
    """The same probabilities [W], with rho such that they sum to ``kept``. Ours.

    Where even rho = 0.9 keeps too many, only those most above their mean stay for sure.
    """
    count, hard = len(excess), excess >= 0
    if kept - hard.sum() < (1 - MOST) * (count - hard.sum()):
        hard = hardest(excess, max(0, int((kept - (1 - MOST) * count) / MOST)), rng)
    others = count - int(hard.sum())
    return np.where(hard, 1.0, (kept - hard.sum()) / max(others, 1))


class RePBOptions(ScheduleOptions):
    """Options of RePB."""

    keep: float | None = option(
        None, "Share of all sample visits, full epochs counted, met by rho; the paper's own rule when none.", gt=0, le=1
    )
    tail: float = option(0.0, "Share of the epochs at the end that see all data.", ge=0, le=1)
    prune_probability: float = option(
        0.5, "How likely a sample below its mean stays away, where keep is none (the paper's rho).", ge=0, le=MOST
    )
    batches: int = option(1, "Batches whose losses are compared with each other (the paper's W).", ge=1, le=100_000)


class RePB(Dynamic):
    """Scores are last losses; the choice goes by how far they were above their batches in the epoch before."""

    options: RePBOptions
    needs = ("error", "batch")
    arrays = ("scores", "excess", "times", "epochs")

    def __init__(self, options: RePBOptions, samples: Samples) -> None:
        super().__init__(options, samples)
        self.excess = np.full(samples.count, -np.inf, np.float32)  # -inf: not visited in the epoch before
        self.times = np.zeros(samples.count, np.float32)
        self.epochs = np.zeros(1, np.float32)  # so far

    @override
    def prunes(self, epoch: int) -> bool:
        if self.options.keep is not None:
            return super().prunes(epoch)
        return self.first <= epoch < len(self.plan) - int(np.ceil(self.options.tail * len(self.plan) - 1e-9))

    @override
    def probability(self, epoch: int, pool: np.ndarray, kept: float, rng: np.random.Generator) -> np.ndarray:
        if self.options.keep is None:
            return repb(self.excess[pool], self.options.prune_probability)
        return repb_by_budget(self.excess[pool], kept, rng)

    @override
    def weigh(self, indices: np.ndarray, probability: np.ndarray) -> np.ndarray:
        times = self.times[indices]  # 0: never selected, which weighs 1
        return np.where(times > 0, np.clip(self.epochs / np.maximum(times, 1), SMALLEST, LARGEST), 1.0)

    @override
    def observe(self, epoch: int, indices: np.ndarray, columns: Arrays) -> None:
        super().observe(epoch, indices, columns)
        self.excess[:] = -np.inf
        self.excess[indices] = excess_over_batches(columns["error"], columns["batch"], self.options.batches)
        self.times[indices] += 1
        self.epochs += 1


CARD = StrategyCard(
    "repb",
    "Keeps what was hard among its own batches, brings others back by chance, weighs by how often each was selected.",
    "RePB, ICLR 2026, github.com/mrazhou/RePB, from its abstract and notes on it; the exact budget is ours",
    "stcore.prune.repb:RePB",
    RePBOptions,
    title="RePB",
)
