"""Runs in every state, made of a tiny dataset, and the app on them without a browser."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from distillations import SMALL, distilled
from once import Once
from running import Command
from states import states
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash
from tiny import tiny
from training_runs import OPTIONS, trained

from app import session
from stcore import sandbox
from stcore.processes import oneshot
from stcore.runs import Run, create

MAIN = Path(__file__).parents[2] / "app" / "main.py"


@pytest.fixture(scope="session")
def tiny_file(once: Once) -> Path:
    """A dataset of 4 sensors with places and 600 hours."""
    return once("tiny", lambda folder: tiny().save(folder / "tiny.nc")) / "tiny.nc"


@pytest.fixture
def zeros_file(tmp_path: Path) -> Path:
    """A table in which half of one sensor's readings are exactly zero."""
    time = pd.date_range("2026-01-05", periods=300, freq="h")
    table = pd.DataFrame({"a": 5.0 + np.arange(300) % 24, "b": 3.0 + np.arange(300) % 7}, time)
    table.iloc[::2, 1] = 0.0
    place = tmp_path / "counts.csv"
    table.to_csv(place, index_label="time")
    return place


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty runs folder that the app uses; no worker is started in the background."""
    monkeypatch.setenv("STCORE_RUNS", str(tmp_path))
    monkeypatch.setenv("STCORE_DATA", os.pathsep.join([tempfile.gettempdir(), os.environ.get("STCORE_REAL_DATA", "")]))
    return tmp_path


@pytest.fixture(scope="session")
def finished(tiny_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that has come to its end."""
    return trained(tiny_file, tmp_path_factory.mktemp("runs"), "finished")


@pytest.fixture
def in_state(tiny_file: Path, folder: Path) -> Iterator[Callable[[str, int], Run]]:
    """A run that has told of some epochs and is queued, starting, running, paused, stopped, failed or interrupted."""
    with states(
        lambda name: create(tiny_file, OPTIONS, folder, name), "diverged at epoch 3: the loss is not finite."
    ) as make:
        yield make


@pytest.fixture
def quick_children(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Short child processes of the page are forked from a server that has loaded everything, and begin at once."""
    folder = tmp_path_factory.mktemp("children")

    def run(arguments: list[str], timeout: float, **_: Any) -> subprocess.CompletedProcess[str]:
        assert arguments[:3] == [sys.executable, "-m", "stcore"]
        command = Command(folder, *arguments[3:], environment=_.get("env") or dict(os.environ))
        command.process.join(timeout)
        if command.alive:
            command.kill()
            raise subprocess.TimeoutExpired(arguments, timeout)
        return subprocess.CompletedProcess(arguments, command.wait(), command.stdout, command.stderr)

    quick = SimpleNamespace(run=run, DEVNULL=subprocess.DEVNULL, TimeoutExpired=subprocess.TimeoutExpired)
    monkeypatch.setattr(oneshot, "subprocess", quick)
    monkeypatch.setattr(sandbox, "subprocess", quick)


@pytest.fixture
def app(folder: Path, quick_children: None) -> Callable[..., AppTest]:
    """The whole app on a page, with an address: ``app("train", run="x")``."""

    def open_app(view: str = "train", **address: str) -> AppTest:
        test = AppTest.from_file(str(MAIN), default_timeout=30)
        for name, value in address.items():
            test.query_params[name] = value
        if view != "train":
            test._page_hash = calc_hash(
                view
            )  # as switch_page does, which knows a page's address after a first run only
        test.run()
        assert not test.exception, test.exception[0].message
        return test

    return open_app


@pytest.fixture
def without_demo(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As if no demo run came with the project."""
    monkeypatch.setattr(session, "DEMO_RUN", tmp_path / "none")


@pytest.fixture
def here(finished: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The finished run, in the folder that the app looks at."""
    monkeypatch.setenv("STCORE_RUNS", str(finished.path.parent))
    return finished


@pytest.fixture(scope="session")
def distil_file(once: Once) -> Path:
    """12 sensors with places and 400 hours."""
    return once("twelve-sensors", lambda folder: tiny(400, 12).save(folder / "tiny.nc")) / "tiny.nc"


@pytest.fixture(scope="session")
def made(distil_file: Path, once: Once) -> dict[str, Run]:
    """A finished set and one of a baseline, a run on the first and one on all data."""

    def make(folder: Path) -> None:
        source = str(distilled(distil_file, folder, "set").path / "distilled.nc")
        distilled(distil_file, folder, "random", name="random", time=0.05, space=0.3, epochs=1)
        train = {"epochs": 2, "threads": 1}
        same = {"data": SMALL["data"], "model": SMALL["model"], "train": train, "prune": {"name": "full"}}
        trained(distil_file, folder, "full", **same)
        trained(distil_file, folder, "small", **same, distilled={"source": source})

    folder = once("sets-and-runs", make)
    return {name: Run(folder / name) for name in ("set", "random", "full", "small")}
