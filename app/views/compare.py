"""Compare: runs side by side, and experiments that answer whether pruning was worth it."""

import streamlit as st

from app.compare import side
from app.experiment import worth
from app.header import header
from app.session import link, linked

PARTS = {"runs": "Runs side by side", "worth": "Was it worth it?"}


def page() -> None:
    chosen = header()
    if part() == "worth":
        worth.page(chosen)
    else:
        side.page(chosen)


def part() -> str:
    """Which part is shown; in the address as ``?part=``, and an address that names an experiment means its report."""
    asked = linked("part") or ("worth" if linked("experiment") else "runs")
    st.session_state["compare part"] = asked if asked in PARTS else "runs"
    st.segmented_control(
        "Part",
        list(PARTS),
        format_func=PARTS.__getitem__,
        key="compare part",
        required=True,
        on_change=lambda: link("part", st.session_state["compare part"]),
        label_visibility="collapsed",
    )
    return str(st.session_state["compare part"])


page()
