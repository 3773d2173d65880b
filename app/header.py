"""The line on top of every view: the list of runs, the state of the chosen one, and its buttons."""

from collections.abc import Sequence
from typing import Literal

import streamlit as st

from app.control import show_controls
from app.labels import run_label, run_labels
from app.session import address_value, distillations, listed_runs, run_state, runs_folder, set_address
from app.words import plain
from stcore.runs import Run, damaged_in
from stcore.runs.folder import LIVE

POLL, SLOW_POLL = 1.0, 3.0  # seconds between two looks at a run that works, and at one that could be resumed elsewhere
What = Literal["run", "distillation"]


def show_header(what: What = "run") -> Run | None:
    """Draw the list of runs or distillations and give the chosen one: the address's, else one that works, the demo run,
    the newest.

    None where there is none at all, or where the address names one that is not here; the page then says so.
    """
    asked = address_value(what)
    runs = listed_runs(asked) if what == "run" else distillations(asked)
    run = next((run for run in runs if run.id == asked), None)
    if asked is None and runs:
        working = (run for run in runs if run_state(run) in LIVE)
        run = next(working, next((run for run in runs if run.id == "demo-run"), runs[0]))
    if runs:
        with st.container(horizontal=True, vertical_alignment="center", key=f"{what}-header"):
            show_run_list(what, runs, run)
            if run:
                show_state_strip(run)
    if not runs and what == "run":
        st.info("There is no run on this machine yet. Start one in the Train view.", icon=":material/info:")
    elif asked and run is None:
        damaged = next((message for message in damaged_in(runs_folder()) if repr(asked) in message), None)
        message = damaged or f"{what.capitalize()} {asked[:80]} is not on this machine."
        choose = " Choose another one above." if runs else ""
        st.warning(f"{plain(message)}{choose}", icon=":material/link_off:")
    return run


def show_working_run() -> Run | None:
    """Draw the buttons of the run in the address while it works, without a list; give that run."""
    asked = address_value("run")
    run = next((run for run in listed_runs(asked) if run.id == asked), None)
    if run and run_state(run) in LIVE:
        with st.container(horizontal=True, vertical_alignment="center", key="run-header"):
            st.markdown(plain(run_label(run)), width="stretch")  # a long label takes two lines, not the buttons' room
            show_state_strip(run)
    return run


def show_run_list(what: What, runs: Sequence[Run], run: Run | None) -> None:
    """The list of runs or distillations; a choice goes into the address."""
    labels, key = run_labels(runs), f"{what} list"
    st.session_state[key] = run.id if run else None
    st.selectbox(
        what.capitalize(),
        list(labels),
        key=key,
        format_func=lambda name: labels.get(name, name),
        on_change=lambda: set_address(what, st.session_state[key]),
        index=0 if run else None,
        placeholder=f"Choose a {what}",
        width="stretch",
        label_visibility="collapsed",
    )


def show_state_strip(run: Run) -> None:
    """Badge, progress and buttons; they are drawn again by themselves while the run may change."""
    now = run_state(run)
    st.session_state[f"drawn {run.kind}"] = (run.id, now)
    every = POLL if now in LIVE else SLOW_POLL if now != "done" else None
    st.fragment(_show_state_strip, run_every=every)(run)


def _show_state_strip(run: Run) -> None:
    now = run_state(run)
    if st.session_state.get(f"drawn {run.kind}") != (run.id, now):
        st.rerun()  # the whole page: other states show other things
    show_controls(run, now)
