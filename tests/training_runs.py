"""Real runs on small data, trained in the process of the tests."""

import shutil
from pathlib import Path
from typing import Any

from stcore.processes import jobs
from stcore.runs import Run, create

OPTIONS = {
    "train": {"epochs": 4, "batch": 64, "threads": 1},
    "model": {"width": 4},
    "prune": {"name": "st-prune", "keep": 0.6},
}


def trained(source: Path, runs: Path, name: str, **options: Any) -> Run:
    """A finished run, trained in this process."""
    return jobs.Job(create(source, {**OPTIONS, **options}, runs, name)).finish()


def copied(run: Run, folder: Path) -> Run:
    """A finished run as one of another folder, under its own name."""
    return Run(Path(shutil.copytree(run.path, folder / run.id)))
