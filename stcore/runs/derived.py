"""What was found out about a finished run: kept in its folder, and valid for the weights that it was found out with."""

import re
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from stcore.runs import files
from stcore.runs.folder import Run
from stcore.runs.quota import is_shared

FOLDER = "found"
NAME = re.compile(r"[a-z0-9-]{1,60}")
PERMUTATION = "permutation"
FILE, PROGRESS = f"{FOLDER}/{PERMUTATION}.json", "permutation.progress.json"
EARLIER_FILE = "permutation.json"
"""Where earlier versions kept a permutation: its values and the whole first line of the weights in one table."""
SILENT = 30.0
"""A measurement that reports nothing for so many seconds has ended."""


def weights_seal(run: Run) -> str:
    """The sha256 that stands before the run's weights; empty where it has none."""
    with suppress(OSError), open(run.path / "weights", "rb") as file:
        return _checksum(file.readline(200).decode("ascii", "replace"))
    return ""


def find(run: Run, name: str) -> dict[str, Any] | None:
    """What was kept under ``name`` for the weights that the run has now, or None."""
    if not NAME.fullmatch(name):
        return None
    content = files.read_json(run.path / FOLDER / f"{name}.json")
    if not content or content.get("weights") != weights_seal(run) or not isinstance(content.get("found"), dict):
        return None
    return dict(content["found"])


def keep(run: Run, name: str, values: dict[str, Any]) -> None:
    """Keep ``values`` under ``name``. Nothing is kept where the folder cannot or may not be written to."""
    if not is_shared(run):
        with suppress(OSError):
            _write(run, name, values)


def _write(run: Run, name: str, values: dict[str, Any]) -> None:
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name for a finding; use small letters, digits and dashes")
    (run.path / FOLDER).mkdir(exist_ok=True)
    files.write_json(run.path / FOLDER / f"{name}.json", {"weights": weights_seal(run), "found": values})


def _checksum(line: str) -> str:
    """The sha256 in the first line of a sealed file; empty where the line is no seal."""
    seal = files.SEAL.decode("ascii")
    return line[len(seal) :].strip() if line.startswith(seal) else ""


# ---- permuted histories ----------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Permuted:
    """How far a run's error rises when the history of one sensor is permuted.

    ``rise`` [N, P] is the rise over all sensors in each of P permutations, ``others`` [N, P] the part of it on the other
    sensors. ``baseline`` is the error over the same test ``windows`` without a permutation. All errors are in ``unit``.
    ``mixes`` says whether a sensor's history reaches the forecasts of others at all.
    """

    rise: list[list[float]]
    others: list[list[float]]
    baseline: float
    windows: int
    unit: str
    mixes: bool


def keep_permutation(run: Run, permuted: Permuted) -> None:
    """Keep a permutation. OSError where the folder cannot be written to."""
    _write(run, PERMUTATION, asdict(permuted))


def find_permutation(run: Run) -> Permuted | None:
    """The permutation that was measured with the weights that the run has now, or None."""
    values = find(run, PERMUTATION) or _find_earlier(run)
    if values is None:
        return None
    try:
        permuted = Permuted(**values)
    except TypeError:
        return None
    sensors = len(run.spec.data.sensors)
    return permuted if len(permuted.rise) == len(permuted.others) == sensors else None


def _find_earlier(run: Run) -> dict[str, Any] | None:
    """A permutation's values as earlier versions kept them, or None."""
    values = files.read_json(run.path / EARLIER_FILE)
    seal = _checksum(str(values.pop("weights", ""))) if values else ""
    return values if seal and seal == weights_seal(run) else None


def tell(run: Run, done: int | None, count: int) -> None:
    """Say how far a measurement under way is; with None that there is none any more."""
    if done is None:
        (run.path / PROGRESS).unlink(missing_ok=True)
    else:
        files.write_json(run.path / PROGRESS, {"done": done, "all": count})


def under_way(run: Run) -> tuple[int, int] | None:
    """How many of how many sensors a measurement has done; None where none has reported for the last half minute."""
    with suppress(OSError):
        if abs(time.time() - (run.path / PROGRESS).stat().st_mtime) < SILENT:
            progress = files.read_json(run.path / PROGRESS) or {}
            return int(progress.get("done", 0)), int(progress.get("all", 0))
    return None
