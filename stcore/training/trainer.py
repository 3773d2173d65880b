"""Trainer: the loop, as an iterator of events.

    for each epoch
        score all samples first, if the strategy asks          (refresh)
        the strategy selects samples and weights               (select)
        for each batch of the selection, in the epoch's order
            weighted masked loss, gradient, clip, step         -> Progress
            per-sample columns stay on the device              (score)
        the strategy observes the columns                      (observe)
        validation, error and importance per sensor            -> Epoch
    the best weights forecast the test                         -> Finished

Stopping between two events loses nothing but the epoch in hand: ``state_dict`` is complete at every epoch's end, and
all random draws come from the seed and the epoch, so a resumed run equals an uninterrupted one.
"""

import copy
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from stcore import scores
from stcore.data import STData
from stcore.events import Epoch, Event, Finished, Progress, Started
from stcore.options import OptionError, RunOptions
from stcore.prune.strategy import Selection
from stcore.ranks import Ranks
from stcore.training import evaluate, recipe
from stcore.training.build import DTYPES, build_model, build_optimizer, build_strategy, flattened
from stcore.training.feed import Feed
from stcore.training.predict import pack
from stcore.training.state import from_bytes, to_bytes
from stcore.windows import Windows

KINDS = ("train", "score", "select", "evaluate")
MOST = float(np.finfo(np.float16).max)
PLAIN = ("epoch", "visits", "best_epoch", "best_error", "best_metrics", "over")


class Diverged(RuntimeError):
    """The loss is no number any more; says where and what to try."""


class Trainer:
    """Iterate it: ``for event in Trainer(data, options): ...``. Nothing is written or printed."""

    def __init__(self, data: STData, options: RunOptions, ranks: Ranks | None = None) -> None:
        self.options, self.train, self.ranks = options, options.train, ranks or Ranks()
        if self.train.device == "cuda" and not torch.cuda.is_available():
            raise OptionError("There is no CUDA device here; set train.device to cpu.")
        torch.set_num_threads(recipe.threads(self.train))
        self.feed = Feed(data, options.data, self.train.device, DTYPES[self.train.precision])
        self.windows = self.feed.parts.train
        self.seconds = dict.fromkeys(KINDS, 0.0)
        self.model = build_model(self.feed, options)
        with timed(self.seconds, "select"):
            self.strategy = build_strategy(self.feed, options)
        self.batch = recipe.batch_size(self.train, self.feed.setting.sensors, len(self.windows))
        self.rate = recipe.base_rate(self.train, self.batch, self.feed.setting.sensors)
        self.whole = flattened(self.model)
        self.optimizer = build_optimizer(self.whole, self.train)
        self.epoch, self.visits, self.best_epoch, self.best_error = 0, 0, -1, float("inf")
        self.best = copy.deepcopy(self.model.state_dict())
        self.best_metrics: dict[str, Any] = {}
        self.over, self.notes = False, list(self.strategy.notes)

    # ---- the loop --------------------------------------------------------------------------------------------------
    def __iter__(self) -> Iterator[Event]:
        """Events from where the state stands to the end."""
        yield self._started()
        while self.epoch < self.train.epochs and not self.over:
            yield from self._epoch()
        yield self._finished()

    def _epoch(self) -> Iterator[Event]:
        """One pass over what the strategy selects."""
        epoch, seconds = self.epoch, dict.fromkeys(KINDS, 0.0)
        torch.manual_seed(self.options.seed * 1_000_003 + epoch)
        columns = self._columns()
        with timed(seconds, "score"):
            self._refresh(epoch)
        with timed(seconds, "select"):
            selection = self.strategy.select(epoch)
            order = np.random.default_rng([self.options.seed, epoch, 1]).permutation(len(selection.indices))
        total, kept = 0.0, len(selection.indices)
        batches = -(-kept // self.batch)
        self.model.train()
        for number in range(batches):
            places = order[number * self.batch : (number + 1) * self.batch]
            with timed(seconds, "train"):
                rate = recipe.learning_rate(self.train, self.rate, self.strategy.plan, epoch, number / batches)
                ids, error, mask, loss = self._step(selection, places, rate)
                total += float(loss) * len(places)  # waits for the device, so that its work counts as training
            with timed(seconds, "score"):
                columns.take(ids, error, mask)
            if not np.isfinite(total):
                raise self._diverged(f"the loss of the batch with samples {named(selection.indices[places])}")
            yield Progress(
                epoch,
                number + 1,
                batches,
                self.visits + min((number + 1) * self.batch, kept),
                self._planned(epoch, kept),
            )
        with timed(seconds, "score"):
            columns.merge(self.ranks)
            self.strategy.observe(epoch, *columns.columns())
        event = self._validated(selection, total / float(selection.weights.sum()), rate, seconds)
        self.seconds = {kind: self.seconds[kind] + seconds[kind] for kind in KINDS}
        self.epoch, self.visits = epoch + 1, self.visits + kept
        yield event

    def _step(self, selection: Selection, places: np.ndarray, rate: float) -> tuple[torch.Tensor, ...]:
        """One batch: this rank's part of ``places`` (positions in the selection); copies that pad it have weight 0.

        Gives this rank's ids, errors and mask, and the loss of the whole batch.
        """
        mine, real = self.ranks.deal(places)
        ids = selection.indices[mine]
        weights = torch.from_numpy(np.where(real, selection.weights[mine], 0).astype(np.float32)).to(self.train.device)
        batch = self.feed.batch(self.windows, ids)
        with torch.autocast(self.train.device, torch.bfloat16, enabled=self.train.precision == "bfloat16"):
            scaled = self.model(batch.x, batch.calendar)
        error = evaluate.absolute(scaled.to(batch.y.dtype), batch.y, batch.mask)
        loss = (error.sum((1, 2, 3)) * weights).sum() / (len(places) * self.feed.mean_count)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad(set_to_none=False)
        loss.backward()
        loss = self.ranks.sum_gradient(self.whole, loss)
        if self.train.clip:
            torch.nn.utils.clip_grad_norm_(self.whole, self.train.clip)
        self.optimizer.step()
        visited = int(real.sum())  # copies come last
        return torch.from_numpy(ids[:visited]), error.detach()[:visited], batch.mask[:visited], loss

    def _validated(self, selection: Selection, loss: float, rate: float, seconds: dict[str, float]) -> Epoch:
        """Measure the epoch, remember the best weights, decide whether to go on."""
        with timed(seconds, "evaluate"):
            found = evaluate.errors(self.model, self.feed, self.feed.parts.validation, self.ranks)
            measured = evaluate.metrics(found, self.feed)
            importance = evaluate.importance(self.model, self.feed, self.feed.parts.validation)
        error = loss if measured["mae"] is None else measured["mae"]
        if not np.isfinite(error):
            raise self._diverged("the error on the validation windows")
        best = error < self.best_error
        if best:
            self.best_epoch, self.best_error, self.best_metrics = self.epoch, error, measured
            self.best = copy.deepcopy(self.model.state_dict())
        self.over = self._waited_enough()
        arrays = {
            "score": self.strategy.score(),
            **selection.dense(len(self.windows)),
            "sensor_error": found.by_sensor(),
            "importance": importance,
        }
        about = {**self.strategy.report, **selection.report()}
        kept = len(selection.indices)
        return Epoch(self.epoch, loss, measured, best, self.visits + kept, kept, rate, dict(seconds), about, arrays)

    def _waited_enough(self) -> bool:
        """Patience, counted only once full data are back, so that a run cannot end before its tail."""
        plan, full = self.strategy.plan, len(self.windows)
        back = int(np.flatnonzero(plan < full).max(initial=-1)) + 1 if plan[-1] >= full else 0
        return self.train.patience is not None and self.epoch - max(self.best_epoch, back) >= self.train.patience

    def _refresh(self, epoch: int) -> None:
        """A pass without gradient over all samples, where the strategy wants fresh scores of them."""
        if not self.strategy.refresh(epoch):
            return
        columns = self._columns()
        self.model.eval()
        with torch.no_grad():
            for place, ids in enumerate(evaluate.chunks(self.feed, len(self.windows))):
                if place % self.ranks.world == self.ranks.rank:
                    batch = self.feed.batch(self.windows, ids)
                    error = evaluate.absolute(self.model(batch.x, batch.calendar), batch.y, batch.mask)
                    columns.take(torch.from_numpy(ids), error, batch.mask)
        columns.merge(self.ranks)
        self.strategy.observe(epoch, *columns.columns())

    # ---- beginning and end -----------------------------------------------------------------------------------------
    def _started(self) -> Started:
        """What the job begins with."""
        return Started(
            self.epoch,
            self.train.epochs,
            len(self.windows),
            self.batch,
            self.rate,
            sum(parameter.numel() for parameter in self.model.parameters()),
            self.train.precision,
            torch.get_num_threads(),
            list(self.notes),
        )

    def _finished(self) -> Finished:
        """Measure the best weights; the model keeps its last ones."""
        last = copy.deepcopy(self.model.state_dict())
        with timed(self.seconds, "evaluate"):
            self.model.load_state_dict(self.best)
            test = evaluate.errors(self.model, self.feed, self.feed.parts.test, self.ranks)
            naive = evaluate.naive_metrics(self.feed)
            arrays = {"test_sensor_error": test.by_sensor(), **self._forecasts()}
        self.model.load_state_dict(last)
        full = self.epoch * len(self.windows)
        visits = {"kept": self.visits, "full": full, "share": self.visits / max(full, 1)}
        metrics = {"validation": self.best_metrics, "test": evaluate.metrics(test, self.feed)}
        return Finished(self.epoch, self.best_epoch + 1, metrics, naive, visits, dict(self.seconds), arrays)

    def _forecasts(self) -> dict[str, np.ndarray]:
        """Forecasts worth keeping: ``forecast`` [K, H, N, C'] z-scores float16 of the windows at ``forecast_start`` [K]."""
        hardest = np.argsort(-np.nan_to_num(self.strategy.score(), nan=-np.inf), kind="stable")
        starts = evaluate.worth_storing(self.feed, hardest, self.train.forecasts, self.options.seed)
        windows = Windows(starts, self.windows.lookback, self.windows.horizon)
        scale = self.feed.target_scale
        parts = (
            evaluate.forecast(self.model, self.feed, windows, ids) for ids in evaluate.chunks(self.feed, len(starts))
        )
        scaled = [scale.apply(part).clip(-MOST, MOST).astype(np.float16) for part in parts]
        shape = (0, windows.horizon, self.feed.setting.sensors, self.feed.setting.targets)
        return {"forecast": np.concatenate([np.empty(shape, np.float16), *scaled]), "forecast_start": starts}

    # ---- state -----------------------------------------------------------------------------------------------------
    def state_dict(self) -> dict[str, Any]:
        """All that resuming needs, at an epoch's end: tensors, numbers and text only."""
        strategy = {name: torch.from_numpy(array) for name, array in self.strategy.state_dict().items()}
        return {
            "model": self.model.state_dict(),
            "best": self.best,
            "optimizer": self.optimizer.state_dict(),
            "strategy": strategy,
            "seconds": dict(self.seconds),
            **{name: getattr(self, name) for name in PLAIN},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.strategy.load_state_dict({name: tensor.numpy() for name, tensor in state["strategy"].items()})
        self.best, self.seconds = state["best"], dict(state["seconds"])
        for name in PLAIN:
            setattr(self, name, state[name])

    def state(self) -> bytes:
        """``state_dict`` as bytes."""
        return to_bytes(self.state_dict())

    def load(self, content: bytes) -> None:
        """Go on from the bytes of ``state``."""
        self.load_state_dict(from_bytes(content))

    def weights(self) -> bytes:
        """Best and last weights, with all that forecasting with them needs."""
        return pack(self.feed, self.best, self.model.state_dict())

    # ---- parts -----------------------------------------------------------------------------------------------------
    def _columns(self) -> scores.Columns:
        return scores.Columns(len(self.windows), self.feed.setting.horizon, self.strategy.needs, self.train.device)

    def _planned(self, epoch: int, kept: int) -> int:
        """Visits of the whole run as far as they can be told now."""
        return int(self.visits + kept + self.strategy.plan[epoch + 1 :].sum())

    def _diverged(self, what: str) -> Diverged:
        kept = f"The weights of epoch {self.epoch} are kept" if self.epoch else "There are no weights yet"
        return Diverged(
            f"diverged at epoch {self.epoch + 1}: {what} is not finite. "
            f"{kept}; try a learning rate below {self.rate:g}."
        )


def named(samples: np.ndarray, most: int = 5) -> str:
    """The first of some samples, in words."""
    return ", ".join(map(str, samples[:most])) + (" and others" if len(samples) > most else "")


@contextmanager
def timed(seconds: dict[str, float], kind: str) -> Iterator[None]:
    """Add the time spent inside to ``seconds[kind]``."""
    before = time.perf_counter()
    yield
    seconds[kind] += time.perf_counter() - before
