"""What permuting each sensor's history did to a run's error, kept in its folder; measured once for its weights."""

import re
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from stcore.runs import files
from stcore.runs.folder import Run
from stcore.runs.quota import is_shared

FILE, PROGRESS = "permutation.json", "permutation.progress.json"
SILENT = 30.0  # seconds after which a measurement that says nothing is taken to have ended


@dataclass(frozen=True)
class Permuted:
    """``rise`` [N, P] of the error over all sensors, and its part on ``others`` [N, P], by P permutations over so many test
    ``windows``; ``baseline`` is the error of those windows as they are. In ``unit``."""

    rise: list[list[float]]
    others: list[list[float]]
    baseline: float
    windows: int
    unit: str
    mixes: bool  # whether a sensor's history reaches others' forecasts at all


def save(run: Run, found: Permuted) -> None:
    """Keep it, with the seal of the weights that it was measured with."""
    files.write_json(run.path / FILE, {"weights": seal_of(run), **asdict(found)})


def kept(run: Run) -> Permuted | None:
    """What was measured with the weights that the run has now; None where nothing was, or it cannot be read."""
    found: dict[str, Any] | None = files.read_json(run.path / FILE)
    if not found or found.pop("weights", None) != seal_of(run):
        return None
    try:
        read = Permuted(**found)
    except TypeError:
        return None
    sensors = len(run.spec.data.sensors)
    return read if len(read.rise) == len(read.others) == sensors else None


def seal_of(run: Run) -> str | None:
    """The checksum that stands before a finished run's weights; None where it has none."""
    try:
        with open(run.path / "weights", "rb") as file:
            return file.readline(256).decode("ascii", "replace").strip()
    except OSError:
        return None


def tell(run: Run, done: int | None, count: int) -> None:
    """Say how far a measurement under way is; with None that there is none any more."""
    if done is None:
        (run.path / PROGRESS).unlink(missing_ok=True)
    else:
        files.write_json(run.path / PROGRESS, {"done": done, "all": count})


def under_way(run: Run) -> tuple[int, int] | None:
    """How many of how many sensors a measurement has done; None where none has spoken for the last half minute."""
    with suppress(OSError):
        if abs(time.time() - (run.path / PROGRESS).stat().st_mtime) < SILENT:
            told = files.read_json(run.path / PROGRESS) or {}
            return int(told.get("done", 0)), int(told.get("all", 0))
    return None


FOLDER = "found"
NAME = re.compile(r"[a-z0-9-]{1,60}")


def weights_seal(run: Run) -> str:
    """The sha256 of the run's weights as their file tells it, by which findings are known to be theirs; empty without."""
    with suppress(OSError), open(run.path / "weights", "rb") as file:
        head = file.readline(200)
        if head.startswith(files.SEAL):
            return head[len(files.SEAL) :].strip().decode("ascii", "replace")
    return ""


def find(run: Run, name: str) -> dict[str, Any] | None:
    """What was kept under ``name`` for the weights as they are; None where there is nothing."""
    if not NAME.fullmatch(name):
        return None
    kept = files.read_json(run.path / FOLDER / f"{name}.json")
    return (
        kept["found"]
        if kept and kept.get("weights") == weights_seal(run) and isinstance(kept.get("found"), dict)
        else None
    )


def keep(run: Run, name: str, found: dict[str, Any]) -> None:
    """Keep it; a folder that cannot or may not be written to is no harm."""
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name for what was found")
    if is_shared(run):
        return
    with suppress(OSError):
        (run.path / FOLDER).mkdir(exist_ok=True)
        files.write_json(run.path / FOLDER / f"{name}.json", {"weights": weights_seal(run), "found": found})
