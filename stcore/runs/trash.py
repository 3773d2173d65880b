"""Deleting runs with a way back: a deleted run's folder moves to ``RUNS/.trash`` and stays there until it is emptied."""

import os
import re
import shutil
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from stcore.runs.folder import LIVE, NAME, Run
from stcore.runs.lock import take
from stcore.runs.spec import RunError

FOLDER = ".trash"
NAMED = re.compile(rf"({NAME.pattern})~(\d{{8}}T\d{{6}})(?:-\d+)?")


class Deleted(NamedTuple):
    """A run in the trash: its id, when it was deleted (UTC), and where its folder lies now."""

    id: str
    when: datetime
    path: Path


def delete(run: Run) -> Deleted:
    """Put a run's folder into the trash. RunError while somebody works on it, or where it cannot be moved."""
    lock = None if run.status in LIVE else take(run.path / "lock")
    if lock is None:
        raise RunError(f"Run {run.id} is being {'trained' if run.kind == 'train' else 'distilled'}; stop it first.")
    now = datetime.now(UTC).replace(microsecond=0)
    try:
        if os.name != "posix":  # where an open file keeps its folder in place
            lock.release()
        place = _place(run.path.parent / FOLDER, f"{run.id}~{now:%Y%m%dT%H%M%S}")
        run.path.rename(place)
    except OSError as error:
        raise RunError(f"Run {run.id} cannot be deleted: {error.strerror or error}.") from None
    finally:
        lock.release()
    return Deleted(run.id, now, place)


def _place(trash: Path, name: str) -> Path:
    """A name in the trash that is not taken."""
    trash.mkdir(exist_ok=True)
    names = (name, *(f"{name}-{number}" for number in range(1, 1000)))
    return next(trash / free for free in names if not (trash / free).exists())


def deleted(root: str | Path) -> list[Deleted]:
    """The runs in the trash of a runs folder, last deleted first."""
    trash = Path(root) / FOLDER
    found = []
    for path in trash.iterdir() if trash.is_dir() else ():
        if (named := NAMED.fullmatch(path.name)) and not path.is_symlink() and (path / "spec.json").is_file():
            with suppress(ValueError):  # a name that only looks like one of ours
                when = datetime.strptime(named[2], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
                found.append(Deleted(named[1], when, path))
    return sorted(found, key=lambda run: (run.when, run.path.name), reverse=True)


def restore(root: str | Path, name: str) -> Run:
    """Take back the run of this id that was deleted last. RunError where there is none, or another has its id now."""
    found = next((run for run in deleted(root) if run.id == name), None)
    if found is None:
        raise RunError(f"There is no deleted run {name[:80]!r}; it was never here, or the trash has been emptied.")
    place = Path(root) / found.id
    if place.exists():
        raise RunError(f"There is another run {found.id} now; delete or rename that one first.")
    found.path.rename(place)
    return Run(place)


def empty(root: str | Path) -> int:
    """Delete for good what is in the trash; gives how many runs that were."""
    gone = deleted(root)
    for run in gone:
        shutil.rmtree(run.path)
    return len(gone)


def size(path: Path) -> int:
    """Bytes on disk of a folder and all below it; links are not followed, and what vanishes meanwhile counts nothing."""
    total = 0
    for place, _, names in os.walk(path):
        for name in names:
            with suppress(OSError):
                total += Path(place, name).lstat().st_size
    return total
