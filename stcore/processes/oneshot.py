"""Work that a page leaves to a short child process, because it needs torch or reads a file from a stranger.

A hostile or broken file then brings down the child, not the page.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from stcore import sandbox
from stcore.readers.layers.layers import Layer, parse_layer
from stcore.runs import Run, RunError, uploads

LAYER_SECONDS = 60


def predict(run: Run, starts: np.ndarray, timeout: float = 120) -> np.ndarray:
    """``jobs.predict`` in a short child process, so that a page needs no torch. RunError with the child's message."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "forecast.npy"
        _run_command("window", str(run.path), str(out), *map(str, starts), timeout=timeout)
        return np.load(out)


def forecast(run: Run, suffix: str, test: bool = False, timeout: float = 600) -> bytes:
    """The file that ``forecast RUN`` writes, made in a child process. ``suffix``: .csv, .parquet or .nc. RunError as above."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / f"forecast{suffix}"
        more = ["--test"] if test else []
        _run_command("forecast", str(run.path), "--out", str(out), *more, timeout=timeout)
        return out.read_bytes()


def save_as(source: Path, layout: str, suffix: str, timeout: float = 300) -> bytes:
    """Data in a layout whose writer needs torch, as one file made in a child process. RunError with the child's message."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / f"saved{suffix}"
        _run_command("save", str(source), str(out), "--as", layout, timeout=timeout, what="The file")
        return out.read_bytes()


def _run_command(*arguments: str, timeout: float, what: str = "The forecast") -> None:
    """Run a command in a child process. RunError with the last line of its message if it fails."""
    command = [sys.executable, "-m", "stcore", *arguments]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        raise RunError(f"{what} took longer than {timeout:g} s, so it was left.") from None
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise RunError(lines[-1] if lines else f"{what} could not be made.")


def layer(name: str, content: bytes, answers: Mapping[str, str] | None = None) -> Layer:
    """A map layer from an uploaded file. A child process with limits reads it, and nothing of the file is kept. DataError."""
    with tempfile.TemporaryDirectory() as folder:
        upload = uploads.keep({name: content}, Path(folder))
        checked = open_data(upload, Path(folder) / "layer.json", answers, LAYER_SECONDS, of_map=True)
        return parse_layer(checked.read_text("utf-8"))


def open_data(
    path: Path, out: Path, answers: Mapping[str, str] | None = None, seconds: float = 180, of_map: bool = False
) -> Path:
    """Let a child process with limits of memory and time open ``path``. Returns the checked data, the NetCDF file ``out``;
    with ``of_map`` the layers, as a JSON file.

    A hostile or broken file then brings down the child, not the page. DataError with the child's findings, its questions
    included, or with one sentence if it crashed or ran out of time.
    """
    if out.is_file():
        return out
    partial = out.with_name(f"{os.getpid()}-{time.monotonic_ns()}.partial")
    sandbox.open_in_child(path, partial, answers, seconds, ["--as", "layer"] if of_map else [])
    uploads.settle(partial, out)
    return out
