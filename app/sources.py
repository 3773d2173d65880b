"""The dataset of a form: chosen from the demo city, the data of earlier runs or a path, and opened."""

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from app.session import all_runs, open_dataset, session_answers
from stcore.data import STData
from stcore.findings import DataError

DEMO = "demo"


def choose_source(key: str, address: str | None) -> str:
    """The list of datasets under ``key``; gives a path or ``demo``. ``address``: the dataset that the address names, taken
    whenever it is a new one."""
    runs = [run for run in all_runs() if run.spec.data.source != "data.nc"]
    titles = {DEMO: ""} | {run.spec.data.source: run.spec.data.title for run in runs}
    titles[DEMO] = "Demo: Ringstadt (simulated city)"
    seen = f"{key} in address"
    if address and address != st.session_state.get(seen):
        st.session_state[seen] = st.session_state[key] = address
    st.session_state.setdefault(key, DEMO)
    chosen = st.selectbox(
        "Dataset",
        list(dict.fromkeys([*titles, st.session_state[key] or DEMO])),
        key=key,
        accept_new_options=True,
        persist_state="session",
        format_func=lambda source: source_label(source, titles),
        help="The demo city, data of earlier runs, or a path that you type. The Data view shows what is in it.",
    )
    return str(chosen or DEMO).strip()


def source_label(source: str, titles: Mapping[str, str]) -> str:
    """A dataset as people know it: the demo city, or its title and file name."""
    if source not in titles:
        return source
    return titles[source] if source == DEMO else f"{titles[source]} · {Path(source).name}"


def open_source(source: str) -> tuple[STData | None, str]:
    """The dataset, or None and why it cannot be opened."""
    try:
        with st.spinner("Opening the data …"):
            return open_dataset(source, session_answers(source)), ""
    except DataError as error:
        return None, str(error)
