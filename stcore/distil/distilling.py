"""Distilling: the work of a distiller as an iterator of events, like a Trainer.

    a teacher is trained on the real windows, if its forecasts become the targets
                                                          -> Progress
    for each round of the distiller: its matching steps      -> Progress
        now and then: models trained on the set, measured on real validation windows
                                                          -> Epoch (a round, with a picture of the set)
    the best set                                          -> Finished

The state is complete at the end of every round. All draws come from the seed and the round.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from stcore import registry
from stcore.data import STData
from stcore.data.metrics import METRICS
from stcore.distil.clusters import SHOWN, Clusters, even_positions
from stcore.distil.distiller import Distiller
from stcore.distil.ground import Ground
from stcore.distil.options import FILE, DistilOptions
from stcore.distil.small import Small, as_data
from stcore.distil.teacher import Teacher
from stcore.events import Epoch, Event, Finished, Progress, Started
from stcore.options import DistilledOptions, RunOptions
from stcore.ranks import Ranks
from stcore.training import recipe
from stcore.training.build import distilled_samples
from stcore.training.results import Diverged
from stcore.training.stopwatch import Stopwatch
from stcore.training.task import Task
from stcore.training.tensors import DataTensors, to_bytes
from stcore.training.trainer import Trainer

NOTHING: dict[str, Any] = dict.fromkeys(METRICS)
PLAIN = ("epoch", "best_epoch", "best_error", "best_metrics", "told")


class Distilling(Task):
    """Iterate over it: ``for event in Distilling(data, options): ...``. Then ``result()`` is the small dataset."""

    epoch: int = 0  # rounds done

    def __init__(self, data: STData, options: DistilOptions, ranks: Ranks | None = None) -> None:
        self.options, self.ranks = options, ranks or Ranks()
        torch.set_num_threads(recipe.threads(options.train))
        self.tensors = DataTensors(data, options.data)
        self.ground = Ground(self.tensors)
        choice = dict(options.distil)
        self.card = registry.card("distillers", choice.pop("name"))
        self.stopwatch = Stopwatch()
        with self.stopwatch.timed("select"):
            self.distiller: Distiller = self.card.load()(
                self.card.options.read(choice), self.ground, options.model, options.seed
            )
        asked = self.distiller.options
        self.teacher = Teacher(self.ground, options, asked.teacher) if asked.targets == "teacher" else None
        self.best_epoch, self.best_error = -1, float("inf")
        self.best: Small | None = None
        self.best_metrics: dict[str, Any] = dict(NOTHING)
        self.extra_notes, self.told = list[str](), list[str]()

    # ---- the loop --------------------------------------------------------------------------------------------------
    def events(self) -> Iterator[Event]:
        """Events from the current state to the end."""
        yield self._start_event()
        yield from self._train_teacher()
        yield from self._measure_start()
        while self.epoch < self.distiller.rounds:
            yield from self._round()
        yield self._finish_event()

    def _start_event(self) -> Started:
        self.told = list(self.notes)
        many, threads, precision = len(self.ground.windows), torch.get_num_threads(), self.options.train.precision
        return Started(self.epoch, self.distiller.rounds, many, 0, self.rate, 0, precision, threads, self.notes)

    def _train_teacher(self) -> Iterator[Event]:
        """Train the teacher, if there is one and it is not trained yet."""
        if self.teacher is None or self.teacher.model is not None:
            return
        try:
            for event in self.stopwatch.each("train", self.teacher.train(self.ranks)):
                yield replace(event, epoch=-1)
        except Diverged as error:
            raise self._divergence(-1, "the teacher", error) from error

    def _measure_start(self) -> Iterator[Event]:
        """Measure the windows that learning starts from: learned ones are kept only if they are better."""
        if self.epoch == 0 and self.rate:
            measured = yield from self._validate(-1, self.stopwatch)
            self._keep_if_best(-1, measured)

    def _keep_if_best(self, epoch: int, measured: dict[str, Any]) -> bool:
        best = measured["mae"] is not None and measured["mae"] < self.best_error
        if best:
            self.best, self.best_epoch = self.small(), epoch
            self.best_error, self.best_metrics = measured["mae"], measured
        return best

    def small(self) -> Small:
        """The current set, with a teacher's targets if there is one."""
        small = self.distiller.current()
        return small if self.teacher is None else self.teacher.teach(small)

    def _round(self) -> Iterator[Event]:
        """One round, and a validation if one is due."""
        epoch, distiller, stopwatch, losses = self.epoch, self.distiller, Stopwatch(), list[float]()
        torch.manual_seed(self.options.seed * 1_000_003 + epoch)
        steps = distiller.round(epoch)
        for number in range(distiller.steps):
            with stopwatch.timed("train"):
                losses.append(next(steps))
            if not np.isfinite(losses[-1]):
                raise ValueError(
                    f"diverged at round {epoch + 1}: the matching loss is not finite; try a lower distil.rate."
                )
            yield self._progress(epoch, number + 1)
        with stopwatch.timed("train"):
            for _ in steps:  # so that the round ends
                continue
        measured, best = dict(NOTHING), False
        if (epoch + 1) % distiller.check == 0 or epoch + 1 == distiller.rounds:
            measured = yield from self._validate(epoch, stopwatch)
            best = self._keep_if_best(epoch, measured)
        self.stopwatch.add(stopwatch)
        self.epoch = epoch + 1
        yield self._round_event(float(np.mean(losses)), measured, best, stopwatch)

    def _progress(self, epoch: int, step: int) -> Progress:
        steps = self.distiller.steps
        return Progress(epoch, step, steps, epoch * steps + step, self.distiller.rounds * steps)

    def _validate(self, epoch: int, stopwatch: Stopwatch) -> Generator[Progress, None, dict[str, Any]]:
        """Train models on the current set. Returns their mean metrics on the real validation windows."""
        data = as_data(self.small(), self.ground, {})
        metrics = []
        for number in range(self.distiller.trained):
            trainer = Trainer(
                data,
                (options := self.validation_options(number)),
                self.ranks,
                distilled_samples(data, self.tensors, options),
            )
            try:
                for event in stopwatch.each("evaluate", trainer):
                    if isinstance(event, Progress) and event.batch % 16 == 0:
                        yield replace(event, epoch=-1) if epoch < 0 else self._progress(epoch, self.distiller.steps)
                    if isinstance(event, Epoch) and event.epoch + 1 == self.distiller.epochs:
                        break
            except Diverged as error:
                raise self._divergence(epoch, "a model that is trained on the set for a validation", error) from error
            metrics.append(trainer.state.best_metrics)
        measured: dict[str, Any] = mean_metrics(metrics)
        return measured

    def _divergence(self, epoch: int, model: str, error: Diverged) -> ValueError:
        """The error as a distillation words it, with the options that may help."""
        when = f"at round {epoch + 1}" if epoch >= 0 else "before the first round"
        lower = "a lower distil.rate, or " if epoch >= 0 and self.rate else ""
        return ValueError(
            f"diverged {when}: the loss of {model} is not finite; try {lower}a train.lr below {error.rate:g}."
        )

    def validation_options(self, number: int) -> RunOptions:
        """Options of the models that a validation trains. Each has its own seed."""
        train = self.options.train.model_copy(
            update={"epochs": self.distiller.epochs, "patience": None, "forecasts": 0}
        )
        parts = {name: getattr(self.options, name) for name in ("data", "model")}
        plain = {"prune": {"name": "full"}, "mask": {"name": "none"}, "distilled": DistilledOptions(source="the set")}
        return RunOptions(seed=(self.options.seed + 7_919 * (number + 1)) % 2**31, train=train, **parts, **plain)

    def _round_event(self, loss: float, measured: dict[str, Any], best: bool, stopwatch: Stopwatch) -> Epoch:
        """The event at the end of a round."""
        many, rate, (seconds, cpu) = len(self.distiller.current().values), self.rate, stopwatch.times()
        numbers = self.epoch - 1, loss, measured, best, self.epoch * self.distiller.steps, many, rate, seconds, cpu
        return Epoch(*numbers, arrays={"synthetic": self.picture()}, notes=self.news())

    def _finish_event(self) -> Finished:
        """The last event: metrics, size and clusters of the best set."""
        small = self.result_small()
        cells, whole = (
            small.values.shape[0] * small.values.shape[2],
            len(self.ground.windows) * self.tensors.setting.sensors,
        )
        visits = {"kept": cells, "full": whole, "share": cells / whole}
        seconds, cpu = self.stopwatch.times()
        metrics = {"validation": self.best_metrics, "test": {}}
        arrays = {"cluster": small.clusters.label.astype(np.int32)}
        return Finished(self.epoch, self.best_epoch + 1, metrics, {}, visits, seconds, cpu, arrays)

    # ---- results ------------------------------------------------------------------------------------------------
    def picture(self) -> np.ndarray:
        """The first target [8 x (L + H) x 8] of evenly chosen windows and clusters, in z-scores. NaN if there are fewer."""
        values = self.small().values[..., self.tensors.targets[0]]
        picture = np.full((SHOWN, self.ground.length, SHOWN), np.nan, np.float32)
        windows, clusters = (even_positions(size) for size in (values.shape[0], values.shape[2]))
        picture[: len(windows), :, : len(clusters)] = values[np.ix_(windows, np.arange(values.shape[1]), clusters)]
        return picture.ravel()

    def result_small(self) -> Small:
        """The best set."""
        return self.best or self.small()

    def result(self) -> STData:
        """The best set as a dataset."""
        about = {
            "method": self.card.name,
            "title": self.tensors.data.title,
            "fingerprint": self.tensors.data.fingerprint,
            "seed": self.options.seed,
            "validation": None if self.best is None else self.best_error,
            "seconds": sum(self.stopwatch.seconds.values()),
        }
        return as_data(self.result_small(), self.ground, about)

    @property
    def rate(self) -> float:
        """The learning rate of the synthetic windows. 0 if none are learned."""
        return float(getattr(self.distiller.options, "rate", None) or 0.0)

    # ---- state -----------------------------------------------------------------------------------------------------
    @property
    def notes(self) -> list[str]:
        """Where this distillation differs from what was asked for."""
        taught = [] if self.teacher is None else [self.teacher.note]
        return [*self.distiller.notes, *taught, *self.tensors.notes, *self.extra_notes]

    def state_dict(self) -> dict[str, Any]:
        """The state at a round's end. It suffices for resuming."""
        best = None if self.best is None else set_to_tensors(self.best)
        plain = {name: getattr(self, name) for name in PLAIN}
        teacher = None if self.teacher is None else self.teacher.state_dict()
        parts = {"method": self.distiller.state_dict(), "teacher": teacher, "best": best}
        return {**parts, "clock": self.stopwatch.state_dict(), **plain}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Resume from a state."""
        self.distiller.load_state_dict(state["method"])
        if self.teacher is not None:
            self.teacher.load_state_dict(state["teacher"])
        self.best = None if state["best"] is None else set_from_tensors(state["best"])
        self.stopwatch.load_state_dict(state["clock"])
        for name in PLAIN:
            setattr(self, name, state[name])

    def weights(self) -> bytes:
        """The best set as bytes."""
        return to_bytes(set_to_tensors(self.result_small()))

    @property
    def beside(self) -> dict[str, Callable[[], bytes]]:
        """Files for the run folder: the best set as a dataset."""
        return {FILE: lambda: self.result().to_bytes()}


def mean_metrics(metrics: Sequence[Any]) -> Any:
    """The mean of each float in the metrics of several models, in dicts and lists. Counts and texts are those of the first."""
    first = metrics[0]
    if isinstance(first, dict):
        return {name: mean_metrics([part[name] for part in metrics]) for name in first}
    if isinstance(first, list):
        return [mean_metrics(parts) for parts in zip(*metrics, strict=True)]
    return float(np.mean(metrics)) if all(isinstance(part, float) for part in metrics) else first


def set_to_tensors(small: Small) -> dict[str, Any]:
    """A small set as tensors."""
    parts = {
        "values": small.values,
        "origin": small.origin,
        "label": small.clusters.label,
        "weight": small.clusters.weight,
    }
    return {name: torch.from_numpy(np.array(part)) for name, part in parts.items()}


def set_from_tensors(parts: dict[str, Any]) -> Small:
    """A small set from tensors."""
    values, origin, label, weight = (parts[name].numpy() for name in ("values", "origin", "label", "weight"))
    return Small(values, origin, Clusters(label, weight))
