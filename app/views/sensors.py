"""Sensors: which are hard to forecast and which matter, on the map and through the epochs of a run."""

import streamlit as st

from app.header import header
from app.sensors import panel
from app.sensors.controls import PLAY_SECONDS
from app.session import state
from app.words import plain
from stcore.runs import Run, RunError
from stcore.runs.folder import LIVE


def page() -> None:
    run = header()
    if run is None:
        return
    playing = st.session_state.get("playing", False)
    pace = PLAY_SECONDS if playing else panel.LIVE_SECONDS if state(run) in LIVE else None
    st.fragment(run_every=pace)(show)(run)


def show(run: Run) -> None:
    """The panel; a fragment's errors do not reach the page, so a damaged run is told here."""
    try:
        panel.show(run)
    except RunError as error:
        st.error(plain(str(error)))


page()
