"""Ready-made experiments, and one like a given run: values for the form's fields."""

from typing import Any

import streamlit as st

from app import forms
from stcore import registry
from stcore.options import DataOptions, TrainOptions
from stcore.runs import Run

Values = dict[str, Any]  # the key of a field to its value
PRESETS: dict[str, tuple[str, str, Values]] = {  # label, hint, values
    "small": (
        "Small (demo city, minutes)",
        "One method with two seeds and three epochs: to see how it works. Far too little to tell anything.",
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
    """Have the form show these values. For callbacks."""
    st.session_state.update(values)


def fill_run(run: Run) -> None:
    """Have the form show a run's data, method, model and training. For callbacks."""
    spec = run.spec
    options, source = spec["options"], spec["data"]["source"]
    prune = options["prune"]
    st.session_state["experiment.data"] = str(run.path / source) if source == "data.nc" else source
    if prune["name"] not in ("full", "random"):
        st.session_state["experiment.methods"] = [prune["name"]]
    st.session_state["experiment.keep"] = f"{prune.get('keep') or 0.5:g}"
    st.session_state["experiment.samples"] = run.sample_name
    st.session_state["experiment.model"] = model = options["model"]["name"]
    forms.fill(f"experiment {model}", registry.card("models", model).options.describe(), options["model"], {})
    forms.fill("experiment train", TrainOptions.describe(), options["train"], {})
    kinds = [option for option in DataOptions.describe() if option["name"] != "samples"]
    forms.fill("experiment data", kinds, options["data"], {})
