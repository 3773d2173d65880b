"""Rarer misfortunes: a clock that is set back, a launcher that dies before its workers, another torch, a full accelerator."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from pathlib import Path

import pytest
import torch
from running import KILL, SMALL, Command, Undisturbed, assert_same_run, begun, done, free_port, hold, trained, until

from stcore.runs import Run
from stcore.runs.record import sentence


class Backwards(datetime):
    """A clock that is set back by an hour whenever somebody looks."""

    looks = 0

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:
        cls.looks += 1
        return datetime(2024, 3, 31, 12, tzinfo=UTC).astimezone(tz) - timedelta(hours=cls.looks)


def clock_set_back() -> None:
    """This process's time of day runs backwards, in another zone; it waits after two epochs."""
    hold(2)
    sys.modules["stcore.runs.record"].datetime = Backwards  # type: ignore[attr-defined]
    time.time = lambda: 1.7e9 - 1000 * time.perf_counter()
    os.environ["TZ"] = "Pacific/Apia"
    time.tzset()


def test_a_clock_set_back_changes_no_run(small_file: Path, undisturbed: Undisturbed, tmp_path: Path) -> None:
    command = Command(
        tmp_path, "train", small_file, *SMALL, "--runs", tmp_path, "--id", "run", "--quiet", first=clock_set_back
    )
    run = begun(command, tmp_path / "run")
    trained(run, 2, command)
    command.kill()
    assert run.status == "interrupted"
    told = [event["at"] for event in run.events()]
    assert told == sorted(told, reverse=True) and len(set(told)) == len(told), "the clock did run backwards"
    assert all(at.endswith("+00:00") for at in told), "and is UTC in any zone"
    assert done(tmp_path, "resume", run.path, "--json").document["status"] == "done"
    assert all(seconds >= 0 for event in run.epochs() for seconds in event["seconds"].values())
    assert_same_run(run, undisturbed())


def test_a_run_from_the_future_is_not_starting_for_ever(tmp_path: Path, undisturbed: Undisturbed) -> None:
    """Made before the clock was set back: its files are younger than now."""
    run = Run.create(tmp_path, undisturbed().spec.to_json(), undisturbed().trace()["sample"].values * 0, "run")
    assert run.status == "starting"
    soon = time.time() + 3600
    os.utime(run.path / "spec.json", (soon, soon))
    assert run.status == "interrupted"


def test_names_carry_utc(tmp_path: Path, undisturbed: Undisturbed) -> None:
    run = Run.create(tmp_path, {**undisturbed().spec.to_json(), "id": None}, undisturbed().trace()["sample"].values * 0)
    made = datetime.strptime(run.id[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
    assert abs(datetime.now(UTC) - made) < timedelta(minutes=1)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "setsid"), reason="torchrun gives its workers a session of their own on POSIX only")
def test_workers_outlive_a_killed_torchrun_and_say_where_they_are(small_file: Path, tmp_path: Path) -> None:
    launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-addr", "127.0.0.1"]
    given = ["--master-port", str(free_port()), "-m", "stcore", "train", str(small_file), *SMALL, "--epochs", "10000"]
    with open(tmp_path / "said", "wb") as said:
        process = subprocess.Popen(
            [*launcher, *given, "--runs", str(tmp_path), "--id", "run"],
            stdout=said,
            stderr=said,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            cwd=Path(__file__).parents[2],
        )
    run = None
    try:
        run = run_at(tmp_path / "run")
        trained(run, 1)
        process.send_signal(KILL)
        assert process.wait() == -signal.SIGKILL
        seen = len(run.epochs())
        trained(run, seen + 2)
        assert run.status == "running", "truthfully"
        second = done(tmp_path, "resume", run.path, code=2)
        where = f"(process {run.worker_process} on {socket.gethostname()}"
        assert f"is being trained by another process {where}" in second.stderr
        run.control("stop")
        until(lambda: not run.locked, "the workers have stopped")
        assert run.status == "stopped"
    finally:
        process.kill()
        process.wait()
        if run and run.locked and (worker := run.worker_process):
            with suppress(ProcessLookupError):
                os.kill(worker, KILL)


def run_at(path: Path) -> Run:
    until((path / "worker.json").exists, "the worker is there")
    return Run(path)


def test_going_on_with_another_torch_is_told(small_file: Path, undisturbed: Undisturbed, tmp_path: Path) -> None:
    asked = ("train", small_file, *SMALL, "--runs", tmp_path, "--id", "run", "--quiet")
    command = Command(tmp_path, *asked, first=partial(hold, 2))
    run = begun(command, tmp_path / "run")
    trained(run, 2, command)
    command.kill()
    spec = json.loads((run.path / "spec.json").read_text())
    spec["versions"]["torch"] = "1.0"
    (run.path / "spec.json").write_text(json.dumps(spec))
    done(tmp_path, "resume", run.path)
    notes = [event["notes"] for event in run.events() if event["event"] == "started"]
    assert notes[1] == [f"the run began with torch 1.0 and goes on with {torch.__version__}: not bit for bit the same"]
    assert_same_run(run, undisturbed())


def test_options_cannot_change_on_the_way(small_file: Path, undisturbed: Undisturbed, tmp_path: Path) -> None:
    """What resumes takes no options, so that there is nothing to differ: others are another run."""
    run = undisturbed()
    for option in ("--batch", "--set", "--seed"):
        assert "No such option" in done(tmp_path, "resume", run.path, option, "1", code=2).stderr


def test_a_full_accelerator_is_told_as_a_full_memory_is() -> None:
    """The message of torch; that it comes at the first step takes an accelerator to see."""
    error = torch.OutOfMemoryError(
        "CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a total capacity of 79 GiB."
    )
    assert (
        sentence(error, 0) == "The memory is not enough: 20.00 GiB more were needed. Lower the batch or the lookback."
    )
