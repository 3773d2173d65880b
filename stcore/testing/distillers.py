"""What every distiller promises."""

from functools import cache, cached_property
from typing import Any, cast

import numpy as np
import torch

from stcore.data import STData
from stcore.distil.distilling import Distilling
from stcore.distil.options import DistilOptions
from stcore.events import Epoch, Event, Finished, Progress, Started
from stcore.options import RunOptions
from stcore.registry import Card, DistillerCard
from stcore.testing.data import small_data
from stcore.testing.promise import Promise, Promises, card_of, expect
from stcore.training.trainer import Trainer

LOOKBACK, HORIZON, SENSORS, CHANNELS = 6, 4, 12, 2
QUICK = {"rounds": 3, "steps": 2, "inner": 1, "check": 2, "subsets": 2, "batch": 32, "teacher": 1}  # where it has them
TRAINING_STEPS = 240  # of 400


@cache
def city() -> STData:
    """Twelve sensors and two channels, of which the first is forecast; a twentieth of the readings is missing."""
    return small_data(400, SENSORS, CHANNELS, missing=0.05)


class DistillerTrial:
    """A card's distillations of small data; the one with seed 0 is shared by the checks."""

    def __init__(self, card: Card) -> None:
        card.load()
        self.card = cast(DistillerCard, card)

    def options(self, seed: int = 0, threads: int = 1) -> DistilOptions:
        """A tenth of the windows, a third of the sensors, few rounds."""
        quick = {name: value for name, value in QUICK.items() if name in self.card.options.model_fields}
        return DistilOptions.read(
            {
                "seed": seed,
                "data": {"lookback": LOOKBACK, "horizon": HORIZON},
                "model": {"name": "stid", "identity": "attention", "width": 8},
                "distil": {"name": self.card.name, "time": 0.1, "space": 0.34, "epochs": 1, **quick},
                "train": {"threads": threads},
            }
        )

    def work(self, seed: int = 0) -> Distilling:
        """A distillation that has not begun."""
        return Distilling(city(), self.options(seed))

    @cached_property
    def outcome(self) -> tuple[Distilling, list[Event]]:
        """A distillation that has ended, and its events."""
        work = self.work()
        return work, list(work)

    @property
    def small(self) -> STData:
        """Its set."""
        return self.outcome[0].result()


PROMISES = Promises[DistillerTrial]("distillers", "distiller")


@PROMISES()
def _it_says_what_happens(trial: DistillerTrial) -> None:
    """It starts, makes progress, ends each round with a validation, and finishes."""
    work, events = trial.outcome
    expect(isinstance(events[0], Started), f"the first event is {type(events[0]).__name__}")
    expect(any(isinstance(event, Progress) for event in events), "there is no Progress")
    rounds = [event for event in events if isinstance(event, Epoch)]
    numbers = [event.epoch for event in rounds]
    expect(
        numbers == list(range(work.distiller.rounds)), f"of {work.distiller.rounds} rounds these were said: {numbers}"
    )
    expect(rounds[-1].validation["mae"] > 0, f"the last validation error is {rounds[-1].validation['mae']}")
    expect(any(event.best for event in rounds), "no round is said to be the best")
    last = events[-1]
    expect(isinstance(last, Finished), f"the last event is {type(last).__name__}")
    if isinstance(last, Finished):
        error = last.metrics["validation"]["mae"]
        expect(error == work.best_error, f"the result's validation error is {error}, the best was {work.best_error}")


@PROMISES()
def _the_set_has_the_asked_size(trial: DistillerTrial) -> None:
    """The set has the asked share of windows and of sensors, and the result says so."""
    work, events = trial.outcome
    windows, total = round(0.1 * len(work.ground.windows)), len(work.ground.windows)
    wanted, shape = ((LOOKBACK + HORIZON) * windows, 4, CHANNELS), trial.small.values.shape
    expect(shape == wanted, f"its values have the shape {shape}, not {wanted}")
    expect(trial.small.ds.sizes["window"] == windows, f"it has {trial.small.ds.sizes['window']} windows, not {windows}")
    share, said = windows * 4 / (SENSORS * total), cast(Finished, events[-1]).visits["share"]
    expect(np.isclose(said, share), f"the share is said to be {said}, and is {share}")


@PROMISES()
def _targets_are_known_and_the_future_of_other_channels_is_not(trial: DistillerTrial) -> None:
    """Inputs and targets are in the units of the data; the other channels' readings in the horizon are missing."""
    values = trial.small.values.reshape(-1, LOOKBACK + HORIZON, 4, CHANNELS)
    inputs, targets, others = values[:, :LOOKBACK], values[:, LOOKBACK:, :, 0], values[:, LOOKBACK:, :, 1]
    expect(np.isfinite(inputs).mean() > 0.9, f"{np.isnan(inputs).mean():.0%} of the inputs are missing")
    expect(np.isfinite(targets).mean() > 0.9, f"{np.isnan(targets).mean():.0%} of the targets are missing")
    expect(np.isnan(others).all(), "the future of a channel that is no target is given")
    low, high = np.nanmin(values), np.nanmax(values)
    expect(low > 20 and high < 90, f"the data lie around 50, the set between {low:.1f} and {high:.1f}")


@PROMISES()
def _weights_stand_for_sensors(trial: DistillerTrial) -> None:
    """Weights are at least 1 and sum to the sensors of the set, which were picked, or of the data, which were clustered."""
    weight = trial.small.ds["weight"].values
    expect(len(weight) == 4 and (weight >= 1).all(), f"the weights are {weight}")
    expect(weight.sum() in (4, SENSORS), f"they sum to {weight.sum()}; the set has 4 sensors, the data {SENSORS}")


@PROMISES()
def _the_seed_decides(trial: DistillerTrial) -> None:
    """The same seed gives the same set, and another seed another one."""
    again, other = trial.work(), trial.work(1)
    list(again), list(other)
    same = np.array_equal(again.result().values, trial.small.values, equal_nan=True)
    expect(same and again.result().fingerprint == trial.small.fingerprint, "seed 0 gives two sets")
    expect(other.result().fingerprint != trial.small.fingerprint, "seeds 0 and 1 give the same set")


@PROMISES()
def _resumed_is_uninterrupted(trial: DistillerTrial) -> None:
    """A distillation that goes on from a round's checkpoint ends with the same set, bit for bit."""
    work, rest = trial.work(), trial.work()
    for event in work:
        if isinstance(event, Epoch):
            rest.load(work.checkpoint())
            break
    events = list(rest)
    begun = isinstance(events[0], Started) and events[0].epoch == 1
    expect(begun, f"after resuming behind round 0 the first event is {events[0]}")
    expect(rest.result().fingerprint == trial.small.fingerprint, "the resumed one ends with another set")
    error, wanted = rest.best_error, trial.outcome[0].best_error
    expect(error == wanted, f"the resumed one's best error is {error}, not {wanted}")


@PROMISES()
def _it_uses_as_many_threads_as_asked_for(trial: DistillerTrial) -> None:
    """It works with the asked number of threads."""
    before = torch.get_num_threads()
    try:
        for event in Distilling(city(), trial.options(threads=before + 1)):
            if isinstance(event, Progress | Epoch):
                break
        used = torch.get_num_threads()
        expect(used == before + 1, f"{before + 1} threads were asked for, {used} are used")
    finally:
        torch.set_num_threads(before)


@PROMISES()
def _only_training_steps_are_read(trial: DistillerTrial) -> None:
    """The windows of validation and test change nothing in the set."""
    later = city().ds.copy(deep=True)
    later["value"][TRAINING_STEPS:] += 7.0
    made = []
    for data in (city(), STData.of(later)):
        work = Distilling(data, trial.options())
        for number in range(work.distiller.rounds):
            list(work.distiller.round(number))
        made.append(work.distiller.current().values)
    expect(np.array_equal(made[0], made[1], equal_nan=True), "later readings move the windows of the set")


@PROMISES()
def _models_are_trained_on_it(trial: DistillerTrial) -> None:
    """A model that is trained on the set forecasts the sensors of the data."""
    forecast_with(trial, {"name": "stid", "identity": "attention"})


def forecast_with(trial: DistillerTrial, model: dict[str, Any]) -> None:
    """Train that model on the set and look at its forecasts."""
    asked = RunOptions.read(
        {
            "data": {"lookback": LOOKBACK, "horizon": HORIZON},
            "model": model,
            "prune": {"name": "full"},
            "train": {"epochs": 1, "threads": 1},
            "distilled": {"source": "the set"},
        }
    )
    *_, finished = Trainer(city(), asked, distilled=trial.small)
    expect(isinstance(finished, Finished), f"the last event is {type(finished).__name__}")
    if isinstance(finished, Finished):
        shape = finished.arrays["forecast"].shape[1:]
        expect(finished.metrics["test"]["mae"] > 0, f"the test error is {finished.metrics['test']['mae']}")
        expect(shape == (HORIZON, SENSORS, 1), f"forecasts have the shape {shape}")
        errors = finished.arrays["test_sensor_error"].shape
        expect(errors == (SENSORS,), f"errors of {errors} sensors are given")


@PROMISES(when=lambda trial: trial.card.learns)
def _learned_windows_move(trial: DistillerTrial) -> None:
    """Every window of a set that is learned moves in a round, and the losses are finite (``learns`` is True)."""
    work = trial.work()
    before = work.distiller.current().values.copy()
    losses = list(work.distiller.round(0))
    moved = np.abs(work.distiller.current().values - before).reshape(len(before), -1)
    expect(np.isfinite(losses).all(), f"the losses are {losses}")
    expect(np.nanmax(moved) > 1e-3, f"the largest step of a value is {np.nanmax(moved)}")
    still = int((np.nanmax(moved, axis=1) == 0).sum())
    expect(not still, f"{still} of {len(before)} windows do not move")


def distiller_promises(card: Card | str) -> list[Promise]:
    """What a distiller promises, one by one; ``hold`` checks each."""
    return PROMISES.of(card_of("distillers", card), DistillerTrial)


def check_distiller(card: Card | str) -> None:
    """Check all that a distiller promises: a card, or the name of an installed one. Raises BrokenPromise."""
    for promise in distiller_promises(card):
        promise.hold()
