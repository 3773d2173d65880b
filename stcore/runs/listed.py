"""Runs as a table: one row each, with what people say of them, how they stand, what came out and what they take."""

from typing import Any

import pandas as pd

from stcore.runs.folder import Run
from stcore.runs.labels import label
from stcore.runs.trash import size

COLUMNS = [
    *("run", "title", "tags", "status", "method", "keep", "model", "mask", "data"),
    *("validation", "test", "visits", "seconds", "made", "bytes", "note", "archived"),
]


def listed(runs: list[Run]) -> pd.DataFrame:
    """One row a run, in their order, with ``COLUMNS``. ``validation`` and ``test`` are MAE, ``visits`` the share that was
    visited, ``seconds`` of work, ``made`` in UTC, ``bytes`` on disk."""
    return pd.DataFrame([row(run) for run in runs], columns=COLUMNS)


def row(run: Run) -> dict[str, Any]:
    """One run's row."""
    said, told, options = run.summary(), label(run), run.spec["options"]
    metrics = said["metrics"]
    return {
        "run": run.id,
        "title": told.title,
        "tags": list(told.tags),
        "status": said["status"],
        "method": options["prune"]["name"],
        "keep": options["prune"].get("keep"),
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
