"""What a pruning strategy is: it selects samples and their weights once an epoch, and observes what they cost.

Samples are plain positions 0..W-1, whatever they stand for: whole windows, or (window, sensor) cells.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol, runtime_checkable

import numpy as np
from typing_extensions import override

from stcore.options import Options

Arrays = Mapping[str, np.ndarray]
Unbiased = Literal["sum", "mean"] | None


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
    """What a strategy knows before training: W samples, E epochs, the seed, and features that are computed on demand.

    ``feature(name)`` gives [W]: ``hour`` (of the week, of the forecast, 0 to 167), ``stationarity`` (0 to 1, 1 = calmest),
    ``naive`` (error of the seasonal naive forecast, in training stds), ``window`` and ``sensor`` (positions; the sensor of
    a whole window is 0); or [W, 64]: ``series`` (the sample's own values, projected).
    """

    count: int
    epochs: int
    seed: int
    feature: Callable[[str], np.ndarray]


class Pilot(NamedTuple):
    """Short full trainings that a strategy wants before the real one: ``epochs`` each, ``repeats`` with other seeds.

    ``needs``: columns of all samples, measured without gradient at the end of each repeat. With ``every_epoch`` it is the
    ``error`` at which each epoch of the pilot met the samples instead.
    """

    epochs: int
    repeats: int
    needs: tuple[str, ...] = ("error",)
    every_epoch: bool = False


class PruningStrategy(Protocol):
    """What the training loop asks of a strategy. All of it is deterministic by seed and epoch: every rank gets the same."""

    needs: tuple[str, ...]  # per-sample columns wanted by observe; see stcore.training.scores.Columns
    pilot: Pilot | None  # what is measured before training, if anything
    plan: np.ndarray  # [E] visits expected in each epoch; the run has as many epochs
    notes: list[str]  # where the strategy differs from what was asked
    report: dict[str, float]  # what the last selection went by, for people: threshold, share below it

    def learn(self, repeat: int, epoch: int, columns: Arrays) -> None:
        """Take in the columns [W, ...] of all samples that the pilot measured; NaN where there is none."""

    def refresh(self, epoch: int) -> bool:
        """Whether all samples are scored, without gradient, before this epoch's selection."""

    def select(self, epoch: int) -> Selection:
        """The samples of this epoch."""

    def observe(self, epoch: int, indices: np.ndarray, columns: Arrays) -> None:
        """Take in the columns [K] of the visited ``indices`` [K], in any order: once an epoch and once after a refresh.

        They are never NaN.
        """

    def judge(self, epoch: int, error: float) -> None:
        """Take in the validation error at the epoch's end."""

    def score(self) -> np.ndarray:
        """The current score of every sample [W]; NaN where there is none yet."""

    def state_dict(self) -> dict[str, np.ndarray]:
        """All that resuming needs, arrays only."""

    def load_state_dict(self, state: Arrays) -> None:
        """Go on from a state."""


@runtime_checkable
class ChoosesInBatch(Protocol):
    """Optional: a strategy that also chooses inside each batch, such as RHO (Mindermann et al. 2022, arXiv 2206.07137)."""

    def choose(self, batch: np.ndarray, columns: Arrays) -> np.ndarray:
        """Positions [K] in a candidate batch that are trained on, ascending.

        ``batch`` [B] holds the candidates' samples, ``columns`` [B] what the strategy needs, measured without gradient.
        """


@runtime_checkable
class MasksTargets(Protocol):
    """Optional: a strategy that leaves single readings out of the loss, as selective learning does."""

    def target_mask(self, epoch: int, batch: np.ndarray) -> np.ndarray:
        """Which readings of the samples ``batch`` [B] count in the loss [B, H, N] bool."""


class Strategy(PruningStrategy):
    """Base of our strategies: its hooks do nothing, it keeps the last score of each sample, and its state is ``arrays``.

    A subclass sets ``plan`` and gives ``select``. It says of itself when it decides and what its draws promise;
    ``stcore.testing.check_strategy`` holds it to that.
    """

    needs: tuple[str, ...] = ("error",)
    pilot: Pilot | None = None
    # Names of the attributes that make up the state. They are loaded in place.
    arrays: tuple[str, ...] = ("scores",)
    # When it decides. A round is a part of an epoch.
    decides: Literal["never", "once", "epoch", "round"] = "epoch"
    # Whether another seed draws other samples. If not, the data alone decide, but for equal scores.
    by_chance = True
    # Which gradient has the full one as its mean over seeds: the weighted sum of the kept, their mean, or neither.
    unbiased: Unbiased = None

    def __init__(self, options: Options, samples: Samples) -> None:
        self.options, self.samples = options, samples
        self.plan = np.full(samples.epochs, samples.count)
        self.scores = np.full(samples.count, np.nan, np.float32)
        self.notes: list[str] = []
        self.report: dict[str, float] = {}

    def complexity(self, columns: Arrays) -> np.ndarray:
        """A sample's new score [K] from its columns: its error, unless a strategy says otherwise."""
        return columns["error"]

    def generator(self, epoch: int) -> np.random.Generator:
        """The epoch's own random draws."""
        return np.random.default_rng([self.samples.seed, epoch, 2])

    @override
    def learn(self, repeat: int, epoch: int, columns: Arrays) -> None:
        pass

    @override
    def refresh(self, epoch: int) -> bool:
        return False

    @override
    def observe(self, epoch: int, indices: np.ndarray, columns: Arrays) -> None:
        self.scores[indices] = self.complexity(columns)

    @override
    def judge(self, epoch: int, error: float) -> None:
        pass

    @override
    def score(self) -> np.ndarray:
        return self.scores

    @override
    def state_dict(self) -> dict[str, np.ndarray]:
        return {name: np.array(getattr(self, name)) for name in self.arrays}

    @override
    def load_state_dict(self, state: Arrays) -> None:
        for name in self.arrays:
            getattr(self, name)[...] = state[name]


def all_samples(count: int) -> Selection:
    """All samples, each with weight 1."""
    return Selection(np.arange(count), np.ones(count, np.float32))
