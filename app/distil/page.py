"""Distil: a small set that trains models like the big one; made here, looked at, taken away, trained on."""

import streamlit as st

from app.distil import form, groups, listing, live, result, versus, windows
from app.distil.known import distillations, header
from app.header import header as run_header
from app.session import state
from stcore.runs import Run
from stcore.runs.folder import LIVE


def page() -> None:
    run_header("data")
    form.form()
    known = distillations()
    run = header(known)
    listing.undo()
    if run is None:
        if not known:
            empty()
        return
    show(run, known)


def empty() -> None:
    """What this view is for, while nothing is there."""
    st.subheader("A small set that trains models like the big one", anchor=False)
    st.markdown(
        "Distillation makes a few windows of a few clusters of sensors out of all the data, on which models are trained in a "
        "fraction of the time. How well they then forecast the real sensors is measured on the way. It pays where many models "
        "are to be trained on the same data: other sizes, other options, other models."
    )
    st.markdown(
        "1. **Distil:** choose data and size in the form on the left. About how long it takes stands above the button.\n"
        "2. **Train on the set:** any model that runs on sensors it has never seen, or the set first and then all data.\n"
        "3. **Compare:** the same model on all data, and sets of other methods and sizes beside it.\n"
        "4. **When has it paid?** After how many models the time of distilling is won back, and what it costs in accuracy."
    )
    st.info("The form on the left is filled in already: press Start distilling to see one.", icon=":material/info:")


def show(run: Run, known: list[Run]) -> None:
    """One distillation in whatever state."""
    now = state(run)
    live.message(run, now)
    if now == "done":
        versus.next_step(run, known)
    live.panel(run)
    if now == "done":
        left, right = st.columns([2, 3], gap="large")
        with left:
            result.take(run)
        with right:
            result.train_on_it(run)
    if now in LIVE or run.epochs():
        windows.panel(run)
    if now == "done":
        groups.show(run)
    versus.show(run, known)
    listing.show(run, known)
    live.log(run)


page()
