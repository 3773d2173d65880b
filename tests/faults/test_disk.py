"""A full disk: the run ends as failed in plain words, what was written before is whole, and it goes on when there is room."""

import errno
import shutil
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from running import (
    SMALL,
    Command,
    Undisturbed,
    assert_each_epoch_once,
    assert_same_run,
    begun,
    done,
    hold,
    small_data,
    trained,
    until,
)

from stcore.cli import main
from stcore.runs import Run, files
from stcore.runs.record import checkpoint
from stcore.training.tensors import from_bytes

resource = pytest.importorskip("resource", reason="this system bounds no process")
NO_SPACE = "There is no space left on the device."


def small_files(size: int) -> None:
    """No file of this process may be larger."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def full(folder: Path, small_file: Path, size: int, *arguments: str) -> tuple[Command, Run]:
    """A run that may write no file above a size, ended."""
    command = Command(
        folder,
        "train",
        small_file,
        *SMALL,
        *arguments,
        "--runs",
        folder,
        "--id",
        "run",
        "--json",
        "--quiet",
        first=partial(small_files, size),
    )
    assert command.wait() == 1, command.stderr
    return command, Run(folder / "run")


def test_where_the_result_does_not_fit_the_last_checkpoint_is_kept(
    small_file: Path, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    far = ("--horizon", "24")  # so that the forecasts are the largest file
    whole = undisturbed(*far)
    largest = (whole.path / "rows" / "forecast.bin").stat().st_size
    command, run = full(tmp_path, small_file, largest - 1, *far)
    reason = f"{NO_SPACE} The last checkpoint (epoch 5) is intact. Free some, then resume."
    assert command.stderr == f"{reason}\n"
    assert command.document["status"] == run.status == "failed"
    assert command.document["reason"] == reason
    assert done(tmp_path, "resume", run.path, "--json").document["status"] == "done"
    assert_each_epoch_once(run, 5)
    assert_same_run(run, whole)


def test_where_no_checkpoint_fits_none_is_promised(small_file: Path, undisturbed: Undisturbed, tmp_path: Path) -> None:
    _, run = full(tmp_path, small_file, 8_192)
    assert (run.result or {})["reason"] == f"{NO_SPACE} Free some, then resume."
    assert not list(run.path.glob("checkpoint*"))
    done(tmp_path, "resume", run.path)
    assert_same_run(run, undisturbed())


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 600 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    asked = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(folder)], capture_output=True, text=True
    )
    if asked.returncode:
        pytest.skip(f"mounting a small disk is not permitted here: {asked.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_disk_that_fills_up_in_mid_run(
    tiny_disk: Path, small_file: Path, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    asked = ("train", small_file, *SMALL, "--runs", tiny_disk, "--id", "run", "--quiet")
    command = Command(tmp_path, *asked, first=partial(hold, 2))
    run = begun(command, tiny_disk / "run")
    trained(run, 2, command)
    run.control("pause")
    until(lambda: run.status == "paused", "it is paused", command)
    run.control("run")
    with open(tiny_disk / "ballast", "wb", buffering=0) as file:
        file.write(bytes(shutil.disk_usage(tiny_disk).free))
    assert command.wait() == 1, command.stderr
    assert run.status == "failed"
    content, note = checkpoint(run)
    assert content and note is None
    epoch = from_bytes(content)["epoch"]
    assert (run.result or {})[
        "reason"
    ] == f"{NO_SPACE} The last checkpoint (epoch {epoch}) is intact. Free some, then resume."
    (tiny_disk / "ballast").unlink()
    done(tmp_path, "resume", run.path, "--quiet")
    assert_each_epoch_once(run, 5)
    assert_same_run(run, undisturbed())


@pytest.mark.parametrize("made", [False, True])
def test_a_run_that_has_no_room_at_all_is_not_left_half_made(
    made: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its folder would keep its id from others, and could neither be resumed nor looked at."""

    def full(*arguments: object, **more: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files, "append_line" if made else "write_json", full)
    small_data().save(tmp_path / "data.nc")
    code = main(
        ["train", str(tmp_path / "data.nc"), *SMALL, "--runs", str(tmp_path / "runs"), "--id", "run", "--quiet"]
    )
    said = capsys.readouterr().err
    assert said.startswith(NO_SPACE if made else f"No run can be made in {tmp_path / 'runs'}: No space left on device.")
    assert (code, said.count("\n"), (tmp_path / "runs" / "run").exists()) == (1 if made else 2, 1, made)


@pytest.mark.parametrize("layout", ["netcdf", "dcrnn", "basicts", "zarr", "parquet"])
def test_a_file_that_does_not_fit_is_told_and_not_left(
    layout: str, tiny_disk: Path, small_file: Path, tmp_path: Path
) -> None:
    """HDF5 itself would end the process, and with it a server."""
    with open(tiny_disk / "ballast", "wb", buffering=0) as file:
        file.write(bytes(shutil.disk_usage(tiny_disk).free - 4096))
    command = done(tmp_path, "save", small_file, tiny_disk / "data", "--as", layout, code=1)
    assert command.stderr.startswith(NO_SPACE) and command.stderr.count("\n") == 1
    assert [path.name for path in tiny_disk.iterdir()] == ["ballast"]
