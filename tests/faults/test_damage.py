"""What a broken disk may leave: a torn line, a flipped bit. The run goes on from what is whole, and says so."""

import io
import json
import os
import shutil
import signal
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from once import Once
from running import SMALL, Command, Undisturbed, assert_each_epoch_once, assert_same_run, die_at, done

from stcore.runs import Run
from stcore.runs.files import seal

PREVIOUS = "note: the last checkpoint is damaged; the one before is used"
OVER = "note: the checkpoints are damaged; the run starts over"


@pytest.fixture(scope="module")
def killed(small_file: Path, once: Once) -> Run:
    """A run killed at the end of its fourth epoch, with the checkpoints of the two before."""

    def make(folder: Path) -> None:
        parts = ("train", small_file, *SMALL, "--runs", folder, "--id", "run", "--quiet")
        assert Command(folder, *parts, first=partial(die_at, "open score.bin 4")).wait() == -signal.SIGKILL

    run = Run(once("killed", make) / "run")
    assert run.status == "interrupted"
    assert len(run.epochs()) == 3
    return run


@pytest.fixture
def run(killed: Run, tmp_path: Path) -> Run:
    return Run(shutil.copytree(killed.path, tmp_path / "run"))


def flip(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def resumed(run: Run, tmp_path: Path) -> str:
    """What resuming says on stderr."""
    return done(tmp_path, "resume", run.path).stderr


def test_a_torn_line_is_ignored_and_cut(run: Run, undisturbed: Undisturbed, tmp_path: Path) -> None:
    events = run.path / "events.jsonl"
    whole = [event["epoch"] for event in run.epochs()]
    with open(events, "ab") as file:
        file.write(b'{"event": "epoch", "epoch": 4, "train_lo')
    assert [event["epoch"] for event in run.epochs()] == whole
    resumed(run, tmp_path)
    for line in events.read_bytes().splitlines():
        json.loads(line)
    assert_each_epoch_once(run, 5)
    assert_same_run(run, undisturbed())


@pytest.mark.parametrize("place", ["head", "middle", "end"])
def test_a_flipped_bit_leads_to_the_checkpoint_before(
    place: str, run: Run, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    size = (run.path / "checkpoint").stat().st_size
    flip(run.path / "checkpoint", {"head": 20, "middle": size // 2, "end": size - 1}[place])
    assert PREVIOUS in resumed(run, tmp_path)
    assert any(PREVIOUS.removeprefix("note: ") in event.get("notes", []) for event in run.events())
    assert_each_epoch_once(run, 5)
    assert_same_run(run, undisturbed())


def test_a_cut_checkpoint_is_no_checkpoint(run: Run, undisturbed: Undisturbed, tmp_path: Path) -> None:
    content = (run.path / "checkpoint").read_bytes()
    (run.path / "checkpoint").write_bytes(content[: len(content) // 2])
    assert PREVIOUS in resumed(run, tmp_path)
    assert_same_run(run, undisturbed())


def test_without_a_whole_checkpoint_the_run_starts_over(run: Run, undisturbed: Undisturbed, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name in ("checkpoint", "checkpoint.prev"):
        path = run.path / name
        flip(path, int(rng.integers(path.stat().st_size)))
    assert OVER in resumed(run, tmp_path)
    assert_each_epoch_once(run, 5)
    assert_same_run(run, undisturbed())


def test_leftovers_of_torn_writes_are_overwritten(run: Run, undisturbed: Undisturbed, tmp_path: Path) -> None:
    for name in ("checkpoint.new.partial", "progress.json.partial", "weights.partial", "result.json.partial"):
        (run.path / name).write_bytes(b"torn")
    (run.path / "progress.json").write_text("{")
    assert run.progress == {}
    resumed(run, tmp_path)
    assert not list(run.path.glob("*.partial"))
    assert_same_run(run, undisturbed())


def test_a_checkpoint_can_run_nothing(run: Run, tmp_path: Path) -> None:
    class Harmful:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(tmp_path / "harm"),)

    buffer = io.BytesIO()
    torch.save({"model": Harmful()}, buffer)
    for name in ("checkpoint", "checkpoint.prev"):
        (run.path / name).write_bytes(seal(buffer.getvalue()))
    command = Command(tmp_path, "resume", run.path)
    assert command.wait() != 0
    assert run.status == "failed"
    assert not (tmp_path / "harm").exists()
