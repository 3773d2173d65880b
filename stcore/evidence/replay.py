"""Replay: which samples another strategy would have kept, from the scores that a run recorded, without training.

It shows how the choices of two methods differ, given the same errors. It cannot show other errors: they come from a model
that was trained on what *this* run kept, and a model trained on other samples would have erred elsewhere.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import xarray as xr

from stcore import registry
from stcore.prune.strategy import PruningStrategy, Samples

Feature = Callable[[str], np.ndarray]
UNRECORDED = ("sensor_std", "horizon_std")  # parts of a score that count as nothing where they are not known


class ReplayError(ValueError):
    """A strategy that cannot be replayed on a run. The message says why."""


@dataclass(frozen=True)
class Replay:
    """What another strategy would have kept.

    ``kept`` [E, W] bool in the recorded epochs, ``overlap`` [E] with what the run kept, ``chance`` [E] the overlap of random
    sets of the same sizes. ``notes`` say what was left out of account.
    """

    kept: np.ndarray
    overlap: np.ndarray
    chance: np.ndarray
    notes: list[str]


@dataclass(frozen=True)
class Setting:
    """What a strategy knows besides the trace: E planned epochs, seed, samples in a step, and features (see ``Samples``)."""

    epochs: int
    seed: int
    batch: int
    feature: Feature


def replay(trace: xr.Dataset, method: str, options: Mapping[str, Any], setting: Setting) -> Replay:
    """What the strategy ``method`` with ``options`` would have kept in each recorded epoch.

    ReplayError for runs of cells, methods that train a pilot first, and methods that need what was not recorded;
    OptionError for options that cannot be.
    """
    kept = trace["kept"].values
    if kept.dtype != bool:
        raise ReplayError("This run pruned cells; scores of single cells are not recorded, so nothing can be replayed.")
    card = registry.card("strategies", method)
    samples = Samples(kept.shape[1], setting.epochs, setting.seed, setting.feature)
    strategy: PruningStrategy = card.load()(card.options.read(options), samples)
    check_replayable(strategy, method, setting.epochs)
    level = (trace["level"] if "level" in trace else trace["score"]).values
    chosen = np.zeros(kept.shape, bool)
    for epoch in range(min(len(kept), len(strategy.plan))):
        if strategy.refresh(epoch):
            observe_recorded(strategy, epoch, np.arange(kept.shape[1]), level[max(epoch - 1, 0)], setting)
        indices = strategy.select(epoch).indices
        chosen[epoch, indices] = True
        observe_recorded(strategy, epoch, indices, level[epoch], setting)
        strategy.judge(epoch, float(trace["validation_mae"].values[epoch]))
    return Replay(
        chosen, overlap_by_epoch(chosen, kept), overlap_by_chance(chosen, kept), replay_notes(trace, strategy)
    )


def check_replayable(strategy: PruningStrategy, method: str, epochs: int) -> None:
    """ReplayError where the strategy needs what a trace does not hold, or does not choose once in each of the ``epochs``."""
    if strategy.pilot is not None:
        raise ReplayError(
            f"{method} scores the samples in a short training of its own before the run; it cannot be replayed."
        )
    if len(strategy.plan) > epochs:
        raise ReplayError(
            f"{method} chooses several times in a pass, of which this run has one; it cannot be replayed."
        )
    lacking = sorted(set(strategy.needs) - {"error", "batch", *UNRECORDED})
    if lacking:
        raise ReplayError(f"{method} goes by {', '.join(lacking)}, which a run does not record; it cannot be replayed.")


@cache
def why_not_replayable(method: str) -> str | None:
    """Why a strategy with its usual options cannot be replayed on any run, in a sentence; None where it can."""
    card, count = registry.card("strategies", method), 8
    blank = Samples(count, 20, 0, lambda name: np.zeros((count, 2) if name == "series" else count, int))
    try:
        check_replayable(card.load()(card.options.read({}), blank), method, blank.epochs)
    except ReplayError as problem:
        return str(problem)
    return None


def observe_recorded(
    strategy: PruningStrategy, epoch: int, indices: np.ndarray, level: np.ndarray, setting: Setting
) -> None:
    """Let a strategy observe the recorded ``level`` [W] of the samples ``indices`` [K], as far as it is known."""
    order = np.random.default_rng([setting.seed, epoch, 1]).permutation(len(indices))
    batch = np.empty(len(indices), np.float32)
    batch[order] = np.arange(len(indices)) // setting.batch
    known = np.isfinite(level[indices])
    nothing = np.zeros(int(known.sum()), np.float32)
    columns = {"error": level[indices][known].astype(np.float32), "batch": batch[known]}
    strategy.observe(epoch, indices[known], columns | dict.fromkeys(UNRECORDED, nothing))


def overlap_by_epoch(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Jaccard index of two choices [E, W] bool in each epoch [E]: samples that both kept, of those that either kept."""
    both, either = (one & other).sum(axis=1), (one | other).sum(axis=1)
    return np.asarray(both / np.maximum(either, 1))


def overlap_by_chance(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The Jaccard index [E] that independent random choices of the same sizes come to in the mean, for many samples."""
    first, second = one.mean(axis=1), other.mean(axis=1)
    return np.asarray(first * second / np.maximum(first + second - first * second, 1e-12))


def replay_notes(trace: xr.Dataset, strategy: PruningStrategy) -> list[str]:
    """What the replay leaves out of account, in sentences."""
    said = list(strategy.notes)
    if lacking := [name.replace("_", " ") for name in strategy.needs if name in UNRECORDED]:
        said.append(f"Its {' and '.join(lacking)} are not recorded and count as nothing: it goes by the error alone.")
    if "level" not in trace:
        said.append("This run recorded only its own method's scores; they stand in for the errors.")
    return said
