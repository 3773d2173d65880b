"""The estimate before a run: grows with the work, follows this machine, and is of the right size."""

import pytest
from hypothesis import given
from hypothesis import strategies as some
from tiny import tiny
from training_runs import OPTIONS, trained

from stcore.options import RunOptions
from stcore.training import estimate


def about(epochs: int = 10, batch: int = 12, **more: object) -> tuple[RunOptions, estimate.Work]:
    options = RunOptions.read({"train": {"epochs": epochs, "batch": batch}, **more})
    return options, estimate.work(options, (4000, 1300, 1300), 120, 2, 1)


def test_twice_the_epochs_are_twice_the_training() -> None:
    once, twice = (estimate.training_seconds(about(epochs)[1]) for epochs in (10, 20))
    assert twice == pytest.approx(2 * once)


def test_keeping_half_is_half_the_training() -> None:
    full = estimate.training_seconds(about()[1])
    half = estimate.training_seconds(about(prune={"name": "st-prune", "keep": 0.5})[1])
    assert half == pytest.approx(full / 2)


@given(some.integers(1, 256), some.integers(2, 512))
def test_wider_models_and_larger_batches_never_need_less_memory(width: int, batch: int) -> None:
    def need(width: int, batch: int) -> float:
        options, work = about(batch=batch, model={"name": "stid", "width": width})
        return estimate.memory(options, work, 10_000)

    assert need(width, batch) <= need(width + 1, batch) and need(width, batch) <= need(width, batch + 1) * (1 + 1e-9)


def test_dlinear_is_cheaper_than_stid() -> None:
    one, other = (estimate.seconds(about(model={"name": name})[1]) for name in ("dlinear", "stid"))
    assert one < other


def test_finished_runs_say_how_fast_the_machine_is() -> None:
    work = about()[1]
    took = 3 * estimate.training_seconds(work)
    assert estimate.speed([(work, took)] * 3) == pytest.approx(3)
    assert estimate.speed([]) is None
    assert 0.01 < estimate.glance() < 1000


def test_a_real_run_takes_about_what_is_said(tmp_path) -> None:
    tiny(steps=2000, sensors=20).save(tmp_path / "tiny.nc")
    run = trained(tmp_path / "tiny.nc", tmp_path, "real", train={**OPTIONS["train"], "batch": 8})
    options, windows = RunOptions.read(run.spec["options"]), run.spec["windows"]
    work = estimate.work(options, (windows["train"], windows["validation"], windows["test"]), 20, 1, 1)
    took = run.summary()["seconds"]["train"]
    assert took / 10 < estimate.training_seconds(work, estimate.glance()) < took * 10
