"""Data: what was understood of a dataset, what it asks, and what it looks like."""

import streamlit as st

from app.dataset import look, questions, saving, source, understood
from app.header import header
from app.session import all_runs
from app.words import plain
from stcore.data import STData
from stcore.findings import DataError
from stcore.runs.listed import elsewhere


def page() -> None:
    header(kind="data")
    chosen = source.choose()
    try:
        data = source.opened(chosen)
    except DataError as error:
        refused(chosen, error)
        return
    left, right = st.columns([2, 3], gap="large")
    with left:
        about(chosen, data)
        look.graph_panel(data)
    with right:
        look.map_panel(data)
        look.sensor_panel(data)
        look.week_panel(data)
    left, right = st.columns(2, gap="large")
    with left:
        look.coverage_panel(data)
    with right:
        look.zeros_panel(data)


def about(chosen: str, data: STData) -> None:
    """Title, summary, the way to training, questions and findings."""
    st.header(plain(data.title), anchor=False)
    if data.simulated:
        st.markdown(":material/science: **Simulated data**: computed, not measured.")
    if st.button("Train on this", type="primary", help="Opens the form of a new run with this dataset."):
        st.switch_page("views/train.py", query_params={"data": chosen})
    understood.show(data)
    questions.show(chosen, [*data.findings, *elsewhere(all_runs(), data, chosen)])
    saving.save_panel(data)


def refused(chosen: str, error: DataError) -> None:
    """Why the data cannot be taken, and the questions whose answers would change that."""
    given = source.answered(chosen)
    findings = questions.again(error.findings, given)
    for finding in findings:
        if not finding.choices:
            st.error(plain(finding.text), icon=":material/block:")
    asked = [finding for finding in findings if finding.choices]
    questions.show(chosen, asked)
    if given and not asked:
        st.button("Take back", on_click=source.take_back, args=(chosen,), help="Forget this session's answers.")


page()
