"""Runs side by side: options that differ, figures with their difference to the first run, and what cannot be compared."""

from collections.abc import Sequence
from typing import Any

from stcore.data.metrics import METRICS
from stcore.runs import Run, RunError

PARTS = ("validation", "test")
LATER = {"train.loss": "mae"}  # options of later versions, as runs of before were made


def compare(runs: Sequence[Run]) -> dict[str, Any]:
    """``{runs, status, differing {option: [values]}, figures {name: [values]}, difference {name: [share]}, notes}``.

    ``difference`` is relative to the first run: -0.02 means 2 % less. The first run is the baseline. RunError for a
    distillation, which makes no forecasts of its own.
    """
    if others := [run.id for run in runs if run.kind != "train"]:
        raise RunError(f"{others[0]} is a distillation; compare runs that trained a model, such as those on its set.")
    summaries = [run.summary() for run in runs]
    flat = [LATER | flatten(summary["options"]) for summary in summaries]
    names = dict.fromkeys(name for options in flat for name in options)
    differing = {name: [options.get(name) for options in flat] for name in names}
    figures = [run_figures(summary, run.epochs()) for summary, run in zip(summaries, runs, strict=True)]
    table = {name: [row.get(name) for row in figures] for name in figures[0]}
    return {
        "runs": [run.id for run in runs],
        "status": [summary["status"] for summary in summaries],
        "differing": {
            name: values for name, values in differing.items() if any(value != values[0] for value in values)
        },
        "figures": table,
        "difference": {
            name: [relative_difference(value, values[0]) for value in values] for name, values in table.items()
        },
        "notes": comparison_notes(runs),
    }


def flatten(tree: dict[str, Any], before: str = "") -> dict[str, Any]:
    """Nested options as one level, ``model.width`` and so on."""
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        flat |= flatten(value, f"{before}{name}.") if isinstance(value, dict) else {f"{before}{name}": value}
    return flat


def run_figures(summary: dict[str, Any], epochs: Sequence[dict[str, Any]]) -> dict[str, float | None]:
    """The numbers of one run by name, in the order in which people ask for them: of the best weights, then of the last."""
    found: dict[str, float | None] = {}
    for part in PARTS:
        metrics = summary["metrics"][part] or {}
        found |= {f"{part} {metric.label}": metrics.get(name) for name, metric in METRICS.items()}
    found["last validation MAE"] = epochs[-1]["validation"]["mae"] if epochs else None
    spared = saved_work(summary)
    found |= {"visits saved": spared["visits"], "seconds saved": spared["seconds"]}
    found |= {"visits": summary["visits"]["kept"], "share of visits": summary["visits"]["share"]}
    found |= {f"seconds {kind}": summary["seconds"][kind] for kind in ("total", "train", "score", "select", "evaluate")}
    return found | {"best epoch": summary["best_epoch"]}


def saved_work(summary: dict[str, Any]) -> dict[str, float | None]:
    """What pruning spared: sample visits, and about as many seconds as those would have taken, less the scoring's own."""
    visits, seconds = summary["visits"], summary["seconds"]
    if not visits["kept"]:
        return {"visits": None, "seconds": None}
    pruned = visits["full"] - visits["kept"]
    if not pruned:
        return {"visits": 0, "seconds": None}  # nothing was pruned: there is nothing to hold its cost against
    spared = pruned * seconds["train"] / visits["kept"] - seconds["score"] - seconds["select"]
    return {"visits": pruned, "seconds": spared}


def relative_difference(value: float | None, baseline: float | None) -> float | None:
    """How much more than the baseline, as a share of it."""
    return None if value is None or not baseline else value / baseline - 1


def comparison_notes(runs: Sequence[Run]) -> list[str]:
    """Why some of these runs may not be comparable, in sentences."""
    said = []
    if len({run.spec.data.fingerprint for run in runs}) > 1:
        said.append("These runs are of different data; their metrics cannot be compared.")
    if len({str(run.spec.options.data) for run in runs}) > 1:
        said.append("Lookback, horizon, split or targets differ; the test windows are not the same.")
    if any(run.status != "done" for run in runs):
        said.append("Not all of these runs are finished.")
    return said
