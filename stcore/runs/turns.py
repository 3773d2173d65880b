"""Whose turn it is where runs wait for a slot: their folders take turns, each with the run that has waited longest."""

import hashlib
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import filelock

from stcore.runs.living import is_held


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
