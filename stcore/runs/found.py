"""What was found out about a finished run and can be found out again: kept in its folder, lost without harm."""

import re
from contextlib import suppress
from typing import Any

from stcore.runs import files
from stcore.runs.folder import Run
from stcore.runs.quota import is_shared

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
