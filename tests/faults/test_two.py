"""Several workers: one run has one, slots bound how many train, and the data are shared."""

from pathlib import Path

import pytest
from running import SMALL, Command, Undisturbed, assert_same_run, begun, done, trained, until

from stcore.runs import Run

LONG = ("--epochs", "10000")


def contents(run: Run) -> dict[str, bytes]:
    """What is in the folder but for where the worker stands."""
    files = [path for path in run.path.rglob("*") if path.is_file() and path.name != "lock"]
    return {path.name: path.read_bytes() for path in files}


def begin(folder: Path, small_file: Path, name: str, *arguments: str, slots: int = 16) -> Command:
    parts = (*SMALL, *arguments, "--runs", folder, "--id", name, "--json")
    return Command(folder, "train", small_file, *parts, environment={"STCORE_SLOTS": str(slots)})


def test_the_second_starter_of_a_run_is_told(small_file: Path, tmp_path: Path) -> None:
    command = begin(tmp_path, small_file, "run", *LONG)
    run = begun(command, tmp_path / "run")
    trained(run, 1, command)
    run.control("pause")
    until(lambda: run.status == "paused", "it is paused", command)
    run.control("run")  # so that the second finds it running
    until(lambda: run.status == "running", "it runs", command)
    second = done(tmp_path, "resume", run.path, "--json", code=2)
    assert second.stdout == ""
    assert second.stderr.count("\n") == 1
    assert f"is being trained by another process (process {command.process.pid} on " in second.stderr
    assert run.worker_process == command.process.pid
    assert run.status == "running"
    run.control("stop")
    assert command.wait() == 0


def test_a_second_run_of_the_same_name_is_refused(small_file: Path, tmp_path: Path) -> None:
    command = begin(tmp_path, small_file, "run")
    run = begun(command, tmp_path / "run")
    assert command.wait() == 0
    before = contents(run)
    second = done(tmp_path, "train", small_file, "--runs", tmp_path, "--id", "run", "--seed", "1", code=2)
    assert second.stderr == "There is a run 'run' already; resume it or choose another id.\n"
    assert contents(run) == before


def test_two_runs_share_their_data(small_file: Path, undisturbed: Undisturbed, tmp_path: Path) -> None:
    commands = {name: begin(tmp_path, small_file, name) for name in ("one", "two")}
    for name, command in commands.items():
        assert command.wait() == 0, command.stderr
        assert_same_run(Run(tmp_path / name), undisturbed())


def test_slots_bound_how_many_train(small_file: Path, undisturbed: Undisturbed, tmp_path: Path) -> None:
    first = begin(tmp_path, small_file, "first", *LONG, slots=1)
    one = begun(first, tmp_path / "first")
    trained(one, 1, first)
    second = begin(tmp_path, small_file, "second", slots=1)
    two = begun(second, tmp_path / "second")
    third = begin(tmp_path, small_file, "third", slots=1)
    three = begun(third, tmp_path / "third")
    for run, command in ((two, second), (three, third)):
        until(lambda run=run: run.status == "queued", "it is queued", command)  # type: ignore[misc]
    three.control("stop")
    assert third.wait() == 0
    assert third.document["status"] == "stopped"
    assert not three.epochs()
    assert one.status == "running" and two.status == "queued" and not two.epochs()
    first.kill()  # a slot is free however its holder ends
    assert second.wait() == 0, second.stderr
    assert_same_run(two, undisturbed())
    assert done(tmp_path, "resume", three.path, "--json").document["status"] == "done"
    assert_same_run(three, undisturbed())


@pytest.mark.parametrize("word", ["stop", "pause"])
def test_nothing_is_asked_of_a_finished_run(word: str, undisturbed: Undisturbed, tmp_path: Path) -> None:
    run = undisturbed()
    refused = done(tmp_path, word, run.path, code=2)
    assert refused.stderr == f"Run {run.id} is done; there is nothing to {word}.\n"
    assert not (run.path / "control.json").exists()
