"""Compare: runs side by side, experiments that answer whether pruning was worth it, and the list of all runs."""

import streamlit as st

from app.compare import all_runs, side
from app.experiment import worth
from app.header import header
from app.session import link, linked

PARTS = {"runs": "Runs side by side", "worth": "Was it worth it?", "all": "All runs"}


def page() -> None:
    part = asked()
    run = header("run" if part == "runs" else "data")  # an experiment steers its runs itself
    st.session_state["compare part"] = part
    st.segmented_control(
        "Part",
        list(PARTS),
        format_func=PARTS.__getitem__,
        key="compare part",
        required=True,
        on_change=lambda: link("part", st.session_state["compare part"]),
        label_visibility="collapsed",
    )
    if part == "worth":
        worth.page(run)
    elif part == "all":
        all_runs.page()
    else:
        side.page(run)


def asked() -> str:
    """The part in the address, as ``?part=``; an address that names an experiment means its report."""
    part = linked("part") or ("worth" if linked("experiment") else "runs")
    return part if part in PARTS else "runs"


page()
