"""The form of a new experiment: methods, seeds and training; it shows the number of runs and the time before the start."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import streamlit as st

from app import forms
from app.labels import card_label
from app.session import runs_folder, session_answers, set_address
from app.sources import choose_source, open_source
from app.speed import training_speed
from app.train.form import choose_model
from app.words import plain, sentence
from stcore import registry
from stcore.data import STData
from stcore.evidence.experiment import ExperimentOptions, create_experiment, experiments_in
from stcore.evidence.experiment.options import TuneOptions
from stcore.evidence.experiment.plan import Plan, plan, work_by_arm
from stcore.findings import DataError
from stcore.options import DataOptions, OptionError, TrainOptions
from stcore.processes import worker
from stcore.runs import Run, RunError
from stcore.runs.queue import slots
from stcore.training import cost
from stcore.words import duration

MAIN, SEARCHED = ("keep", "seeds", "samples"), ("batch", "lr")  # the second are left to a search, if there is one
AUTOMATIC = {"rates": "follow the batch", "decays": "that of all runs"}
CONTROLS = ("full", "random")  # every experiment trains them


class Draft(NamedTuple):
    """What the form says: the experiment's options, or the reason why it is not possible."""

    options: ExperimentOptions | None
    data: STData | None
    problem: str = ""


def plan_experiment_like(run: Run) -> None:
    """Show the form filled with a run's settings. For callbacks."""
    fill_run(run)
    set_address("part", "worth")
    st.session_state["new experiment"] = True


def show_experiment_form(run: Run | None, opened: bool) -> None:
    """The form, folded away unless ``opened``; a button fills it with the settings of ``run``."""
    st.session_state.setdefault("new experiment", opened)
    st.toggle("New experiment", key="new experiment")
    if not st.session_state["new experiment"]:
        return
    with st.container(border=True, key="experiment-form"):
        show_presets(run)
        draft = choose_experiment()
        if draft.options and draft.data:
            show_size(draft.options, draft.data)
        elif draft.problem:
            st.error(plain(draft.problem), icon=":material/block:")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                "Start experiment",
                type="primary",
                disabled=draft.options is None,
                key="start experiment",
                on_click=start_experiment,
                args=(draft.options,),
            )
            st.markdown("Its runs are processes of their own: they go on when this page is closed.")


def show_presets(run: Run | None) -> None:
    """Buttons that fill the form."""
    with st.container(horizontal=True):
        for name, (label, hint, values) in PRESETS.items():
            st.button(label, help=hint, key=f"preset {name}", on_click=fill_preset, args=(values,))
        if run and run.spec.options.prune["name"] not in CONTROLS:
            hint = "Method, model, data and training as in the run above."
            st.button("Like the run above", help=hint, key="preset run", on_click=fill_run, args=(run,))


def choose_experiment() -> Draft:
    """All fields, and the experiment that they describe."""
    described = {option["name"]: option for option in ExperimentOptions.describe()}
    cards = registry.cards("strategies")
    offered = [name for name, card in cards.items() if name not in CONTROLS and "keep" in card.options.model_fields]
    st.session_state.setdefault("experiment.methods", ["st-prune"])
    first, second = st.columns([2, 3], gap="medium")
    with first:
        known = "experiment.data" in st.session_state
        source = choose_source("experiment.data", None if known else st.query_params.get("data"))
        name = st.text_input(
            "Name",
            key="experiment.name",
            placeholder=free_name(),
            help=described["name"]["help"],
            persist_state="session",
        )
    with second:
        methods = st.multiselect(
            "Methods",
            offered,
            key="experiment.methods",
            format_func=card_label,
            persist_state="session",
            help="Each is trained at every budget with every seed, beside full training and random pruning.",
        )
        columns = st.columns(len(MAIN))
        values: dict[str, Any] = {}
        for column, option in zip(columns, MAIN, strict=True):
            with column:
                values[option] = forms.field("experiment", described[option], {}, {})
    values |= {"name": name.strip() or free_name(), "methods": methods, "data": source}
    values["options"], values["tune"] = choose_training(source)
    values["controls"] = choose_controls(described["controls"])
    return read_draft(source, values)


def free_name() -> str:
    """The first name experiment-N that is free."""
    taken = {one.name for one in experiments_in(runs_folder())}
    return next(name for number in range(1, len(taken) + 2) if (name := f"experiment-{number}") not in taken)


def choose_training(source: str) -> tuple[dict[str, Any], Any]:
    """The options of all runs, and those of the search (False without one)."""
    train = {option["name"]: option for option in TrainOptions.describe()}
    st.session_state.setdefault("experiment.model", "stid")
    columns = st.columns([2, 1, 2], vertical_alignment="bottom")
    with columns[0]:
        model = choose_model("experiment.model", open_source(source)[0])
    with columns[1]:
        epochs = forms.field("experiment train", train["epochs"], {}, {})
    with columns[2]:
        hint = (
            "The same grid for every method and control, so that none has an advantage. The validation windows decide."
        )
        st.session_state.setdefault("experiment.tune", True)
        searched = st.checkbox(
            "Search batch and learning rate", key="experiment.tune", help=hint, persist_state="session"
        )
    with st.expander("More options"):
        tune: Any = False
        if searched:
            st.markdown("**The search**")
            found = forms.fields("experiment tune", TuneOptions.describe(), AUTOMATIC, {})
            tune = {name: value if name == "seed" else split_list(value) for name, value in found.items()}
        st.markdown("**Training**")
        fixed = ("epochs", "threads", "device", *(SEARCHED if searched else ()))
        described = [option for name, option in train.items() if name not in fixed]
        trained = forms.fields(
            "experiment train", described, {"milestones": "a cosine to zero", "patience": "never"}, {}
        )
        st.markdown("**Windows**")
        kinds = [option for option in DataOptions.describe() if option["name"] != "samples"]
        data = forms.fields("experiment data", kinds, {"targets": "the first channel", "inputs": "all"}, {})
        st.markdown("**Model**")
        options = forms.fields(f"experiment {model}", registry.card("models", model).options.describe(), {}, {})
    return {"train": {**trained, "epochs": epochs}, "data": data, "model": {"name": model, **options}}, tune


def choose_controls(controls: Mapping[str, Any]) -> bool:
    """Whether to train one run at a time; gives whether controls are trained too."""
    with st.container(horizontal=True):
        st.checkbox(
            "One run at a time",
            key="experiment.in turn",
            persist_state="session",
            help="Slower on a machine that trains several runs at once, but the times of methods can then be compared.",
        )
        return bool(forms.field("experiment", controls, {}, {}))


def split_list(value: Any) -> Any:
    """The parts of a text with commas; anything else as it is."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def parse_seeds(value: Any) -> Any:
    """The seeds; a single number is how many, as in an experiment's file."""
    parts = split_list(value) or []
    return int(parts[0]) if len(parts) == 1 and parts[0].isdigit() else parts


def read_draft(source: str, values: dict[str, Any]) -> Draft:
    """The experiment's options, or the reason why it is not possible."""
    data, problem = open_source(source)
    if data is None:
        return Draft(None, None, problem)
    if not values["methods"]:
        return Draft(None, data, "Choose at least one method.")
    values = {
        **values,
        "keep": split_list(values["keep"]),
        "seeds": parse_seeds(values["seeds"]),
        "answers": session_answers(source),
    }
    try:
        options = ExperimentOptions.read(values)
        plan_size(options.model_dump_json(), data)
    except (OptionError, DataError) as error:
        return Draft(None, data, sentence(str(error)))
    return Draft(options, data)


# ---- runs and time ------------------------------------------------------------------------------------------------
def plan_size(options: str, data: STData) -> tuple[Plan, dict[str, cost.Work]]:
    """The plan and the work of each arm. OptionError for an arm that cannot be trained."""
    return _plan_size(options, data.fingerprint, data)


@st.cache_data(show_spinner=False, max_entries=32)
def _plan_size(options: str, fingerprint: str, _data: STData) -> tuple[Plan, dict[str, cost.Work]]:
    asked = ExperimentOptions.read(json.loads(options))
    planned = plan(asked, str(asked.name), len(_data.sensors))
    return planned, {key: work for key, (_, work) in work_by_arm(planned, _data).items()}


def show_size(options: ExperimentOptions, data: STData) -> None:
    """The number of runs and the estimated time of all."""
    planned, works = plan_size(options.model_dump_json(), data)
    factor, basis = training_speed(str(options.options.get("model", {}).get("name", "stid")))
    side_by_side = 1 if st.session_state.get("experiment.in turn") else slots()
    whole = sum(cost.seconds(works[run.key], factor) for run in planned.runs) / side_by_side
    trials = sum(run.trial is not None for run in planned.runs)
    arms = len({arm.key for arm in planned.arms})
    search = f" and {trials} of the search" if trials else ""
    names = ", ".join(dict.fromkeys(arm.key for arm in planned.arms))
    st.markdown(
        f"**{len(planned.runs)} runs, about {duration(whole)}**: {arms} arms with {len(options.seeds)} "
        f"{'seed' if len(options.seeds) == 1 else 'seeds'} each{search}, {side_by_side} at a time.",
        help=f"Estimated {basis}, when nothing else is running. Arms: {plain(names)}.",
    )


def start_experiment(options: ExperimentOptions) -> None:
    """Make the experiment, start its process and show it. For callbacks."""
    try:
        made = create_experiment(options, runs_folder())
        worker.start_experiment(made.name, runs_folder(), bool(st.session_state.get("experiment.in turn")))
    except (DataError, OptionError, RunError) as error:
        st.session_state["experiment problem"] = sentence(str(error))
    except OSError as error:
        st.session_state["experiment problem"] = f"The experiment could not be written: {error.strerror or error}."
    else:
        set_address("experiment", made.name)
        st.session_state["new experiment"] = False
        st.session_state["experiment.name"] = ""


Values = dict[str, Any]  # the values of fields by their keys
PRESETS: dict[str, tuple[str, str, Values]] = {  # label, hint, values
    "small": (
        "Small (demo city, minutes)",
        "One method with two seeds and three epochs, to see how it works. Far too little for an answer.",
        {
            "experiment.data": "demo",
            "experiment.methods": ["st-prune"],
            "experiment.keep": "0.5",
            "experiment.seeds": "2",
            "experiment.tune": False,
            "experiment train.epochs": 3,
        },
    ),
    "answer": (
        "An answer (demo city, about an hour)",
        "Two methods with five seeds, and the same search for all of them.",
        {
            "experiment.data": "demo",
            "experiment.methods": ["st-prune", "infobatch"],
            "experiment.keep": "0.5",
            "experiment.seeds": "5",
            "experiment.tune": True,
            "experiment train.epochs": 15,
        },
    ),
}


def fill_preset(values: Values) -> None:
    """Fill the form with these values. For callbacks."""
    st.session_state.update(values)


def fill_run(run: Run) -> None:
    """Fill the form with a run's data, method, model and training. For callbacks."""
    options, source = run.spec.options_json, run.spec.data.source
    prune = options["prune"]
    st.session_state["experiment.data"] = str(run.path / source) if source == "data.nc" else source
    if prune["name"] not in CONTROLS:
        st.session_state["experiment.methods"] = [prune["name"]]
    st.session_state["experiment.keep"] = f"{prune.get('keep') or 0.5:g}"
    st.session_state["experiment.samples"] = run.sample_name
    st.session_state["experiment.model"] = model = options["model"]["name"]
    forms.fill(f"experiment {model}", registry.card("models", model).options.describe(), options["model"], {})
    forms.fill("experiment train", TrainOptions.describe(), options["train"], {})
    kinds = [option for option in DataOptions.describe() if option["name"] != "samples"]
    forms.fill("experiment data", kinds, options["data"], {})
