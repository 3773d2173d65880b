"""A server and a real Chromium for the tests that look at the app."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import Browse, Server, Visitor
from filelock import FileLock
from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SOFTWARE = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader"]
SOFTWARE += ["--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]


@pytest.fixture(autouse=True)
def alone(shared_folder: Path) -> Iterator[None]:
    """Two browsers at once would share the processors, and every wait would be longer: one test after the other."""
    with FileLock(shared_folder / "browser.lock"):
        yield


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app, started once for all browser tests."""
    running = Server(tmp_path_factory.mktemp("browser-runs"))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A headless Chromium with graphics in software; without one the browser tests are skipped."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
        if not found and not os.path.exists(own):
            pytest.skip("there is no Chromium on this machine")
        browser = playwright.chromium.launch(executable_path=found or own, args=SOFTWARE)
        yield browser
        browser.close()


@pytest.fixture
def browse(chromium: Browser, server: Server) -> Iterator[Browse]:
    """New visitors: ``browse("dark")``. At the end, nothing may have been asked of another machine."""
    visitors: list[Visitor] = []

    def visit(theme: str = "light", width: int = 1600, height: int = 1000) -> Visitor:
        size = {"width": width, "height": height}
        context = chromium.new_context(viewport=size, color_scheme=theme)  # type: ignore[arg-type]
        visitors.append(Visitor(context, server.url))
        return visitors[-1]

    yield visit
    for visitor in visitors:
        visitor.context.close()
        assert visitor.foreign == [], "the page asked another machine"
