"""Distilled sets against each other and against all data: size, error, and after how many models they pay."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stcore import readers
from stcore.distil.options import FILE
from stcore.findings import DataError
from stcore.runs import Run, RunError, pictures
from stcore.runs.shape import NUMBER, fits

SET = ("set", "method", "model", "schedule", "windows", "sensors", "share", "validation", "seconds", "cpu")
TRAINED = ("run", "model", "on", "set", "validation", "test", "seconds", "cpu")
PAID = ("set", "model", "distilling", "full", "small", "models", "full_error", "small_error", "clock")
ALL, ALONE, WARM = "all data", "set alone", "set, then all data"
SAME = ("lookback", "horizon", "split", "targets", "inputs")


def same_task(one: Run, other: Run) -> bool:
    """Whether two runs of any kind have the same windows of the same data, so that their errors can be compared."""
    first, second = (run.spec.options.data for run in (one, other))
    same = all(getattr(first, name) == getattr(second, name) for name in SAME if name != "targets")
    fingerprints = {run.spec.data.fingerprint for run in (one, other)}
    return same and len(fingerprints) == 1 and one.spec.targets == other.spec.targets


def set_table(distillations: Sequence[Run]) -> pd.DataFrame:
    """One row for each finished distillation: size, validation error of models trained on the set, seconds.

    ``share`` is that of the (window, sensor) cells, ``cpu`` seconds of the processor, NaN where they say nothing. Those whose
    record is damaged are left out.
    """
    return pd.DataFrame(
        [row for run in distillations if run.status == "done" and (row := _set(run))], columns=list(SET)
    ).astype({"validation": float, "seconds": float, "share": float, "cpu": float})


def _set(run: Run) -> dict[str, Any] | None:
    result, table = run.result or {}, pictures.rounds(run)
    try:
        groups = pictures.clusters(run)
    except RunError:
        groups = None
    if groups is None or table.empty:
        return None
    return {
        "set": run.id,
        "method": run.method,
        "model": run.spec.model_name,
        "schedule": run.spec.distil.get("schedule") or "",
        "windows": int(table["windows"].iloc[-1]),
        "sensors": groups.count,
        "share": result["visits"]["share"],
        "validation": result["metrics"]["validation"].get("mae"),
        "seconds": result["seconds"]["total"],
        "cpu": _processor(run),
    }


def _processor(run: Run) -> float:
    """Processor seconds of a finished run. NaN where it recorded none, or worked on another device."""
    known = (run.result or {}).get("cpu") or {}
    here = run.spec.options.train.device == "cpu"
    return sum(known.values()) if here and known and fits(known, dict.fromkeys(known, NUMBER)) else np.nan


def training_table(runs: Sequence[Run], distillations: Sequence[Run]) -> pd.DataFrame:
    """One row for each finished run that trained on a set, or on all data without pruning and without a mask.

    ``set`` is the one of ``distillations`` whose set it was, wherever its file lay; else empty.
    """
    rows = []
    for run in runs:
        distilled, result = run.spec.options.distilled, run.result or {}
        source, warm = distilled.source, distilled.warm
        plain = run.method == "full" and run.spec.mask_name == "none"
        if result.get("status") != "done" or not (source or plain):
            continue
        metrics = result["metrics"]
        rows.append(
            {
                "run": run.id,
                "model": run.spec.model_name,
                "on": ALL if source is None else ALONE if warm is None else WARM,
                "set": "" if source is None else origin_of_set(run, distillations),
                "validation": metrics["validation"].get("mae"),
                "test": metrics["test"].get("mae"),
                "seconds": result["seconds"]["total"],
                "cpu": _processor(run),
            }
        )
    numbers = dict.fromkeys(("validation", "test", "seconds", "cpu"), float)
    return pd.DataFrame(rows, columns=list(TRAINED)).astype(numbers)


def origin_of_set(run: Run, distillations: Sequence[Run]) -> str:
    """The id of the distillation that made a run's set: by the set's folder, else the first one with the same set."""
    place, about = Path(run.spec.options.distilled.source or ""), run.spec.distilled or {}
    home = place.parent.name if place.name == FILE else ""
    if any(one.id == home and one.path.resolve() == place.parent.resolve() for one in distillations):
        return home
    same = (one.id for one in distillations if about and about["fingerprint"] == set_fingerprint(one))
    return next(same, "")


def set_fingerprint(distillation: Run) -> str:
    """The fingerprint of a finished distillation's set. Empty where the set is missing or damaged."""
    place = distillation.path / FILE
    try:
        return _fingerprint(place, place.stat().st_mtime_ns)
    except (OSError, DataError):
        return ""


@lru_cache(maxsize=256)
def _fingerprint(place: Path, stamp: int) -> str:
    return readers.open(place).fingerprint


def payback_table(made: pd.DataFrame, trained: pd.DataFrame) -> pd.DataFrame:
    """After how many ``models`` each set has paid, for each model that was trained on the set alone and on all data.

    That is the seconds of distilling over what one model saves, the mean over its runs; infinity where it saves nothing. They
    are seconds of the processor, which other work on the machine does not lengthen, where all of these runs know theirs, else
    those that passed; ``clock`` says which: ``cpu`` or ``seconds``.
    """
    rows = []
    for row in made.itertuples():
        for model, of in trained.groupby("model", sort=False):
            small, full = of[(of["on"] == ALONE) & (of["set"] == row.set)], of[of["on"] == ALL]
            if small.empty or full.empty:
                continue
            clock = "cpu" if np.isfinite([row.cpu, *full["cpu"], *small["cpu"]]).all() else "seconds"
            distilling, whole, part = getattr(row, clock), full[clock].mean(), small[clock].mean()
            models = distilling / (whole - part) if whole > part else np.inf
            errors = full["test"].mean(), small["test"].mean()
            rows.append((row.set, model, distilling, whole, part, models, *errors, clock))
    return pd.DataFrame(rows, columns=list(PAID))
