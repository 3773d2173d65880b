"""Who works on a run, and how many runs work at once: kernel locks, which are freed however their holder ends."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from stcore.runs.folder import Run, RunError
from stcore.runs.living import take
from stcore.runs.record import end, tell
from stcore.runs.turns import in_line


@contextmanager
def held(run: Run) -> Iterator[None]:
    """Hold the run's lock as long as work goes on; RunError where another process does."""
    lock = take(run.path / "lock")
    if lock is None:
        raise RunError(f"Run {run.id} is being trained by another process ({run.worker or 'unknown'}).")
    try:
        ranks = int(os.environ.get("WORLD_SIZE", 1))
        run.claim(f"process {os.getpid()} on {socket.gethostname()}", os.getpid(), ranks)
        yield
    finally:
        lock.release()


def slots() -> int:
    """How many runs train at once: STCORE_SLOTS, else half the cores."""
    asked = os.environ.get("STCORE_SLOTS") or str((os.cpu_count() or 2) // 2)
    if not asked.strip().lstrip("-").isdecimal():
        raise RunError(f"STCORE_SLOTS has to be a whole number of runs that train at once; it is {asked[:80]!r}.")
    return max(1, int(asked))


@contextmanager
def slot(run: Run) -> Iterator[bool]:
    """Wait as queued until one of the folder's slots is free, and hold it; False where the run is stopped meanwhile.

    Folders that STCORE_SLOTS_IN names one for share its slots and take turns.
    """
    folder = Path(os.environ.get("STCORE_SLOTS_IN") or run.path.parent) / ".slots"
    locks = [filelock.FileLock(folder / f"{number}.lock") for number in range(slots())]
    queued = False
    with in_line(folder, run.path.parent) as line:
        while (mine := line.slot(locks)) is None:
            if not queued:
                tell(run, {"event": "queued"})
                queued = True
            if run.word == "stop":
                end(run, {"status": "stopped", "reason": "Stopped by you before it began."})
                yield False
                return
            time.sleep(0.2)
    try:
        yield True
    finally:
        mine.release()
