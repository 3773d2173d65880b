"""Sensors: which are hard to forecast and which matter, on the map and through the epochs of a run."""

import streamlit as st

from app.header import header
from app.sensors import panel
from app.session import state
from stcore.runs.folder import LIVE


def page() -> None:
    run = header()
    if run is None:
        return
    playing = st.session_state.get("playing", False)
    pace = panel.PLAY_SECONDS if playing else panel.LIVE_SECONDS if state(run) in LIVE else None
    st.fragment(run_every=pace)(panel.show)(run)


page()
