"""Who works on a folder: a kernel lock says so, which is freed however its holder ends."""

from pathlib import Path

import filelock

PATIENCE = 2.0  # seconds to wait for a lock that a glance at the status may hold for an instant


def take(path: Path) -> filelock.BaseFileLock | None:
    """The lock at ``path``, held until it is released; None where another process holds it."""
    lock = filelock.FileLock(path)
    try:
        lock.acquire(timeout=PATIENCE)
    except filelock.Timeout:
        return None
    return lock


def is_held(path: Path) -> bool:
    """Whether a living process holds the lock at ``path``."""
    if not path.exists():
        return False  # nobody ever worked here, and a glance leaves nothing behind
    try:
        with filelock.FileLock(path).acquire(timeout=0):
            return False
    except filelock.Timeout:
        return True
    except OSError:
        return False  # a read-only folder has no worker
