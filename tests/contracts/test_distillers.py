"""Every registered method of distillation against one contract."""

from functools import cache

import numpy as np
import pytest
import torch
from cases import mostly_slow
from tiny import tiny

from stcore import registry
from stcore.data import STData
from stcore.distil.distilling import Distilling
from stcore.distil.options import DistilOptions, MatchingOptions
from stcore.events import Epoch, Event, Finished, Progress, Started
from stcore.options import RunOptions
from stcore.training.trainer import Trainer

NAMES = list(registry.cards("distillers"))
MODELS = (
    "stid-neighbours",
    "graph-wavenet",
    "mtgnn",
    "dlinear",
)  # beside stid, once for a set that is learned, once not
LEARNED = [name for name in NAMES if issubclass(registry.card("distillers", name).options, MatchingOptions)]


@cache
def data() -> STData:
    return tiny(400, 12, 2, missing=0.05)


def options(name: str, seed: int = 0, **more: object) -> DistilOptions:
    learned = {"rounds": 3, "steps": 2, "inner": 1, "check": 2, "subsets": 2, "batch": 32, "teacher": 1}
    known = registry.card("distillers", name).options.model_fields
    quick = {option: value for option, value in learned.items() if option in known}
    return DistilOptions.read(
        {
            "seed": seed,
            "data": {"lookback": 6, "horizon": 4},
            "model": {"name": "stid", "identity": "attention", "width": 8},
            "distil": {"name": name, "time": 0.1, "space": 0.34, "epochs": 1, **quick, **more},
            "train": {"threads": 1},
        }
    )


@cache
def done(name: str, seed: int = 0) -> tuple[Distilling, list[Event]]:
    work = Distilling(data(), options(name, seed))
    return work, list(work)


@cache
def small(name: str) -> STData:
    return done(name)[0].result()


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_happens_and_ends_with_a_set_of_the_asked_size(name: str) -> None:
    work, events = done(name)
    assert isinstance(events[0], Started) and isinstance(events[-1], Finished)
    rounds = [event for event in events if isinstance(event, Epoch)]
    assert [event.epoch for event in rounds] == list(range(work.method.rounds))
    assert any(isinstance(event, Progress) for event in events)
    assert rounds[-1].validation["mae"] > 0 and any(event.best for event in rounds)
    made = work.result()
    windows = len(work.ground.windows)
    assert made.values.shape == (10 * made.ds.sizes["window"], 4, 2)
    assert made.ds.sizes["window"] == round(0.1 * windows)
    last = events[-1]
    assert last.visits["share"] == pytest.approx(round(0.1 * windows) * 4 / (12 * windows))
    assert last.metrics["validation"]["mae"] == work.best_error


@pytest.mark.parametrize("name", NAMES)
def test_targets_are_known_and_the_future_of_other_channels_is_not(name: str) -> None:
    values = small(name).values.reshape(-1, 10, 4, 2)
    inputs, targets, others = values[:, :6], values[:, 6:, :, 0], values[:, 6:, :, 1]
    assert np.isfinite(inputs).mean() > 0.9 and np.isfinite(targets).mean() > 0.9
    assert np.isnan(others).all()
    assert np.nanmin(values) > 20 and np.nanmax(values) < 90  # in units


@pytest.mark.parametrize("name", NAMES)
def test_weights_stand_for_sensors(name: str) -> None:
    weight = small(name).ds["weight"].values
    assert (weight >= 1).all() and len(weight) == 4
    assert weight.sum() in (4, 12)  # picked sensors stand for themselves, clusters for all


@pytest.mark.parametrize("name", mostly_slow(NAMES, {*NAMES} - {"gradient-matching", "distribution-matching"}))
def test_the_same_seed_gives_the_same_set_and_another_another(name: str) -> None:
    again, other = Distilling(data(), options(name)), done(name, 1)[0].result()
    assert list(again)
    np.testing.assert_array_equal(again.result().values, small(name).values)
    assert again.result().fingerprint == small(name).fingerprint != other.fingerprint


@pytest.mark.parametrize("name", mostly_slow(NAMES, {*NAMES} - {"gradient-matching", "distribution-matching"}))
def test_resumed_is_uninterrupted(name: str) -> None:
    work = Distilling(data(), options(name))
    state = None
    for event in work:
        if isinstance(event, Epoch) and event.epoch == 0:
            state = work.checkpoint()
            break
    assert state is not None
    rest = Distilling(data(), options(name))
    rest.load(state)
    events = list(rest)
    assert isinstance(events[0], Started) and events[0].epoch == 1
    assert rest.result().fingerprint == small(name).fingerprint
    assert rest.best_error == done(name)[0].best_error


@pytest.mark.parametrize("name", mostly_slow(NAMES, ["stemdist", "random"]))
def test_it_works_with_as_many_threads_as_were_asked_for(name: str) -> None:
    before, asked = torch.get_num_threads(), options(name)
    more = asked.model_copy(update={"train": asked.train.model_copy(update={"threads": before + 1})})
    try:
        events = iter(Distilling(data(), more))
        assert any(isinstance(event, Progress | Epoch) for event in events) and torch.get_num_threads() == before + 1
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("name", NAMES)
def test_only_training_steps_are_looked_at(name: str) -> None:
    later = data().ds.copy(deep=True)
    later["value"][240:] += 7.0
    moved = Distilling(STData.of(later), options(name))
    before = Distilling(data(), options(name))
    for one in (moved, before):
        for number in range(one.method.rounds):
            list(one.method.round(number))
    np.testing.assert_array_equal(moved.method.current().values, before.method.current().values)


@pytest.mark.parametrize(
    ("name", "model"),
    mostly_slow(
        [*((name, "stid") for name in NAMES), *((name, model) for name in ("stemdist", "random") for model in MODELS)],
        [*((name, "stid") for name in NAMES), ("stemdist", "stid-neighbours"), ("random", "graph-wavenet")],
    ),
)
def test_models_are_trained_on_it_and_forecast_the_sensors(name: str, model: str) -> None:
    fit = registry.card("models", model).unseen or {}
    asked = RunOptions.read(
        {
            "data": {"lookback": 6, "horizon": 4},
            "model": {"name": model, **fit},
            "prune": {"name": "full"},
            "train": {"epochs": 1, "threads": 1},
            "distilled": {"source": "the set"},
        }
    )
    *_, finished = Trainer(data(), asked, distilled=small(name))
    assert isinstance(finished, Finished)
    assert finished.metrics["test"]["mae"] > 0
    assert finished.arrays["forecast"].shape[1:] == (4, 12, 1)
    assert finished.arrays["test_sensor_error"].shape == (12,)


@pytest.mark.parametrize("name", LEARNED)
def test_learned_windows_move(name: str) -> None:
    work = Distilling(data(), options(name))
    before = work.method.current().values.copy()
    losses = list(work.method.round(0))
    moved = np.abs(work.method.current().values - before)
    assert np.isfinite(losses).all() and np.nanmax(moved) > 1e-3
    assert (np.nanmax(moved.reshape(len(moved), -1), axis=1) > 0).all()  # every window
