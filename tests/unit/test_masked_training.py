"""Training under a mask: resumed runs equal those that were not stopped, also while samples are pruned, and notes arrive."""

import numpy as np
import pytest
import torch
from cases import only
from tiny import tiny

from stcore import registry
from stcore.events import Epoch, Event, Finished, Started
from stcore.options import RunOptions
from stcore.training.predict import predict
from stcore.training.trainer import Trainer

DATA = tiny(160, 6, missing=0.05)
EPOCHS = 6
MASKS = list(registry.cards("masks"))
DYNAMIC = ["dynst", "best", "gradient", "any"]  # those that learn, or are compared, while a run trains


def options(mask: str, prune: str = "full", **more: object) -> RunOptions:
    train = {"epochs": EPOCHS, "batch": 16, "threads": 1, "forecasts": 0}
    return RunOptions.read(
        {
            "train": train,
            "model": {"name": "stid-neighbours", "width": 4},
            "data": {"lookback": 6, "horizon": 3},
            "prune": {"name": prune, **({} if prune == "full" else {"keep": 0.7})},
            "mask": {"name": mask, **({} if mask == "none" else {"sparsity": 0.5}), **more},
        }
    )


def told(events: list[Event]) -> list[Event]:
    return [event for event in events if isinstance(event, Epoch | Finished)]


def plain(event: Event) -> dict[str, object]:
    """All but the clock."""
    return {name: value for name, value in event.to_json().items() if name not in ("seconds", "cpu")}


def assert_same(left: list[Event], right: list[Event]) -> None:
    """Every number and every array, bit for bit."""
    for one, other in zip(left, right, strict=True):
        assert plain(one) == plain(other)
        assert one.arrays.keys() == other.arrays.keys()
        for name, array in one.arrays.items():
            np.testing.assert_array_equal(array, other.arrays[name], name)


def assert_same_state(left: Trainer, right: Trainer) -> None:
    for one, other in ((left.model.state_dict(), right.model.state_dict()), (left.state.best, right.state.best)):
        assert all(torch.equal(one[name], other[name]) for name in one)
    one, other = left.masking.state_dict(), right.masking.state_dict()
    assert one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
    assert (left.state.best_gate is None) == (right.state.best_gate is None)
    assert (
        left.state.best_gate is None
        or right.state.best_gate is None
        or torch.equal(left.state.best_gate, right.state.best_gate)
    )


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("prune", only([1], ["full", "st-prune"]))
def test_resuming_at_every_epoch_equals_not_having_stopped(mask: str, prune: str) -> None:
    more = {"on": DATA.sensors[:3]} if mask == "given" else {}
    whole = Trainer(DATA, options(mask, prune, **more))
    expected, states = list[Event](), list[bytes]()
    for event in whole:
        if isinstance(event, Epoch | Finished):
            expected.append(event)
            states.append(whole.checkpoint())
    every = range(1, EPOCHS + 1)
    stops = (every if prune == "full" else every[::2]) if mask in DYNAMIC else (2,)
    for stop in stops:
        rest = Trainer(DATA, options(mask, prune, **more))
        rest.load(states[stop - 1])
        assert_same(told(list(rest)), expected[stop:])
        assert_same_state(rest, whole)


def test_stopping_and_loading_at_every_epoch_in_turn_is_as_going_on() -> None:
    whole = Trainer(DATA, options("dynst", "st-prune"))
    expected, found, content = told(list(whole)), list[Event](), b""
    for _ in range(EPOCHS + 1):
        part = Trainer(DATA, options("dynst", "st-prune"))
        if content:
            part.load(content)
        for event in part:
            if isinstance(event, Epoch | Finished):
                found.append(event)
                content = part.checkpoint()
                break
    assert_same(found, expected)
    assert_same_state(part, whole)


@pytest.mark.parametrize("mask", ["dynst", "best"])
def test_which_mask_won_is_told_once_and_not_again_after_a_stop(mask: str) -> None:
    trainer = Trainer(DATA, options(mask))
    events = list(trainer)
    (started,) = [event for event in events if isinstance(event, Started)]
    assert not any("best simple mask" in note for note in started.notes)
    said = [note for event in events if isinstance(event, Epoch) for note in event.notes]
    assert sum("best simple mask" in note for note in said) == 1 and len(set(said)) == len(said)
    first = next(event for event in events if isinstance(event, Epoch))
    assert any("best simple mask" in note for note in first.notes)


def test_what_is_known_before_is_told_at_the_start_alone() -> None:
    events = list(Trainer(DATA, options("any")))
    (started,) = [event for event in events if isinstance(event, Started)]
    assert any("other sensors are off" in note for note in started.notes)
    assert not any(event.notes for event in events if isinstance(event, Epoch))


def test_a_masked_run_keeps_its_budget_of_visits_and_of_sensors() -> None:
    *_, finished = Trainer(DATA, options("dynst", "st-prune"))
    assert isinstance(finished, Finished)
    assert finished.visits["share"] == pytest.approx(0.7, rel=0.01)
    assert finished.mask["active"] == 3


@pytest.mark.parametrize("mask", only([0], ["dynst", "best"]))
def test_as_many_may_be_forced_on_as_stay(mask: str) -> None:
    """The model that compares masks beforehand switches off more than the run does, but nothing that is forced."""
    *_, finished = Trainer(DATA, options(mask, on=DATA.sensors[:3]))
    assert isinstance(finished, Finished) and finished.mask["active"] == 3


def test_a_masked_run_in_double_precision_can_be_asked_again() -> None:
    chosen = options("random")
    chosen = chosen.model_copy(update={"train": chosen.train.model_copy(update={"precision": "float64"})})
    trainer = Trainer(DATA, chosen)
    list(trainer)
    assert np.isfinite(predict(DATA, chosen, trainer.weights(), np.array([140]))).all()


@pytest.mark.parametrize("mask", ["any", "given"])
def test_a_run_of_before_goes_on_with_options_that_never_acted(mask: str) -> None:
    """Old specs name a budget for these two, and a sparsity for a given mask."""
    old, new = options(mask, on=["s0"], budget=3.0, region=4), options(mask, on=["s0"])
    assert_same(told(list(Trainer(DATA, old))), told(list(Trainer(DATA, new))))
