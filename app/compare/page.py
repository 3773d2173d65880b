"""Compare: runs side by side, experiments on whether pruning was worth it, and the list of all runs."""

import streamlit as st

from app.compare import all_runs, side
from app.compare.experiments import LIVE, chosen_experiment, show_experiments
from app.compare.form import show_experiment_form
from app.compare.report import show_report
from app.header import show_header, show_working_run
from app.session import address_value, runs_folder, set_address
from stcore.evidence.experiment import experiments_in
from stcore.runs import Run

PARTS = {"runs": "Runs side by side", "worth": "Was it worth it?", "all": "All runs"}


def show_compare_view() -> None:
    part = address_part()
    run = show_header() if part == "runs" else show_working_run()  # an experiment controls its runs itself
    st.session_state["compare part"] = part
    st.segmented_control(
        "Part",
        list(PARTS),
        format_func=PARTS.__getitem__,
        key="compare part",
        required=True,
        on_change=lambda: set_address("part", st.session_state["compare part"]),
        label_visibility="collapsed",
    )
    if part == "worth":
        show_experiments_part(run)
    elif part == "all":
        all_runs.show_all_runs()
    else:
        side.show_comparison(run)


def address_part() -> str:
    """The part of the view in the address, ``?part=``; an address with an experiment means its report."""
    part = address_value("part") or ("worth" if address_value("experiment") else "runs")
    return part if part in PARTS else "runs"


def show_experiments_part(run: Run | None) -> None:
    """The whole part of the view; a new experiment may take its settings from ``run``."""
    experiments = experiments_in(runs_folder())
    chosen = chosen_experiment(experiments)
    if not experiments:
        st.markdown(
            "An experiment trains methods and their controls, all with the same seeds: full training, full training with as "
            "many visits, and random pruning. Its report says in a sentence whether the pruning was worth it."
        )
    show_experiment_form(run, opened=not experiments)
    if experiments:
        show_experiments(experiments, chosen)
    if chosen:
        show_report(chosen, chosen.status in LIVE)


show_compare_view()
