"""Finished runs that answer under masks, on small data."""

from pathlib import Path
from typing import Any

import numpy as np
from tiny import tiny
from training_runs import trained

from stcore.data import STData
from stcore.runs import Run

NEIGHBOURS = {"model": {"name": "stid-neighbours", "width": 4}, "prune": {"name": "full"}}
QUICK = {"epochs": 2, "batch": 64, "threads": 1}


def copied(sensors: int = 8, **changes: Any) -> STData:
    """Small data in which s1 reads what s0 reads, s5 is stuck for four days, s6 has measured nothing in training."""
    ds = tiny(600, sensors).ds.copy(deep=True)
    values = ds["value"].values
    values[:, 1] = values[:, 0]
    values[100:200, 5] = 50
    values[:380, 6] = np.nan
    return STData.of(ds.assign(**changes))


def masked_run(folder: Path, name: str, mask: dict[str, Any], data: STData | None = None, **options: Any) -> Run:
    """A run of STID with neighbours under a mask."""
    source = folder / f"{name}.nc"
    (data or copied()).save(source)
    return trained(source, folder, name, **{**NEIGHBOURS, "train": QUICK, "mask": mask, **options})
