"""Pause, resume, step and stop act at the next batch and change nothing of what is computed."""

import os
import time
from functools import partial
from pathlib import Path

from running import SMALL, Command, Undisturbed, assert_same_run, begun, done, hold, trained, until

from stcore.processes import worker
from stcore.runs import Run, create, open_run
from stcore.runs.files import write_json

LONG = ("--epochs", "4000")  # would take minutes


def begin(folder: Path, small_file: Path, *arguments: str, held: int = 1) -> tuple[Command, Run]:
    """A run that waits after some epochs until it is told a word."""
    asked = ("train", small_file, *SMALL, *arguments, "--runs", folder, "--id", "run", "--json")
    command = Command(folder, *asked, first=partial(hold, held))
    return command, begun(command, folder / "run")


def still(run: Run) -> bool:
    """Whether nothing is written any more."""
    before = (run.path / "events.jsonl").stat().st_size, run.progress
    time.sleep(0.3)
    return before == ((run.path / "events.jsonl").stat().st_size, run.progress)


def test_a_paused_run_waits_and_goes_on_to_the_same_result(
    small_file: Path, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    command, run = begin(tmp_path, small_file)
    trained(run, 1, command)
    run.control("pause")
    until(lambda: run.status == "paused", "it is paused", command)
    assert done(tmp_path, "pause", "run", "--runs", tmp_path, "--json").document["asked"] == "pause"
    assert still(run)
    assert done(tmp_path, "resume", "run", "--runs", tmp_path, "--json").document["asked"] == "run"
    assert command.wait() == 0
    assert command.document["status"] == "done"
    assert [event["event"] for event in run.events()].count("paused") == 1
    assert_same_run(run, undisturbed())


def test_a_stopped_run_says_so_and_goes_on_to_the_same_result(
    small_file: Path, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    command, run = begin(tmp_path, small_file, held=2)
    trained(run, 2, command)
    asked = time.monotonic()
    run.control("stop")
    assert command.wait() == 0
    assert time.monotonic() - asked < 5
    assert command.document["status"] == run.status == "stopped"
    assert len(run.epochs()) < 5
    assert done(tmp_path, "resume", run.path, "--json").document["status"] == "done"
    assert_same_run(run, undisturbed())


def test_a_paused_run_can_be_stopped(small_file: Path, tmp_path: Path) -> None:
    command, run = begin(tmp_path, small_file, *LONG)
    run.control("pause")
    until(lambda: run.status == "paused", "it is paused", command)
    done(tmp_path, "stop", run.path)
    assert command.wait() == 0
    assert run.status == "stopped"


def test_a_step_is_one_epoch(small_file: Path, tmp_path: Path) -> None:
    command, run = begin(tmp_path, small_file, *LONG)
    trained(run, 1, command)
    run.control("pause")
    until(lambda: run.status == "paused", "it is paused", command)
    for _ in range(3):
        before = len(run.epochs())
        run.control("step")
        trained(run, before + 1, command)
        until(lambda: run.status == "paused", "it is paused again", command)
        assert len(run.epochs()) == before + 1
        assert run.word == "pause"
        assert still(run)
    run.control("stop")
    assert command.wait() == 0


def test_a_change_of_mind_within_one_tick_of_the_clock_is_seen(small_file: Path, tmp_path: Path) -> None:
    command, run = begin(tmp_path, small_file, *LONG)
    run.control("pause")
    until(lambda: run.status == "paused", "it is paused", command)
    word, other = run.path / "control.json", tmp_path / "word.json"
    tick = word.stat().st_mtime_ns
    write_json(other, {"word": "run"})
    os.utime(other, ns=(tick, tick))
    os.replace(other, word)
    before = len(run.epochs())
    trained(run, before + 2, command)
    run.control("stop")
    assert command.wait() == 0


def test_a_worker_outlives_who_started_it(small_file: Path, undisturbed: Undisturbed, tmp_path: Path) -> None:
    given = {"model": {"name": "stid", "width": 4}, "train": {"batch": 64, "epochs": 5, "threads": 1}}
    run = create(small_file, given, tmp_path, "run")
    starter = Command(tmp_path, "methods", first=Starter(run.path))
    begun(starter, run.path)
    trained(run, 1)
    until(lambda: run.status == "paused", "its one step is done")
    starter.kill()
    assert run.status == "paused"
    run.control("run")
    until(lambda: run.status == "done", "it is done")
    assert_same_run(run, undisturbed())


class Starter:
    """A process that starts a worker for one step and then does nothing until it is killed."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self) -> None:
        worker.start(open_run(self.path), "step")
        time.sleep(60)
