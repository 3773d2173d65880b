"""Was it worth it? Experiments that are there, a form for a new one, and the chosen one's report."""

import streamlit as st

from app.experiment.listing import LIVE, chosen_experiment, listing
from app.experiment.new import form
from app.experiment.report import show_report
from app.session import runs_folder
from stcore.experiment import experiments_in
from stcore.runs import Run


def page(run: Run | None) -> None:
    """The whole part; ``run`` is the one that is looked at elsewhere, from which a new experiment may start."""
    experiments = experiments_in(runs_folder())
    chosen = chosen_experiment(experiments)
    if not experiments:
        st.markdown(
            "An experiment trains methods beside their controls, each with the same seeds: full training, full training with "
            "as many visits, and random pruning. Its report says in a sentence whether the pruning was worth it."
        )
    form(run, opened=not experiments)
    if experiments:
        listing(experiments, chosen)
    if chosen:
        show_report(chosen, chosen.status in LIVE)
