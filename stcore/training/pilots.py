"""Visits of samples that train nothing, or train another model: refreshed scores, and pilots before the run.

A pilot is a short training by a pupil, a trainer like the run's own with other options. Its cost is reported apart from the
run's own visits, as ``refresh`` (a forward pass) and ``pilot`` (a training visit).
"""

from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any, Protocol

import numpy as np
import torch

from stcore.data import STData
from stcore.events import Epoch, Event, Progress
from stcore.models.forecaster import Forecaster, Gated
from stcore.options import RunOptions
from stcore.prune.strategy import PruningStrategy
from stcore.ranks import Ranks
from stcore.sensors.mask import SensorMask
from stcore.sensors.options import SiteOptions
from stcore.training.build import distilled_samples
from stcore.training.evaluate import CELLS, signed_error
from stcore.training.losses import MAE, Loss
from stcore.training.mask import Masking
from stcore.training.results import State
from stcore.training.samples import TrainingSamples
from stcore.training.scores import Columns, Step
from stcore.training.stopwatch import Stopwatch
from stcore.training.tensors import DataTensors


class Pupil(Protocol):
    """What a pilot needs of a trainer."""

    ranks: Ranks
    samples: TrainingSamples
    model: Forecaster
    learner: Forecaster
    loss: Loss
    masking: Masking
    stopwatch: Stopwatch
    state: State

    def __iter__(self) -> Iterator[Event]: ...

    def rehearse(self, epoch: int, stopwatch: Stopwatch) -> Iterator[Progress]:
        """One epoch: trained and observed, but neither validated nor recorded."""


Pupils = Callable[..., Pupil]  # Trainer.pupil
Visits = Generator[Progress, None, int]  # progress, and in the end how many visits a pilot took


@torch.no_grad()
def score_all(
    model: Forecaster | Gated, samples: TrainingSamples, needs: tuple[str, ...], ranks: Ranks, loss: Loss = MAE
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """All samples [W] and their columns under the model as it stands, shared out among the ranks."""
    columns, training = Columns(samples.tensors.setting.horizon, needs, samples.observed, loss), model.training
    model.eval()
    model.remember = columns.remembers
    size = max(1, CELLS // samples.size)
    for number, first in enumerate(range(0, samples.count, size)):
        if number % ranks.world == ranks.rank:
            positions = np.arange(first, min(first + size, samples.count))
            batch = samples.batch(positions)
            error = signed_error(model(batch.x, batch.calendar, batch.sensor), batch.y, batch.mask)
            losses = loss.value(error)
            parts = (error, batch.mask, losses, losses.sum((1, 2, 3)))
            columns.take(Step(torch.from_numpy(positions), *parts, model.last, number))
    model.remember = False
    model.train(training)
    return columns.merged(ranks)


def warm_start(
    distilled: STData, tensors: DataTensors, options: RunOptions, pupils: Pupils
) -> Generator[Progress, None, Pupil]:
    """Train a pupil on the ``distilled`` set that stands for the data of ``tensors``, with the recipe of such a set, up to the
    validation of its last epoch. Gives the pupil: the run goes on from its best weights."""
    epochs, alone = options.distilled.warm or 0, options.distilled.model_copy(update={"warm": None})
    own_recipe = {"batch": None, "lr": None, "weight_decay": None}
    pupil = pupils(epochs, samples=distilled_samples(distilled, tensors, options), train=own_recipe, distilled=alone)
    for event in pupil:
        if isinstance(event, Progress):
            yield progress(event, 0, event.planned)
        if isinstance(event, Epoch) and event.epoch + 1 == epochs:
            break
    return pupil


def score_samples(strategy: PruningStrategy, pupils: Pupils, stopwatch: Stopwatch) -> Visits:
    """Train as the strategy wants it done beforehand, and have it learn what was found.

    Each repeat is a full training of its own, with a seed of its own, so that scores do not hang on one start.
    """
    pilot, visits = strategy.pilot, 0
    if pilot is None:
        return visits
    for repeat in range(pilot.repeats):
        repeat_watch = Stopwatch()
        pupil = pupils(pilot.epochs, apart=7_919 * (repeat + 1))
        count = pupil.samples.count
        for epoch in range(pilot.epochs):
            for event in pupil.rehearse(epoch, repeat_watch):
                yield progress(event, visits, pilot.repeats * pilot.epochs * count)
            visits += count
            if pilot.every_epoch:
                with repeat_watch.timed("score"):
                    strategy.learn(repeat, epoch, {"error": pupil.state.error.copy()})
        if not pilot.every_epoch:
            with repeat_watch.timed("score"):
                indices, columns = score_all(pupil.learner, pupil.samples, pilot.needs, pupil.ranks, pupil.loss)
                order = np.argsort(indices)
                strategy.learn(repeat, pilot.epochs - 1, {name: column[order] for name, column in columns.items()})
        stopwatch.add(repeat_watch, "score")
    return visits


def compare_masks(mask: SensorMask, options: Mapping[str, Any], pupils: Pupils, stopwatch: Stopwatch) -> Visits:
    """Train a model that forecasts under any mask, where the mask wants one, and have it compare masks with that.

    ``options`` are those of the mask.
    """
    if not mask.pilot:
        return 0
    shared = {name: value for name, value in options.items() if name in SiteOptions.model_fields}
    most = min(max(options.get("sparsity", 0.0), 0.3) + 0.1, 0.9)
    pupil = pupils(mask.pilot, apart=104_729, mask={**shared, "name": "any", "sparsity": most, "turns": "random"})
    own_watch, count = Stopwatch(), pupil.samples.count
    for epoch in range(mask.pilot):
        for event in pupil.rehearse(epoch, own_watch):
            yield progress(event, epoch * count, mask.pilot * count)
    with own_watch.timed("score"):
        pupil.masking.begin(mask.pilot, pupil.model, pupil.ranks)
        mask.compare(pupil.masking.judge(pupil.model, pupil.ranks), pupil.masking.mask.score)
    stopwatch.add(own_watch, "score")
    return mask.pilot * count


def progress(event: Progress, behind: int, planned: int) -> Progress:
    """A pupil's progress as that of its pilot: ``behind`` visits came before its own, of so many ``planned``."""
    return Progress(-1, event.batch, event.batches, behind + event.visits, planned)
