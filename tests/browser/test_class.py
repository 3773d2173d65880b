"""A class on one server: each browser has its own runs, and none sees another's."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import WAIT, Server
from playwright.sync_api import Browser, expect

from app.session import COOKIE, DEMO_RUN
from stcore.runs import runs_in
from stcore.runs.quota import own_folder

pytestmark = pytest.mark.browser


@pytest.fixture
def school(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server for a class, as ``workbench.py --class`` starts it."""
    for name, value in {"STCORE_CLASS": "1", "STCORE_QUOTA": "300kB", "STCORE_SLOTS_IN": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    server = Server(tmp_path)
    yield server
    server.stop()


@pytest.mark.slow
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
    assert len(folders(tmp_path)) == 2 and own in folders(tmp_path)
    assert runs_in(own) == []
    assert os.listdir(own) == []
    for context in (first, second):
        context.close()


@pytest.mark.slow
def test_two_tabs_that_come_first_together_settle_on_one_folder(
    school: Server, chromium: Browser, tmp_path: Path
) -> None:
    context = chromium.new_context()
    tabs = [context.new_page() for _ in range(2)]
    for _ in range(6):  # until both have come before either had a cookie
        context.clear_cookies()
        before = folders(tmp_path)
        for tab in tabs:
            tab.goto(f"{school.url}/compare?part=all", wait_until="commit")
        for tab in tabs:
            expect(tab.get_by_text("1 run, ")).to_be_visible(timeout=WAIT)
        if len(folders(tmp_path) - before) == 2:
            break
    else:
        pytest.fail("one tab always came after the other")
    tabs[0].wait_for_timeout(2500)
    [cookie] = [cookie["value"] for cookie in context.cookies() if cookie["name"] == COOKIE]
    shutil.copytree(DEMO_RUN, own_folder(tmp_path, cookie) / "mine")
    for tab in tabs:  # drawn again, not loaded again
        tab.get_by_text("Archived, too").click()
        expect(tab.get_by_text("2 runs, ")).to_be_visible(timeout=WAIT)
    context.close()


def folders(runs: Path) -> set[Path]:
    """The visitors' own."""
    return {path for path in runs.iterdir() if path.is_dir() and len(path.name) == 16}
