"""Cells as samples: the same data, pruned pair by pair."""

from pathlib import Path

import numpy as np
import pytest
from tiny import tiny

from stcore.events import Epoch, Finished
from stcore.options import OptionError, RunOptions
from stcore.processes import jobs
from stcore.registry import cards
from stcore.runs import create
from stcore.training.samples import TrainingSamples
from stcore.training.tensors import DataTensors
from stcore.training.trainer import Trainer

DATA = tiny(400, 3, 2, missing=0.1)
DATA.values[60:120, 1] = np.nan  # a sensor that is away for longer than a window
COMMON = {"data": {"lookback": 8, "horizon": 4, "samples": "cells"}, "model": {"name": "stid", "width": 4}}


def options(prune: str = "st-prune", epochs: int = 4, **more: object) -> RunOptions:
    keep = {} if prune == "full" else {"keep": 0.6}
    train = {"epochs": epochs, "batch": 48, "threads": 1}
    return RunOptions.read({**COMMON, "train": train, "prune": {"name": prune, **keep, **more}})


def test_a_cell_is_a_window_of_one_sensor() -> None:
    samples = TrainingSamples(DataTensors(DATA, options().data))
    assert samples.cells is not None and samples.count == len(samples.cells) < len(samples.windows) * 3
    places = np.random.default_rng(0).choice(samples.count, 40, replace=False)
    cells, whole = samples.batch(places), samples.tensors.batch(samples.windows, samples.cells[places] // 3)
    sensor = samples.cells[places] % 3
    assert cells.sensor is not None
    np.testing.assert_array_equal(cells.sensor[:, 0].numpy(), sensor)
    for one, all_sensors in ((cells.x, whole.x), (cells.y, whole.y), (cells.mask, whole.mask)):
        np.testing.assert_array_equal(one[:, :, 0].numpy(), all_sensors.numpy()[np.arange(40), :, sensor])
    assert cells.mask.sum((1, 2, 3)).min() > 0  # a cell without a target is none


def test_every_observed_cell_is_a_sample_and_no_other() -> None:
    samples = TrainingSamples(DataTensors(DATA, options().data))
    targets = np.isfinite(samples.tensors.truths(samples.windows, np.arange(len(samples.windows)))).any(axis=(1, 3))
    np.testing.assert_array_equal(samples.cells, np.flatnonzero(targets))


def test_a_step_on_all_cells_is_a_step_on_all_windows() -> None:
    """One batch of everything: the loss differs by nothing but the constant it is divided by."""
    losses = []
    for samples in ("cells", "windows"):
        chosen = options("full", 1).model_copy(update={"data": options().data.model_copy(update={"samples": samples})})
        train = chosen.train.model_copy(update={"batch": 10_000, "precision": "float64"})
        trainer = Trainer(DATA, chosen.model_copy(update={"train": train}))
        event = next(event for event in trainer if isinstance(event, Epoch))
        losses.append(event.train_loss)
    assert losses[0] == pytest.approx(losses[1], rel=1e-9)


@pytest.mark.parametrize(
    "prune", [name for name, card in cards("strategies").items() if "tail" in card.options.model_fields]
)
def test_every_dynamic_method_works_on_cells_unchanged(prune: str) -> None:
    trainer = Trainer(DATA, options(prune))
    events = list(trainer)
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert finished.visits["share"] == pytest.approx(0.6, rel=0.01)
    last = next(event for event in reversed(events) if isinstance(event, Epoch) and event.kept < trainer.samples.count)
    kept, by_sensor = last.arrays["kept"], last.arrays["sensor_kept"]
    assert kept.shape == (len(trainer.samples.windows),) and by_sensor.shape == (3,)
    grid = trainer.samples.grid(np.ones(trainer.samples.count, np.float32))
    held = np.isfinite(grid)
    assert (kept * held.sum(axis=1)).sum() == pytest.approx(last.kept, rel=1e-6)
    assert (by_sensor * held.sum(axis=0)).sum() == pytest.approx(last.kept, rel=1e-6)


def test_resuming_equals_not_having_stopped() -> None:
    whole = Trainer(DATA, options())
    expected = [event for event in whole if isinstance(event, Epoch)]
    first = Trainer(DATA, options())
    events = iter(first)
    while first.epoch < 2:
        next(events)
    second = Trainer(DATA, options())
    second.load(first.checkpoint())
    rest = [event for event in second if isinstance(event, Epoch)]
    for left, right in zip(rest, expected[2:], strict=True):
        assert left.validation == right.validation
        for name, array in left.arrays.items():
            np.testing.assert_array_equal(array, right.arrays[name])


def test_a_run_on_cells_is_recorded_by_window_and_by_sensor(tmp_path: Path) -> None:
    run = jobs.train(DATA, tmp_path, **options().model_dump(mode="json")).finish()
    trace = run.trace()
    assert run.samples == TrainingSamples(DataTensors(DATA, options().data)).count and run.sample_name == "cells"
    assert trace.kept.dtype != bool and 0 < float(trace.kept[1].mean()) < 1
    assert trace.sensor_kept.dims == ("epoch", "sensor") and trace.level.dims == ("epoch", "sample")
    assert run.summary()["visits"]["full"] == 4 * run.samples


def test_a_model_that_mixes_sensors_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    object.__setattr__(card := cards("models")["dlinear"], "mixes_sensors", True)
    monkeypatch.setattr("stcore.registry.card", lambda kind, name: cards(kind)[name])
    try:
        with pytest.raises(OptionError, match="mixes sensors"):
            create(DATA, {**COMMON, "model": {"name": "dlinear"}}, tmp_path)
    finally:
        object.__setattr__(card, "mixes_sensors", False)
