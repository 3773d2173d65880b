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
from stcore.training.build import small_pool
from stcore.training.evaluate import CELLS, missed
from stcore.training.losses import MAE, Loss
from stcore.training.mask import Masking
from stcore.training.results import State
from stcore.training.samples import Pool
from stcore.training.scores import Columns, Step
from stcore.training.stopwatch import Clock
from stcore.training.tensors import Feed


class Pupil(Protocol):
    """What a pilot needs of a trainer."""

    ranks: Ranks
    pool: Pool
    model: Forecaster
    learner: Forecaster
    loss: Loss
    masking: Masking
    clock: Clock
    state: State

    def __iter__(self) -> Iterator[Event]: ...

    def rehearse(self, epoch: int, clock: Clock) -> Iterator[Progress]:
        """One epoch: trained and observed, but neither validated nor recorded."""


Pupils = Callable[..., Pupil]  # Trainer.pupil
Visits = Generator[Progress, None, int]  # progress, and in the end how many visits a pilot took


@torch.no_grad()
def score_all(
    model: Forecaster | Gated, pool: Pool, needs: tuple[str, ...], ranks: Ranks, loss: Loss = MAE
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """All samples [W] and their columns under the model as it stands, shared out among the ranks."""
    columns, training = Columns(pool.feed.setting.horizon, needs, pool.observed, loss), model.training
    model.eval()
    model.remember = columns.remembers
    size = max(1, CELLS // pool.size)
    for number, first in enumerate(range(0, pool.count, size)):
        if number % ranks.world == ranks.rank:
            samples = np.arange(first, min(first + size, pool.count))
            batch = pool.batch(samples)
            error = missed(model(batch.x, batch.calendar, batch.sensor), batch.y, batch.mask)
            losses = loss.value(error)
            parts = (error, batch.mask, losses, losses.sum((1, 2, 3)))
            columns.take(Step(torch.from_numpy(samples), *parts, model.last, number))
    model.remember = False
    model.train(training)
    return columns.merged(ranks)


def warm_start(distilled: STData, feed: Feed, options: RunOptions, pupils: Pupils) -> Generator[Progress, None, Pupil]:
    """Train a pupil on the ``distilled`` set that stands for the data of ``feed``, with the recipe of such a set, up to the
    validation of its last epoch. Gives the pupil: the run goes on from its best weights."""
    epochs, alone = options.distilled.warm or 0, options.distilled.model_copy(update={"warm": None})
    own_recipe = {"batch": None, "lr": None, "weight_decay": None}
    pupil = pupils(epochs, pool=small_pool(distilled, feed, options), train=own_recipe, distilled=alone)
    for event in pupil:
        if isinstance(event, Progress):
            yield progress(event, 0, event.planned)
        if isinstance(event, Epoch) and event.epoch + 1 == epochs:
            break
    return pupil


def score_samples(strategy: PruningStrategy, pupils: Pupils, clock: Clock) -> Visits:
    """Train as the strategy wants it done beforehand, and have it learn what was found.

    Each repeat is a full training of its own, with a seed of its own, so that scores do not hang on one start.
    """
    pilot, visits = strategy.pilot, 0
    if pilot is None:
        return visits
    for repeat in range(pilot.repeats):
        repeat_clock = Clock()
        pupil = pupils(pilot.epochs, apart=7_919 * (repeat + 1))
        count = pupil.pool.count
        for epoch in range(pilot.epochs):
            for event in pupil.rehearse(epoch, repeat_clock):
                yield progress(event, visits, pilot.repeats * pilot.epochs * count)
            visits += count
            if pilot.every_epoch:
                with repeat_clock.timed("score"):
                    strategy.learn(repeat, epoch, {"error": pupil.state.error.copy()})
        if not pilot.every_epoch:
            with repeat_clock.timed("score"):
                indices, columns = score_all(pupil.learner, pupil.pool, pilot.needs, pupil.ranks, pupil.loss)
                order = np.argsort(indices)
                strategy.learn(repeat, pilot.epochs - 1, {name: column[order] for name, column in columns.items()})
        clock.add(repeat_clock, "score")
    return visits


def compare_masks(mask: SensorMask, options: Mapping[str, Any], pupils: Pupils, clock: Clock) -> Visits:
    """Train a model that forecasts under any mask, where the mask wants one, and have it compare masks with that.

    ``options`` are those of the mask.
    """
    if not mask.pilot:
        return 0
    shared = {name: value for name, value in options.items() if name in SiteOptions.model_fields}
    most = min(max(options.get("sparsity", 0.0), 0.3) + 0.1, 0.9)
    pupil = pupils(mask.pilot, apart=104_729, mask={**shared, "name": "any", "sparsity": most, "turns": "random"})
    own_clock, count = Clock(), pupil.pool.count
    for epoch in range(mask.pilot):
        for event in pupil.rehearse(epoch, own_clock):
            yield progress(event, epoch * count, mask.pilot * count)
    with own_clock.timed("score"):
        pupil.masking.begin(mask.pilot, pupil.model, pupil.ranks)
        mask.compare(pupil.masking.judge(pupil.model, pupil.ranks), pupil.masking.mask.score)
    clock.add(own_clock, "score")
    return mask.pilot * count


def progress(event: Progress, behind: int, planned: int) -> Progress:
    """A pupil's progress as that of its pilot: ``behind`` visits came before its own, of so many ``planned``."""
    return Progress(-1, event.batch, event.batches, behind + event.visits, planned)
