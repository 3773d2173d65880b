"""Distil: a small set that trains models like the big one; made, looked at, saved and trained on here."""

import streamlit as st

from app.control import show_problem
from app.distil.clusters import show_clusters
from app.distil.form import show_distil_form
from app.distil.live import planned_rounds, show_distilling
from app.distil.result import show_set_files, show_training_on_set
from app.distil.versus import LIST, show_distillations, show_next_step, show_sets
from app.distil.windows import show_windows
from app.header import show_header, show_working_run
from app.live import show_live, show_log, show_state
from app.session import address_value, distillations, run_state
from app.trash import show_undo
from stcore.runs import Run
from stcore.runs.folder import LIVE


def show_distil_view() -> None:
    show_working_run()
    show_distil_form()
    run = show_header("distillation")
    show_undo(LIST)
    show_problem(f"{LIST} problem")
    if run is not None:
        show_distillation(run, distillations(address_value("distillation")))
    elif not distillations():
        show_introduction()


def show_introduction() -> None:
    """What this view is for, while there is no distillation."""
    st.subheader("A small set that trains models like the big one", anchor=False)
    st.markdown(
        "Distillation makes a small set out of all the data: a few windows of a few clusters of sensors. Models train on it in "
        "a fraction of the time. How well they then forecast the real sensors is measured on the way. It pays where many "
        "models are trained on the same data: other sizes, other options, other models."
    )
    st.markdown(
        "1. **Distil:** choose data and size in the form on the left. The estimated time stands above the button.\n"
        "2. **Train on the set:** any model that runs on sensors it has never seen, or the set first and then all data.\n"
        "3. **Compare:** the same model on all data, and sets of other methods and sizes beside it.\n"
        "4. **When has it paid?** After how many models distilling has saved its own time, and what it costs in accuracy."
    )
    st.info("The form on the left is filled in already: press Start distilling to see one.", icon=":material/info:")


def show_distillation(run: Run, runs: list[Run]) -> None:
    """One distillation in whatever state; ``runs`` are all distillations."""
    now = run_state(run)
    show_state(run, now, planned_rounds(run))
    if now == "done":
        show_next_step(run, runs)
    show_live(show_distilling, run)
    if now == "done":
        left, right = st.columns([2, 3], gap="large")
        with left:
            show_set_files(run)
        with right:
            show_training_on_set(run)
    if now in LIVE or run.epochs():
        show_windows(run)
    if now == "done":
        show_clusters(run)
    show_sets(run, runs)
    show_distillations(run, runs)
    show_log(run)


show_distil_view()
