"""Accuracy on the week of METR-LA: BasicTS's recipe and the default one, against naive forecasts, with CPU seconds.

    STCORE_REAL_DATA=... python bench/metr_la.py [--seeds 3]

Both recipes train STID for 15 epochs, split 60/20/20 before windowing, alternating so that the machine's moods hit both.
"""

import argparse
import os
import statistics
import time
from pathlib import Path
from typing import Any

from stcore import readers
from stcore.options import RunOptions, merge
from stcore.runs.create import resolve
from stcore.training.trainer import Trainer

COMMON = {"prune": {"name": "full"}, "train": {"epochs": 15, "threads": 1}, "data": {"split": [0.6, 0.2, 0.2]}}
RECIPES: dict[str, dict[str, Any]] = {
    "BasicTS's recipe, d = 32": {"model": {"width": 32}, "train": {"batch": 64, "lr": 2e-3, "milestones": [1, 50, 80]}},
    "default recipe, d = 32": {"model": {"width": 32}},
    "default recipe, default d": {},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    data = readers.open(Path(os.environ["STCORE_REAL_DATA"]) / "metr-la-week")
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in RECIPES}
    for seed in range(arguments.seeds):
        for name, recipe in RECIPES.items():
            options, _ = resolve(data, RunOptions.read(merge(COMMON, recipe, {"seed": seed})))
            before = time.process_time()
            finished = list(Trainer(data, options))[-1]
            found[name].append((finished.metrics["test"]["mae"], time.process_time() - before))
            if seed == 0:
                by_horizon = [round(step["mae"], 2) for step in finished.metrics["test"]["by_horizon"]]
                print(f"{name}, seed 0, test MAE by step: {by_horizon}", flush=True)
    for name, metrics in finished.naive.items():
        print(f"{name} ({metrics['note']}): {[round(step['mae'], 2) for step in metrics['by_horizon']]}")
    print("\n| recipe | test MAE by seed | median | CPU s, median |\n|---|---|---|---|")
    for name, rows in found.items():
        errors, seconds = zip(*rows, strict=True)
        listed = ", ".join(f"{error:.3f}" for error in errors)
        print(f"| {name} | {listed} | {statistics.median(errors):.3f} | {statistics.median(seconds):.1f} |")


if __name__ == "__main__":
    main()
