"""Data: what was understood of a dataset, what it asks, and what it looks like."""

import re

import streamlit as st

from app.data import charts, questions, source
from app.header import show_working_run
from app.session import all_runs
from app.words import plain
from stcore import readers
from stcore.data import STData
from stcore.findings import DataError
from stcore.readers.safe.limits import size_text
from stcore.runs.store import elsewhere


def show_data_view() -> None:
    show_working_run()
    chosen = source.choose_data()
    try:
        data = source.open_data(chosen)
    except DataError as error:
        show_refusal(chosen, error)
        return
    left, right = st.columns([2, 3], gap="large")
    with left:
        show_dataset(chosen, data)
        charts.show_graph(data)
    with right:
        charts.show_data_panel_map(data)
        charts.show_sensor_readings(data)
        charts.show_week(data)
    left, right = st.columns(2, gap="large")
    with left:
        charts.show_coverage(data)
    with right:
        charts.show_zeros(data)


def show_dataset(chosen: str, data: STData) -> None:
    """Title, summary, the way to training, questions and findings."""
    st.header(plain(data.title), anchor=False)
    if data.simulated:
        st.markdown(":material/science: **Simulated data**: computed, not measured.")
    if st.button("Train on this", type="primary", help="Opens the form of a new run with this dataset."):
        st.switch_page("train/page.py", query_params={"data": chosen})
    questions.show_summary(data)
    questions.show_findings(chosen, [*data.findings, *elsewhere(all_runs(), data, chosen)])
    show_layouts(data)


def show_refusal(chosen: str, error: DataError) -> None:
    """Why the data cannot be taken, and the questions whose answers would change that."""
    given = source.current_answers(chosen)
    findings = questions.repeat_questions(error.findings, given)
    for finding in findings:
        if not finding.choices:
            st.error(plain(finding.text), icon=":material/block:")
    asked = [finding for finding in findings if finding.choices]
    questions.show_findings(chosen, asked)
    if given and not asked:
        st.button("Take back", on_click=source.forget_answers, args=(chosen,), help="Forget this session's answers.")


LARGEST = 512 * 2**20  # bytes of values that a page hands over; larger data are saved by the command line

APART = ("stemdist",)  # its writer needs torch, which a page never loads: the Distil view has a child write it


def show_layouts(data: STData) -> None:
    """Choose a layout, have it made, take it away."""
    with st.expander("Save these data", icon=":material/save:"):
        if data.values.nbytes > LARGEST:
            st.markdown(
                f"They take {size_text(data.values.nbytes)}, too much to hand over in a browser. On the command line: "
                "`python -m stcore save DATA OUT --as parquet`"
            )
            return
        known = {name: layout for name, layout in readers.layouts().items() if name not in APART}
        layout = st.selectbox(
            "Layout",
            list(known),
            key="save layout",
            help="What was repaired and answered is in it; no layout but netcdf keeps the questions themselves.",
        )
        st.markdown(f"{plain(known[layout].text)[:1].upper()}{plain(known[layout].text)[1:]}.")
        if st.button("Make the file", key="make file"):
            st.session_state["made file"] = (data.fingerprint, layout, *make_file(data, layout))
        found = st.session_state.get("made file")
        if not found or found[:2] != (data.fingerprint, layout):
            return
        name, content, said = found[2:]
        if name:
            st.download_button(
                f"Download {name}, {size_text(len(content))}", content, name, on_click="ignore", type="primary"
            )
        for text in said:
            (st.info if name else st.error)(plain(text), icon=":material/info:" if name else ":material/block:")


def make_file(data: STData, layout: str) -> tuple[str, bytes, list[str]]:
    """The file's name and bytes, and what it does not hold; no name where it cannot be made, and then why."""
    try:
        with st.spinner("Writing …"):
            return readers.pack(data, re.sub(r"[^A-Za-z0-9._-]+", "-", data.title).strip("-.")[:60] or "data", layout)
    except DataError as error:
        return "", b"", [str(error)]
    except OSError as error:
        return "", b"", [f"It could not be written: {error.strerror or error}."]


show_data_view()
