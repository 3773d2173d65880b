"""Runs and distillations as a table: what people say of each, how it stands, what came out and what it takes."""

from typing import Any

import pandas as pd

from stcore.data import STData
from stcore.findings import Finding
from stcore.runs.create import where
from stcore.runs.folder import Run
from stcore.runs.labels import label
from stcore.runs.trash import size

COLUMNS = [
    *("run", "kind", "title", "tags", "status", "method", "keep", "model", "mask", "data"),
    *("validation", "test", "visits", "seconds", "made", "bytes", "note", "archived"),
]


def listed(runs: list[Run]) -> pd.DataFrame:
    """One row a run, in their order, with ``COLUMNS``. ``kind`` is train or distil, ``validation`` and ``test`` are MAE,
    ``visits`` the share that was visited (of a distillation the share that its set is of the whole), ``seconds`` of work,
    ``made`` in UTC, ``bytes`` on disk. ``keep`` and ``mask`` are a training's, and ``model`` may be a surrogate."""
    return pd.DataFrame([row(run) for run in runs], columns=COLUMNS)


def row(run: Run) -> dict[str, Any]:
    """One run's row."""
    said, told, options = run.summary(), label(run), run.spec["options"]
    metrics = said["metrics"]
    return {
        "run": run.id,
        "kind": run.kind,
        "title": told.title,
        "tags": list(told.tags),
        "status": said["status"],
        "method": run.method,
        "keep": None if run.kind == "distil" else options["prune"].get("keep"),
        "model": options["model"]["name"],
        "mask": (options.get("mask") or {}).get("name", "none"),
        "data": run.spec["data"]["title"],
        "validation": metrics["validation"]["mae"] if metrics["validation"] else None,
        "test": metrics["test"]["mae"] if metrics["test"] else None,
        "visits": said["visits"]["share"],
        "seconds": said["seconds"]["total"],
        "made": pd.Timestamp(run.spec["created"]),
        "bytes": size(run.path),
        "note": told.note,
        "archived": told.archived,
    }


def elsewhere(runs: list[Run], data: STData, source: str) -> list[Finding]:
    """A note where some of ``runs`` were made of the same data under another name than ``source``."""
    same = [run.spec["data"] for run in runs if run.spec["data"]["fingerprint"] == data.fingerprint]
    others = {about["source"]: about["title"] for about in same if about["source"] != where(source)}
    if not others:
        return []
    place, title = next(iter(others.items()))  # in full: a path is told apart by its end
    called = f"{title} ({place})" + (f" and {len(others) - 1} more" if len(others) > 1 else "")
    text = f"These data, value for value, were trained on under another name before: {called}."
    return [Finding("note", "same-data", text)]
