"""Who works on a run, and which run is next: each holds its lock, waits for a slot, and folders take turns.

The folder whose run has waited longest is served first.
"""

import hashlib
import os
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import filelock

from stcore.runs.folder import Run
from stcore.runs.lock import is_held, take
from stcore.runs.record import end, tell
from stcore.runs.spec import RunError


class Line:
    """One run's place among those that wait for the slots of ``folder``; ``owner`` is the folder that its runs lie in.

    Places are files under a kernel lock, so that one whose holder was killed counts no more.
    """

    def __init__(self, folder: Path, owner: Path) -> None:
        self.waiting, served = folder / "waiting", folder / "served"
        for place in (self.waiting, served):
            place.mkdir(parents=True, exist_ok=True)
        self.owner = hashlib.sha256(str(owner.resolve()).encode()).hexdigest()[:16]
        self.served = served
        self.turn = filelock.FileLock(folder / "turn.lock")
        self.own = filelock.FileLock(self.waiting / f"{time.time_ns():020} {self.owner} {os.getpid()}.lock")
        with self.turn:  # nobody may take a place for a dead one's before it is held
            self.own.acquire()

    def slot(self, locks: Sequence[filelock.BaseFileLock]) -> filelock.BaseFileLock | None:
        """One of the slots' locks, held, where one is free and it is this run's turn; else None."""
        with self.turn:
            if not self._is_next():
                return None
            if (mine := next((lock for lock in locks if taken(lock)), None)) is None:
                return None
            (self.served / self.owner).write_text(str(time.time_ns()))
            self.leave()
            return mine

    def leave(self) -> None:
        """Wait no more."""
        self.own.release()
        _forget(Path(self.own.lock_file))

    def _is_next(self) -> bool:
        """Whether no living run stands before this one: the folder served longest ago comes first, of it the oldest."""
        own = Path(self.own.lock_file)
        for place in sorted(self.waiting.glob("*.lock"), key=lambda place: (self._last_served(place), place.name)):
            if place == own:
                return True
            if is_held(place):
                return False
            _forget(place)
        return True

    def _last_served(self, place: Path) -> int:
        """When a run of the same folder got its slot; 0 for never."""
        try:
            return int((self.served / place.stem.split(" ")[1]).read_text())
        except (OSError, ValueError, IndexError):
            return 0


@contextmanager
def in_line(folder: Path, owner: Path) -> Iterator[Line]:
    """A place in the line, left at the end however it ends."""
    line = Line(folder, owner)
    try:
        yield line
    finally:
        line.leave()


def taken(lock: filelock.BaseFileLock) -> bool:
    """Whether the lock was free, and is held now."""
    with suppress(filelock.Timeout):
        lock.acquire(timeout=0)
        return True
    return False


def _forget(place: Path) -> None:
    with suppress(OSError):
        place.unlink()


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
