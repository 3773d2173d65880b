"""The form of a new distillation: of which data, by which distiller, how small, how long; and how large the set will be."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import streamlit as st

from app import forms
from app.control import show_problem, start_task
from app.labels import card_label, distiller_label, say_node
from app.session import runs_folder, session_answers, set_address
from app.sources import choose_source, open_source
from app.speed import distilling_speed
from app.train.form import fit_models, show_summary
from app.words import plain, sentence
from stcore import registry
from stcore.charts.words import percent
from stcore.data import STData
from stcore.data.checks import sensor_word
from stcore.distil import estimate
from stcore.distil.clusters import windows_and_clusters
from stcore.distil.options import SCHEDULES, DistilOptions, SizeOptions
from stcore.findings import DataError
from stcore.options import DataOptions, OptionError, RunOptions, TrainOptions
from stcore.runs import create_distillation
from stcore.runs.create import resolve_distillation
from stcore.words import duration

SHARES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0)
DEFAULTS = {"time": 0.1, "space": 0.1}
TOP = ("time", "space", "schedule")  # options that stand on top, not under "More options"
SCHEDULE_LABELS = {"preview": "Preview", "paper": "As in the paper"}
# Options of a training that a distillation does not use: a validation has its own.
UNUSED = {"data": ("samples",), "train": ("epochs", "patience", "forecasts")}
TITLES = {
    "distil": "Method",
    "data": "Windows",
    "model": "Surrogate",
    "train": "How a validation trains",
    "run": "Random draws",
}
PROBLEM = "distil problem"


class Draft(NamedTuple):
    """What the form says, with the resolved options and the windows of training and validation, or with the reason why it
    cannot be distilled."""

    options: dict[str, Any]
    data: STData | None = None
    resolved: DistilOptions | None = None
    windows: tuple[int, int] = (0, 0)
    problem: str = ""


def show_distil_form() -> None:
    """The whole form, in the sidebar."""
    with st.sidebar:
        st.subheader("New distillation", anchor=False)
        source = choose_source("new.source", st.query_params.get("data"))
        data, problem = open_source(source)
        draft = choose_options(data, problem)
        if draft.resolved and draft.data:
            show_cost(draft.resolved, draft.data, draft.windows)
        elif draft.problem:
            st.error(plain(draft.problem), icon=":material/block:")
        show_problem(PROBLEM)
        st.button(
            "Start distilling",
            type="primary",
            width="stretch",
            disabled=bool(draft.problem),
            shortcut="Ctrl+Enter",
            on_click=start_distillation,
            args=(source, draft.options),
            key="start distilling",
        )
        st.markdown("It is a process of its own: it goes on when this page is closed.")


def choose_options(data: STData | None, problem: str) -> Draft:
    """The fields of everything that can be chosen, and the distillation that they describe."""
    method = choose_distiller()
    size = {name: choose_share(name, sensor_word(data.ds) if data else "sensor") for name in DEFAULTS}
    size_line = st.container()
    schedule = choose_schedule(method) if "schedule" in method.options.model_fields else None
    surrogate = choose_surrogate(data)
    values = choose_more(method, surrogate, schedule, data)
    options = {name: values[name] for name in ("data", "train")}
    options["model"] = {"name": surrogate.name, **values["model"]}
    options["distil"] = {
        "name": method.name,
        **values["distil"],
        **size,
        **({"schedule": schedule} if schedule else {}),
    }
    options["seed"] = values["run"]["seed"]
    draft = resolve_draft(options, data, problem)
    if draft.data is not None and not draft.problem:
        with size_line:
            show_size(method, draft)
    return draft


def choose_distiller() -> registry.DistillerCard:
    """The list of distillers."""
    cards = registry.cards("distillers")
    st.session_state.setdefault("distil.method", "stemdist")
    name = st.selectbox(
        "Method", list(cards), key="distil.method", format_func=distiller_label, persist_state="session"
    )
    show_summary(cards[name])
    return cards[name]


def choose_share(name: str, node: str) -> float:
    """The slider of a share, with the option's own help. ``node``: sensor or cell."""
    option = next(option for option in SizeOptions.describe() if option["name"] == name)
    key = f"distil.{name}"
    st.session_state.setdefault(key, DEFAULTS[name])
    label = {"time": "In time: windows kept", "space": f"In space: {node}s kept"}[name]
    chosen: Any = st.select_slider(
        label,
        SHARES,
        key=key,
        format_func=lambda share: f"{100 * share:g} %",
        persist_state="session",
        help=say_node(forms.option_help(option), node),
    )
    return float(chosen)


def choose_schedule(method: registry.DistillerCard) -> str:
    """The schedule, preview or paper, with its rounds and steps."""
    st.session_state.setdefault("distil.schedule", "preview")
    chosen = st.segmented_control(
        "Schedule",
        list(SCHEDULE_LABELS),
        key="distil.schedule",
        format_func=SCHEDULE_LABELS.__getitem__,
        required=True,
        persist_state="session",
    )
    plan = SCHEDULES[str(chosen)]
    has_teacher = method.decide(method.options.read({"schedule": chosen})).targets == "teacher"
    st.markdown(
        f":small[{plan['rounds']} rounds of {plan['steps']} steps, a validation every {plan['check']} rounds.]"
        + (" :small[A teacher, a model trained on all data first, gives the windows' targets.]" if has_teacher else "")
        + ("" if chosen == "preview" else " :small[It takes about twenty times as long as the preview.]")
    )
    return str(chosen)


def choose_surrogate(data: STData | None) -> registry.ModelCard:
    """The list of models that run on sensors that they have never seen."""
    fit = fit_surrogates(data)
    if st.session_state.get("distil.model") not in fit:
        st.session_state["distil.model"] = "stid" if "stid" in fit else next(iter(fit))
    name = st.selectbox(
        "Surrogate",
        list(fit),
        key="distil.model",
        format_func=card_label,
        persist_state="session",
        help="The model whose gradients are matched and that validations train. It trains on clusters and then forecasts "
        "sensors, so it has to run on sensors that it has never seen.",
    )
    return fit[name]


def fit_surrogates(data: STData | None) -> dict[str, registry.ModelCard]:
    """The models that can be trained on a small set of the data, by name."""
    return {name: card for name, card in fit_models(data).items() if card.unseen is not None}


def choose_more(
    method: registry.DistillerCard, surrogate: registry.ModelCard, schedule: str | None, data: STData | None
) -> dict[str, dict[str, Any]]:
    """The fields under "More options", by section."""
    described = {
        "distil": [option for option in method.options.describe() if option["name"] not in TOP],
        "data": [option for option in DataOptions.describe() if option["name"] not in UNUSED["data"]],
        "model": [option for option in surrogate.options.describe() if option["name"] not in (surrogate.unseen or {})],
        "train": [option for option in TrainOptions.describe() if option["name"] not in UNUSED["train"]],
        "run": [option for option in RunOptions.describe() if option["name"] == "seed"],
    }
    channels = data.channels if data else []
    lists = {"targets": channels, "inputs": channels}
    planned = (SCHEDULES[schedule] if schedule else {"trained": 1, "epochs": 5}) | {"teacher": "2 to 15"}
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
            stands_in = planned if name == "distil" else automatic
            values[name] = forms.fields(f"distil {name}", section, stands_in, lists)
    return values


def resolve_draft(options: dict[str, Any], data: STData | None, problem: str) -> Draft:
    """The options resolved on the data, or the reason why that is not possible."""
    if data is None:
        return Draft(options, problem=problem)
    try:
        resolved, parts = resolve_distillation(data, options)
        return Draft(options, data, resolved, (len(parts.train), len(parts.validation)))
    except (OptionError, DataError) as error:
        return Draft(options, data, problem=sentence(str(error)))


def show_size(method: registry.DistillerCard, draft: Draft) -> None:
    """How large the set will be."""
    assert draft.data
    choice = {name: value for name, value in draft.options["distil"].items() if name != "name" and value is not None}
    size, sensors = method.options.read(choice), len(draft.data.sensors)
    assert isinstance(size, SizeOptions)
    whole = draft.windows[0]
    windows, clusters, notes = windows_and_clusters(whole, sensors, size, method.fewest(size))
    one = sensor_word(draft.data.ds)
    of = "clusters" if choice.get("sensors", "clusters") == "clusters" else f"{one}s"
    st.markdown(
        f"**{windows:,} windows × {clusters:,} {of}**: {percent(windows * clusters / (whole * sensors))} of the whole",
        help=f"Of {whole:,} training windows and {sensors:,} {one}s.",
    )
    for note in notes:
        st.markdown(f":small[{plain(sentence(say_node(note, one)))}]")


def show_cost(options: DistilOptions, data: STData, windows: tuple[int, int]) -> None:
    """The estimated time, with its basis; ``windows`` are those of training and validation."""
    factor, basis = distilling_speed(options.model["name"])
    targets = len(options.data.targets or [""])
    shape = estimate.Shape(*windows, len(data.sensors), len(options.data.inputs or data.channels), targets)
    seconds = estimate.seconds(estimate.expected_seconds(options, shape), factor)
    st.markdown(
        f"**About {duration(seconds)}**",
        help=f"Estimated {basis}, when nothing else is running: distilling and its validations together. While it works, it "
        "shows the time left and can be paused.",
    )


def start_distillation(source: str, options: dict[str, Any]) -> None:
    """Make the distillation, start its process and show it. For callbacks."""
    if run := start_task(
        lambda: create_distillation(source, options, runs_folder(), answers=session_answers(source)), PROBLEM
    ):
        set_address("distillation", run.id)
