"""A worker killed at any moment loses at most the epoch in hand, and a resumed run equals one that was never killed."""

import shutil
import signal
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from cases import mostly_slow
from running import (
    LONGER,
    SMALL,
    Command,
    Killed,
    Undisturbed,
    assert_each_epoch_once,
    assert_same_run,
    begun,
    die_at,
    done,
    dying_at,
    repeated_epochs,
    until,
)

from stcore.processes import jobs
from stcore.runs import Run, create, open_run

EPOCHS = 5
KILLS = 3
BOUNDARIES = [  # the instant before the worker opens, renames or removes a file, and how often it did so before
    "open worker.json.partial 0",
    "open events.jsonl 0",
    "open events.jsonl 3",
    "open score.bin 3",
    "open checkpoint.new.partial 0",
    "open checkpoint.new.partial 1",
    "rename checkpoint.new.partial 1",
    "rename checkpoint 0",
    "rename checkpoint.new 0",
    "rename checkpoint.new 1",
    "open forecast.bin 0",
    "open weights.partial 0",
    "rename result.json.partial 0",
    "remove checkpoint 0",
]
STATUS = {"open worker.json.partial 0": "starting", "remove checkpoint 0": "done"}  # the others leave it interrupted

SLOW = pytest.mark.slow


def reached(run: Run, size: float) -> bool:
    events = run.path / "events.jsonl"
    return events.exists() and events.stat().st_size >= size


@pytest.mark.parametrize(
    "prune", ["st-prune", pytest.param("infobatch", marks=SLOW), pytest.param("random", marks=SLOW)]
)
def test_killed_at_random_and_resumed_is_as_never_killed(
    prune: str, small_file: Path, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    whole = undisturbed(*LONGER, "--prune", prune)
    size = (whole.path / "events.jsonl").stat().st_size
    command = Command(
        tmp_path, "train", small_file, *SMALL, *LONGER, "--prune", prune, "--runs", tmp_path, "--id", "killed"
    )
    run = begun(command, tmp_path / "killed")
    rng = np.random.default_rng(list(prune.encode()))
    for share in sorted(rng.uniform(0, 0.8, KILLS)):
        until(partial(reached, run, share * size), "the moment comes", command)
        time.sleep(rng.random() * 0.05)
        command.kill()
        assert run.status in ("interrupted", "done")
        command = Command(tmp_path, "resume", run.path, "--quiet")
    assert command.wait() == 0, command.stderr
    assert run.status == "done"
    assert_each_epoch_once(run, EPOCHS)
    assert repeated_epochs(run) <= KILLS
    assert_same_run(run, whole)


KILLED = ("open events.jsonl 3", "rename checkpoint 0", "rename result.json.partial 0")  # by a real signal, always


@pytest.mark.parametrize("boundary", mostly_slow(BOUNDARIES, KILLED))
def test_killed_between_any_two_writes(
    boundary: str, small_file: Path, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    made = Command(
        tmp_path,
        "train",
        small_file,
        *SMALL,
        "--runs",
        tmp_path,
        "--id",
        "killed",
        "--quiet",
        first=partial(die_at, boundary),
    )
    assert made.wait() == -signal.SIGKILL, f"it never came to {boundary!r}: {made.stderr}"
    run = open_run("killed", tmp_path)
    assert run.status == STATUS.get(boundary, "interrupted")
    before = len(run.epochs())
    found = done(tmp_path, "resume", "killed", "--runs", tmp_path, "--json").document
    assert found["status"] == "done"
    assert before == 0 or repeated_epochs(run) <= 1
    assert_each_epoch_once(run, EPOCHS)
    assert_same_run(run, undisturbed())
    assert not list(run.path.glob("*.partial"))


@pytest.mark.parametrize("boundary", [boundary for boundary in BOUNDARIES if boundary not in KILLED])
def test_what_cannot_be_written_any_more_is_as_a_kill(
    boundary: str, small_file: Path, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    """The same instants without a process of their own, so that all of them are tried each time."""
    options = {"model": {"name": "stid", "width": 4}, "train": {"batch": 64, "epochs": EPOCHS, "threads": 1}}
    run = create(small_file, options, tmp_path, "killed")
    with dying_at(boundary, tmp_path), pytest.raises(Killed):
        list(jobs.work(run))
    assert run.status == STATUS.get(boundary, "interrupted")
    before = len(run.epochs())
    assert jobs.Job(run).finish().status == "done"
    assert before == 0 or repeated_epochs(run) <= 1
    assert_each_epoch_once(run, EPOCHS)
    assert_same_run(run, undisturbed())
    assert not list(run.path.glob("*.partial"))


def test_a_finished_run_prints_its_result_again(undisturbed: Undisturbed, tmp_path: Path) -> None:
    run = Run(shutil.copytree(undisturbed().path, tmp_path / "run"))
    before = {path: path.stat().st_mtime_ns for path in run.path.rglob("*") if path.name != "lock"}
    shown = done(tmp_path, "show", run.path, "--json").document
    assert done(tmp_path, "resume", run.path, "--json").document == shown
    assert [path.name for path in before if before[path] != path.stat().st_mtime_ns] == []
