"""An experiment that is killed, stopped or interrupted comes to the same results; what fails does not stop the rest."""

import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import failing
import numpy as np
import pytest
from cases import mostly_slow
from once import Once
from running import Command, assert_same_run, die_at, done, small_data, until

from stcore.evidence.experiment import Experiment, create_experiment, open_experiment
from stcore.processes import worker
from stcore.runs import Run, RunError, runs_in
from stcore.runs.files import write_json

COMMON = {"model": {"width": 4}, "train": {"epochs": 3}}
SMALL: dict[str, Any] = {
    "name": "e",
    "methods": ["infobatch"],
    "seeds": 2,
    "tune": {"cells": [16, 64]},
    "options": COMMON,
}
ONE: dict[str, Any] = {**SMALL, "tune": False, "controls": False}
RUNS = 4 * 2 + 5 * 2  # four arms are searched for, and the field's recipe is not


def asked(folder: Path, data: Path, **values: Any) -> Path:
    """The file of a small experiment."""
    path = folder / "e.json"
    write_json(path, {**SMALL, "data": str(data), **values})
    return path


def going(folder: Path, file: Path | str, *more: str, in_turn: bool = True, **how: Any) -> Command:
    turn = ["--in-turn"] if in_turn else []
    return Command(folder, "experiment", file, "--runs", folder / "runs", *turn, *more, **how)


def finished(folder: Path) -> int:
    return sum(run.status == "done" for run in runs_in(folder / "runs"))


def without_seconds(value: Any) -> Any:
    """Plain values but for those that tell how long things took, or that follow from it."""
    if isinstance(value, dict):
        timed = ("seconds", "cpu", "front_seconds", "front_cpu", "sentence", "answer")
        return {name: without_seconds(part) for name, part in value.items() if not name.startswith(timed)}
    return [without_seconds(part) for part in value] if isinstance(value, list) else value


def assert_same(one: Experiment, other: Experiment) -> None:
    assert one.status == other.status == "done"
    assert without_seconds(one.chosen) == without_seconds(other.chosen)
    assert without_seconds(one.report()) == without_seconds(other.report())
    assert one.plan == other.plan
    for planned in one.plan.runs:
        assert_same_run(Run(one.folder.root / planned.id), Run(other.folder.root / planned.id))


@pytest.fixture(scope="module")
def small_file(once: Once) -> Path:
    """Ten days of 4 sensors: an experiment is many runs, and here each of them is short."""
    return once("ten-days", lambda folder: small_data(240).save(folder / "small.nc")) / "small.nc"


@pytest.fixture(scope="module")
def whole(small_file: Path, once: Once) -> Experiment:
    """The experiment that nothing disturbed."""

    def make(folder: Path) -> None:
        command = going(folder, asked(folder, small_file), "--json")
        assert command.wait() == 0, command.stderr
        found = command.document
        assert (found["experiment"], found["status"], found["done"], found["all"]) == ("e", "done", RUNS, RUNS)
        assert found["report"]["verdicts"] and found["seconds_left"] == 0

    return open_experiment("e", once("whole-experiment", make) / "runs")


def test_every_arm_has_its_runs_and_its_own_search(whole: Experiment) -> None:
    assert [(arm["role"], len(arm["runs"])) for arm in whole.arms] == [
        ("full", 2),
        ("full-equal", 2),
        ("random-equal", 2),
        ("field", 2),
        ("method", 2),
    ]
    for arm in whole.arms:
        for seed, run in enumerate(arm["runs"]):
            about = run.spec.experiment
            assert about == {"name": "e", "arm": arm["key"], "role": arm["role"], "seed": seed}
            train, search = run.spec.options.train, arm["chosen"]
            if search:
                best = min(search["trials"], key=lambda trial: trial["mae"])
                assert (train.batch, train.lr) == (search["batch"], search["lr"]) == (best["batch"], best["lr"])
            else:
                assert arm["role"] == "field" and (train.batch, train.lr) == (64, 2e-3)
            share = (run.result or {})["visits"]["share"]
            assert share == pytest.approx(arm["keep"], rel=0.01)


@pytest.mark.slow
def test_killed_at_random_and_called_again_is_as_never_killed(
    small_file: Path, whole: Experiment, tmp_path: Path
) -> None:
    file, rng = asked(tmp_path, small_file), np.random.default_rng(0)
    command = going(tmp_path, file)
    for number in sorted(rng.choice(RUNS - 2, 4, replace=False)):
        until(lambda number=number: finished(tmp_path) >= number, f"{number} runs are done", command)  # type: ignore[misc]
        command.kill()
        assert open_experiment("e", tmp_path / "runs").status == "interrupted"
        command = going(tmp_path, rng.choice([str(file), "e"]))
    assert command.wait() == 0, command.stderr
    assert_same(open_experiment("e", tmp_path / "runs"), whole)


BOUNDARIES = (
    "open experiment.json.partial 0",
    "rename experiment.json.partial 2",
    "open spec.json.partial 3",
    "open report.json.partial 0",
)


@pytest.mark.parametrize("boundary", mostly_slow(BOUNDARIES, ["open spec.json.partial 3"]))
def test_killed_between_two_writes(boundary: str, small_file: Path, whole: Experiment, tmp_path: Path) -> None:
    file = asked(tmp_path, small_file)
    command = going(tmp_path, file, first=partial(die_at, boundary))
    assert command.wait() == -signal.SIGKILL, f"it never came to {boundary!r}: {command.stderr}"
    assert going(tmp_path, file).wait() == 0
    assert_same(open_experiment("e", tmp_path / "runs"), whole)


@pytest.mark.slow
def test_side_by_side_is_as_in_turn_and_outlives_its_killer(small_file: Path, tmp_path: Path) -> None:
    """Workers of a killed caller go on; the next caller waits for them."""
    folders = [tmp_path / name for name in ("turn", "side")]
    for folder in folders:
        folder.mkdir()
    file = asked(tmp_path, small_file, **ONE)
    assert going(folders[0], file).wait() == 0
    slots = {"STCORE_SLOTS": "2"}
    first = going(folders[1], file, in_turn=False, environment=slots)
    until(lambda: any(run.locked for run in runs_in(folders[1] / "runs")), "a worker is there", first)
    first.kill()
    second = going(folders[1], file, in_turn=False, environment=slots)
    assert second.wait(120) == 0, second.stderr
    side = open_experiment("e", folders[1] / "runs")
    assert side.folder.content["at_once"] == 2
    for planned in side.plan.runs:
        assert_same_run(Run(folders[0] / "runs" / planned.id), Run(side.folder.root / planned.id))


def test_a_failing_method_does_not_stop_the_rest(small_file: Path, tmp_path: Path) -> None:
    file = asked(tmp_path, small_file, **ONE | {"methods": ["failing", "infobatch"]})
    command = going(tmp_path, file, "--json", first=failing.installed)
    assert command.wait() == 1
    found = command.document
    assert found["done"] == 2 and [run["run"] for run in found["failed"]] == ["e.failing-50.s0", "e.failing-50.s1"]
    assert all("a fault of its own" in run["reason"] for run in found["failed"])
    assert "e.failing-50.s0 failed and is tried once more: this method has a fault of its own" in command.stderr
    assert [row["label"] for row in found["report"]["summary"]] == ["InfoBatch"]
    assert any("e.failing-50.s1" in note for note in found["report"]["notes"])


def test_an_arm_whose_search_fails_is_left(small_file: Path, tmp_path: Path) -> None:
    tune = {"cells": [16]}
    file = asked(tmp_path, small_file, methods=["failing", "infobatch"], controls=False, tune=tune)
    command = going(tmp_path, file, "--json", first=failing.installed)
    assert command.wait() == 1
    assert command.document["done"] == 3 and len(command.document["failed"]) == 3
    assert "Every trial of failing-50 failed, so it is left." in command.stderr


def test_where_all_fails_the_report_says_so(small_file: Path, tmp_path: Path) -> None:
    file = asked(tmp_path, small_file, **ONE | {"methods": ["failing"]})
    command = going(tmp_path, file, "--json", first=failing.installed)
    assert command.wait() == 1
    assert command.document["report"]["verdicts"] == [] and len(command.document["failed"]) == 2


@pytest.mark.slow
def test_ctrl_c_says_how_to_go_on(small_file: Path, whole: Experiment, tmp_path: Path) -> None:
    command = going(tmp_path, asked(tmp_path, small_file))
    until(lambda: finished(tmp_path) >= 2, "two runs are done", command)
    command.kill(signal.SIGINT)
    assert command.process.exitcode == 130
    again = f"`python -m stcore experiment e --runs {tmp_path / 'runs'} --in-turn` continues it."
    assert command.stderr.splitlines()[-1] == f"Interrupted. {again}"
    assert going(tmp_path, "e").wait() == 0
    assert_same(open_experiment("e", tmp_path / "runs"), whole)


def test_ctrl_c_stops_the_workers(small_file: Path, tmp_path: Path) -> None:
    options = {**COMMON, "train": {"epochs": 4000}}
    command = going(tmp_path, asked(tmp_path, small_file, **ONE | {"options": options}), in_turn=False)
    until(lambda: any(run.epochs() for run in runs_in(tmp_path / "runs")), "a worker trains", command)
    command.kill(signal.SIGINT)
    assert command.process.exitcode == 130
    assert {run.status for run in runs_in(tmp_path / "runs")} == {"stopped"}


def begun(command: Command, folder: Path) -> Experiment:
    """The experiment as soon as its first run trains."""
    until(lambda: any(run.epochs() for run in runs_in(folder / "runs")), "a run trains", command)
    return open_experiment("e", folder / "runs")


@pytest.fixture
def long(small_file: Path, tmp_path: Path) -> Callable[..., Path]:
    """The file of an experiment of one run that would take minutes."""
    return partial(asked, tmp_path, small_file, **ONE | {"seeds": 1, "options": {**COMMON, "train": {"epochs": 4000}}})


@pytest.mark.parametrize("in_turn", mostly_slow([True, False], [True]))
def test_it_pauses_goes_on_and_stops(in_turn: bool, long: Callable[..., Path], tmp_path: Path) -> None:
    command = going(tmp_path, long(), "--json", in_turn=in_turn)
    found = begun(command, tmp_path)
    assert found.status == "running" and found.progress["seconds_left"] > 0
    assert found.progress["current"][0]["run"] == "e.infobatch-50.s0"
    found.control("pause")
    until(lambda: found.status == "paused", "it is paused", command)
    before = len(Run(found.folder.root / "e.infobatch-50.s0").epochs())
    found.control("run")
    run = found.arms[0]["runs"][0]
    until(lambda: found.status == "running" and len(run.epochs()) > before + 1, "it goes on", command)
    found.control("stop")
    assert command.wait() == 0
    assert command.document["status"] == found.status == "interrupted"
    assert run.status == "stopped"


def test_two_do_not_work_on_the_same(long: Callable[..., Path], tmp_path: Path) -> None:
    command = going(tmp_path, long())
    found = begun(command, tmp_path)
    second = done(tmp_path, "experiment", "e", "--runs", tmp_path / "runs", code=2)
    assert second.stderr == "Another process works on experiment e already.\n"
    with pytest.raises(RunError, match="already"):
        worker.start_experiment("e", tmp_path / "runs")
    found.control("stop")
    assert command.wait() == 0


def test_it_can_grow_but_not_change(small_file: Path, tmp_path: Path) -> None:
    assert going(tmp_path, asked(tmp_path, small_file, **ONE | {"seeds": 1})).wait() == 0
    before = Run(tmp_path / "runs" / "e.infobatch-50.s0").result
    assert going(tmp_path, asked(tmp_path, small_file, **ONE | {"methods": ["full", "infobatch"]})).wait() == 0
    grown = open_experiment("e", tmp_path / "runs")
    assert grown.status == "done" and [len(arm["runs"]) for arm in grown.arms] == [2, 2]
    assert Run(tmp_path / "runs" / "e.infobatch-50.s0").result == before
    changed = asked(tmp_path, small_file, **ONE | {"options": {**COMMON, "train": {"epochs": 5}}})
    refused = done(tmp_path, "experiment", changed, "--runs", tmp_path / "runs", code=2)
    assert "There is an experiment 'e' with other options" in refused.stderr and refused.stderr.count("\n") == 1
    small_data(seed=1).save(tmp_path / "other.nc")
    refused = done(
        tmp_path, "experiment", asked(tmp_path, tmp_path / "other.nc", **ONE), "--runs", tmp_path / "runs", code=2
    )
    assert refused.stderr == "Experiment e was made of other data; choose another name.\n"


def test_what_cannot_be_trained_is_refused_before_anything_is_written(small_file: Path, tmp_path: Path) -> None:
    file = asked(tmp_path, small_file, options={**COMMON, "train": {"epochs": 1}})
    refused = done(tmp_path, "experiment", file, "--runs", tmp_path / "runs", code=2)
    assert refused.stderr.startswith("infobatch-50: keep = 0.5 cannot be met in 1 epochs")
    assert not (tmp_path / "runs").exists()


def test_one_started_in_the_background_outlives_its_starter(small_file: Path, tmp_path: Path) -> None:
    root = tmp_path / "runs"
    create_experiment({**ONE, "data": str(small_file), "seeds": 1}, root)
    worker.start_experiment("e", root, in_turn=True)
    found = open_experiment("e", root)
    assert found.status in ("starting", "running")
    until(lambda: found.status == "done", "it is done", limit=120)
    assert found.report()["summary"][0]["seeds"] == 1
    until(lambda: not any(child.poll() is None for _, _, child in worker._children), "its process has ended")
