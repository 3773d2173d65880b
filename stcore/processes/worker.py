"""A run in a process of its own, which outlives browser and server: ``python -m stcore resume RUN``."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from stcore.runs import Run, RunError
from stcore.runs.experiment_folder import open_folder

if TYPE_CHECKING:
    pass


APART = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | getattr(subprocess, "CREATE_NO_WINDOW", 0)
"""What start_new_session is elsewhere, on Windows: Ctrl-C in the server's console does not reach a worker."""


_children: list[tuple[Path, float, subprocess.Popen[bytes]]] = []  # that this process started: on what, when, process


def start(run: Run, word: str = "run") -> None:
    """Begin or go on with ``run`` in a process of its own that outlives this one. ``word`` may be step."""
    run.control(word)  # type: ignore[arg-type]
    threads = str(run.spec.options.train.threads)
    with run.open_log() as log:
        start_command(["resume", str(run.path), "--quiet"], run.path, log, {"OMP_NUM_THREADS": threads})


def start_experiment(name: str, root: str | Path = "runs", in_turn: bool = False) -> None:
    """Begin or go on with an experiment in a process of its own that outlives this one. RunError where there is none."""
    folder = open_folder(name, root)
    if folder.locked:
        raise RunError(f"Another process works on experiment {name} already.")
    folder.tell({**folder.progress, "state": "starting"})
    folder.control("run")
    more = ["--in-turn"] if in_turn else []
    with folder.open_log() as log:
        start_command(["experiment", name, "--runs", str(folder.root), "--quiet", *more], folder.path, log)


def start_command(
    arguments: list[str], path: Path, log: BinaryIO, environment: Mapping[str, str] | None = None
) -> None:
    """A command in a session of its own, so that it outlives this process; ``path`` is what it works on."""
    _reap()
    child = subprocess.Popen(
        [sys.executable, "-m", "stcore", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
        creationflags=APART,
        env={**os.environ, "STCORE_BACKGROUND": "1", **(environment or {})},
    )
    _children.append((path, time.time(), child))


def _reap() -> None:
    """Wait for workers that have ended, so that no zombie stays."""
    _children[:] = [child for child in _children if child[2].poll() is None]


def launching(run: Run) -> bool:
    """Whether a worker that this process started has not yet come so far as to hold the run's lock."""
    if run.locked:
        return False
    result = run.path / "result.json"
    return working(run.path, result.stat().st_mtime if result.exists() else 0.0)


def working(path: Path, since: float = 0.0) -> bool:
    """Whether a command on ``path`` that this process started after a time of day still lives."""
    _reap()
    return any(on == path and began > since for on, began, _ in list(_children))


def kill(run: Run) -> None:
    """End a worker that does not answer. Nothing is lost but the epoch in hand."""
    process = run.worker_process if run.locked else None
    if process is None:
        return
    for word in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(process, word)
        for _ in range(20):
            if not run.locked:
                return
            time.sleep(0.1)
