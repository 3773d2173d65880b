"""About how long a distillation will take, said before it starts: from earlier ones here, else from the machine's speed."""

from contextlib import suppress
from pathlib import Path

import streamlit as st

from app.distil.known import distillations
from app.training.new import CALIBRATING, machine_speed
from app.words import lasting
from stcore.data import STData
from stcore.distil import estimate
from stcore.distil.options import DistilOptions
from stcore.runs import Run


def say(options: DistilOptions, data: STData, windows: tuple[int, int]) -> None:
    """The estimate for resolved options, with what it rests on; ``windows`` are those of training and validation."""
    factor, basis = speed(options.model["name"])
    targets = len(options.data.targets or [""])
    shape = estimate.Shape(*windows, len(data.sensors), len(options.data.inputs or data.channels), targets)
    time = estimate.seconds(estimate.expected(options, shape), factor)
    st.markdown(
        f"**About {lasting(time)}**",
        help=f"Estimated {basis}, when nothing else is running. Distilling and its validations together; it says how much is "
        "left while it works, and can be paused.",
    )


def speed(model: str) -> tuple[float, str]:
    """The machine's factor, and where it is from."""
    same = (run for run in distillations() if run.spec["options"]["model"]["name"] == model)
    ended = [run for run in same if (run.path / "result.json").exists()][:CALIBRATING]
    found = [measured(str(run.path), (run.path / "result.json").stat().st_mtime) for run in ended]
    if factor := estimate.speed(one for one in found if one):
        return factor, "from earlier distillations with this surrogate here"
    factor, known = machine_speed(model)
    return (
        factor,
        "from earlier trainings of this surrogate here" if known else "from a quick look at this machine's speed",
    )


@st.cache_data(show_spinner=False, max_entries=64)
def measured(path: str, stamp: float) -> tuple[float, float] | None:
    """What a finished distillation was expected to take at the rates, and the seconds that it took; None for another, and
    for one whose options are not known here."""
    run = Run(Path(path))
    if (run.result or {}).get("status") != "done":
        return None
    with suppress(ValueError):  # an option, a method or a model that is none
        return _measured(run)
    return None


def _measured(run: Run) -> tuple[float, float]:
    options, windows, data = DistilOptions.read(run.spec["options"]), run.spec["windows"], run.spec["data"]
    inputs = len(options.data.inputs or data["channels"])
    shape = estimate.Shape(
        windows["train"], windows["validation"], len(data["sensors"]), inputs, len(run.spec["targets"])
    )
    return estimate.expected(options, shape), run.summary()["seconds"]["total"]
