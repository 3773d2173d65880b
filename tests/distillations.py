"""Small distillations, worked out in the process of the tests."""

from pathlib import Path
from typing import Any

from stcore.processes import jobs
from stcore.runs import Run, create_distillation

SMALL: dict[str, Any] = {
    "data": {"lookback": 6, "horizon": 4},
    "model": {"name": "stid", "identity": "attention", "width": 4},
    "distil": {
        "name": "stemdist",
        "time": 0.05,
        "space": 0.5,
        "rounds": 2,
        "steps": 2,
        "inner": 1,
        "subsets": 1,
        "epochs": 1,
    },
    "train": {"threads": 1},
}
QUICK: dict[str, Any] = {
    "name": "stemdist",
    "time": 0.1,
    "space": 0.34,
    "rounds": 3,
    "steps": 2,
    "inner": 1,
    "subsets": 2,
    "epochs": 1,
}
COMMON: dict[str, Any] = {"data": {"lookback": 6, "horizon": 4}, "train": {"threads": 1}}


def distilled(source: Path, runs: Path, run: str, **method: Any) -> Run:
    """A finished distillation, made in this process; ``method`` replaces options of the method."""
    options = SMALL | {"distil": (SMALL["distil"] if "name" not in method else {}) | method}
    return jobs.Job(create_distillation(source, options, runs, run)).finish()
