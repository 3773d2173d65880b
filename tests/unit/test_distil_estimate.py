"""The estimate before a distillation: grows with the work, and is of the right size for one that was timed here."""

from pathlib import Path

import pytest
from distillations import SMALL
from tiny import tiny

from stcore import registry
from stcore.distil import estimate
from stcore.processes import jobs
from stcore.runs import create_distillation
from stcore.runs.create import resolve_distillation

SHAPE = estimate.Shape(4000, 1300, 120, 2, 1)


def expected(shape: estimate.Shape = SHAPE, **distil: object) -> float:
    options, _ = resolve_distillation(tiny(400, 12), {"distil": {"name": "stemdist", **distil}})
    return estimate.expected_seconds(options, shape)


def test_it_grows_with_rounds_size_and_validation_windows() -> None:
    preview = expected(targets="own")
    assert 1.7 * preview < expected(targets="own", rounds=20) < 2 * preview  # but the start is measured once
    assert expected(schedule="paper") > 12 * preview
    assert expected(targets="own", time=0.5) > 2 * preview
    assert expected(targets="own") < expected(teacher=2) < expected(teacher=4)
    assert expected(SHAPE._replace(validation=13_000)) > expected()
    assert expected(name="distribution-matching") < expected(name="gradient-matching") < preview
    assert expected(name="random") < preview / 5 < expected(name="gradient-matching")


@pytest.mark.parametrize("method", list(registry.cards("distillers")))
def test_every_method_has_one(method: str) -> None:
    assert 0 < expected(name=method) < float("inf")


def test_a_machine_is_as_fast_as_its_finished_distillations_say() -> None:
    assert estimate.speed([(10, 20), (10, 30), (1, 9), (0, 5)]) == 3
    assert estimate.speed([]) is None
    assert estimate.seconds(10, 3) == 30 + estimate.seconds(0)


@pytest.mark.slow
def test_a_distillation_takes_about_as_long_as_it_is_expected_to(tmp_path: Path) -> None:
    """In processor time, since other work may run beside; within a factor, since the rates are those of one machine."""
    tiny(3000, 20).save(file := tmp_path / "data.nc")
    distil = {"name": "stemdist", "time": 0.2, "space": 0.5, "rounds": 2, "steps": 16, "epochs": 1, "check": 2}
    options = {"data": SMALL["data"], "distil": distil, "train": {"threads": 1}}
    ratios = []
    for name in ("warm", "timed"):  # the first one loads what the second finds loaded
        run = jobs.Job(create_distillation(file, options, tmp_path, name)).finish()
        windows = (run.spec.windows.train, run.spec.windows.validation)
        work = estimate.expected_seconds(run.spec.distil_options, estimate.Shape(*windows, 20, 1, 1))
        ratios.append(sum((run.result or {})["cpu"].values()) / work)
    assert 0.2 < ratios[1] < 6, ratios
