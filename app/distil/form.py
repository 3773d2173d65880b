"""The form of a new distillation: of which data, by which method, how small, how long; and how large the set will be."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st

from app import control, forms
from app.distil.known import distillations, method_name, worded
from app.header import named
from app.session import answers, link, runs_folder
from app.train.new import CALIBRATING, choose_source, machine_speed, opened, say_card
from app.words import plain, sentence
from stcore import registry
from stcore.charts.words import percent
from stcore.data import STData
from stcore.data.checks import sensor_word
from stcore.data.windows import cut
from stcore.distil import estimate
from stcore.distil.clusters import counted
from stcore.distil.options import SCHEDULES, DistilOptions, SizeOptions
from stcore.findings import DataError
from stcore.options import DataOptions, OptionError, RunOptions, TrainOptions
from stcore.runs import Run, create_distillation
from stcore.runs.create_distillation import resolve_distillation
from stcore.words import duration

SHARES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0)
DEFAULTS = {"time": 0.1, "space": 0.1}
TOP = ("time", "space", "schedule")  # what stands above, not under "More options"
SCHEDULED = {"preview": "Preview", "paper": "As in the paper"}
IDLE = {"data": ("samples",), "train": ("epochs", "patience", "forecasts")}  # a validation has its own
TITLES = {
    "distil": "Method",
    "data": "Windows",
    "model": "Surrogate",
    "train": "How a validation trains",
    "run": "Random draws",
}


class Draft(NamedTuple):
    """What the form says, and where it can be the data with their windows of training and validation; else why not."""

    options: dict[str, Any]
    data: STData | None = None
    resolved: DistilOptions | None = None
    windows: tuple[int, int] = (0, 0)
    problem: str = ""


def form() -> None:
    """The whole form, in the sidebar."""
    with st.sidebar:
        st.subheader("New distillation", anchor=False)
        source = choose_source()
        data, problem = opened(source)
        draft = draw(data, problem)
        if draft.resolved and draft.data:
            say_cost(draft.resolved, draft.data, draft.windows)
        elif draft.problem:
            st.error(plain(draft.problem), icon=":material/block:")
        if said := st.session_state.pop("distil problem", None):
            st.error(plain(said), icon=":material/block:")
        st.button(
            "Start distilling",
            type="primary",
            width="stretch",
            disabled=bool(draft.problem),
            shortcut="Ctrl+Enter",
            on_click=start,
            args=(source, draft.options),
            key="start distilling",
        )
        st.markdown("It is a process of its own: it goes on when this page is closed.")


def draw(data: STData | None, problem: str) -> Draft:
    """Fields of everything that can be chosen, and what they come to."""
    method = choose_method()
    size = {name: share(name, sensor_word(data.ds) if data else "sensor") for name in DEFAULTS}
    place = st.container()
    schedule = choose_schedule(method) if "schedule" in method.options.model_fields else None
    surrogate = choose_surrogate(data)
    values = further(method, surrogate, schedule, data)
    options = {name: values[name] for name in ("data", "train")}
    options["model"] = {"name": surrogate.name, **values["model"]}
    options["distil"] = {
        "name": method.name,
        **values["distil"],
        **size,
        **({"schedule": schedule} if schedule else {}),
    }
    options["seed"] = values["run"]["seed"]
    draft = checked(options, data, problem)
    if draft.data is not None and not draft.problem:
        with place:
            say_size(method, draft)
    return draft


def choose_method() -> registry.DistillerCard:
    """The method."""
    known = registry.cards("distillers")
    st.session_state.setdefault("distil.method", "stemdist")
    name = st.selectbox("Method", list(known), key="distil.method", format_func=method_name, persist_state="session")
    say_card(known[name])
    return known[name]


def share(name: str, node: str) -> float:
    """The slider of a share; its help is the option's own. ``node``: a sensor or a cell."""
    option = next(option for option in SizeOptions.describe() if option["name"] == name)
    key = f"distil.{name}"
    st.session_state.setdefault(key, DEFAULTS[name])
    label = {"time": "In time: windows kept", "space": f"In space: {node}s kept"}[name]
    found: Any = st.select_slider(
        label,
        SHARES,
        key=key,
        format_func=lambda share: f"{100 * share:g} %",
        persist_state="session",
        help=worded(forms.explained(option), node),
    )
    return float(found)


def choose_schedule(method: registry.DistillerCard) -> str:
    """Preview or paper, with what that means."""
    st.session_state.setdefault("distil.schedule", "preview")
    chosen = st.segmented_control(
        "Schedule",
        list(SCHEDULED),
        key="distil.schedule",
        format_func=SCHEDULED.__getitem__,
        required=True,
        persist_state="session",
    )
    plan = SCHEDULES[str(chosen)]
    taught = method.decide(method.options.read({"schedule": chosen})).targets == "teacher"
    st.markdown(
        f":small[{plan['rounds']} rounds of {plan['steps']} steps, a validation every {plan['check']} rounds.]"
        + (
            " :small[The windows' targets are forecasts of a model that is trained on all data first.]"
            if taught
            else ""
        )
        + ("" if chosen == "preview" else " :small[It takes some twenty times as long as the preview.]")
    )
    return str(chosen)


def choose_surrogate(data: STData | None) -> registry.ModelCard:
    """The models that run on sensors that they have never seen."""
    able = surrogates(data)
    if st.session_state.get("distil.model") not in able:
        st.session_state["distil.model"] = "stid" if "stid" in able else next(iter(able))
    name = st.selectbox(
        "Surrogate",
        list(able),
        key="distil.model",
        format_func=named,
        persist_state="session",
        help="The model whose slopes are matched and that validations train. Only models that run on sensors which they have "
        "never seen can be trained on clusters and forecast sensors.",
    )
    return able[name]


def surrogates(data: STData | None) -> dict[str, registry.ModelCard]:
    """Models that can be trained on a small set, by name."""
    grid = data is not None and "grid" in data.ds.attrs
    known = registry.cards("models").items()
    return {
        name: card for name, card in known if card.trains and card.unseen is not None and (grid or not card.needs_grid)
    }


def further(
    method: registry.DistillerCard, surrogate: registry.ModelCard, schedule: str | None, data: STData | None
) -> dict[str, dict[str, Any]]:
    """Everything else, from the options' own classes."""
    described = {
        "distil": [option for option in method.options.describe() if option["name"] not in TOP],
        "data": [option for option in DataOptions.describe() if option["name"] not in IDLE["data"]],
        "model": [option for option in surrogate.options.describe() if option["name"] not in (surrogate.unseen or {})],
        "train": [option for option in TrainOptions.describe() if option["name"] not in IDLE["train"]],
        "run": [option for option in RunOptions.describe() if option["name"] == "seed"],
    }
    channels = data.channels if data else []
    lists = {"targets": channels, "inputs": channels}
    plan = (SCHEDULES[schedule] if schedule else {"trained": 1, "epochs": 5}) | {"teacher": "2 to 15"}
    automatic: Mapping[str, Any] = {
        "milestones": "a cosine to zero",
        "targets": channels[0] if channels else None,
        "inputs": "all",
        **dict.fromkeys(("batch", "lr", "threads", "weight_decay"), "what suits"),
    }
    values: dict[str, dict[str, Any]] = {}
    with st.expander("More options", key="more of distilling"):
        for name, section in described.items():
            if section:
                st.markdown(f"**{TITLES[name]}**")
            stands_in = plan if name == "distil" else automatic
            values[name] = forms.fields(f"distil {name}", section, stands_in, lists)
    return values


def checked(options: dict[str, Any], data: STData | None, problem: str) -> Draft:
    """Resolve the options on the data, or say in words why that is not possible."""
    if data is None:
        return Draft(options, problem=problem)
    try:
        resolved = resolve_distillation(data, options)
        parts = cut(data, resolved.data)
        return Draft(options, data, resolved, (len(parts.train), len(parts.validation)))
    except (OptionError, DataError) as error:
        return Draft(options, data, problem=sentence(str(error)))


def say_size(method: registry.DistillerCard, draft: Draft) -> None:
    """How large the set will be."""
    assert draft.data
    choice = {name: value for name, value in draft.options["distil"].items() if name != "name" and value is not None}
    size, sensors = method.options.read(choice), len(draft.data.sensors)
    assert isinstance(size, SizeOptions)
    whole = draft.windows[0]
    windows, clusters, notes = counted(whole, sensors, size, method.fewest(size))
    one = sensor_word(draft.data.ds)
    of = f"{one}s" if choice.get("sensors", "clusters") != "clusters" else "clusters"
    st.markdown(
        f"**{windows:,} windows × {clusters:,} {of}**: {percent(windows * clusters / (whole * sensors))} of the whole",
        help=f"Of {whole:,} training windows and {sensors:,} {one}s.",
    )
    for note in notes:
        st.markdown(f":small[{plain(sentence(worded(note, one)))}]")


def start(source: str, options: dict[str, Any]) -> None:
    """Make the distillation, start its process and look at it."""
    given = answers(source)
    made = control.begun(lambda: create_distillation(source, options, runs_folder(), answers=given), "distil problem")
    if made:
        link("distillation", made.id)


def say_cost(options: DistilOptions, data: STData, windows: tuple[int, int]) -> None:
    """The estimate for resolved options, with what it rests on; ``windows`` are those of training and validation."""
    factor, basis = speed(options.model["name"])
    targets = len(options.data.targets or [""])
    shape = estimate.Shape(*windows, len(data.sensors), len(options.data.inputs or data.channels), targets)
    time = estimate.seconds(estimate.expected(options, shape), factor)
    st.markdown(
        f"**About {duration(time)}**",
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
