"""Trainer: the loop, as an iterator of events.

    short trainings beforehand, if the strategy or the mask asks          pilot, learn
    for each epoch
        the mask decides which sensors are on                             begin
        score all samples without training, if the strategy asks          refresh, observe
        the strategy selects samples and weights                          select
        for each batch of the selection, in the epoch's order
            (choose: which samples of a candidate batch are trained on)
            forecast, error, weighted mean loss                           target_mask
            gradient, clip, step                                          -> Progress
            per-sample columns stay on the device
        the strategy observes the columns                                 observe
        validation, error and importance per sensor                       judge, score -> Epoch
    the best weights forecast the test                                    -> Finished

On the right: the strategy's methods, and behind arrows the events. Stopping between two events loses the epoch in hand alone:
``state_dict`` is complete at every epoch's end, and all draws come from seed and epoch, so resumed equals uninterrupted.
"""

import copy
from collections.abc import Generator, Iterator
from typing import Any

import numpy as np
import torch

from stcore.data import STData
from stcore.events import Epoch, Event, Finished, Progress, Started
from stcore.models.forecaster import under_gate
from stcore.options import OptionError, RunOptions
from stcore.prune.strategy import MasksTargets, Selection
from stcore.ranks import Ranks
from stcore.training import evaluate, pilots, recipe, results
from stcore.training.build import (
    build_learner,
    build_model,
    build_optimizer,
    build_samples,
    build_strategy,
    flatten_parameters,
)
from stcore.training.losses import LOSSES
from stcore.training.mask import Masking
from stcore.training.predict import pack
from stcore.training.samples import TrainingSamples
from stcore.training.scores import Columns, Step
from stcore.training.stopwatch import Stopwatch
from stcore.training.task import Task


class Trainer(Task):
    """Iterate it: ``for event in Trainer(data, options): ...``. Nothing is written or printed.

    ``distilled`` is the set that ``options.distilled`` asks for. ``samples`` are given where they are built.
    """

    def __init__(
        self,
        data: STData,
        options: RunOptions,
        ranks: Ranks | None = None,
        samples: TrainingSamples | None = None,
        distilled: STData | None = None,
    ) -> None:
        self.options, self.train, self.ranks = options, options.train, ranks or Ranks()
        if self.train.device == "cuda" and not torch.cuda.is_available():
            raise OptionError("There is no CUDA device here; set train.device to cpu.")
        torch.set_num_threads(recipe.threads(self.train))
        self.loss, self.distilled = LOSSES[self.train.loss], distilled
        self.samples = samples or build_samples(data, options, distilled)
        self.tensors, self.stopwatch = self.samples.judged, Stopwatch()
        self.model = build_model(self.tensors, options, self.samples.tensors.seen() if self.samples.distilled else None)
        self.learner = build_learner(self.model, self.samples, options)
        with self.stopwatch.timed("select"):
            self.strategy = build_strategy(self.samples, options)
            self.masking = Masking(self.tensors, options, len(self.strategy.plan))
        self.batch = recipe.batch_size(self.train, self.samples.size, self.samples.count)
        self.rate = recipe.base_rate(self.train, self.batch, self.samples.size, options.model["name"])
        self.passes = self.samples.passes(self.batch)
        self.whole = flatten_parameters(self.model)
        decay = recipe.weight_decay(self.train, options.model["name"], self.samples.distilled)
        self.optimizer = build_optimizer(self.whole, self.train, decay)
        never = np.full(self.samples.count, np.nan, np.float32)
        self.state = results.State(copy.deepcopy(self.model.state_dict()), never)
        self.extra_notes, self.told = list[str](), list[str]()

    def pupil(self, epochs: int, apart: int = 0, samples: TrainingSamples | None = None, **changes: Any) -> "Trainer":
        """A trainer like this one for ``epochs`` of plain training, for pilots and warm starts: its seed so far ``apart``,
        without pruning and mask unless the ``changes`` of options say otherwise."""
        train = self.train.model_copy(update={"epochs": epochs, "patience": None, **changes.pop("train", {})})
        plain = {"seed": (self.options.seed + apart) % 2**31, "prune": {"name": "full"}, "mask": {"name": "none"}}
        options = self.options.model_copy(update={**plain, **changes, "train": train})
        return type(self)(self.tensors.data, options, self.ranks, samples or self.samples)

    # ---- the loop --------------------------------------------------------------------------------------------------
    def events(self) -> Iterator[Event]:
        """Events from where the state stands to the end."""
        yield self._start_event()
        if self.state.epoch == 0:
            yield from self._beforehand()
        while self.state.epoch < len(self.strategy.plan) and not self.state.over:
            yield from self._epoch()
        yield self._finish_event()

    def _beforehand(self) -> Iterator[Progress]:
        """Short trainings before the first epoch: on the distilled set, for the strategy's scores, for the choice of a mask."""
        extra, mask = self.state.extra, self.masking.mask
        if self.distilled is not None and self.options.distilled.warm is not None:
            pupil = yield from pilots.warm_start(self.distilled, self.tensors, self.options, self.pupil)
            self.model.load_state_dict(pupil.state.best)
            self.stopwatch.add(pupil.stopwatch, "train")
            extra["pilot"] += pupil.state.visits
        extra["pilot"] += yield from pilots.score_samples(self.strategy, self.pupil, self.stopwatch)
        extra["pilot"] += yield from pilots.compare_masks(mask, self.options.mask, self.pupil, self.stopwatch)

    def _epoch(self) -> Iterator[Event]:
        """One pass over what the strategy selects, its validation, and what it leaves behind."""
        state, epoch, stopwatch = self.state, self.state.epoch, Stopwatch()
        torch.manual_seed(self.options.seed * 1_000_003 + epoch)
        with stopwatch.timed("score"):
            if self.masking.begin(epoch, self.model, self.ranks):
                state.masked, state.best_error = epoch, float("inf")  # the best weights are those of the mask in force
            if self.strategy.refresh(epoch):
                model = self.masking.under(self.learner)
                self._observe(epoch, *pilots.score_all(model, self.samples, self.strategy.needs, self.ranks, self.loss))
                state.extra["refresh"] += self.samples.count
        with stopwatch.timed("select"):
            selection = self.strategy.select(epoch)
        loss, rate = yield from self._batches(epoch, selection, stopwatch)
        event = self._validate(selection, loss, rate, stopwatch)
        self.stopwatch.add(stopwatch)
        state.epoch, state.visits = epoch + 1, event.visits
        yield event

    def rehearse(self, epoch: int, stopwatch: Stopwatch) -> Iterator[Progress]:
        """One epoch of a pilot: trained and observed, but neither validated nor recorded."""
        torch.manual_seed(self.options.seed * 1_000_003 + epoch)
        yield from self._batches(epoch, self.strategy.select(epoch), stopwatch)

    def _batches(
        self, epoch: int, selection: Selection, stopwatch: Stopwatch
    ) -> Generator[Progress, None, tuple[float, float]]:
        """Every batch of the selection; gives the weighted mean loss and the last learning rate.

        The place of ``choose`` (ChoosesInBatch) is before the step: forecast a batch of candidates without gradient, and train
        on the positions that the strategy chooses. It changes what a visit costs, so it comes with a strategy that needs it.
        """
        kept = len(selection.indices)
        columns = Columns(self.tensors.setting.horizon, self.strategy.needs, self.samples.observed, self.loss)
        with stopwatch.timed("train"):
            rng = np.random.default_rng([self.options.seed, epoch, 1])
            orders = [rng.permutation(kept) for _ in range(self.passes)]
            batches = [order[first : first + self.batch] for order in orders for first in range(0, kept, self.batch)]
        planned = int(self.state.visits + self.passes * (kept + self.strategy.plan[epoch + 1 :].sum()))
        total, visits, last_pass = 0.0, self.state.visits, len(batches) * (self.passes - 1) // self.passes
        self.learner.train()
        self.learner.remember = columns.remembers
        for number, positions in enumerate(batches):
            with stopwatch.timed("train"):
                rate = recipe.learning_rate(self.train, self.rate, self.strategy.plan, epoch, number / len(batches))
                step, loss = self._step(selection, positions, rate, (epoch, number))
                total += float(loss) * len(positions)  # waits for the device, so that its work counts as training
            with stopwatch.timed("score"):
                if number >= last_pass:
                    columns.take(step)
            if not np.isfinite(total):
                raise results.Diverged(results.batch_of(selection.indices[positions]), epoch, self.rate)
            visits += len(positions)
            yield Progress(epoch, number + 1, len(batches), visits, planned)
        self.learner.remember = False
        with stopwatch.timed("score"):
            self._observe(epoch, *columns.merged(self.ranks))
        return total / self.passes / float(selection.weights.sum()), rate

    def _step(
        self, selection: Selection, positions: np.ndarray, rate: float, moment: tuple[int, int]
    ) -> tuple[Step, torch.Tensor]:
        """One batch: this rank's part of the ``positions`` in the selection; copies that pad it have weight 0.

        ``moment`` is the epoch and the batch's number in it. Gives what this rank saw and the loss of the whole batch.
        """
        mine, real = self.ranks.deal(positions)
        picked = selection.indices[mine]
        weights = torch.from_numpy(np.where(real, selection.weights[mine], 0).astype(np.float32)).to(self.train.device)
        batch = self.samples.batch(picked)
        with torch.autocast(self.train.device, torch.bfloat16, enabled=self.train.precision == "bfloat16"):
            scaled = under_gate(self.learner, self.masking.gate(*moment))(batch.x, batch.calendar, batch.sensor)
        error = evaluate.signed_error(scaled.to(batch.y.dtype), batch.y, batch.mask)
        losses = self.loss.value(error)
        losses = losses if self.samples.tensors.weight is None else losses * self.samples.tensors.weight[:, None]
        total = losses.sum((1, 2, 3))
        trained = total
        if isinstance(self.strategy, MasksTargets):
            readings = torch.from_numpy(self.strategy.target_mask(moment[0], picked)).to(losses)
            trained = (losses * readings[..., None]).sum((1, 2, 3))
        loss = (trained * weights).sum() / (len(positions) * self.samples.mean_count)
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
        error, mask, losses, total = (part.detach()[:visited] for part in (error, batch.mask, losses, total))
        return Step(torch.from_numpy(picked[:visited]), error, mask, losses, total, last, moment[1]), loss

    def _observe(self, epoch: int, indices: np.ndarray, columns: dict[str, np.ndarray]) -> None:
        """Hand the columns to the strategy, and keep the errors for the record."""
        self.state.error[indices] = columns["error"]
        self.strategy.observe(epoch, indices, columns)

    def _validate(self, selection: Selection, loss: float, rate: float, stopwatch: Stopwatch) -> Epoch:
        """Measure the epoch, remember the best weights, decide whether to go on."""
        state, kept = self.state, len(selection.indices)
        with stopwatch.timed("evaluate"):
            model = self.masking.under(self.model)
            found = evaluate.forecast_errors(model, self.tensors, self.tensors.validation, self.ranks)
            metrics = evaluate.error_metrics(found, self.tensors)
            importance = evaluate.gradient_importance(model, self.tensors, self.tensors.parts.validation, self.loss)
        error = loss if metrics["mae"] is None else metrics["mae"]
        if not np.isfinite(error):
            raise results.Diverged("the error on the validation windows", state.epoch, self.rate)
        best = error < state.best_error
        if best:
            state.best_epoch, state.best_error, state.best_metrics = state.epoch, error, metrics
            state.best, state.best_gate = copy.deepcopy(self.model.state_dict()), self.masking.forecast_gate
        self.strategy.judge(state.epoch, error)
        since = max(state.masked, state.best_epoch)
        patient = recipe.is_patient(self.train, self.strategy.plan, self.samples.count, state.epoch, since)
        state.over = self.masking.mask.is_final and not patient
        with stopwatch.timed("evaluate"):
            rows = self.samples.rows(selection, self.strategy.score(), state.error)
        arrays = {**rows, "sensor_error": found.by_sensor(), "importance": importance, **self.masking.rows()}
        numbers = state.epoch, loss, metrics, best, state.visits + self.passes * kept, kept, rate, *stopwatch.times()
        about = {**self.strategy.report, **selection.report()}
        return Epoch(*numbers, about, arrays, self.masking.report, self.news())

    def _start_event(self) -> Started:
        """What the training begins with; the notes in it are no news any more."""
        self.news()
        sizes = self.state.epoch, len(self.strategy.plan), self.samples.count, self.batch, self.rate, self.whole.numel()
        return Started(*sizes, self.train.precision, torch.get_num_threads(), list(self.notes))

    def _finish_event(self) -> Finished:
        """Measure the best weights, under the mask that they were best with; the model keeps its last ones."""
        state, last = self.state, copy.deepcopy(self.model.state_dict())
        with self.stopwatch.timed("evaluate"):
            self.model.load_state_dict(state.best)
            model = under_gate(self.model, state.best_gate)
            hardest = self.samples.hardest(self.strategy.score())
            starts = evaluate.choose_forecasts(self.tensors, hardest, self.train.forecasts, self.options.seed)
            test, naive, arrays = results.measure_test(model, self.tensors, starts, self.ranks)
        self.model.load_state_dict(last)
        full = round(self.train.epochs * state.epoch / len(self.strategy.plan) * self.samples.count * self.passes)
        visits = {"kept": state.visits, "full": full, "share": state.visits / max(full, 1), **state.extra}
        numbers = state.epoch, state.best_epoch + 1, {"validation": state.best_metrics, "test": test}, naive, visits
        return Finished(*numbers, *self.stopwatch.times(), arrays, self.masking.report)

    # ---- state -----------------------------------------------------------------------------------------------------
    @property
    def epoch(self) -> int:
        """How many epochs are done."""
        return self.state.epoch

    @property
    def notes(self) -> list[str]:
        """Where this run differs from what was asked for."""
        return [*self.strategy.notes, *self.masking.mask.notes, *self.tensors.notes, *self.extra_notes]

    def state_dict(self) -> dict[str, Any]:
        """All that resuming needs, at an epoch's end: tensors, numbers and text only."""
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "strategy": {name: torch.from_numpy(array) for name, array in self.strategy.state_dict().items()},
            "mask": self.masking.state_dict(),
            "clock": self.stopwatch.state_dict(),
            **self.state.to_dict(),
            "told": self.told,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a state; one from before there were masks has none of theirs."""
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.strategy.load_state_dict({name: tensor.numpy() for name, tensor in state["strategy"].items()})
        if "mask" in state:
            self.masking.load_state_dict(state["mask"])
        self.state.load(state, self.tensors.device)
        self.stopwatch.load_state_dict(state["clock"])
        self.told = state.get("told", self.told)

    def weights(self) -> bytes:
        """Best and last weights, with all that forecasting with them needs."""
        return pack(self.tensors, self.model.setting, self.state.best, self.model.state_dict(), self.state.best_gate)
