"""The search for batch, rate and weight decay: one grid for every arm, judged by the best validation MAE."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from stcore.evidence.experiment.plan import Planned
from stcore.runs import Run
from stcore.training import cost
from stcore.training.cost import Work

SEARCHED = ("batch", "lr", "weight_decay")
NEAR = 1e-3  # trials within this share of the best count as tied; which of them is taken hardly matters


def trial_record(planned: Planned, run: Run | None) -> dict[str, Any]:
    """The record of one trial: batch (in its samples), rate, weight decay, best validation MAE (None: it failed), cost."""
    train = run.spec.options_json["train"] if run else planned.options["train"]
    result = (run.result if run else None) or {}
    done = result.get("status") == "done"
    return {
        "run": planned.id,
        **{name: train.get(name) for name in SEARCHED},
        "mae": result["metrics"]["validation"].get("mae") if done else None,
        "visits": all_visits(result) if done else None,
        "seconds": result["seconds"]["total"] if done else None,
        "cpu_seconds": sum(result["cpu"].values()) if done and "cpu" in result else None,
    }


def all_visits(result: dict[str, Any]) -> float:
    """All sample visits of a finished run: for training, for refreshing scores, and for pilots."""
    return float(sum(result["visits"].get(kind) or 0 for kind in ("kept", "refresh", "pilot")))


def best_trial(trials: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The settings of the trial with the lowest MAE, the first of equal ones, with the whole search. None if all failed.

    ``tied`` names the other trials within 0.1 %. ``edge`` is true where the best batch is the smallest or the largest of
    several, so that a better one may lie outside.
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


class Pace:
    """How long a run of each arm takes. ``work`` maps an arm's key to the work of its run."""

    def __init__(self, work: Mapping[str, Work], at_once: int, apart: bool) -> None:
        self.work, self.at_once = work, max(1, at_once)
        self.begin = cost.BEGIN if apart else 0.0  # a process of its own has to load everything first
        self.took: dict[str, list[float]] = defaultdict(list)

    def learn(self, key: str, seconds: float) -> None:
        """Take note that a run of that arm took so many ``seconds``."""
        self.took[key].append(seconds)

    def expected(self, key: str) -> float:
        """The expected seconds of a run: the mean of the arm's runs, else its work at the speed of the other arms."""
        if own := self.took.get(key):
            return float(np.mean(own))
        known = [
            max(took - self.begin, 0.0) / self._modelled(other) for other, each in self.took.items() for took in each
        ]
        return self.begin + self._modelled(key) * (float(np.median(known)) if known else cost.glance())

    def left(self, waiting: Iterable[str], current: Iterable[tuple[str, Mapping[str, Any]]]) -> float:
        """Seconds until the last run is done, from the keys of ``waiting`` runs and the progress of the ``current`` ones."""
        under_way = [self._remaining(key, progress) for key, progress in current]
        whole = sum(map(self.expected, waiting)) + sum(under_way)
        return max([whole / self.at_once, *under_way])

    def _remaining(self, key: str, progress: Mapping[str, Any]) -> float:
        scoring = progress.get("epoch", 0) < 0  # before the first epoch, and with a clock of its own
        left = None if scoring else progress.get("seconds_left")
        return float(left) if isinstance(left, int | float) else self.expected(key)

    def _modelled(self, key: str) -> float:
        return cost.seconds(self.work[key]) - cost.BEGIN
