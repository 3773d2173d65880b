"""A distillation killed at any moment goes on as if it never was: while its teacher or its start's models are trained, in a
round, and while the set is written."""

import os
import signal
from functools import partial
from pathlib import Path

import pytest
import xarray as xr
from cases import mostly_slow
from once import Once
from running import KILL, Command, die_at, done, without_clock

from stcore.distil.options import FILE
from stcore.events import Event
from stcore.runs import Run
from stcore.runs.files import unseal
from stcore.runs.record import Writer

QUICK = {
    "model.width": 4,
    "train.threads": 1,
    "train.batch": 8,
    "distil.time": 0.1,
    "distil.space": 0.5,
    "distil.subsets": 1,
    "distil.rounds": 3,
    "distil.steps": 2,
    "distil.inner": 1,
    "distil.check": 2,
    "distil.teacher": 2,
    "distil.epochs": 1,
}
ASKED = [part for name, value in QUICK.items() for part in ("--set", f"{name}={value}")]
BOUNDARIES = {  # how many rounds are told by then
    "open events.jsonl 1": 0,
    "open synthetic.bin 0": 0,
    "open checkpoint.new.partial 1": 2,
    "rename checkpoint 0": 2,
    "open cluster.bin 0": 3,
    "rename distilled.nc.partial 0": 3,
    "rename result.json.partial 0": 3,
}


@pytest.fixture(scope="module")
def whole(small_file: Path, once: Once) -> Run:
    """One that nothing has disturbed."""
    asked = ("distil", small_file, *ASKED, "--id", "whole")
    return Run(once("whole-distillation", lambda runs: done(runs, *asked, "--runs", runs)) / "whole")


def assert_same_set(one: Run, other: Run) -> None:
    """Curves, pictures, clusters and the set itself are equal bit for bit; only the clock may differ."""
    assert list(map(without_clock, one.epochs())) == list(map(without_clock, other.epochs()))
    assert without_clock(one.result or {}) == without_clock(other.result or {})
    for path in sorted((one.path / "rows").iterdir()):
        assert path.read_bytes() == (other.path / "rows" / path.name).read_bytes(), path.name
    assert unseal(one.path / "weights") == unseal(other.path / "weights") is not None
    first, second = (xr.load_dataset(run.path / FILE, engine="h5netcdf").drop_attrs() for run in (one, other))
    xr.testing.assert_identical(first, second)


@pytest.mark.parametrize("boundary", mostly_slow(BOUNDARIES, ["rename checkpoint 0"]))
def test_killed_between_two_writes_and_resumed_is_as_never_killed(
    boundary: str, small_file: Path, whole: Run, tmp_path: Path
) -> None:
    asked = ("distil", small_file, *ASKED, "--runs", tmp_path, "--id", "killed", "--quiet")
    made = Command(tmp_path, *asked, first=partial(die_at, boundary))
    assert made.wait() == -signal.SIGKILL, f"it never came to {boundary!r}: {made.stderr}"
    run = Run(tmp_path / "killed")
    assert (run.status, len(run.epochs())) == ("interrupted", BOUNDARIES[boundary])
    assert done(tmp_path, "resume", run.path, "--json").document["status"] == "done"
    assert_same_set(run, whole)
    assert not list(run.path.glob("*.partial"))


def die_in(after: int) -> None:
    """Have this process killed at so many pieces of progress that it tells."""
    told = [0]
    take = Writer.take

    def counted(writer: Writer, event: Event) -> None:
        told[0] += event.name == "progress"
        if told[0] == after:
            os.kill(os.getpid(), KILL)
        take(writer, event)

    Writer.take = counted  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("after", "what"), mostly_slow([(3, "the teacher"), (89, "the start's validation")], [(3, "the teacher")])
)
def test_killed_before_the_first_round_and_resumed_is_as_never_killed(
    after: int, what: str, small_file: Path, whole: Run, tmp_path: Path
) -> None:
    asked = ("distil", small_file, *ASKED, "--runs", tmp_path, "--id", "killed", "--quiet")
    made = Command(tmp_path, *asked, first=partial(die_in, after))
    assert made.wait() == -signal.SIGKILL, f"it was never at {what}: {made.stderr}"
    run = Run(tmp_path / "killed")
    assert (run.status, run.epochs()) == ("interrupted", [])
    done(tmp_path, "resume", run.path)
    assert_same_set(run, whole)
