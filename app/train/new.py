"""The form of a new run: what to train on, with which model and strategy, how long; and what that will cost."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st

from app import control, forms
from app.header import named
from app.session import all_runs, answers, dataset, demo_run, link, runs_folder
from app.train.offered import acting, choose_mask, choose_model, chosen_mask, models
from app.words import plain, sentence
from stcore import registry
from stcore.charts.words import short
from stcore.data import STData
from stcore.findings import DataError
from stcore.options import DataOptions, OptionError, RunOptions, TrainOptions
from stcore.runs import Run, create
from stcore.runs.create import resolve
from stcore.training import cost
from stcore.words import duration

DEMO = "demo"
CALIBRATING = 12  # earlier runs from which the machine's speed is taken
MAIN = {
    "prune": "keep",
    "mask": "sparsity",
    "train": "epochs",
    "data": "samples",
}  # what stands on top, not under "More options"


class Draft(NamedTuple):
    """What the form says, and what becomes of it: the resolved options and windows, or why it cannot be."""

    source: str
    options: dict[str, Any]
    data: STData | None = None
    resolved: RunOptions | None = None
    windows: tuple[int, int, int] = (0, 0, 0)
    problem: str = ""


def form() -> None:
    """The whole form, in the sidebar."""
    with st.sidebar:
        st.subheader("New run", anchor=False)
        source = choose_source()
        data, problem = opened(source)
        draft = draw(source, data, problem)
        if draft.resolved and draft.data:
            say_cost(draft)
        elif draft.problem:
            st.error(plain(draft.problem), icon=":material/block:")
        if said := st.session_state.pop("start problem", None):
            st.error(plain(said), icon=":material/block:")
        st.button(
            "Start training",
            type="primary",
            width="stretch",
            disabled=draft.resolved is None,
            shortcut="Ctrl+Enter",
            on_click=start,
            args=(source, draft.options),
            key="start",
        )
        st.markdown("The run is a process of its own: it goes on when this page is closed.")


def choose_source() -> str:
    """Demo city, data of earlier runs, what the address names, or any path typed in."""
    known = dict.fromkeys(
        [DEMO, *(run.spec["data"]["source"] for run in all_runs() if run.spec["data"]["source"] != "data.nc")]
    )
    titles = {run.spec["data"]["source"]: run.spec["data"]["title"] for run in all_runs()} | {
        DEMO: "Demo: Ringstadt (simulated city)"
    }
    told = st.query_params.get("data")
    if told and told != st.session_state.get("data told"):
        st.session_state["data told"] = st.session_state["new.source"] = told
    st.session_state.setdefault("new.source", DEMO)
    known |= dict.fromkeys([st.session_state["new.source"] or DEMO])
    chosen = st.selectbox(
        "Dataset",
        list(known),
        key="new.source",
        accept_new_options=True,
        persist_state="session",
        format_func=lambda source: name_of(source, titles),
        help="The demo city, data of earlier runs, or a path that you type. The Data view shows what is in it.",
    )
    return str(chosen or DEMO).strip()


def name_of(source: str, titles: Mapping[str, str]) -> str:
    """A dataset as people know it: the demo, or its title and file name."""
    return (
        titles[source] if source == DEMO else f"{titles[source]} · {Path(source).name}" if source in titles else source
    )


def opened(source: str) -> tuple[STData | None, str]:
    """The dataset, or why it cannot be had."""
    try:
        with st.spinner("Opening the data …"):
            return dataset(source, answers(source)), ""
    except DataError as error:
        return None, str(error)


def draw(source: str, data: STData | None, problem: str) -> Draft:
    """Fields of everything that can be chosen, and what they come to."""
    sections = chosen_sections(data)
    automatic = st.session_state.get("automatic", {})
    lists: dict[str, list[str]] = (
        {"targets": data.channels, "inputs": data.channels, "on": data.sensors, "off": data.sensors}
        if data
        else {"targets": [], "inputs": [], "on": [], "off": []}
    )
    values: dict[str, Any] = {}
    for name, section in sections.items():
        top = [option for option in section if option["name"] == MAIN.get(name)]
        values[name] = forms.fields(name, top, automatic, lists)
    with st.expander("More options", key="more options"):
        for name, section in sections.items():
            more = [option for option in section if option["name"] != MAIN.get(name)]
            if more:
                st.markdown(f"**{TITLES[name]}**")
                values[name] |= forms.fields(name, more, automatic, lists)
    options = {name: values[name] for name in ("data", "train")}
    options |= {name: {"name": st.session_state[f"new.{name}"], **values[name]} for name in ("model", "prune")}
    options["mask"] = {"name": chosen_mask(), **values["mask"]}
    options["seed"] = values["run"]["seed"]
    return checked(source, options, data, problem)


TITLES = {
    "data": "Windows",
    "train": "Training",
    "model": "Model",
    "prune": "Pruning",
    "mask": "Mask over sensors",
    "run": "Random draws",
}


def chosen_sections(data: STData | None) -> dict[str, list[dict[str, Any]]]:
    """Model, strategy and mask are chosen here; gives the options of each section that follow from it, in order of drawing."""
    model = registry.card("models", choose_model("new.model", data))
    say_card(model)
    if not_offered := models(data)[1]:
        st.markdown(f":small[{plain(not_offered)}]")
    st.session_state.setdefault("new.prune", "st-prune")
    strategies = registry.cards("strategies")
    prune = st.selectbox("Pruning", list(strategies), key="new.prune", format_func=named, persist_state="session")
    say_card(strategies[prune])
    choose_mask(model)
    described = {
        "prune": strategies[prune].options.describe(),
        "mask": registry.card("masks", chosen_mask()).options.describe(),
        "train": TrainOptions.describe(),
        "data": DataOptions.describe(),
        "model": model.options.describe(),
        "run": [option for option in RunOptions.describe() if option["name"] == "seed"],
    }
    return {name: acting(name, section, model, data) for name, section in described.items()}


def say_card(card: registry.Card) -> None:
    """What a chosen thing is."""
    st.markdown(f":small[{plain(card.summary)}]", help=f"{plain(card.source)}.")


def checked(source: str, options: dict[str, Any], data: STData | None, problem: str) -> Draft:
    """Resolve the options on the data, or say in words why that is not possible."""
    if data is None:
        return Draft(source, options, problem=problem)
    try:
        resolved, parts = resolve(data, RunOptions.read(options))
    except (OptionError, DataError) as error:
        return Draft(source, options, data, problem=sentence(str(error)))
    train = resolved.train
    decided = {"batch": train.batch, "lr": train.lr, "threads": train.threads, "weight_decay": train.weight_decay}
    others = {"milestones": "a cosine to zero", "patience": "never", "targets": data.channels[0], "inputs": "all"}
    if st.session_state.get("automatic") != (found := decided | others):
        st.session_state["automatic"] = found
    return Draft(source, options, data, resolved, (len(parts.train), len(parts.validation), len(parts.test)))


# ---- what it costs -------------------------------------------------------------------------------------------------
def work_of(options: RunOptions, windows: tuple[int, int, int], data: Mapping[str, Any]) -> cost.Work:
    """The work of a run on data with these sensors and channels."""
    inputs = len(options.data.inputs or data["channels"])
    return cost.work(options, windows, len(data["sensors"]), inputs, len(options.data.targets or [""]))


@st.cache_data(show_spinner=False, max_entries=64)
def measured(path: str, stamp: float) -> tuple[cost.Work, float] | None:
    """A finished run's work and the seconds that its training took."""
    run = Run(Path(path))
    if (run.result or {}).get("status") != "done":
        return None
    options, windows = RunOptions.read(run.spec["options"]), run.spec["windows"]
    about = work_of(options, (windows["train"], windows["validation"], windows["test"]), run.spec["data"])
    return about, run.summary()["seconds"]["train"]


def machine_speed(model: str) -> tuple[float, bool]:
    """The machine's factor, and whether it is from runs of the same model here."""
    demo = demo_run()
    same = [
        run
        for run in all_runs()
        if run.spec["options"]["model"]["name"] == model and not (demo and run.path == demo.path)
    ]
    ended = [run for run in same if (run.path / "result.json").exists()][:CALIBRATING]
    found = [measured(str(run.path), (run.path / "result.json").stat().st_mtime) for run in ended]
    factor = cost.speed([one for one in found if one])
    return (factor, True) if factor else (cost.glance(), False)


def say_cost(draft: Draft) -> None:
    """Time, memory, visits, and what was decided for the person."""
    options, data = draft.resolved, draft.data
    assert options and data
    about = work_of(options, draft.windows, {"sensors": data.sensors, "channels": data.channels})
    factor, known = machine_speed(options.model["name"])
    time, room = cost.seconds(about, factor), cost.memory(options, about, data.values.size)
    size = len(data.sensors) if options.data.samples == "cells" else 1  # samples in a window
    full = options.train.epochs * draft.windows[0] * size
    visits = full * (options.prune.get("keep") or 1.0)
    basis = "from earlier runs of this model here" if known else "from a quick look at this machine's speed"
    st.markdown(
        f"**About {duration(time)}** and {room / 1e9:.1f} GB of memory",
        help=f"Estimated {basis}, when nothing else is running. {round(visits):,} of {full:,} sample visits, at most; "
        f"steps of {options.train.batch} {options.data.samples}, learning rate {short(options.train.lr)}.",
    )


# ---- starting ------------------------------------------------------------------------------------------------------
def start(source: str, options: dict[str, Any]) -> None:
    """Make the run, start its process and have every view look at it."""
    if run := control.begun(lambda: create(source, options, runs_folder(), answers=answers(source)), "start problem"):
        link("run", run.id)


def clone(run: Run) -> None:
    """Fill the form with a run's settings."""
    spec = run.spec
    options, data = spec["options"], spec["data"]
    st.session_state["new.source"] = str(run.path / "data.nc") if data["source"] == "data.nc" else data["source"]
    kinds: dict[str, registry.Kind] = {"model": "models", "prune": "strategies"}
    for key, kind in kinds.items():
        card = registry.card(kind, options[key]["name"])
        st.session_state[f"new.{key}"] = card.name
        forms.fill(key, card.options.describe(), options[key], {})
    mask = options.get("mask") or {"name": "none"}
    mask_card = registry.card("masks", mask["name"])
    st.session_state["new.mask"] = mask_card.name
    sensors: dict[str, Any] = {"on": data["sensors"], "off": data["sensors"]}
    forms.fill("mask", mask_card.options.describe(), mask, sensors)
    lists = {"targets": data["channels"], "inputs": data["channels"]}
    for key, kind_of in (("train", TrainOptions), ("data", DataOptions)):
        forms.fill(key, kind_of.describe(), options[key], lists)
    forms.fill("run", RunOptions.describe(), {"seed": options["seed"]}, {})
