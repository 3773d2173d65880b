"""Data: what a dataset holds, what the reader asks about it, and how it looks."""

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
from stcore.runs.store import other_names


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
        charts.show_data_map_panel(data)
        charts.show_sensor_readings(data)
        charts.show_week(data)
    left, right = st.columns(2, gap="large")
    with left:
        charts.show_coverage(data)
    with right:
        charts.show_zeros(data)


def show_dataset(chosen: str, data: STData) -> None:
    """Title, summary, the button to train on it, questions and findings."""
    st.header(plain(data.title), anchor=False)
    if data.simulated:
        st.markdown(":material/science: **Simulated data**: computed, not measured.")
    if st.button("Train on this", type="primary", help="Opens the form of a new run with this dataset."):
        st.switch_page("train/page.py", query_params={"data": chosen})
    questions.show_summary(data)
    questions.show_findings(chosen, [*data.findings, *other_names(all_runs(), data, chosen)])
    show_layouts(data)


def show_refusal(chosen: str, error: DataError) -> None:
    """Why the data cannot be opened, and the questions whose answers may change that."""
    answers = source.current_answers(chosen)
    findings = questions.repeat_questions(error.findings, answers)
    for finding in findings:
        if not finding.choices:
            st.error(plain(finding.text), icon=":material/block:")
    asked = [finding for finding in findings if finding.choices]
    questions.show_findings(chosen, asked)
    if answers and not asked:
        st.button("Take back", on_click=source.forget_answers, args=(chosen,), help="Forgets this session's answers.")


LARGEST = 512 * 2**20  # bytes of values that a page offers as a download
WITH_TORCH = ("stemdist",)  # layouts whose writer needs torch, which the page never loads: see the Distil view


def show_layouts(data: STData) -> None:
    """The list of layouts, and the button that makes and saves a file."""
    with st.expander("Save these data", icon=":material/save:"):
        if data.values.nbytes > LARGEST:
            st.markdown(
                f"They take {size_text(data.values.nbytes)}, too much for a download in a browser. On the command line: "
                "`python -m stcore save DATA OUT --as parquet`"
            )
            return
        known = {name: layout for name, layout in readers.layouts().items() if name not in WITH_TORCH}
        layout = st.selectbox(
            "Layout",
            list(known),
            key="save layout",
            help="Repairs and answers are in every layout; only netcdf also keeps the questions.",
        )
        st.markdown(f"{plain(known[layout].text)[:1].upper()}{plain(known[layout].text)[1:]}.")
        if st.button("Make the file", key="make file"):
            st.session_state["made file"] = (data.fingerprint, layout, *make_file(data, layout))
        file = st.session_state.get("made file")
        if not file or file[:2] != (data.fingerprint, layout):
            return
        name, content, notes = file[2:]
        if name:
            st.download_button(
                f"Download {name}, {size_text(len(content))}", content, name, on_click="ignore", type="primary"
            )
        for text in notes:
            (st.info if name else st.error)(plain(text), icon=":material/info:" if name else ":material/block:")


def make_file(data: STData, layout: str) -> tuple[str, bytes, list[str]]:
    """The file's name, its bytes and notes on what it leaves out; without a name, the reason why it cannot be made."""
    try:
        with st.spinner("Writing …"):
            return readers.pack(data, re.sub(r"[^A-Za-z0-9._-]+", "-", data.title).strip("-.")[:60] or "data", layout)
    except DataError as error:
        return "", b"", [str(error)]
    except OSError as error:
        return "", b"", [f"It could not be written: {error.strerror or error}."]


show_data_view()
