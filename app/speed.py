"""How fast this machine trains and distils, from the runs that it has finished; for the estimates beside the forms."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import streamlit as st

from app.session import all_runs, demo_run, distillations
from stcore.distil import estimate
from stcore.options import RunOptions
from stcore.runs import Run
from stcore.training import cost

RUNS = 12  # so many earlier runs at most, the newest, from which the speed is taken
GLANCE = "from a quick look at this machine's speed"


def training_speed(model: str) -> tuple[float, str]:
    """The machine's factor for trainings of a model, and in words what it is taken from."""
    demo = demo_run()
    runs = (run for run in all_runs() if not (demo and run.path == demo.path))
    if factor := cost.speed(_measure(_training, runs, model)):
        return factor, "from earlier runs of this model here"
    return cost.glance(), GLANCE


def distilling_speed(model: str) -> tuple[float, str]:
    """The machine's factor for distillations with a surrogate, and in words what it is taken from."""
    if factor := estimate.speed(_measure(_distilling, distillations(), model)):
        return factor, "from earlier distillations with this surrogate here"
    factor, basis = training_speed(model)
    return factor, basis if basis == GLANCE else "from earlier trainings of this surrogate here"


def _measure(measure: Callable[[str, float], Any], runs: Iterable[Run], model: str) -> list[Any]:
    """What ``measure`` gives for the newest runs of a model that have ended; nothing for those that it cannot measure."""
    same = (run for run in runs if run.spec.model_name == model)
    ended = [run for run in same if (run.path / "result.json").exists()][:RUNS]
    measured = (measure(str(run.path), (run.path / "result.json").stat().st_mtime) for run in ended)
    return [one for one in measured if one]


def training_work(options: RunOptions, windows: tuple[int, int, int], sensors: int, channels: int) -> cost.Work:
    """The work of a run with these windows (training, validation, test) on data with so many sensors and channels."""
    inputs = len(options.data.inputs) if options.data.inputs else channels
    return cost.work(options, windows, sensors, inputs, len(options.data.targets or [""]))


@st.cache_data(show_spinner=False, max_entries=64)
def _training(path: str, stamp: float) -> tuple[cost.Work, float] | None:
    """A finished run's work and the seconds that its training took; None for a run that is not finished."""
    run = Run(Path(path))
    if (run.result or {}).get("status") != "done":
        return None
    windows, data = run.spec.windows, run.spec.data
    counts = (windows.train, windows.validation, windows.test)
    work = training_work(run.spec.options, counts, len(data.sensors), len(data.channels))
    return work, run.summary()["seconds"]["train"]


@st.cache_data(show_spinner=False, max_entries=64)
def _distilling(path: str, stamp: float) -> tuple[float, float] | None:
    """The seconds that a finished distillation was expected to take at factor 1, and those that it took.

    None for one that is not finished, and for one whose options this version does not know.
    """
    run = Run(Path(path))
    if (run.result or {}).get("status") != "done":
        return None
    with suppress(ValueError):  # an option, a distiller or a model that this version does not know
        options, windows, data = run.spec.distil_options, run.spec.windows, run.spec.data
        inputs, targets = len(options.data.inputs or data.channels), len(run.spec.targets)
        shape = estimate.Shape(windows.train, windows.validation, len(data.sensors), inputs, targets)
        return estimate.expected_seconds(options, shape), run.summary()["seconds"]["total"]
    return None
