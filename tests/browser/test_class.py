"""A class on one server: each browser has its own runs, and none sees another's."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import WAIT, Server
from playwright.sync_api import Browser, expect

from stcore.runs import runs_in

pytestmark = pytest.mark.browser


@pytest.fixture
def school(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server for a class, as ``workbench.py --class`` starts it."""
    for name, value in {"STCORE_CLASS": "1", "STCORE_QUOTA": "300kB", "STCORE_SLOTS_IN": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    server = Server(tmp_path)
    yield server
    server.stop()


def test_two_browsers_have_two_folders_and_a_reload_finds_its_own(
    school: Server, chromium: Browser, tmp_path: Path
) -> None:
    first, second = chromium.new_context(), chromium.new_context()
    one = first.new_page()
    one.goto(f"{school.url}/compare?part=all")
    expect(one.get_by_text("All runs").first).to_be_visible(timeout=WAIT)
    expect(one.get_by_text("1 run, ")).to_be_visible(timeout=WAIT)  # the demo
    [own] = [path for path in tmp_path.iterdir() if path.is_dir() and len(path.name) == 16]
    one.reload()
    expect(one.get_by_text("1 run, ")).to_be_visible(timeout=WAIT)
    two = second.new_page()
    two.goto(f"{school.url}/compare?part=all")
    expect(two.get_by_text("1 run, ")).to_be_visible(timeout=WAIT)
    folders = {path for path in tmp_path.iterdir() if path.is_dir() and len(path.name) == 16}
    assert len(folders) == 2 and own in folders
    assert runs_in(own) == []
    assert os.listdir(own) == []
    for context in (first, second):
        context.close()
