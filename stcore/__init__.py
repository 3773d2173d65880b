"""Winnow's core: open a spatio-temporal dataset, train a compact forecaster while samples are pruned, look at the run.

Doors, each loaded when it is used: ``stcore.open`` (a path to data), ``stcore.train`` (data to a run),
``stcore.distilled`` (a run of ``stcore.processes.jobs.distil`` to the small dataset that it has made),
``stcore.open_run`` (a run folder to its record) and ``stcore.open_experiment`` (an experiment's name to its evidence).
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"
__all__ = ["distilled", "open", "open_experiment", "open_run", "train"]

_DOORS = {
    "distilled": ("stcore.processes.jobs", "distilled"),
    "open": ("stcore.readers", "open"),
    "open_experiment": ("stcore.evidence.experiment", "open_experiment"),
    "open_run": ("stcore.runs", "open_run"),
    "train": ("stcore.processes.jobs", "train"),
}


def __getattr__(name: str) -> Any:
    """Load a door on first use, so that ``import stcore`` costs nothing."""
    if name not in _DOORS:
        raise AttributeError(f"stcore has no {name!r}; its doors are {', '.join(_DOORS)}")
    module, attribute = _DOORS[name]
    return getattr(import_module(module), attribute)
