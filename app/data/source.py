"""The dataset of the Data view: the demo city, a path on this machine, or an upload that a child process checks first."""

from pathlib import Path

import streamlit as st

from app.session import (
    address_value,
    drop_answers,
    in_class,
    open_dataset,
    runs_folder,
    session_answers,
    set_address,
    set_answer,
)
from app.words import plain
from stcore.data import STData
from stcore.findings import DataError
from stcore.processes import oneshot
from stcore.readers import save_answers
from stcore.runs import uploads
from stcore.runs.quota import check_inside

DEMO = "demo"
UPLOAD_HELP = (
    "One file, or all files of one dataset together: values, sensor locations, graph. Up to 1 GB; larger data are opened "
    "by their path. A separate process with limits checks what you upload before the page reads it."
)
PATH_HELP = "A file or a folder on the machine that this page runs on. A folder may hold values, locations and graph."
UPLOADED = " (uploaded)"


def choose_data() -> str:
    """The controls; gives the source, ``demo`` or a path, which is in the address as ``?data=``."""
    source = address_value("data") or DEMO
    st.session_state["data path"] = f"{upload.name}{UPLOADED}" if (upload := own_upload(source)) else source
    left, middle, right = st.columns([1, 3, 1], vertical_alignment="bottom")
    left.button(
        "Demo city",
        on_click=set_address,
        args=("data", DEMO),
        width="stretch",
        disabled=source == DEMO,
        help="Four simulated weeks of traffic in Ringstadt, a city that does not exist.",
    )
    where = "File or folder on the server" if in_class() else "File or folder on this machine"
    middle.text_input(where, key="data path", on_change=_use_path, help=PATH_HELP)
    box = right.popover("Upload files", width="stretch", icon=":material/upload:", key="upload box", on_change="rerun")
    if box.open:
        box.file_uploader("Files of one dataset", accept_multiple_files=True, key="uploaded", help=UPLOAD_HELP)
        box.button(
            "Open the upload", type="primary", on_click=_use_upload, disabled=not st.session_state.get("uploaded")
        )
    if problem := st.session_state.pop("upload problem", None):
        st.error(plain(problem), icon=":material/block:")
    return source


def _use_path() -> None:
    if not (typed := st.session_state["data path"].strip()).endswith(UPLOADED):  # else nobody changed it
        set_address("data", typed or DEMO)


def _use_upload() -> None:
    """Store the uploaded files and open them; they are checked then. For callbacks."""
    given = st.session_state.get("uploaded") or []
    st.session_state["upload box"] = False
    try:
        upload = uploads.keep({file.name: file.getvalue() for file in given}, runs_folder())
        set_address("data", str(uploads.checked_place(upload, {})))
    except DataError as error:
        st.session_state["upload problem"] = str(error)
    except OSError as error:
        st.session_state["upload problem"] = f"The upload could not be stored: {error.strerror or error}."


def own_upload(source: str) -> Path | None:
    """The upload that a source is or comes from, if it lies in this visitor's runs folder; else None. An address may name any
    path."""
    own = runs_folder() / uploads.FOLDER
    try:
        check_inside(Path(source), [own.resolve()])
        upload = uploads.upload_of(source)
        check_inside(upload or own, [own.resolve()])
    except (DataError, OSError):
        return None
    return upload


def open_data(source: str) -> STData:
    """The dataset of a source with its answers; of an upload what a child process has checked. DataError."""
    upload = own_upload(source)
    if upload is None:
        return open_dataset(source, session_answers(source))
    given = uploads.answers_of(source)
    with st.spinner("Checking the upload …"):
        checked = oneshot.open_data(upload, uploads.checked_place(upload, given), given)
    return open_dataset(str(checked))


def current_answers(source: str) -> dict[str, str]:
    """The answers about a source that are not yet saved beside it."""
    return session_answers(source) if own_upload(source) is None else uploads.answers_of(source)


def answer_question(source: str, code: str, choice: str) -> None:
    """Answer a question about a source. An upload is checked again and gets a new address."""
    upload = own_upload(source)
    if upload is None:
        set_answer(source, code, choice)
    else:
        set_address("data", str(uploads.checked_place(upload, uploads.answers_of(source) | {code: choice})))


def forget_answers(source: str) -> None:
    """Forget the answers about a source. For callbacks."""
    upload = own_upload(source)
    if upload is None:
        drop_answers(source)
    else:
        set_address("data", str(uploads.checked_place(upload, {})))
    for key in [key for key in st.session_state if str(key).startswith("answer-")]:
        del st.session_state[key]


def save_answers_beside(source: str) -> None:
    """Write this session's answers beside the data, where they are found whenever the data are opened. For callbacks."""
    if not can_save(source):
        return
    try:
        place = save_answers(source, current_answers(source))
        st.session_state["answers note"] = f"Saved in {place}."
        drop_answers(source)
    except (OSError, DataError) as error:
        st.session_state["answers note"] = f"They could not be saved beside the data: {error}"


def can_save(source: str) -> bool:
    """Whether the visitor may write beside the data; in a class all share the data, so nobody may."""
    return source != DEMO and own_upload(source) is None and not in_class()
