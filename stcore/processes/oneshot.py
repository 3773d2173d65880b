"""Elsewhere: work that a page has done by a short child process, for what needs torch, or reads what a stranger has sent.

What a hostile or broken file can bring down is then that child, not the page.
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
    """``jobs.predict`` in a short child process, so that a page needs no torch. RunError with the child's own words."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "forecast.npy"
        _forecasting("window", str(run.path), str(out), *map(str, starts), timeout=timeout)
        return np.load(out)


def forecast(run: Run, suffix: str, test: bool = False, timeout: float = 600) -> bytes:
    """The file that ``forecast RUN`` writes, made in a child process. ``suffix``: .csv, .parquet or .nc. RunError likewise."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / f"forecast{suffix}"
        more = ["--test"] if test else []
        _forecasting("forecast", str(run.path), "--out", str(out), *more, timeout=timeout)
        return out.read_bytes()


def saved(source: Path, layout: str, suffix: str, timeout: float = 300) -> bytes:
    """Data in a layout whose writer needs torch, as one file made in a child process. RunError with the child's own words."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / f"saved{suffix}"
        _forecasting("save", str(source), str(out), "--as", layout, timeout=timeout, what="The file")
        return out.read_bytes()


def _forecasting(*arguments: str, timeout: float, what: str = "The forecast") -> None:
    """A command in a child process; RunError with its last words where it fails."""
    command = [sys.executable, "-m", "stcore", *arguments]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        raise RunError(f"{what} took longer than {timeout:g} s, so it was left.") from None
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise RunError(said[-1] if said else f"{what} could not be made.")


def layer(name: str, content: bytes, answers: Mapping[str, str] | None = None) -> Layer:
    """A layer for the map out of an uploaded file, read by a child process with limits; nothing of it is kept. DataError."""
    with tempfile.TemporaryDirectory() as folder:
        kept = uploads.keep({name: content}, Path(folder))
        found = open_data(kept, Path(folder) / "layer.json", answers, LAYER_SECONDS, of_map=True)
        return parse_layer(found.read_text("utf-8"))


def open_data(
    path: Path, out: Path, answers: Mapping[str, str] | None = None, seconds: float = 180, of_map: bool = False
) -> Path:
    """Have a child process with limits of memory and time open ``path``, and give its checked form, the NetCDF ``out``,
    ``of_map`` layers a JSON file.

    What a hostile or broken file can bring down is then that child, not the page. DataError with what the child found,
    its questions included, or with a plain sentence where it crashed or ran out of time.
    """
    if out.is_file():
        return out
    partial = out.with_name(f"{os.getpid()}-{time.monotonic_ns()}.partial")
    sandbox.take(path, partial, answers, seconds, ["--as", "layer"] if of_map else [])
    uploads.settle(partial, out)
    return out
