"""The estimate before a run: grows with the work, follows this machine, and is of the right size."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as some
from tiny import tiny
from training_runs import OPTIONS, trained

from stcore import registry
from stcore.options import RunOptions
from stcore.runs import Run
from stcore.sensors.candidates import cost_notes
from stcore.training import cost

SENSORS = 2000
PEAK = """
import re, resource, sys
from pathlib import Path
from stcore import jobs
from stcore.runs import create
run = jobs.Job(create(Path(sys.argv[1]), {"model": {"name": sys.argv[2]}, "mask": {"name": sys.argv[3]}, "prune":
    {"name": "full"}, "train": {"epochs": 1, "threads": 1, "forecasts": 1},
    "data": {"lookback": 4, "horizon": 4}}, Path(sys.argv[1]).parent, sys.argv[4])).finish()
status = Path("/proc/self/status")  # what getrusage tells on Linux begins at the parent's peak
peak = re.search(r"VmHWM:\\s*(\\d+)", status.read_text()) if status.exists() else None
most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(1024 * int(peak[1]) if peak else most * (1 if sys.platform == "darwin" else 1024))
"""


def about(epochs: int = 10, batch: int = 12, **more: object) -> tuple[RunOptions, cost.Work]:
    options = RunOptions.read({"train": {"epochs": epochs, "batch": batch}, **more})
    return options, cost.work(options, (4000, 1300, 1300), 120, 2, 1)


def test_twice_the_epochs_are_twice_the_training() -> None:
    once, twice = (cost.training_seconds(about(epochs)[1]) for epochs in (10, 20))
    assert twice == pytest.approx(2 * once)


def test_keeping_half_is_half_the_training() -> None:
    full = cost.training_seconds(about(prune={"name": "full"})[1])
    half = cost.training_seconds(about(prune={"name": "st-prune", "keep": 0.5})[1])
    assert half == pytest.approx(full / 2)


@given(some.integers(1, 256), some.integers(2, 512))
def test_wider_models_and_larger_batches_never_need_less_memory(width: int, batch: int) -> None:
    def need(width: int, batch: int) -> float:
        options, work = about(batch=batch, model={"name": "stid", "width": width})
        return cost.memory(options, work, 10_000)

    assert need(width, batch) <= need(width + 1, batch) and need(width, batch) <= need(width, batch + 1) * (1 + 1e-9)


def test_dlinear_is_cheaper_than_stid() -> None:
    one, other = (cost.seconds(about(model={"name": name})[1]) for name in ("dlinear", "stid"))
    assert one < other


def test_finished_runs_say_how_fast_the_machine_is() -> None:
    work = about()[1]
    took = 3 * cost.training_seconds(work)
    assert cost.speed([(work, took)] * 3) == pytest.approx(3)
    assert cost.speed([]) is None
    assert 0.01 < cost.glance() < 1000


def test_a_real_run_takes_about_what_is_said(tmp_path) -> None:
    tiny(steps=2000, sensors=20).save(tmp_path / "tiny.nc")
    run = trained(tmp_path / "tiny.nc", tmp_path, "real", train={**OPTIONS["train"], "batch": 8})
    options, windows = run.spec.options, run.spec.windows
    work = cost.work(options, (windows.train, windows.validation, windows.test), 20, 1, 1)
    took = (run.result or {})["cpu"]["train"]  # other work on the machine does not lengthen it
    assert took / 10 < cost.training_seconds(work, cost.glance()) < took * 10


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no peak to be read")
@pytest.mark.parametrize(("model", "mask"), [("stid-neighbours", "farthest-first"), ("graph-wavenet", "none")])
def test_the_memory_of_models_over_pairs_of_sensors_is_about_what_is_said(model: str, mask: str, tmp_path) -> None:
    """Two thousand sensors, where a matrix over pairs takes 16 MB: as measured by the system, within a third."""
    data = tiny(steps=60, sensors=SENSORS)
    data.save(tmp_path / "many.nc")
    command = [sys.executable, "-c", PEAK, str(tmp_path / "many.nc"), model, mask, "run"]
    peak = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    spec = Run(tmp_path / "run").spec
    windows = spec.windows
    work = cost.work(spec.options, (windows.train, windows.validation, windows.test), SENSORS, 1, 1)
    assert 0.7 < cost.memory(spec.options, work, data.values.size) / peak < 1.45


@pytest.mark.parametrize("model", ["stid-neighbours", "graph-wavenet"])
def test_ten_times_the_sensors_are_a_hundred_times_the_pairs(model: str) -> None:
    options = RunOptions.read({"model": {"name": model}})
    few, many = (cost.work(options, (100, 30, 30), count, 1, 1) for count in (1000, 10_000))
    assert many.pairs == 100 * few.pairs > 0
    assert cost.memory(options, many, 0) > 100e6 * 4 * 4
    assert cost.work(RunOptions(), (100, 30, 30), 1000, 1, 1).pairs == 0


def test_masks_that_take_minutes_say_so_before_the_start() -> None:
    def notes(name: str, sites: int) -> list[str]:
        card = registry.card("masks", name)
        return cost_notes(card, card.options(), sites)

    slow = {name: notes(name, 3500) for name in ("predictive", "conditional-variance", "random", "none", "any")}
    assert "3,500 sensors takes about 3 min" in slow["predictive"][0] and not slow["random"] + slow["none"]
    assert "before the first epoch" in slow["any"][0]  # it trains under the others' masks
    assert "before the first epoch" in notes("conditional-variance", 6000)[0]
    assert notes("best", 300) == notes("dynst", 300) == []
    assert "conditional-variance and predictive would take too long" in notes("best", 5000)[0]
    options = RunOptions.read({"model": {"name": "stid-neighbours"}, "mask": {"name": "conditional-variance"}})
    one, other = (cost.work(options, (100, 30, 30), count, 1, 1) for count in (3000, 6000))
    assert other.deciding == pytest.approx(8 * one.deciding)
    free = options.model_copy(update={"mask": {"name": "none"}})
    left = cost.seconds(other) - cost.seconds(cost.work(free, (100, 30, 30), 6000, 1, 1))
    assert left == pytest.approx(other.deciding) and left > 60
