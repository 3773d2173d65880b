"""The app in a server of its own, and a real Chromium that looks at it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

ROOT = Path(__file__).parents[2]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SOFTWARE = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader"]
SOFTWARE += ["--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]
WAIT = 30_000.0  # milliseconds


class Server:
    """``streamlit run app/main.py`` on a free port, with a runs folder of its own; it can be stopped and started again."""

    def __init__(self, runs: Path) -> None:
        self.runs = runs
        with socket.socket() as probe:
            probe.bind(("localhost", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://localhost:{self.port}"
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "streamlit", "run", "app/main.py", "--server.headless", "true"]
        environment = {**os.environ, "STCORE_RUNS": str(self.runs), "STCORE_SLOTS": "2", "OMP_NUM_THREADS": "1"}
        with open(self.runs / "server.log", "ab") as log:
            self.process = subprocess.Popen(
                [*command, "--server.port", str(self.port)], cwd=ROOT, env=environment, stdout=log, stderr=log
            )
        end = time.monotonic() + 30
        while time.monotonic() < end:
            with suppress(OSError), urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2) as answer:
                if answer.status == 200:
                    return
            time.sleep(0.1)
        pytest.fail(f"the server does not answer: {self.log}")

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    @property
    def log(self) -> str:
        return (self.runs / "server.log").read_text("utf-8", "replace")[-4000:]


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


class Visitor:
    """One browser profile with one tab, which notes every request that leaves the machine and every error of the page."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.url, self.context = url, context
        self.foreign: list[str] = []
        self.broken: list[str] = []
        context.on("request", self._request)
        self.page = self.new_page()

    def new_page(self) -> Page:
        page = self.context.new_page()
        page.set_default_timeout(WAIT)
        page.on("pageerror", lambda error: self.broken.append(str(error)))
        return page

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.url, self.url.replace("http", "ws", 1), "data:", "blob:")):
            self.foreign.append(request.url)

    def open(self, path: str = "/") -> Page:
        """Go there and wait until the page is at rest."""
        self.page.goto(self.url + path)
        settled(self.page)
        return self.page


Browse = Callable[..., Visitor]


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


def settled(page: Page) -> None:
    """Wait until the app has drawn itself and no script runs."""
    page.wait_for_selector("[data-testid=stApp]")
    page.wait_for_selector("[data-testid=stMainBlockContainer]")
    page.wait_for_function(
        "document.querySelector('[data-testid=stApp]')?.dataset.testScriptState?.toLowerCase() === 'notrunning'"
        " && document.querySelectorAll('[data-stale=true]').length === 0"
    )
