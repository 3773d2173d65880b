"""The form of a new run: what to train on, with which model, strategy and mask, how long; and what that will cost."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import streamlit as st

from app import forms
from app.control import data_source, show_problem, start_task
from app.labels import card_label
from app.session import runs_folder, session_answers, set_address
from app.sources import choose_source, open_source
from app.speed import training_speed, training_work
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

# The option of each section that stands on top, not under "More options".
MAIN = {"prune": "keep", "mask": "sparsity", "train": "epochs", "data": "samples"}
TITLES = {
    "data": "Windows",
    "train": "Training",
    "model": "Model",
    "prune": "Pruning",
    "mask": "Mask over sensors",
    "run": "Random draws",
}
PROBLEM, UNMASKED = "start problem", "new.no mask"
Described = list[dict[str, Any]]


class Draft(NamedTuple):
    """What the form says, with the resolved options and windows, or with the reason why it cannot be trained."""

    source: str
    options: dict[str, Any]
    data: STData | None = None
    resolved: RunOptions | None = None
    windows: tuple[int, int, int] = (0, 0, 0)
    problem: str = ""


def show_run_form() -> None:
    """The whole form, in the sidebar."""
    with st.sidebar:
        st.subheader("New run", anchor=False)
        source = choose_source("new.source", st.query_params.get("data"))
        data, problem = open_source(source)
        draft = choose_options(source, data, problem)
        if draft.resolved and draft.data:
            show_cost(draft.resolved, draft.data, draft.windows)
        elif draft.problem:
            st.error(plain(draft.problem), icon=":material/block:")
        show_problem(PROBLEM)
        st.button(
            "Start training",
            type="primary",
            width="stretch",
            disabled=draft.resolved is None,
            shortcut="Ctrl+Enter",
            on_click=start_run,
            args=(source, draft.options),
            key="start",
        )
        st.markdown("The run is a process of its own: it goes on when this page is closed.")


def choose_options(source: str, data: STData | None, problem: str) -> Draft:
    """The fields of everything that can be chosen, and the run that they describe."""
    sections = choose_cards(data)
    automatic = st.session_state.get("automatic", {})
    channels, sensors = (data.channels, data.sensors) if data else ([], [])
    lists: dict[str, list[str]] = {"targets": channels, "inputs": channels, "on": sensors, "off": sensors}
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
    return resolve_draft(source, options, data, problem)


def resolve_draft(source: str, options: dict[str, Any], data: STData | None, problem: str) -> Draft:
    """The options resolved on the data, or the reason why that is not possible."""
    if data is None:
        return Draft(source, options, problem=problem)
    try:
        resolved, parts = resolve(data, RunOptions.read(options))
    except (OptionError, DataError) as error:
        return Draft(source, options, data, problem=sentence(str(error)))
    train = resolved.train
    automatic = {
        "batch": train.batch,
        "lr": train.lr,
        "threads": train.threads,
        "weight_decay": train.weight_decay,
        "milestones": "a cosine to zero",
        "patience": "never",
        "targets": data.channels[0],
        "inputs": "all",
    }
    if st.session_state.get("automatic") != automatic:
        st.session_state["automatic"] = automatic
    return Draft(source, options, data, resolved, (len(parts.train), len(parts.validation), len(parts.test)))


# ---- model, strategy, mask -----------------------------------------------------------------------------------------
def choose_cards(data: STData | None) -> dict[str, Described]:
    """The lists of models, strategies and masks; gives the options of each section that follow, in order of drawing."""
    model = registry.card("models", choose_model("new.model", data))
    show_summary(model)
    if unfit := unfit_models(data):
        names = plain(", ".join(card.label for card in unfit))
        st.markdown(f":small[Not offered: {names}, since these sensors are no cells of a grid.]")
    st.session_state.setdefault("new.prune", "st-prune")
    strategies = registry.cards("strategies")
    strategy = st.selectbox(
        "Pruning", list(strategies), key="new.prune", format_func=card_label, persist_state="session"
    )
    show_summary(strategies[strategy])
    choose_mask(model)
    described = {
        "prune": strategies[strategy].options.describe(),
        "mask": registry.card("masks", chosen_mask()).options.describe(),
        "train": TrainOptions.describe(),
        "data": DataOptions.describe(),
        "model": model.options.describe(),
        "run": [option for option in RunOptions.describe() if option["name"] == "seed"],
    }
    return {name: usable_options(name, section, model, data) for name, section in described.items()}


def show_summary(card: registry.Card) -> None:
    """What a chosen model, strategy, mask or distiller is, and its source."""
    st.markdown(f":small[{plain(card.summary)}]", help=f"{plain(card.source)}.")


def fit_models(data: STData | None) -> dict[str, registry.ModelCard]:
    """The models that can be trained on the data, by name; all of them while the data are not known."""
    known = {name: card for name, card in registry.cards("models").items() if card.trains}
    return known if data is None or "grid" in data.ds.attrs else {n: c for n, c in known.items() if not c.needs_grid}


def unfit_models(data: STData | None) -> list[registry.ModelCard]:
    """The models that cannot be trained on the data because they need a grid."""
    fit = fit_models(data)
    return [card for name, card in registry.cards("models").items() if card.trains and name not in fit]


def choose_model(key: str, data: STData | None) -> str:
    """The list of models under ``key``; a model that no longer fits the data becomes STID."""
    fit = fit_models(data)
    if st.session_state.get(key) not in fit:
        st.session_state[key] = "stid"
    return str(st.selectbox("Model", list(fit), key=key, format_func=card_label, persist_state="session"))


def choose_mask(model: registry.ModelCard) -> None:
    """The list of masks; none for models that forecast each sensor from itself alone."""
    if not model.mixes_sensors:
        mixing = ", ".join(card.label for card in registry.cards("models").values() if card.mixes_sensors)
        st.session_state[UNMASKED] = "none"
        st.selectbox("Mask over sensors", ["none"], key=UNMASKED, disabled=True)
        st.markdown(
            f":small[{plain(model.label)} forecasts each sensor from its own readings alone, so every sensor has to stay on. "
            f"These models can do without some: {plain(mixing)}.]"
        )
        return
    masks = registry.cards("masks")
    st.session_state.setdefault("new.mask", "none")
    name = st.selectbox(
        "Mask over sensors", list(masks), key="new.mask", format_func=card_label, persist_state="session"
    )
    show_summary(masks[name])


def chosen_mask() -> str:
    """The name of the chosen mask; none where the model allows none."""
    mixes = registry.card("models", st.session_state["new.model"]).mixes_sensors
    return str(st.session_state.get("new.mask", "none")) if mixes else "none"


def usable_options(
    section: str, described: Sequence[dict[str, Any]], model: registry.ModelCard, data: STData | None
) -> Described:
    """The options of a section that have an effect: regions on grids only, connected parts where there is a graph, cells
    as samples for models that do not mix sensors."""
    idle = {"samples"} if section == "data" and model.mixes_sensors else set()
    if section == "mask" and data is not None:
        idle |= {"region"} if "grid" not in data.ds.attrs else set()
        idle |= {"connected"} if data.edges is None or not len(data.edges[0]) else set()
    return [option for option in described if option["name"] not in idle]


# ---- cost and start ------------------------------------------------------------------------------------------------
def show_cost(options: RunOptions, data: STData, windows: tuple[int, int, int]) -> None:
    """The estimated time and memory, with the visits and what was chosen automatically."""
    work = training_work(options, windows, len(data.sensors), len(data.channels))
    factor, basis = training_speed(options.model["name"])
    seconds, memory = cost.seconds(work, factor), cost.memory(options, work, data.values.size)
    samples = windows[0] * (len(data.sensors) if options.data.samples == "cells" else 1)
    full = options.train.epochs * samples
    visits = full * (options.prune.get("keep") or 1.0)
    st.markdown(
        f"**About {duration(seconds)}** and {memory / 1e9:.1f} GB of memory",
        help=f"Estimated {basis}, when nothing else is running. {round(visits):,} of {full:,} sample visits, at most; "
        f"steps of {options.train.batch} {options.data.samples}, learning rate {short(options.train.lr)}.",
    )


def start_run(source: str, options: dict[str, Any]) -> None:
    """Make the run, start its process and have every view show it. For callbacks."""
    if run := start_task(lambda: create(source, options, runs_folder(), answers=session_answers(source)), PROBLEM):
        set_address("run", run.id)


def fill_form(run: Run) -> None:
    """Have the form show a run's settings. For callbacks."""
    options, data = run.spec.options_json, run.spec.data
    st.session_state["new.source"] = data_source(run)
    kinds: dict[str, registry.Kind] = {"model": "models", "prune": "strategies"}
    for key, kind in kinds.items():
        card = registry.card(kind, options[key]["name"])
        st.session_state[f"new.{key}"] = card.name
        forms.fill(key, card.options.describe(), options[key], {})
    mask = options["mask"]
    mask_card = registry.card("masks", mask["name"])
    st.session_state["new.mask"] = mask_card.name
    sensors: dict[str, Any] = {"on": data.sensors, "off": data.sensors}
    forms.fill("mask", mask_card.options.describe(), mask, sensors)
    lists = {"targets": data.channels, "inputs": data.channels}
    for key, kind_of in (("train", TrainOptions), ("data", DataOptions)):
        forms.fill(key, kind_of.describe(), options[key], lists)
    forms.fill("run", RunOptions.describe(), {"seed": options["seed"]}, {})
