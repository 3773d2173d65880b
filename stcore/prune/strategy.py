"""What a pruning strategy is: it picks samples and their weights once an epoch and is told what they cost.

Samples are plain positions 0..W-1, whatever they stand for: whole windows, or (window, sensor) cells.
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

    def report(self) -> dict[str, float]:
        """The largest weight, and how many equally weighted samples carry as much (Kish 1965)."""
        weights = self.weights.astype(np.float64)
        return {"largest_weight": float(weights.max()), "effective": float(weights.sum() ** 2 / (weights**2).sum())}


@dataclass(frozen=True)
class Samples:
    """What a strategy knows before training: W samples, E epochs, the seed, and features computed when asked for.

    ``feature(name)`` gives [W]: ``cell`` (hour of the week of the forecast, 0 to 167), ``stationarity`` (0 to 1,
    1 = calmest), ``naive`` (error of the seasonal naive forecast, in training spreads), ``window`` and ``sensor``
    (positions; the sensor of a whole window is 0); or [W, 64]: ``series`` (the sample's own values, projected).
    """

    count: int
    epochs: int
    seed: int
    feature: Callable[[str], np.ndarray]


class Pilot(NamedTuple):
    """Short full trainings that a strategy wants before the real one: so many epochs, repeated with other seeds.

    ``needs``: columns of all samples measured without gradient at the end of each repeat; with ``every_epoch`` instead
    the ``error`` at which each epoch of it met the samples.
    """

    epochs: int
    repeats: int
    needs: tuple[str, ...] = ("error",)
    every_epoch: bool = False


class PruningStrategy(Protocol):
    """See the module. All of it is deterministic by seed and epoch, hence the same on every rank."""

    needs: tuple[str, ...]  # per-sample columns wanted by observe; see stcore.training.scores.Columns
    pilot: Pilot | None  # what is to be measured before training, if anything
    plan: np.ndarray  # [E] visits expected in each epoch; the run has as many epochs
    notes: list[str]  # what was decided differently from what was asked
    report: dict[str, float]  # what the last selection went by, for people: threshold, share below it

    def learn(self, repeat: int, epoch: int, columns: Arrays) -> None:
        """What the pilot found: columns [W, ...] of all samples; NaN where there is none."""

    def refresh(self, epoch: int) -> bool:
        """Whether all samples are to be scored, without gradient, before this epoch's selection."""

    def select(self, epoch: int) -> Selection:
        """The samples of this epoch."""

    def observe(self, epoch: int, indices: np.ndarray, columns: Arrays) -> None:
        """Columns [K] of the visited ``indices`` [K], in any order, once an epoch and once after a refresh; never NaN."""

    def judge(self, epoch: int, error: float) -> None:
        """The validation error at the epoch's end."""

    def score(self) -> np.ndarray:
        """The current score of every sample [W]; NaN where there is none yet."""

    def state_dict(self) -> dict[str, np.ndarray]:
        """All that resuming needs, arrays only."""

    def load_state_dict(self, state: Arrays) -> None:
        """Take a state back."""


def everything(count: int) -> Selection:
    """All samples, each with weight 1."""
    return Selection(np.arange(count), np.ones(count, np.float32))
