"""What survives a power cut: a file and its folder are on the disk before the file takes its name."""

import os
from pathlib import Path
from typing import Any

import pytest

from stcore.runs import files


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The order in which contents are forced to the disk and names change hands; each is still done."""
    order: list[str] = []
    sync, rename = os.fsync, os.replace

    def synced(number: int) -> None:
        order.append(f"sync {Path(os.readlink(f'/proc/self/fd/{number}')).name}")
        sync(number)

    def renamed(source: Any, target: Any) -> None:
        order.append(f"rename {Path(source).name} {Path(target).name}")
        rename(source, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", renamed)
    return order


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="this system does not name a process's files")
def test_the_disk_has_it_before_the_name_says_so(tmp_path: Path, told: list[str]) -> None:
    files.replace(tmp_path / "weights", b"content")
    assert told == ["sync weights.partial", "rename weights.partial weights", f"sync {tmp_path.name}"]
    told.clear()
    files.append_line(tmp_path / "events.jsonl", {"event": "epoch"}, durable=True)
    assert told == ["sync events.jsonl"]


def test_what_cannot_be_written_leaves_the_old_content(tmp_path: Path) -> None:
    path = tmp_path / "state"
    files.replace(path, b"before")
    with pytest.raises(FileNotFoundError):
        files.replace(tmp_path / "none" / "state", b"after")
    (tmp_path / "state.partial").mkdir()  # in the way of the new content
    with pytest.raises(IsADirectoryError):
        files.replace(path, b"after")
    assert path.read_bytes() == b"before"
