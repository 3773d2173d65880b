"""Apart: a short child process with limits of memory and time, which opens what could bring down the process that opens it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from stcore.findings import DataError, Finding, refuse

INSIDE = "STCORE_APART"
"""Set in such a child, which opens everything itself."""


def take(
    path: Path, out: Path, answers: Mapping[str, str] | None = None, seconds: float = 180, more: Sequence[str] = ()
) -> None:
    """Have a child open ``path`` and write what it found to ``out``: ``python -m stcore take``, with ``more`` arguments.

    DataError with what the child found, its questions included, or with a plain sentence where it crashed or ran out of
    time.
    """
    given = [part for code, choice in (answers or {}).items() for part in ("--answer", f"{code}={choice}")]
    limits = ["--seconds", str(int(seconds))]
    command = [sys.executable, "-m", "stcore", "take", *limits, *given, *more, "--", str(path), str(out)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", INSIDE: "1"}
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds + 20, env=environment
        )
    except subprocess.TimeoutExpired:
        raise refuse("too-slow", f"{path.name} took longer than {seconds:g} s to open, so it was left.") from None
    if done.returncode == 0 and out.is_file():
        return
    if done.returncode == 2 and done.stdout.strip():
        raise DataError(*(Finding(**found) for found in json.loads(done.stdout.strip().splitlines()[-1])))
    if done.returncode < 0 and -done.returncode in (getattr(signal, "SIGXCPU", 0), signal.SIGTERM):
        raise refuse("too-slow", f"{path.name} took longer than {seconds:g} s to open, so it was left.")
    raise refuse("crashed", f"{path.name} brought down the process that read it; is the file damaged, or too large?")


def inside() -> bool:
    """Whether this process is such a child."""
    return bool(os.environ.get(INSIDE))
