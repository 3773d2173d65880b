"""Train: a new run on the left, the chosen run on the right, live while it works."""

import streamlit as st

from app.header import header
from app.session import demo_run, state
from app.train import ended, live, new
from stcore.runs import Run
from stcore.runs.folder import LIVE

SMALL = {"train": {"epochs": 12}}  # about 20 seconds on one thread


def page() -> None:
    run = header()
    new.form()
    if run is None:
        small()
        return
    show(run)


def show(run: Run) -> None:
    """One run in whatever state."""
    now, demo = state(run), demo_run()
    with st.container():
        if demo and run.path == demo.path:
            left, right = st.columns([3, 2], vertical_alignment="center")
            left.markdown(
                "This is a **finished demo run** on a simulated city. Start your own in the form on the left, or:"
            )
            with right:
                small()
        ended.message(run, now)
    live.panel(run)
    if now == "done":
        ended.results(run)
    elif now not in LIVE and run.epochs():
        ended.take_along(run)
    live.log(run)


def small() -> None:
    """The button for newcomers."""
    st.button(
        "Train a small one live (about 20 s)",
        type="primary",
        icon=":material/play_arrow:",
        on_click=new.start,
        args=(new.DEMO, SMALL),
        help="ST-Prune keeps half of the sample visits of a small STID on the simulated city, while you watch.",
    )


page()
