"""Sensors: which are hard to forecast and which matter, on the map and through the epochs of a run."""

import streamlit as st

from app.header import show_header
from app.sensors import panel
from app.sensors.controls import PLAY_SECONDS
from app.sensors.plan import panel as plan
from app.session import address_value, run_state, set_address
from app.words import plain
from stcore.runs import Run, RunError
from stcore.runs.folder import LIVE

SEE, PLAN = "see", "plan"
SECTIONS = {SEE: "What matters", PLAN: "Plan"}


def show_sensors_view() -> None:
    run = show_header()
    if run is None:
        return
    if choose_section() == PLAN:
        plan.show_plan(run)
        return
    playing = st.session_state.get("playing", False)
    pace = PLAY_SECONDS if playing else panel.LIVE_SECONDS if run_state(run) in LIVE else None
    st.fragment(run_every=pace)(show_what_matters)(run)


def choose_section() -> str:
    """Which part of the view is shown; the address remembers it."""
    told = address_value("section")
    st.session_state["section"] = told if told in SECTIONS else SEE
    st.segmented_control(
        "Section",
        list(SECTIONS),
        key="section",
        format_func=SECTIONS.__getitem__,
        label_visibility="collapsed",
        on_change=lambda: set_address("section", PLAN if st.session_state["section"] == PLAN else None),
        required=True,
    )
    return str(st.session_state["section"] or SEE)


def show_what_matters(run: Run) -> None:
    """The panel; a fragment's errors do not reach the page, so a damaged run is told here."""
    try:
        panel.show_panel(run)
    except RunError as error:
        st.error(plain(str(error)))


show_sensors_view()
