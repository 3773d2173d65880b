"""The app in a server of its own, and what a visitor in a real Chromium does and sees."""

import io
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, Request

ROOT = Path(__file__).parents[1]
WAIT = 30_000.0  # milliseconds
MAP = "stDeckGlJsonChart"


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
        places = {"STCORE_RUNS": str(self.runs), "STCORE_DATA": tempfile.gettempdir()}
        environment = {**os.environ, **places, "STCORE_SLOTS": "2", "OMP_NUM_THREADS": "1"}
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


def settled(page: Page) -> None:
    """Wait until the app has drawn itself and no script runs."""
    page.wait_for_selector("[data-testid=stApp]")
    page.wait_for_selector("[data-testid=stMainBlockContainer]")
    page.wait_for_function(
        "document.querySelector('[data-testid=stApp]')?.dataset.testScriptState?.toLowerCase() === 'notrunning'"
        " && document.querySelectorAll('[data-stale=true]').length === 0"
    )


def patience(seconds: float) -> float:
    """What takes so long on a quiet machine may take longer on a busy one: by as much as its processors are in demand."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def badge(page: Page, word: str, seconds: float = 60) -> None:
    """Wait until the header says that the run stands so."""
    page.locator(".st-key-run-header").get_by_text(word).first.wait_for(timeout=1000 * seconds)


def figure(page: Page, label: str) -> str:
    """What the card with that label shows."""
    card = page.get_by_test_id("stMetric").filter(has_text=label)
    return card.get_by_test_id("stMetricValue").inner_text()


def varied(picture: bytes) -> bool:
    """Whether a screenshot shows something: more than a few colours, not nearly all of one."""
    with Image.open(io.BytesIO(picture)) as image:
        colors = image.convert("RGB").resize((200, 125)).getcolors(25_000) or []
    return len(colors) > 50 and max(count for count, _ in colors) < 0.97 * 25_000


def picture(page: Page) -> np.ndarray:
    """The map as [height, width, 3] colours, once it has stopped changing; its buttons at the right left out."""
    page.get_by_test_id(MAP).locator("canvas").first.wait_for()
    box = page.get_by_test_id(MAP).bounding_box()
    assert box
    clip = {"x": box["x"], "y": box["y"] + 40, "width": box["width"] - 70, "height": box["height"] - 40}
    last = np.empty(0)
    for _ in range(40):
        page.wait_for_timeout(400)
        with Image.open(io.BytesIO(page.screenshot(clip=clip))) as image:
            now = np.asarray(image.convert("RGB")).astype(int)
        if now.shape == last.shape and (now == last).all() and len(np.unique(now @ (65_536, 256, 1))) > 20:
            return now
        last = now
    pytest.fail("the map does not come to rest")


def like(pixels: np.ndarray, colour: str) -> np.ndarray:
    """Which pixels have that colour, or nearly."""
    wanted = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    return np.abs(pixels - wanted).sum(axis=2) < 24
