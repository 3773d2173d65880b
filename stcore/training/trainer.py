"""Trainer: the loop, as an iterator of events.

    short trainings beforehand, if the strategy asks           (pilot, learn)
    for each epoch
        score all samples first, if the strategy asks          (refresh)
        the strategy selects samples and weights               (select)
        for each batch of the selection, in the epoch's order
            weighted masked loss, gradient, clip, step         -> Progress
            per-sample columns stay on the device              (score)
        the strategy observes the columns                      (observe)
        validation, error and importance per sensor (judge)    -> Epoch
    the best weights forecast the test                         -> Finished

Stopping between two events loses nothing but the epoch in hand: ``state_dict`` is complete at every epoch's end, and
all random draws come from the seed and the epoch, so a resumed run equals an uninterrupted one.
"""

import copy
from collections.abc import Callable, Generator, Iterator
from typing import Any

import numpy as np
import torch

from stcore.data import STData
from stcore.events import Epoch, Event, Progress
from stcore.models.forecaster import gated
from stcore.options import OptionError, RunOptions
from stcore.prune.strategy import Selection
from stcore.ranks import Ranks
from stcore.training import evaluate, recipe, results
from stcore.training.build import build_learner, build_model, build_optimizer, build_pool, build_strategy, flattened
from stcore.training.mask import Masking
from stcore.training.pilots import any_mask_pilot, pilots, scored, warm_start
from stcore.training.predict import pack
from stcore.training.samples import Pool
from stcore.training.scores import Columns, Step
from stcore.training.stopwatch import Clock
from stcore.training.tensors import from_bytes, to_bytes

PLAIN = ("epoch", "visits", "extra", "best_epoch", "best_error", "best_gate", "best_metrics", "masked", "over", "told")


class Trainer:
    """Iterate it: ``for event in Trainer(data, options): ...``. Nothing is written or printed.

    ``distilled`` is the set that ``options.distilled`` asks for.
    """

    def __init__(
        self,
        data: STData,
        options: RunOptions,
        ranks: Ranks | None = None,
        pool: Pool | None = None,
        distilled: STData | None = None,
    ) -> None:
        self.options, self.train, self.ranks = options, options.train, ranks or Ranks()
        if self.train.device == "cuda" and not torch.cuda.is_available():
            raise OptionError("There is no CUDA device here; set train.device to cpu.")
        torch.set_num_threads(recipe.threads(self.train))
        self.distilled = distilled
        self.pool = pool or build_pool(data, options, distilled)
        self.feed, self.clock = self.pool.judged, Clock()
        self.model = build_model(self.feed, options, self.pool.feed.seen() if self.pool.distilled else None)
        self.learner = build_learner(self.model, self.pool, options)
        with self.clock.timed("select"):
            self.strategy = build_strategy(self.pool, options)
            self.masking = Masking(self.feed, options, len(self.strategy.plan))
        self.batch = recipe.batch_size(self.train, self.pool.size, self.pool.count)
        self.rate = recipe.base_rate(self.train, self.batch, self.pool.size, options.model["name"])
        self.passes = self.pool.passes(self.batch)
        self.whole = flattened(self.model)
        decay = recipe.weight_decay(self.train, options.model["name"], self.pool.distilled)
        self.optimizer = build_optimizer(self.whole, self.train, decay)
        self.level = np.full(self.pool.count, np.nan, np.float32)  # the error at which each sample was last met
        self.extra = {"refresh": 0, "pilot": 0}  # visits that are no training of this run
        self.epoch, self.visits, self.best_epoch, self.best_error = 0, 0, -1, float("inf")
        self.best = copy.deepcopy(self.model.state_dict())
        self.best_gate: torch.Tensor | None = None
        self.masked = 0  # the epoch before which the mask last changed
        self.best_metrics: dict[str, Any] = {}
        self.over, self.more_notes, self.told = False, list[str](), list[str]()

    # ---- the loop --------------------------------------------------------------------------------------------------
    def __iter__(self) -> Iterator[Event]:
        """Events from where the state stands to the end."""
        yield results.started(self)
        if self.epoch == 0:
            yield from warm_start(self)
            yield from pilots(self)
            yield from any_mask_pilot(self)
        while self.epoch < len(self.strategy.plan) and not self.over:
            yield from self._epoch()
        yield results.finished(self)

    def _epoch(self) -> Iterator[Event]:
        """One pass over what the strategy selects, its validation, and what it leaves behind."""
        epoch, clock = self.epoch, Clock()
        torch.manual_seed(self.options.seed * 1_000_003 + epoch)
        with clock.timed("score"):
            if self.masking.begin(epoch, self.model, self.ranks):
                self.masked, self.best_error = epoch, float("inf")  # the best weights are those of the mask in force
            if self.strategy.refresh(epoch):
                self._observe(*scored(self.masking.under(self.learner), self.pool, self.strategy.needs, self.ranks))
                self.extra["refresh"] += self.pool.count
        with clock.timed("select"):
            selection = self.strategy.select(epoch)
        loss, rate = yield from self._batches(selection, clock)
        event = self._validated(selection, loss, rate, clock)
        self.clock.add(clock)
        self.epoch, self.visits = epoch + 1, self.visits + self.passes * len(selection.indices)
        yield event

    def passed(self, epoch: int, clock: Clock) -> Iterator[Progress]:
        """One epoch of a pilot: trained and observed, but neither validated nor recorded."""
        self.epoch = epoch
        torch.manual_seed(self.options.seed * 1_000_003 + epoch)
        yield from self._batches(self.strategy.select(epoch), clock)

    def _batches(self, selection: Selection, clock: Clock) -> Generator[Progress, None, tuple[float, float]]:
        """Every batch of the selection; gives the weighted mean loss and the last learning rate."""
        epoch, kept = self.epoch, len(selection.indices)
        columns = Columns(self.feed.setting.horizon, self.strategy.needs, self.pool.observed)
        with clock.timed("train"):
            rng = np.random.default_rng([self.options.seed, epoch, 1])
            order = np.concatenate([rng.permutation(kept) for _ in range(self.passes)])
        total, one_pass = 0.0, -(-kept // self.batch)
        batches = self.passes * one_pass
        self.learner.train()
        self.learner.remember = columns.remembers
        for number in range(batches):
            before, place = divmod(number, one_pass)
            places = order[before * kept : (before + 1) * kept][place * self.batch : (place + 1) * self.batch]
            with clock.timed("train"):
                rate = recipe.learning_rate(self.train, self.rate, self.strategy.plan, epoch, number / batches)
                step, loss = self._step(selection, places, rate, number)
                total += float(loss) * len(places)  # waits for the device, so that its work counts as training
            with clock.timed("score"):
                if before == self.passes - 1:
                    columns.take(step)
            if not np.isfinite(total):
                raise results.diverged(
                    self, f"the loss of the batch with samples {results.named(selection.indices[places])}"
                )
            visits = self.visits + before * kept + min((place + 1) * self.batch, kept)
            yield Progress(epoch, number + 1, batches, visits, self._planned(epoch, kept))
        self.learner.remember = False
        with clock.timed("score"):
            self._observe(*columns.merged(self.ranks))
        return total / self.passes / float(selection.weights.sum()), rate

    def _observe(self, indices: np.ndarray, columns: dict[str, np.ndarray]) -> None:
        """Tell the strategy, and remember for the record."""
        self.level[indices] = columns["error"]
        self.strategy.observe(self.epoch, indices, columns)

    def _step(self, selection: Selection, places: np.ndarray, rate: float, number: int) -> tuple[Step, torch.Tensor]:
        """One batch: this rank's part of ``places`` (positions in the selection); copies that pad it have weight 0.

        Gives what this rank saw and the loss of the whole batch.
        """
        mine, real = self.ranks.deal(places)
        picked = selection.indices[mine]
        weights = torch.from_numpy(np.where(real, selection.weights[mine], 0).astype(np.float32)).to(self.train.device)
        batch = self.pool.batch(picked)
        with torch.autocast(self.train.device, torch.bfloat16, enabled=self.train.precision == "bfloat16"):
            scaled = gated(self.learner, self.masking.gate(self.epoch, number))(batch.x, batch.calendar, batch.sensor)
        error = evaluate.missed(scaled.to(batch.y.dtype), batch.y, batch.mask)
        absolute = error.abs() if self.pool.feed.weight is None else error.abs() * self.pool.feed.weight[:, None]
        total = absolute.sum((1, 2, 3))
        loss = (total * weights).sum() / (len(places) * self.pool.mean_count)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad(set_to_none=False)
        loss.backward()
        loss = self.ranks.sum_gradient(self.whole, loss)
        self.masking.learn(rate, self.ranks)
        if self.train.clip:
            torch.nn.utils.clip_grad_norm_(self.whole, self.train.clip)
        self.optimizer.step()
        visited = int(real.sum())  # copies come last
        last = None if self.learner.last is None else self.learner.last[:visited].to(error.dtype)
        missed, mask, off, summed = (part.detach()[:visited] for part in (error, batch.mask, absolute, total))
        return Step(torch.from_numpy(picked[:visited]), missed, mask, off, summed, last, number), loss

    def _validated(self, selection: Selection, loss: float, rate: float, clock: Clock) -> Epoch:
        """Measure the epoch, remember the best weights, decide whether to go on."""
        with clock.timed("evaluate"):
            model = self.masking.under(self.model)
            found = evaluate.errors(model, self.feed, self.feed.validation, self.ranks)
            measured = evaluate.metrics(found, self.feed)
            importance = evaluate.importance(model, self.feed, self.feed.parts.validation)
        error = loss if measured["mae"] is None else measured["mae"]
        if not np.isfinite(error):
            raise results.diverged(self, "the error on the validation windows")
        best = error < self.best_error
        if best:
            self.best_epoch, self.best_error, self.best_metrics = self.epoch, error, measured
            self.best, self.best_gate = copy.deepcopy(self.model.state_dict()), self.masking.held
        self.strategy.judge(self.epoch, error)
        self.over = self._waited_enough()
        with clock.timed("evaluate"):
            rows = self.pool.rows(selection, self.strategy.score(), self.level)
        arrays = {**rows, "sensor_error": found.by_sensor(), "importance": importance, **self.masking.rows()}
        about = {**self.strategy.report, **selection.report()}
        kept = len(selection.indices)
        return Epoch(
            self.epoch,
            loss,
            measured,
            best,
            self.visits + self.passes * kept,
            kept,
            rate,
            dict(clock.seconds),
            dict(clock.cpu),
            about,
            arrays,
            self.masking.report,
            self.news(),
        )

    def _waited_enough(self) -> bool:
        """Patience, counted only once full data are back and the mask stands, so that a run cannot end before its tail; in
        passes, where a plan has more and shorter epochs."""
        plan, full = self.strategy.plan, self.pool.count
        back = int(np.flatnonzero(plan < full).max(initial=-1)) + 1 if plan[-1] >= full else 0
        back = max(back, self.masked, self.best_epoch)
        waited = (self.epoch - back) * min(1.0, self.train.epochs / len(plan))
        return self.masking.mask.settled and self.train.patience is not None and waited >= self.train.patience

    # ---- state -----------------------------------------------------------------------------------------------------
    def state_dict(self) -> dict[str, Any]:
        """All that resuming needs, at an epoch's end: tensors, numbers and text only."""
        strategy = {name: torch.from_numpy(array) for name, array in self.strategy.state_dict().items()}
        return {
            "model": self.model.state_dict(),
            "best": self.best,
            "optimizer": self.optimizer.state_dict(),
            "strategy": strategy,
            "mask": self.masking.state_dict(),
            "level": torch.from_numpy(self.level.copy()),
            "clock": self.clock.state_dict(),
            **{name: getattr(self, name) for name in PLAIN},
        }

    @property
    def notes(self) -> list[str]:
        """What is otherwise than one might think."""
        return [*self.strategy.notes, *self.masking.mask.notes, *self.feed.notes, *self.more_notes]

    def news(self) -> list[str]:
        """The notes that no event has told yet; they count as told from now on, also in a run that is resumed."""
        new = [note for note in self.notes if note not in self.told]
        self.told = [*self.told, *new]
        return new

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a state; one from before there were masks has none of theirs."""
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.strategy.load_state_dict({name: tensor.numpy() for name, tensor in state["strategy"].items()})
        if "mask" in state:
            self.masking.load_state_dict(state["mask"])
        self.best, self.level = state["best"], state["level"].numpy().copy()
        self.clock.load_state_dict(state["clock"])
        for name in PLAIN:
            setattr(self, name, state.get(name, getattr(self, name)))
        if self.best_gate is not None:
            self.best_gate = self.best_gate.to(self.feed.device)

    def state(self) -> bytes:
        """``state_dict`` as bytes."""
        return to_bytes(self.state_dict())

    def load(self, content: bytes) -> None:
        """Go on from the bytes of ``state``."""
        self.load_state_dict(from_bytes(content))

    def weights(self) -> bytes:
        """Best and last weights, with all that forecasting with them needs."""
        return pack(self.feed, self.model.setting, self.best, self.model.state_dict(), self.best_gate)

    @property
    def beside(self) -> dict[str, Callable[[], bytes]]:
        """What is kept of the result besides: nothing."""
        return {}

    # ---- parts -----------------------------------------------------------------------------------------------------
    def _planned(self, epoch: int, kept: int) -> int:
        """Visits of the whole run as far as they can be told now."""
        return int(self.visits + self.passes * (kept + self.strategy.plan[epoch + 1 :].sum()))
