"""Data are opened once for each start of a run."""

from pathlib import Path
from typing import Any

import pytest
from running import small_data

from stcore import readers
from stcore.cli import main
from stcore.processes import jobs
from stcore.runs import RunError, create, open_run

FAST = {"train": {"epochs": 2, "batch": 64, "threads": 1}, "model": {"width": 4}, "prune": {"name": "full"}}


@pytest.fixture
def paths(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths that readers.open is asked for."""
    asked: list[str] = []
    open_data = readers.open

    def counting(path: Any, *rest: Any, **named: Any) -> Any:
        asked.append(str(path))
        return open_data(path, *rest, **named)

    monkeypatch.setattr(readers, "open", counting)
    return asked


def test_a_training_opens_its_data_once_and_so_does_each_later_start(
    small_file: Path, tmp_path: Path, paths: list[str]
) -> None:
    job = jobs.train(small_file, tmp_path, "run", **FAST)
    for event in job:
        if event.name == "epoch":
            job.run.control("stop")
    assert job.run.status == "stopped" and paths == [str(small_file)]
    job.run.control("run")
    assert jobs.Job(open_run("run", tmp_path)).finish().status == "done"
    assert paths == [str(small_file)] * 2


def test_a_distillation_opens_its_data_once(small_file: Path, tmp_path: Path, paths: list[str]) -> None:
    job = jobs.distil(small_file, tmp_path, "small", distil={"name": "random"}, train={"threads": 1})
    next(iter(job))
    assert paths == [str(small_file)]


def test_the_command_line_opens_the_data_once(small_file: Path, tmp_path: Path, paths: list[str]) -> None:
    options = ["--epochs", "1", "--prune", "full", "--set", "model.width=4", "--set", "train.threads=1"]
    assert main(["train", str(small_file), "--runs", str(tmp_path), "--id", "run", "--quiet", *options]) == 0
    assert paths == [str(small_file)]


def test_data_from_memory_are_opened_once_from_the_run_s_own_copy(tmp_path: Path, paths: list[str]) -> None:
    run = jobs.train(small_data(), tmp_path, "run", **FAST).finish()
    assert paths == [str(run.path / "data.nc")]


def test_other_data_than_the_run_s_are_refused(small_file: Path, tmp_path: Path) -> None:
    run = create(small_file, FAST, tmp_path, "run")
    with pytest.raises(RunError, match="have changed since run run was made"):
        jobs.Job(run, readers.open("demo")).finish()
