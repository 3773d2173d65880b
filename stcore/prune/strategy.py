"""What a pruning strategy is: it picks samples and their weights once an epoch and is told what they cost.

Samples are plain positions 0..W-1, whatever they stand for. ``Dynamic`` holds what every strategy with scores shares.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

Arrays = Mapping[str, np.ndarray]


class Selection(NamedTuple):
    """Which samples an epoch visits: ``indices`` [K] int64 ascending, ``weights`` [K] float32 > 0 of their losses."""

    indices: np.ndarray
    weights: np.ndarray

    def dense(self, count: int) -> dict[str, np.ndarray]:
        """``kept`` [W] bool and ``weight`` [W] float32 (0: not kept) over all samples."""
        kept, weight = np.zeros(count, bool), np.zeros(count, np.float32)
        kept[self.indices], weight[self.indices] = True, self.weights
        return {"kept": kept, "weight": weight}

    def report(self) -> dict[str, float]:
        """The largest weight, and how many equally weighted samples carry as much (Kish 1965)."""
        weights = self.weights.astype(np.float64)
        return {"largest_weight": float(weights.max()), "effective": float(weights.sum() ** 2 / (weights**2).sum())}


@dataclass(frozen=True)
class Samples:
    """What a strategy knows before training: W samples, E epochs, the seed, and features computed when asked for.

    ``feature(name)`` gives [W]: ``cell`` (hour of the week of the forecast) or ``stationarity`` (0 to 1, 1 = calmest).
    """

    count: int
    epochs: int
    seed: int
    feature: Callable[[str], np.ndarray]


class PruningStrategy(Protocol):
    """See the module. All of it is deterministic by seed and epoch, hence the same on every rank."""

    needs: tuple[str, ...]  # per-sample columns wanted by observe: level, sensor_spread, horizon_spread
    plan: np.ndarray  # [E] visits expected in each epoch
    notes: list[str]  # what was decided differently from what was asked
    report: dict[str, float]  # what the last selection went by, for people: threshold, share below it

    def refresh(self, epoch: int) -> bool:
        """Whether all samples are to be scored, without gradient, before this epoch's selection."""

    def select(self, epoch: int) -> Selection:
        """The samples of this epoch."""

    def observe(self, epoch: int, indices: np.ndarray, columns: Arrays) -> None:
        """Columns [K] of the visited ``indices`` [K], once an epoch; never NaN."""

    def score(self) -> np.ndarray:
        """The current score of every sample [W]; NaN where there is none yet."""

    def state_dict(self) -> dict[str, np.ndarray]:
        """All that resuming needs, arrays only."""

    def load_state_dict(self, state: Arrays) -> None:
        """Take a state back."""


class Dynamic:
    """State that scored strategies share: the latest score of each sample and a generator per epoch."""

    needs: tuple[str, ...] = ("level",)

    def __init__(self, samples: Samples, plan: np.ndarray, notes: list[str]) -> None:
        self.samples, self.plan, self.notes = samples, plan, notes
        self.scores = np.full(samples.count, np.nan, np.float32)
        self.report: dict[str, float] = {}

    def refresh(self, epoch: int) -> bool:
        """Never, unless a strategy says otherwise."""
        return False

    def generator(self, epoch: int) -> np.random.Generator:
        """The epoch's own random draws."""
        return np.random.default_rng([self.samples.seed, epoch, 2])

    def complexity(self, columns: Arrays) -> np.ndarray:
        """A sample's new score [K] from its columns; the error level unless a strategy says otherwise."""
        return columns["level"]

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


def everything(count: int) -> Selection:
    """All samples, each with weight 1."""
    return Selection(np.arange(count), np.ones(count, np.float32))
