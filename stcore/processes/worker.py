"""A run in its own process, which outlives browser and server: ``python -m stcore resume RUN``."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from stcore.runs import Run, RunError
from stcore.runs.experiment_folder import open_folder

OWN_GROUP = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | getattr(subprocess, "CREATE_NO_WINDOW", 0)
"""The counterpart of start_new_session on Windows: Ctrl-C in the server's console does not reach a worker."""


# What this process started: the path it works on, the start time, the process.
_children: list[tuple[Path, float, subprocess.Popen[bytes]]] = []


def start(run: Run, word: str = "run") -> None:
    """Start or resume ``run`` in its own process, which outlives this one. ``word`` may be step."""
    run.control(word)  # type: ignore[arg-type]
    threads = str(run.spec.options.train.threads)
    with run.open_log() as log:
        start_command(["resume", str(run.path), "--quiet"], run.path, log, {"OMP_NUM_THREADS": threads})


def start_experiment(name: str, root: str | Path = "runs", in_turn: bool = False) -> None:
    """Start or resume an experiment in its own process, which outlives this one. RunError if it does not exist."""
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
    """Start a command in its own session, so that it outlives this process. ``path`` is what it works on."""
    _reap()
    child = subprocess.Popen(
        [sys.executable, "-m", "stcore", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
        creationflags=OWN_GROUP,
        env={**os.environ, "STCORE_BACKGROUND": "1", **(environment or {})},
    )
    _children.append((path, time.time(), child))


def _reap() -> None:
    """Forget workers that have ended, so that no zombie stays."""
    _children[:] = [child for child in _children if child[2].poll() is None]


def is_launching(run: Run) -> bool:
    """Whether this process has started a worker that does not hold the run's lock yet."""
    if run.locked:
        return False
    result = run.path / "result.json"
    return is_working(run.path, result.stat().st_mtime if result.exists() else 0.0)


def is_working(path: Path, since: float = 0.0) -> bool:
    """Whether a command on ``path`` still lives that this process started after the time ``since``."""
    _reap()
    return any(target == path and began > since for target, began, _ in list(_children))


def kill(run: Run) -> None:
    """End a worker that does not answer. Only the current epoch is lost."""
    process = run.worker_process if run.locked else None
    if process is None:
        return
    for number in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(process, number)
        for _ in range(20):
            if not run.locked:
                return
            time.sleep(0.1)
