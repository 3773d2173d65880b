"""A loss that is no number ends the run in words; the last good epoch stays, and no strategy sees what is no number."""

from pathlib import Path

import numpy as np
import pytest
from running import Command, done, is_finite

from stcore.runs import Run
from stcore.runs.record import checkpoint
from stcore.training.tensors import from_bytes

DEEP = (
    "--set",
    "model.width=4",
    "--set",
    "model.layers=32",
    "--set",
    "train.threads=1",
)  # overflows float32 at high rates


def diverged(folder: Path, small_file: Path, *arguments: str) -> tuple[Command, Run]:
    command = done(folder, "train", small_file, *DEEP, *arguments, "--runs", folder, "--id", "run", "--json", code=1)
    return command, Run(folder / "run")


def test_a_run_that_diverges_at_once_says_so(small_file: Path, tmp_path: Path) -> None:
    command, run = diverged(tmp_path, small_file, "--lr", "1", "--batch", "16", "--quiet")
    reason = (run.result or {})["reason"]
    assert reason.startswith("diverged at epoch 1: the loss of the batch with samples ")
    assert reason.endswith("is not finite. There are no weights yet; try a learning rate below 1.")
    assert command.stderr.splitlines()[-1] == reason
    assert command.document["status"] == run.status == "failed"
    assert command.document["epochs"] == 0
    assert not (run.path / "checkpoint").exists()


def test_weights_spoilt_by_the_last_step_of_an_epoch_are_not_kept(small_file: Path, tmp_path: Path) -> None:
    one_step = ("--lr", "0.7", "--batch", "400", "--set", "train.milestones=", "--prune", "full")
    command, run = diverged(tmp_path, small_file, *one_step)
    assert "diverged at epoch 2: the error on the validation windows is not finite. " in command.stderr
    content, _ = checkpoint(run)
    assert content and is_finite(from_bytes(content)["model"].values())


@pytest.mark.parametrize("prune", ["st-prune", "infobatch"])
def test_the_last_good_epoch_is_kept(prune: str, small_file: Path, tmp_path: Path) -> None:
    few_steps = ("--lr", "0.7", "--batch", "400", "--set", "train.milestones=", "--prune", prune)
    command, run = diverged(tmp_path, small_file, *few_steps)
    good = len(run.epochs())
    assert good >= 1
    assert f"diverged at epoch {good + 1}: " in command.stderr
    assert f"The weights of epoch {good} are kept; try a learning rate below 0.7." in command.stderr
    content, _ = checkpoint(run)
    assert content
    state = from_bytes(content)
    assert state["epoch"] == good
    assert is_finite(state["model"].values()) and is_finite(state["best"].values())
    assert not np.isnan(state["strategy"]["scores"].numpy()).any(), "all samples were scored, none as NaN"
    before = run.epochs()
    again = done(tmp_path, "resume", run.path, "--quiet", code=1)
    assert again.stderr.splitlines()[-1] == (run.result or {})["reason"]
    assert run.epochs() == before
