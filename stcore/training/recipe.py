"""The training recipe as plain numbers: batch, learning rate, and how the rate falls. No torch, so a form can show it.

Both defaults are ours, from measurements on three public datasets (bench/recipe.py): the field's 64 windows a step starve
a small model of steps on data of this size, so a batch is counted in (window, sensor) cells.
"""

import math
import os

import numpy as np

from stcore import registry
from stcore.options import TrainOptions

CELLS = 1024  # (window, sensor) cells in a default batch
SMALL_DECAY = 3e-3  # on a distilled set
RATE = 8e-3  # learning rate at that size


def batch_size(options: TrainOptions, cells: int, samples: int) -> int:
    """Samples in a step: as asked, or about 1024 cells, of which each sample has ``cells``; never more than there are."""
    return min(samples, options.batch or max(1, round(CELLS / cells)))


def base_rate(options: TrainOptions, batch: int, cells: int, model: str = "stid") -> float:
    """Learning rate at the start: as asked, or growing with the root of the batch's cells, within 1e-3 and 1e-2, times the
    share of it that suits the ``model``."""
    share = registry.card("models", model).rate
    return options.lr or share * min(1e-2, max(1e-3, RATE * math.sqrt(batch * cells / CELLS)))


def weight_decay(options: TrainOptions, model: str = "stid", distilled: bool = False) -> float:
    """Weight decay: as asked, or what suits the model (that of Graph WaveNet was found on metr-la-week), or on a
    ``distilled`` set alone what keeps a model from learning the few windows by heart (STID on sets of metr-la-week)."""
    if options.weight_decay is not None:
        return options.weight_decay
    return SMALL_DECAY if distilled else registry.card("models", model).decay


def learning_rate(options: TrainOptions, base: float, plan: np.ndarray, epoch: int, done: float) -> float:
    """The rate at a step, a pure function of where the run is.

    ``plan`` [E] holds the visits expected in each epoch, ``done`` is the share of this epoch that is trained. Without
    milestones the rate falls as half a cosine from ``base`` to zero over the run's own visits. With milestones it is
    multiplied by gamma after each; they count passes over the data, however many epochs the plan makes of a pass.
    """
    if options.milestones is not None:
        passes = epoch * options.epochs / len(plan)
        return base * options.gamma ** sum(passes >= milestone for milestone in options.milestones)
    behind = plan[:epoch].sum() + done * plan[epoch]
    return base * 0.5 * (1 + math.cos(math.pi * behind / max(plan.sum(), 1)))


def is_patient(options: TrainOptions, plan: np.ndarray, full: int, epoch: int, since: int) -> bool:
    """Whether a run goes on after an ``epoch`` when nothing has got better ``since`` another.

    Patience counts only once an epoch visits all ``full`` samples again, so that a run cannot end before its tail. It counts
    passes, where a plan [E] has more and shorter epochs.
    """
    if options.patience is None:
        return True
    back = int(np.flatnonzero(plan < full).max(initial=-1)) + 1 if plan[-1] >= full else 0
    return (epoch - max(back, since)) * min(1.0, options.epochs / len(plan)) < options.patience


def threads(options: TrainOptions) -> int:
    """Processor threads: as asked, or one less than there are cores, so that the page stays quick."""
    return options.threads or max(1, (os.cpu_count() or 2) - 1)
