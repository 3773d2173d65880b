"""A small set as the cheap stage of choosing options: do ten configurations rank on it as they rank on all data?

    STCORE_REAL_DATA=... python bench/distil_ranking.py [--runs bench/runs/distil] [--sets metr-la-week]

Ten configurations of STID (rate, width, layers) are trained on all data and on STemDist's 1 % sets that bench/distil.py has
made, one seed a set; validation error ranks them. Kendall's tau between the two rankings, and how much worse than the best
on all data the one is that the small set would have chosen, go to results/distil-ranking.md.
"""

import argparse
import os
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from distil import FIRST_SEED, SETS, STID, Cell, source
from scipy.stats import kendalltau

from stcore import readers
from stcore.events import Epoch
from stcore.options import RunOptions, merge
from stcore.processes import jobs
from stcore.runs import Run
from stcore.training.trainer import Trainer

HERE = Path(__file__).parent
CHOICES: list[dict[str, Any]] = [
    {"train": {"lr": rate}, "model": {"width": width, "layers": layers}}
    for rate, (width, layers) in product((5e-4, 2e-3, 8e-3), ((8, 2), (16, 3), (32, 3)))
] + [{"train": {"lr": 3e-2}, "model": {"width": 16, "layers": 3}}]


def ranked(name: str, folder: Path) -> list[Any] | None:
    """A row of the table for one set; None where its distillation is not there."""
    cell = Cell(name, "stemdist", 0.01, FIRST_SEED, (STID,))
    if not (folder / cell.id).exists() or not jobs.finished(Run(folder / cell.id)):
        return None
    data, small = readers.open(source(name)), jobs.distilled(Run(folder / cell.id))
    errors, seconds = np.empty((2, len(CHOICES))), np.zeros(2)
    for way, (path, on) in enumerate(((None, None), ("the set", small))):
        for place, choice in enumerate(CHOICES):
            trainer = Trainer(data, RunOptions.read(merge(cell.train(STID, path), choice)), distilled=on)
            errors[way, place] = min(event.validation["mae"] for event in trainer if isinstance(event, Epoch))
            seconds[way] += sum(trainer.stopwatch.seconds.values())
    tau = kendalltau(errors[0], errors[1])
    worse = errors[0, errors[1].argmin()] / errors[0].min() - 1
    spread = errors[0].max() / errors[0].min() - 1
    return [
        name,
        f"{tau.statistic:.2f} (p {tau.pvalue:.3f})",
        f"{worse:+.2%}",
        f"{spread:.1%}",
        *(f"{one:.0f}" for one in seconds),
    ]


def main() -> None:
    """Rank on every set whose distillation is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, default=HERE / "runs" / "distil", help="where bench/distil.py keeps runs")
    parser.add_argument("--results", type=Path, default=HERE / "results", help="where the table is written")
    parser.add_argument("--sets", help=f"some of {','.join(SETS)}")
    given = parser.parse_args()
    if "STCORE_REAL_DATA" not in os.environ:
        parser.error("STCORE_REAL_DATA names no folder of the public sets")
    names = given.sets.split(",") if given.sets else list(SETS)
    rows = [row for name in names if (row := ranked(name, given.runs))]
    head = ["set", "Kendall's tau", "its choice against the best", "worst against best", "seconds on all", "on the set"]
    lines = [head, ["---"] * len(head), *rows]
    text = "\n".join(f"| {' | '.join(row)} |" for row in lines)
    given.results.mkdir(parents=True, exist_ok=True)
    title = "# Ten configurations of STID ranked on STemDist's 1 % set and on all data\n\n"
    title += "Written by `bench/distil_ranking.py`; one seed.\n\n"
    (given.results / "distil-ranking.md").write_text(title + text + "\n", "utf-8")


if __name__ == "__main__":
    main()
