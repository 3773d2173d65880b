"""A file that cannot be written is found before the work, not after it; and looking for it leaves nothing behind."""

import os
from pathlib import Path

import pytest

from stcore.cli import main
from stcore.exports import check_writable
from stcore.options import OptionError

COMMANDS = [
    ["sensors", "nobody", "--keep", "3", "--out", ".csv"],
    ["importance", "nobody", "--out", ".json"],
    ["forecast", "nobody", "--out", ".nc"],
    ["export", "nobody", "--kept", ".parquet"],
    ["export", "nobody", "--cartography", ".jsonl"],
    ["export", "nobody", "--report", ".html"],
    ["export", "nobody", "--report", ".csv"],
    ["compare", "nobody", "nobody", "--report", ".zip"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join((command[0], *command[-2:])))
def test_it_comes_before_everything_else(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two things that are wrong, a run that is not there and a name too long for any disk, the name is told."""
    monkeypatch.chdir(tmp_path)
    *asked, suffix = command
    assert main([*asked, str(tmp_path / ("x" * 300 + suffix))]) == 2
    said = capsys.readouterr()
    assert "cannot be written" in said.err and said.err.count("\n") == 1 and not said.out
    assert main([*asked, str(tmp_path / f"good{suffix}")]) == 2
    assert "nobody" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "old.csv"
    file.write_text("old")
    before = file.stat().st_mtime_ns
    check_writable(file)
    assert file.read_text() == "old" and file.stat().st_mtime_ns == before
    (tmp_path / "link.csv").symlink_to(file)
    check_writable(tmp_path / "link.csv")
    assert (tmp_path / "link.csv").is_symlink() and file.read_text() == "old"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="nothing is forbidden to this user")
def test_a_folder_that_may_not_be_written_into(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OptionError, match="cannot be written"):
        check_writable(tmp_path / "plan.csv")
    tmp_path.chmod(0o700)
