"""Sandbox: a short child process with limits of memory and time. It opens files that could crash the process."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from stcore.findings import DataError, Finding, refuse

CHILD_MARK = "STCORE_APART"
"""Set in such a child, which starts no further child."""


def open_in_child(
    path: Path, out: Path, answers: Mapping[str, str] | None = None, seconds: float = 180, more: Sequence[str] = ()
) -> None:
    """Let a child open ``path`` and write the data to ``out``: ``python -m stcore take``, with ``more`` arguments.

    DataError with the child's findings, its questions included, or with one sentence if it crashed or ran out of time.
    """
    given = [part for code, choice in (answers or {}).items() for part in ("--answer", f"{code}={choice}")]
    limits = ["--seconds", str(int(seconds))]
    command = [sys.executable, "-m", "stcore", "take", *limits, *given, *more, "--", str(path), str(out)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", CHILD_MARK: "1"}
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds + 20, env=environment
        )
    except subprocess.TimeoutExpired:
        raise refuse("too-slow", f"{path.name} took longer than {seconds:g} s to open, so it was left.") from None
    if done.returncode == 0 and out.is_file():
        return
    if done.returncode == 2 and done.stdout.strip():
        raise DataError(*(Finding(**finding) for finding in json.loads(done.stdout.strip().splitlines()[-1])))
    if done.returncode < 0 and -done.returncode in (getattr(signal, "SIGXCPU", 0), signal.SIGTERM):
        raise refuse("too-slow", f"{path.name} took longer than {seconds:g} s to open, so it was left.")
    raise refuse("crashed", f"{path.name} brought down the process that read it; is the file damaged, or too large?")


def is_child() -> bool:
    """Whether this process is such a child."""
    return bool(os.environ.get(CHILD_MARK))
