"""Health: what may be wrong with this machine or with a runs folder, and what to do about it. A check changes nothing."""

import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from pathlib import Path
from typing import Literal

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from stcore import readers
from stcore.readers.safe.limits import free_memory, size_text
from stcore.runs import Run, damaged_in, runs_in, trash
from stcore.runs.lock import is_held
from stcore.words import duration, listing

Level = Literal["well", "note", "problem"]
MARKS: dict[Level, str] = {"well": "ok     ", "note": "note   ", "problem": "PROBLEM"}
PROJECT = "winnow-stcore"
# With fewer free bytes a run may fail.
LEAST_DISK, LEAST_MEMORY = 1e9, 1e9
# A worker that writes nothing for so long is silent; an unfinished file of that age is left over from a crash.
SILENT_SECONDS, TORN_SECONDS = 600.0, 3600.0
NETWORK_FILESYSTEMS = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "fuse.s3fs", "ceph", "lustre", "9p", "afs")
WORKER = re.compile(rb"-m\0stcore(?:\0[^\0]+)*?\0resume\0([^\0]+)")


@dataclass(frozen=True)
class Check:
    """The result of one check: a level, a sentence, and what to do if something is wrong."""

    name: str
    level: Level
    text: str
    remedy: str = ""


def checks(runs: Path) -> list[Check]:
    """Every check of this environment and of the folder ``runs``. The folder may be missing."""
    return [check for one in CHECKS for check in one(runs)]


def is_healthy(results: list[Check]) -> bool:
    """Whether no check found a problem. Notes are no problems."""
    return all(check.level != "problem" for check in results)


# ---- the environment -----------------------------------------------------------------------------------------------
def _python(runs: Path) -> Iterator[Check]:
    here = ".".join(map(str, sys.version_info[:3]))
    with suppress(PackageNotFoundError):
        needed = metadata(PROJECT)["Requires-Python"]
        if not SpecifierSet(needed).contains(here):
            yield Check("python", "problem", f"Python {here} is here; {needed} is needed.", "Install another Python.")
            return
    yield Check("python", "well", f"Python {here}.")


def _packages(runs: Path) -> Iterator[Check]:
    """Whether every package that we need is installed in a version that fits."""
    try:
        needed = [Requirement(text) for text in requires(PROJECT) or ()]
    except PackageNotFoundError:
        yield Check("packages", "problem", "The project is not installed.", "Start it with `python3 workbench.py`.")
        return
    wrong = []
    for need in needed:
        if need.marker and not need.marker.evaluate({"extra": ""}):
            continue
        try:
            if not need.specifier.contains(installed := version(need.name), prereleases=True):
                wrong.append(f"{need.name} {installed} (needed: {need.specifier})")
        except PackageNotFoundError:
            wrong.append(f"{need.name} (missing)")
    if wrong:
        remedy = "Start it with `python3 workbench.py`, which installs what requirements.txt says."
        yield Check("packages", "problem", f"Of another version than needed: {', '.join(wrong)}.", remedy)
    else:
        yield Check(
            "packages", "well", f"All {len(needed)} packages that are named are here; torch {version('torch')}."
        )


def _demo(runs: Path) -> Iterator[Check]:
    if readers.DEMO.is_file():
        yield Check("demo", "well", "The demo city is here.")
    else:
        yield Check(
            "demo", "problem", f"The demo city {readers.DEMO.name} is missing.", "Get the project's files again."
        )


def _memory(runs: Path) -> Iterator[Check]:
    free = free_memory()
    if free < LEAST_MEMORY:
        yield Check(
            "memory", "note", f"{size_text(free)} of memory are free.", "End other programs before a large run."
        )
    else:
        yield Check("memory", "well", f"{size_text(free)} of memory are free.")


# ---- the runs folder -----------------------------------------------------------------------------------------------
def _disk(runs: Path) -> Iterator[Check]:
    folder = next(path for path in (runs.absolute(), *runs.absolute().parents) if path.exists())
    free = shutil.disk_usage(folder).free
    used = trash.size(runs) if runs.is_dir() else 0
    text = f"{size_text(free)} are free where runs are kept; they take {size_text(used)}."
    if not os.access(folder, os.W_OK):
        yield Check("disk", "problem", f"{folder} cannot be written to.", "Choose another folder with --runs.")
    elif free < LEAST_DISK:
        yield Check("disk", "problem", text, "Free some: delete runs, then `python -m stcore trash --empty`.")
    else:
        yield Check("disk", "well", text)
    if (kind := _filesystem(folder)) in NETWORK_FILESYSTEMS:
        text = f"Runs are kept on a network folder ({kind}), where locks are not reliable."
        yield Check("filesystem", "problem", text, "Keep them on a local disk.")


def _filesystem(folder: Path) -> str:
    """The kind of file system that holds a folder, as Linux reports it; empty on other systems."""
    with suppress(OSError):
        mounts = [line.split()[1:3] for line in Path("/proc/self/mounts").read_text("utf-8", "replace").splitlines()]
        above = [(mount, kind) for mount, kind in mounts if folder.is_relative_to(mount.replace("\\040", " "))]
        return max(above, key=lambda pair: len(pair[0]))[1] if above else ""
    return ""


def _trash(runs: Path) -> Iterator[Check]:
    if deleted := trash.deleted(runs):
        size = sum(trash.size(run.path) for run in deleted)
        text = (
            f"{len(deleted)} deleted {'run is' if len(deleted) == 1 else 'runs are'} in the trash, {size_text(size)}."
        )
        yield Check("trash", "note", text, "`python -m stcore trash --empty` deletes them for good.")


def _interrupted_or_silent(runs: Path) -> Iterator[Check]:
    """Runs whose worker died, and workers that have written nothing for long."""
    all_runs = runs_in(runs, None)
    dead = [run.id for run in all_runs if run.status == "interrupted"]
    if dead:
        text = f"{len(dead)} {'run was' if len(dead) == 1 else 'runs were'} interrupted: {listing(dead)}."
        yield Check("interrupted", "note", text, "`python -m stcore resume RUN` goes on where each one was.")
    silent = [run.id for run in all_runs if run.status == "running" and _silence(run) > SILENT_SECONDS]
    if silent:
        text = f"No word for more than {duration(SILENT_SECONDS)} of {listing(silent)}, though a worker holds it."
        remedy = "`python -m stcore stop RUN`; if that brings nothing, end its process (worker.json says which)."
        yield Check("silent", "problem", text, remedy)
    if not dead and not silent:
        yield Check(
            "runs", "well", f"{len(all_runs)} {'run' if len(all_runs) == 1 else 'runs'}, none interrupted or silent."
        )


def _damaged_runs(runs: Path) -> Iterator[Check]:
    """Runs that cannot be opened. No list shows them."""
    for text in damaged_in(runs):
        yield Check("damaged", "problem", text, "Bring its files back, or take its folder out of the runs.")


def _silence(run: Run) -> float:
    """Seconds since a worker wrote anything."""
    times = [path.stat().st_mtime for name in ("events.jsonl", "progress.json") if (path := run.path / name).exists()]
    return time.time() - max(times, default=time.time())


def _torn_writes(runs: Path) -> Iterator[Check]:
    """Unfinished files that a crash left behind, in folders where no worker is."""
    old = [
        path.relative_to(runs).as_posix()
        for run in runs_in(runs, None)
        if not is_held(run.path / "lock")
        for path in run.path.glob("*.partial")
        if time.time() - path.stat().st_mtime > TORN_SECONDS
    ]
    if old:
        text = f"{len(old)} torn {'write was' if len(old) == 1 else 'writes were'} left behind: {listing(old)}."
        yield Check("torn-writes", "note", text, "They do no harm; the next resume of the run removes them.")


def _orphans(runs: Path) -> Iterator[Check]:
    """Workers on this folder that have lost their run or their launcher."""
    orphans = []
    for process, target in _workers():
        if target.parent == runs.resolve() and not (target / "spec.json").is_file():
            orphans.append(f"process {process} trains {target.name}, whose folder is gone")
    for run in runs_in(runs, None):
        if (run.ranks or 1) > 1 and run.locked and run.worker_process and not _has_launcher(run.worker_process):
            orphans.append(
                f"process {run.worker_process} trains {run.id} without the launcher of its {run.ranks} processes"
            )
    if orphans:
        remedy = "End them, such as with `kill`; a run that is still there can be resumed."
        yield Check("orphans", "problem", f"Workers on their own: {'; '.join(orphans)}.", remedy)
    else:
        yield Check("workers", "well", "No worker is on its own.")


def _workers() -> Iterator[tuple[int, Path]]:
    """Process number and run folder of every worker of this user, as Linux reports them."""
    for entry in Path("/proc").iterdir() if Path("/proc").is_dir() else ():
        if entry.name.isdigit():
            with suppress(OSError):
                if match := WORKER.search((entry / "cmdline").read_bytes()):
                    folder = Path(os.fsdecode(match[1]))
                    yield int(entry.name), (Path(os.readlink(entry / "cwd")) / folder).resolve()


def _has_launcher(process: int) -> bool:
    """Whether a process has a parent that is not the system's first process. True where this is not known."""
    with suppress(OSError, IndexError, ValueError):
        after = Path(f"/proc/{process}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        return int(after[1]) > 1
    return True


CHECKS: tuple[Callable[[Path], Iterator[Check]], ...] = (
    *(_python, _packages, _demo, _memory),
    *(_disk, _damaged_runs, _interrupted_or_silent, _torn_writes, _orphans, _trash),
)
