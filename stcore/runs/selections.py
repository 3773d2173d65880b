"""Named selections of a run's samples, kept in the run's own folder so that a link to one opens it anywhere.

A selection's id follows from its name and samples and is all that becomes a file's name; what people call it is only text.
"""

import hashlib
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from stcore.runs import files
from stcore.runs.folder import Run
from stcore.runs.quota import is_shared
from stcore.runs.spec import RunError

FOLDER = "selections"
ID = re.compile(r"[0-9a-f]{12}")
LONGEST = 60  # letters of a name
MOST = 200  # selections of a run


@dataclass(frozen=True)
class Selection:
    """Some ``samples`` [K] int64 ascending of a run, under a ``name``; ``created`` as ISO text."""

    id: str
    name: str
    samples: np.ndarray
    created: str


def save(run: Run, name: str, samples: Sequence[int] | np.ndarray) -> Selection:
    """Keep samples under a name; the same again is one. RunError for no name, no or foreign samples, too many, a full disk."""
    told, count = plain_name(name), _count(run)
    chosen = np.unique(np.asarray(samples, np.int64))
    if not told:
        raise RunError("Give the selection a name.")
    if is_shared(run):
        raise RunError("This run is everybody's and stays as it is; selections are kept with runs of your own.")
    if not len(chosen) or chosen[0] < 0 or chosen[-1] >= count:
        raise RunError(f"A selection holds at least one of the run's samples, which are 0 to {count - 1}.")
    place = hashlib.sha256(f"{told}\0".encode() + chosen.astype("<i8").tobytes()).hexdigest()[:12]
    folder = run.path / FOLDER
    if not (folder / f"{place}.json").exists() and len(selections(run)) >= MOST:
        raise RunError(f"This run has {MOST} selections already; delete one first.")
    created = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        folder.mkdir(exist_ok=True)
        files.write_json(folder / f"{place}.json", {"name": told, "created": created, "samples": chosen})
    except OSError as error:
        raise RunError(f"The selection cannot be kept in the run's folder: {error.strerror or error}.") from None
    return Selection(place, told, chosen, created)


def selections(run: Run) -> list[Selection]:
    """The run's selections in order of their names; what is damaged is passed over."""
    folder = run.path / FOLDER
    found = [selection(run, path.stem) for path in folder.glob("*.json")] if folder.is_dir() else []
    return sorted((one for one in found if one), key=lambda one: (one.name.casefold(), one.created, one.id))


def selection(run: Run, place: str) -> Selection | None:
    """The selection with that id, or None where there is none or its file is damaged. Only an id leads to a file."""
    if not ID.fullmatch(place):
        return None
    about: dict[str, Any] = files.read_json(run.path / FOLDER / f"{place}.json") or {}
    name, samples, created = (about.get(key) for key in ("name", "samples", "created"))
    if not (isinstance(name, str) and isinstance(created, str) and isinstance(samples, list) and samples):
        return None
    if not all(type(sample) is int for sample in samples) or not 0 <= min(samples) <= max(samples) < _count(run):
        return None
    return Selection(place, plain_name(name), np.unique(np.array(samples, np.int64)), created)


def delete(run: Run, place: str) -> None:
    """Forget a selection, if there is one."""
    if ID.fullmatch(place) and not is_shared(run):
        with suppress(OSError):
            (run.path / FOLDER / f"{place}.json").unlink(missing_ok=True)


def plain_name(name: str) -> str:
    """A name on one line, without what cannot be seen, cut where it is very long."""
    seen = "".join(letter if letter.isprintable() else " " for letter in name)
    return " ".join(seen.split())[:LONGEST].strip()


def _count(run: Run) -> int:
    """How many samples the run has: its training windows."""
    path = run.path / "starts.bin"
    return path.stat().st_size // 8 if path.is_file() else 0
