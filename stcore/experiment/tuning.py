"""The search for batch, rate and weight decay: one grid for every arm, judged by the best validation MAE, not the test."""

from collections.abc import Sequence
from typing import Any

from stcore.experiment.plan import Planned
from stcore.runs import Run

SEARCHED = ("batch", "lr", "weight_decay")
NEAR = 1e-3  # trials within this share of the best are told as tied; which of them is taken hardly matters


def trial(planned: Planned, run: Run | None) -> dict[str, Any]:
    """What one trial brought: batch (in its samples), rate, weight decay, best validation MAE (None where it failed), cost."""
    train = run.spec["options"]["train"] if run else planned.options["train"]
    result = (run.result if run else None) or {}
    done = result.get("status") == "done"
    return {
        "run": planned.id,
        **{name: train.get(name) for name in SEARCHED},
        "mae": result["metrics"]["validation"].get("mae") if done else None,
        "visits": visits(result) if done else None,
        "seconds": result["seconds"]["total"] if done else None,
        "cpu_seconds": sum(result["cpu"].values()) if done and "cpu" in result else None,
    }


def visits(result: dict[str, Any]) -> float:
    """All sample visits of a finished run: those that trained, and those for refreshing and for scores beforehand."""
    return float(sum(result["visits"].get(kind) or 0 for kind in ("kept", "refresh", "pilot")))


def chosen(trials: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """What the trial with the lowest MAE was trained with, the first of equal ones, with the whole search; None if all failed.

    ``tied`` names other trials as good but for 0.1 %. ``edge`` is true where the best batch is the smallest or the largest
    of at least two that were tried, so that a better one may lie outside.
    """
    judged = [one for one in trials if one["mae"] is not None]
    if not judged:
        return None
    best = min(judged, key=lambda one: one["mae"])
    batches = {one["batch"] for one in trials}
    near = [one["run"] for one in judged if one is not best and one["mae"] <= best["mae"] * (1 + NEAR)]
    return {
        **{name: best.get(name) for name in SEARCHED},
        "run": best["run"],
        "mae": best["mae"],
        "tied": near,
        "edge": len(batches) > 1 and best["batch"] in (min(batches), max(batches)),
        "visits": sum(one["visits"] for one in judged),
        "seconds": sum(one["seconds"] for one in judged),
        "cpu_seconds": None
        if any(one.get("cpu_seconds") is None for one in judged)
        else sum(one["cpu_seconds"] for one in judged),
        "trials": list(trials),
    }
