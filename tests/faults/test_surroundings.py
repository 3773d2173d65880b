"""What changes around a run: its data, its folder, the patience of the person before the screen."""

import shutil
import signal
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from running import SMALL, Command, Undisturbed, assert_same_run, begun, done, hold, small_data, trained, until

from stcore.runs import Run

LONG = ("--epochs", "4000")


def begin(folder: Path, data: Path, *arguments: str, held: int = 1) -> tuple[Command, Run]:
    """A run that waits after some epochs until it is told a word."""
    asked = ("train", data, *SMALL, *arguments, "--runs", folder / "runs", "--id", "run")
    command = Command(folder, *asked, first=partial(hold, held))
    return command, begun(command, folder / "runs" / "run")


def test_a_run_on_changed_data_is_refused_until_they_are_back(
    small_file: Path, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    data = shutil.copy(small_file, tmp_path / "data.nc")
    command, run = begin(tmp_path, data, held=2)
    trained(run, 2, command)
    run.control("pause")
    until(lambda: run.status == "paused", "it is paused", command)
    command.kill()
    kept = (run.path / "checkpoint").read_bytes()
    small_data(seed=1).save(data)
    refused = done(tmp_path, "resume", run.path, "--json", code=2)
    assert refused.stderr == f"The data in {data} have changed since run run was made; start a new run on them.\n"
    assert run.status == "failed"
    assert (run.path / "checkpoint").read_bytes() == kept
    shutil.copy(small_file, data)
    done(tmp_path, "resume", run.path)
    assert_same_run(run, undisturbed())


def test_a_run_whose_data_are_gone_is_refused(small_file: Path, tmp_path: Path) -> None:
    data = shutil.copy(small_file, tmp_path / "data.nc")
    command, run = begin(tmp_path, data)
    trained(run, 1, command)
    command.kill()
    data.unlink()
    refused = done(tmp_path, "resume", run.path, code=2)
    assert str(data) in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_a_deleted_folder_ends_the_job(small_file: Path, tmp_path: Path) -> None:
    command, run = begin(tmp_path, small_file, *LONG)
    trained(run, 1, command)

    def deleted() -> bool:  # the worker may write a file while the folder is emptied
        with suppress(OSError):
            shutil.rmtree(run.path)
        return not run.path.exists()

    until(deleted, "the folder is gone")
    assert command.wait() == 1
    assert [path.name for path in (tmp_path / "runs").iterdir()] == [".slots"]


@pytest.mark.parametrize("paused", [False, True])
def test_ctrl_c_frees_the_run(paused: bool, small_file: Path, undisturbed: Undisturbed, tmp_path: Path) -> None:
    command, run = begin(tmp_path, small_file)
    trained(run, 1, command)
    if paused:
        run.control("pause")
        until(lambda: run.status == "paused", "it is paused", command)
    command.kill(signal.SIGINT)
    assert command.process.exitcode == 130
    assert command.stderr.splitlines()[-1] == f"Interrupted. `python -m stcore resume {run.path}` continues it."
    assert run.status == "interrupted"
    done(tmp_path, "resume", run.path)
    assert_same_run(run, undisturbed())
