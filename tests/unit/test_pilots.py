"""Methods that choose once, in the loop: short trainings beforehand, their cost, stops and resumption; windows and cells."""

import time
from pathlib import Path

import numpy as np
import pytest
import torch
from cases import only
from tiny import tiny

from stcore.events import Epoch, Event, Finished, Progress
from stcore.options import RunOptions
from stcore.processes import jobs
from stcore.registry import cards
from stcore.runs import create
from stcore.training.cost import work
from stcore.training.trainer import Trainer

DATA = tiny(400, 3, 2, missing=0.1)
BEFOREHAND = {"el2n": 2, "grand": 2, "craig": 2, "forgetting": 5}  # epochs of the short training
ONCE = [
    name for name, card in cards("strategies").items() if "tail" not in card.options.model_fields and name != "full"
]


def options(prune: str, length: int = 3, samples: str = "windows", **more: object) -> RunOptions:
    common = {"model": {"name": "stid", "width": 4}, "data": {"lookback": 8, "horizon": 4, "samples": samples}}
    train = {"epochs": length, "batch": 64, "threads": 1}
    return RunOptions.read({**common, "train": train, "prune": {"name": prune, "keep": 0.6, **more}})


def finished(events: list[Event]) -> Finished:
    last = events[-1]
    assert isinstance(last, Finished)
    return last


@pytest.mark.parametrize("samples", only([0], ["windows", "cells"]))
@pytest.mark.parametrize("prune", ONCE)
def test_every_method_that_chooses_once_trains_on_its_choice(prune: str, samples: str) -> None:
    trainer = Trainer(DATA, options(prune, samples=samples))
    events = list(trainer)
    visits, before = finished(events).visits, BEFOREHAND.get(prune, 0)
    assert visits["share"] == pytest.approx(0.6, rel=0.01)
    assert visits["pilot"] == before * trainer.samples.count and visits["refresh"] == 0
    kept = [event.arrays["kept"] for event in events if isinstance(event, Epoch)]
    assert len(kept) == 3 and all(np.array_equal(kept[0], other) for other in kept)
    epochs = [event.epoch for event in events if isinstance(event, Progress)]
    assert (epochs[0] == -1) == (before > 0) and epochs == sorted(epochs)


def test_the_short_training_tells_how_far_it_is() -> None:
    trainer = Trainer(DATA, options("el2n", repeats=2, epochs=3))
    events = list(trainer)
    scoring = [event for event in events if isinstance(event, Progress) and event.epoch == -1]
    assert {event.planned for event in scoring} == {6 * trainer.samples.count}
    assert [event.visits for event in scoring] == sorted({event.visits for event in scoring})
    assert scoring[-1].visits == scoring[-1].planned
    assert finished(events).seconds["score"] > sum(e.seconds["score"] for e in events if isinstance(e, Epoch))


def test_scores_of_a_short_training_are_not_those_of_the_run() -> None:
    """Nothing of the short trainings is left but the choice: with everything kept the run is full training, bit for bit."""
    full, scored = Trainer(DATA, options("full", keep=1.0)), Trainer(DATA, options("el2n", keep=1.0))
    list(full), list(scored)
    pairs = zip(full.model.state_dict().values(), scored.model.state_dict().values(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)


def test_embeddings_are_measured_by_a_short_training() -> None:
    by_values, by_embedding = (list(Trainer(DATA, options("herding", epochs=epochs))) for epochs in (0, 1))
    assert finished(by_values).visits["pilot"] == 0 < finished(by_embedding).visits["pilot"]
    kept = [
        next(event for event in events if isinstance(event, Epoch)).arrays["kept"]
        for events in (by_values, by_embedding)
    ]
    assert not np.array_equal(*kept)


def test_repeats_have_seeds_of_their_own() -> None:
    scores = []
    for repeats in (1, 2):
        trainer = Trainer(DATA, options("el2n", epochs=1, repeats=repeats))
        next(event for event in trainer if isinstance(event, Epoch))
        scores.append(trainer.strategy.score().copy())
    assert not np.allclose(scores[0], scores[1])


@pytest.mark.parametrize(
    "prune", ["epsilon-greedy", "ucb", "seta", "repb", "el2n", "forgetting", "k-center", "herding", "craig", "guarded"]
)
@pytest.mark.parametrize("samples", only([0], ["windows", "cells"]))
def test_resuming_equals_not_having_stopped(prune: str, samples: str) -> None:
    whole = Trainer(DATA, options(prune, 6, samples))
    expected = [event for event in whole if isinstance(event, Epoch)]
    first = Trainer(DATA, options(prune, 6, samples))
    events = iter(first)
    while first.epoch < 3:
        next(events)
    second = Trainer(DATA, options(prune, 6, samples))
    second.load(first.checkpoint())
    told = list(second)
    assert not any(isinstance(event, Progress) and event.epoch < 0 for event in told)  # no short training again
    assert finished(told).visits == {**finished(told).visits, **whole.state.extra}
    rest = [event for event in told if isinstance(event, Epoch)]
    for left, right in zip(rest, expected[3:], strict=True):
        assert left.validation == right.validation
        np.testing.assert_array_equal(left.arrays["kept"], right.arrays["kept"])


def test_a_stop_while_scoring_starts_scoring_over(tmp_path: Path) -> None:
    chosen = options("el2n").model_dump(mode="json")
    whole = jobs.Job(create(DATA, chosen, tmp_path, "whole")).finish()
    run = create(DATA, chosen, tmp_path, "stopped")
    job = iter(jobs.Job(run))
    event = next(job)
    while not (isinstance(event, Progress) and event.batch > 1):
        event = next(job)
    assert event.epoch == -1 and run.progress["epoch"] == -1
    run.control("stop")
    assert list(job) == [] and run.status == "stopped"
    run.control("run")
    jobs.Job(run).finish()
    assert run.status == "done"
    assert run.result["metrics"] == whole.result["metrics"] and run.result["visits"] == whole.result["visits"]


def test_learning_from_a_short_training_is_part_of_its_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = Trainer(DATA, options("forgetting", epochs=2))
    learn = type(trainer.strategy).learn

    def slowly(*arguments: object) -> None:
        time.sleep(0.5)
        learn(*arguments)

    monkeypatch.setattr(type(trainer.strategy), "learn", slowly)
    next(event for event in trainer if isinstance(event, Epoch))
    assert trainer.stopwatch.seconds["score"] > 1


def test_time_left_is_counted_anew_when_training_begins(tmp_path: Path) -> None:
    run = create(DATA, options("forgetting", 2).model_dump(mode="json"), tmp_path, "left")
    for event in jobs.Job(run):
        if isinstance(event, Progress) and event.epoch == 0:
            assert run.progress["epoch"] <= 0
            left = run.progress["seconds_left"]
            assert left is None or left >= 0


def test_an_estimate_counts_the_short_trainings() -> None:
    windows = (100, 30, 30)
    alone = work(options("random", 10), windows, 3, 2, 1).cells
    assert alone == 10 * 0.6 * 100 * 3
    assert work(options("el2n", 10, epochs=2, repeats=3), windows, 3, 2, 1).cells == alone + 6 * 100 * 3
