"""Runs by their name, and all of a folder."""

import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd

from stcore.data import STData
from stcore.findings import Finding
from stcore.runs.create import data_source
from stcore.runs.folder import NAME, Run
from stcore.runs.labels import label
from stcore.runs.spec import RunError
from stcore.runs.trash import size


def open_run(path: str | Path, root: str | Path = "runs", kind: str | None = None) -> Run:
    """A run by its path, or by its id in the ``root`` folder; RunError where there is none, or none of the ``kind``."""
    candidates = [Path(path), Path(root) / str(path)]
    for candidate in candidates:
        with suppress(OSError):  # such as a name too long for any file
            if (candidate / "spec.json").is_file():
                return _of(kind, Run(candidate))
    raise RunError(f"Run {str(path)[:200]!r} is not on this machine; `python -m stcore runs` lists those that are.")


def _of(kind: str | None, run: Run) -> Run:
    """The run, if it is of this kind. RunError."""
    if kind in (None, run.kind):
        return run
    if kind == "train":
        raise RunError(
            f"{run.id} is a distillation, and this needs a run that trained a model, such as one on its set."
        )
    raise RunError(f"{run.id} is a run that trained a model, and this needs a distillation.")


def runs_in(root: str | Path, kind: str | None = "train") -> list[Run]:
    """The runs of a folder and of one kind (None: of every kind), newest first; folders that hold none are passed over."""
    found = [run for run in opened_in(root)[0] if kind in (None, run.kind)]
    return sorted(found, key=lambda run: (run.spec.created, run.id), reverse=True)


def damaged_in(root: str | Path) -> list[str]:
    """What is to be said of the runs of a folder that cannot be opened, one sentence each."""
    return sorted(opened_in(root)[1])


def opened_in(root: str | Path) -> tuple[list[Run], list[str]]:
    """The runs of a folder, and why others cannot be opened."""
    found, problems = [], []
    for path in Path(root).iterdir() if Path(root).is_dir() else ():
        if NAME.fullmatch(path.name) and (path / "spec.json").is_file():
            try:
                found.append(Run(path))
            except RunError as error:
                problems.append(str(error))
    return found, problems


def remove(path: str | Path) -> None:
    """Delete a run's folder, if there is one. RunError while a worker holds it."""
    if not (Path(path) / "spec.json").is_file():
        return
    if Run(Path(path)).locked:
        raise RunError(f"Run {Path(path).name} is being trained; stop it first.")
    shutil.rmtree(path)


COLUMNS = [
    *("run", "kind", "title", "tags", "status", "method", "keep", "model", "mask", "data"),
    *("validation", "test", "visits", "seconds", "made", "bytes", "note", "archived"),
]


def run_table(runs: list[Run]) -> pd.DataFrame:
    """One row a run, in their order, with ``COLUMNS``. ``kind`` is train or distil, ``validation`` and ``test`` are MAE,
    ``visits`` the share that was visited (of a distillation the share that its set is of the whole), ``seconds`` of work,
    ``made`` in UTC, ``bytes`` on disk. ``keep`` and ``mask`` are a training's, and ``model`` may be a surrogate."""
    return pd.DataFrame([row(run) for run in runs], columns=COLUMNS)


def row(run: Run) -> dict[str, Any]:
    """One run's row."""
    said, told, options = run.summary(), label(run), run.spec.options
    metrics = said["metrics"]
    return {
        "run": run.id,
        "kind": run.kind,
        "title": told.title,
        "tags": list(told.tags),
        "status": said["status"],
        "method": run.method,
        "keep": None if run.kind == "distil" else options.prune.get("keep"),
        "model": run.spec.model_name,
        "mask": run.spec.mask_name,
        "data": run.spec.data.title,
        "validation": metrics["validation"]["mae"] if metrics["validation"] else None,
        "test": metrics["test"]["mae"] if metrics["test"] else None,
        "visits": said["visits"]["share"],
        "seconds": said["seconds"]["total"],
        "made": pd.Timestamp(run.spec.created),
        "bytes": size(run.path),
        "note": told.note,
        "archived": told.archived,
    }


def other_names(runs: list[Run], data: STData, source: str) -> list[Finding]:
    """A note where some of ``runs`` were made of the same data under another name than ``source``."""
    same = [run.spec.data for run in runs if run.spec.data.fingerprint == data.fingerprint]
    others = {facts.source: facts.title for facts in same if facts.source != data_source(source)}
    if not others:
        return []
    place, title = next(iter(others.items()))  # in full: a path is told apart by its end
    called = f"{title} ({place})" + (f" and {len(others) - 1} more" if len(others) > 1 else "")
    text = f"These data, value for value, were trained on under another name before: {called}."
    return [Finding("note", "same-data", text)]
