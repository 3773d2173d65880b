"""Passes over all samples that train nothing, or train something else: refreshed scores, and pilots before the run.

Their cost is told apart from the run's own visits, as ``refresh`` (a forward pass) and ``pilot`` (a training visit).
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch

from stcore.events import Epoch, Progress
from stcore.models.forecaster import Forecaster, Gated
from stcore.ranks import Ranks
from stcore.sensors.options import SiteOptions
from stcore.training.build import small_pool
from stcore.training.evaluate import CELLS, missed
from stcore.training.samples import Pool
from stcore.training.scores import Columns, Step
from stcore.training.stopwatch import Clock

if TYPE_CHECKING:
    from stcore.training.trainer import Trainer

Found = tuple[np.ndarray, dict[str, np.ndarray]]


@torch.no_grad()
def scored(model: Forecaster | Gated, pool: Pool, needs: tuple[str, ...], ranks: Ranks) -> Found:
    """All samples and their columns under the model as it stands, shared out among the ranks."""
    columns, training = Columns(pool.feed.setting.horizon, needs, pool.observed), model.training
    model.eval()
    model.remember = columns.remembers
    size = max(1, CELLS // pool.size)
    for number, first in enumerate(range(0, pool.count, size)):
        if number % ranks.world == ranks.rank:
            places = np.arange(first, min(first + size, pool.count))
            batch = pool.batch(places)
            error = missed(model(batch.x, batch.calendar, batch.sensor), batch.y, batch.mask)
            absolute = error.abs()
            told = (error, batch.mask, absolute, absolute.sum((1, 2, 3)))
            columns.take(Step(torch.from_numpy(places), *told, model.last, number))
    model.remember = False
    model.train(training)
    return columns.merged(ranks)


def warm_start(trainer: "Trainer") -> Iterator[Progress]:
    """Train on the distilled set first, where that is asked for, and go on from the weights that forecast validation best."""
    chosen = trainer.options.distilled
    if trainer.distilled is None or chosen.warm is None:
        return
    train = trainer.train.model_copy(
        update={"epochs": chosen.warm, "patience": None, "batch": None, "lr": None, "weight_decay": None}
    )
    alone = chosen.model_copy(update={"warm": None})
    changed = {"train": train, "prune": {"name": "full"}, "mask": {"name": "none"}, "distilled": alone}
    options = trainer.options.model_copy(update=changed)
    pupil = type(trainer)(
        trainer.feed.data, options, trainer.ranks, small_pool(trainer.distilled, trainer.feed, options)
    )
    for event in pupil:
        if isinstance(event, Progress):
            yield Progress(-1, event.batch, event.batches, event.visits, event.planned)
        if isinstance(event, Epoch) and event.epoch + 1 == chosen.warm:
            break
    trainer.model.load_state_dict(pupil.best)
    trainer.clock.add(pupil.clock, "train")
    trainer.extra["pilot"] += pupil.visits


def any_mask_pilot(trainer: "Trainer") -> Iterator[Progress]:
    """Train a model that forecasts under any mask, where the mask wants one, and have it compare masks with that."""
    mask, pool, clock = trainer.masking.mask, trainer.pool, Clock()
    if not mask.pilot:
        return
    shared = {name: value for name, value in trainer.options.mask.items() if name in SiteOptions.model_fields}
    most = min(max(trainer.options.mask.get("sparsity", 0.0), 0.3) + 0.1, 0.9)
    shared |= {"name": "any", "sparsity": most, "turns": "random"}
    train = trainer.train.model_copy(update={"epochs": mask.pilot, "patience": None})
    changed = {
        "seed": (trainer.options.seed + 104_729) % 2**31,
        "train": train,
        "prune": {"name": "full"},
        "mask": shared,
    }
    pupil = type(trainer)(trainer.feed.data, trainer.options.model_copy(update=changed), trainer.ranks, pool)
    for epoch in range(mask.pilot):
        for event in pupil.passed(epoch, clock):
            behind = epoch * pool.count + event.visits - pupil.visits
            yield Progress(-1, event.batch, event.batches, behind, mask.pilot * pool.count)
    with clock.timed("score"):
        pupil.masking.begin(mask.pilot, pupil.model, trainer.ranks)
        mask.compare(pupil.masking.judge(pupil.model, trainer.ranks), pupil.masking.mask.score)
    trainer.clock.add(clock, "score")
    trainer.extra["pilot"] += mask.pilot * pool.count


def pilots(trainer: "Trainer") -> Iterator[Progress]:
    """Train as the strategy wants it done beforehand and have it learn what was found.

    Each repeat is a full training of its own, with a seed of its own, so that scores do not hang on one start.
    """
    pilot, pool, strategy = trainer.strategy.pilot, trainer.pool, trainer.strategy
    if pilot is None:
        return
    train = trainer.train.model_copy(update={"epochs": pilot.epochs, "patience": None})
    whole = pilot.repeats * pilot.epochs * pool.count
    for repeat in range(pilot.repeats):
        clock = Clock()
        seed = (trainer.options.seed + 7_919 * (repeat + 1)) % 2**31
        changed = {"seed": seed, "train": train, "prune": {"name": "full"}, "mask": {"name": "none"}}
        pupil = type(trainer)(
            trainer.feed.data, trainer.options.model_copy(update=changed), trainer.ranks, trainer.pool
        )
        for epoch in range(pilot.epochs):
            behind = (repeat * pilot.epochs + epoch) * pool.count
            for event in pupil.passed(epoch, clock):
                yield Progress(-1, event.batch, event.batches, behind + event.visits - pupil.visits, whole)
            if pilot.every_epoch:
                with clock.timed("score"):
                    strategy.learn(repeat, epoch, {"error": pupil.level.copy()})
        if not pilot.every_epoch:
            with clock.timed("score"):
                indices, columns = scored(pupil.learner, pool, pilot.needs, trainer.ranks)
                order = np.argsort(indices)
                strategy.learn(repeat, pilot.epochs - 1, {name: column[order] for name, column in columns.items()})
        trainer.clock.add(clock, "score")
        trainer.extra["pilot"] += pilot.epochs * pool.count
