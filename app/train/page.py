"""Train: the form of a new run on the left, the chosen run on the right, live while it works."""

import streamlit as st

from app.header import show_header
from app.live import show_live, show_log, show_state
from app.session import demo_run, run_state
from app.sources import DEMO
from app.train.form import show_run_form, start_run
from app.train.live import show_training
from app.train.result import settings_button, show_downloads, show_results
from stcore.runs import Run
from stcore.runs.folder import LIVE

SMALL = {"train": {"epochs": 12}}  # about 20 seconds on one thread


def show_train_view() -> None:
    run = show_header()
    show_run_form()
    if run is None:
        show_small_run_button()
    else:
        show_run(run)


def show_run(run: Run) -> None:
    """One run in whatever state."""
    now, demo = run_state(run), demo_run()
    with st.container():
        if demo and run.path == demo.path:
            left, right = st.columns([3, 2], vertical_alignment="center")
            left.markdown(
                "This is a **finished demo run** on a simulated city. Start your own in the form on the left, or:"
            )
            with right:
                show_small_run_button()
        show_state(run, now, run.passes, lambda: settings_button(run))
    show_live(show_training, run)
    if now == "done":
        show_results(run)
    elif now not in LIVE and run.epochs():
        show_downloads(run)
    show_log(run)


def show_small_run_button() -> None:
    """The button for newcomers."""
    st.button(
        "Train a small one live (about 20 s)",
        type="primary",
        icon=":material/play_arrow:",
        on_click=start_run,
        args=(DEMO, SMALL),
        help="ST-Prune keeps half of the sample visits of a small STID on the simulated city, while you watch.",
    )


show_train_view()
