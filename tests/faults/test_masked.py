"""A run that learns a mask while samples are pruned, killed at any moment and resumed, equals one that was never killed."""

import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from cases import mostly_slow
from running import SMALL, Command, Undisturbed, assert_each_epoch_once, assert_same_run, begun, repeated_epochs, until

from stcore.runs import Run

KILLS = 3


def grown(run: Run, size: float) -> bool:
    events = run.path / "events.jsonl"
    return events.exists() and events.stat().st_size >= size


@pytest.mark.parametrize("mask", mostly_slow(["dynst", "best"], ["dynst"]))
def test_a_masked_run_killed_and_resumed_is_as_never_killed(
    mask: str, small_file: Path, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    chosen = ("--model", "stid-neighbours", "--mask", mask, "--sparsity", "0.5", "--prune", "st-prune", "--batch", "16")
    whole = undisturbed(*chosen)
    size = (whole.path / "events.jsonl").stat().st_size
    command = Command(tmp_path, "train", small_file, *SMALL, *chosen, "--runs", tmp_path, "--id", "killed")
    run = begun(command, tmp_path / "killed")
    rng = np.random.default_rng(list(mask.encode()))
    for share in sorted(rng.uniform(0, 0.8, KILLS)):
        until(partial(grown, run, share * size), "the moment comes", command)
        time.sleep(rng.random() * 0.05)
        command.kill()
        command = Command(tmp_path, "resume", run.path, "--quiet")
    assert command.wait() == 0, command.stderr
    assert_each_epoch_once(run, 5)
    assert repeated_epochs(run) <= KILLS
    assert_same_run(run, whole)
    assert (run.trace()["active"].values[-1] == whole.trace()["active"].values[-1]).all()
    notes = [note for event in run.epochs() for note in event["notes"]]
    assert sum("best simple mask" in note for note in notes) == 1
