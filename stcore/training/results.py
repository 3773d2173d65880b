"""Beginning and end of a trainer: what the job starts with, the result of its best weights, and what breaks it off."""

import copy
from typing import TYPE_CHECKING

import numpy as np
import torch

from stcore.events import Finished, Started
from stcore.models.forecaster import gated
from stcore.training import evaluate

if TYPE_CHECKING:
    from stcore.training.trainer import Trainer


class Diverged(RuntimeError):
    """The loss is no number any more; says where and what to try: a learning rate below ``rate``."""

    def __init__(self, text: str, rate: float) -> None:
        super().__init__(text)
        self.rate = rate


def diverged(trainer: "Trainer", what: str) -> Diverged:
    """The error in words."""
    kept = f"The weights of epoch {trainer.epoch} are kept" if trainer.epoch else "There are no weights yet"
    return Diverged(
        f"diverged at epoch {trainer.epoch + 1}: {what} is not finite. "
        f"{kept}; try a learning rate below {trainer.rate:g}.",
        trainer.rate,
    )


def named(samples: np.ndarray, most: int = 5) -> str:
    """The first of some samples, in words."""
    return ", ".join(map(str, samples[:most])) + (" and others" if len(samples) > most else "")


def started(trainer: "Trainer") -> Started:
    """What the job begins with; the notes it tells are no news any more."""
    trainer.news()
    return Started(
        trainer.epoch,
        len(trainer.strategy.plan),
        trainer.pool.count,
        trainer.batch,
        trainer.rate,
        sum(parameter.numel() for parameter in trainer.model.parameters()),
        trainer.train.precision,
        torch.get_num_threads(),
        list(trainer.notes),
    )


def finished(trainer: "Trainer") -> Finished:
    """Measure the best weights, under the mask that they were best with; the model keeps its last ones."""
    feed, train, pool, clock = trainer.feed, trainer.train, trainer.pool, trainer.clock
    last = copy.deepcopy(trainer.model.state_dict())
    with clock.timed("evaluate"):
        trainer.model.load_state_dict(trainer.best)
        model = gated(trainer.model, trainer.best_gate)
        test = evaluate.errors(model, feed, feed.parts.test, trainer.ranks)
        naive = evaluate.naive_metrics(feed)
        told = {"test_sensor_error": test.by_sensor(), "test_start": feed.parts.test.starts}
        told |= {"test_error": test.windows[0], "test_count": test.windows[1]}
        hardest = pool.hardest(trainer.strategy.score())
        starts = evaluate.worth_storing(feed, hardest, train.forecasts, trainer.options.seed)
        arrays = {**told, **evaluate.stored(model, feed, starts)}
    trainer.model.load_state_dict(last)
    full = round(train.epochs * trainer.epoch / len(trainer.strategy.plan) * pool.count * trainer.passes)
    visits = {"kept": trainer.visits, "full": full, "share": trainer.visits / max(full, 1), **trainer.extra}
    metrics = {"validation": trainer.best_metrics, "test": evaluate.metrics(test, feed)}
    return Finished(
        trainer.epoch,
        trainer.best_epoch + 1,
        metrics,
        naive,
        visits,
        dict(clock.seconds),
        dict(clock.cpu),
        arrays,
        trainer.masking.report,
    )
