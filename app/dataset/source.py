"""Choosing what to look at: the demo city, a path on this machine, or an upload that a child process checks first."""

from pathlib import Path

import streamlit as st

from app.answers import answer, answers, forget
from app.session import dataset, link, linked, runs_folder
from app.words import plain
from stcore import jobs
from stcore.data import STData
from stcore.findings import DataError
from stcore.readers import save_answers
from stcore.runs import uploads

DEMO = "demo"
UPLOAD_HELP = (
    "One file, or all files of one dataset together: values, sensor locations, graph. Up to 1 GB; larger data are opened "
    "by their path. A separate process with limits checks what you upload before the page reads it."
)
PATH_HELP = "A file or a folder on the machine that this page runs on. A folder may hold values, locations and graph."


def choose() -> str:
    """The controls; gives the source: ``demo`` or a path. It is in the address as ``?data=``."""
    source = linked("data") or DEMO
    st.session_state["data path"] = source
    left, middle, right = st.columns([1, 3, 1], vertical_alignment="bottom")
    left.button(
        "Demo city", on_click=link, args=("data", DEMO), width="stretch", disabled=source == DEMO,
        help="Four simulated weeks of traffic in Ringstadt, a city that does not exist.",
    )  # fmt: skip
    middle.text_input("File or folder on this machine", key="data path", on_change=_typed, help=PATH_HELP)
    box = right.popover("Upload files", width="stretch", icon=":material/upload:", key="upload box", on_change="rerun")
    if box.open:
        box.file_uploader("Files of one dataset", accept_multiple_files=True, key="uploaded", help=UPLOAD_HELP)
        box.button("Open the upload", type="primary", on_click=_take_upload, disabled=not st.session_state.get("uploaded"))
    if problem := st.session_state.pop("upload problem", None):
        st.error(plain(problem), icon=":material/block:")
    return source


def _typed() -> None:
    link("data", st.session_state["data path"].strip() or DEMO)


def _take_upload() -> None:
    """Keep the files, have them checked elsewhere, and go to what came out."""
    given = st.session_state.get("uploaded") or []
    st.session_state["upload box"] = False
    try:
        kept = uploads.keep({file.name: file.getvalue() for file in given}, runs_folder())
        link("data", str(_checked(kept, {})))
    except DataError as error:
        if any(finding.choices for finding in error.findings):
            link("data", str(kept))  # a question has to be answered first: the page asks it
        else:
            st.session_state["upload problem"] = str(error)
    except OSError as error:
        st.session_state["upload problem"] = f"The upload could not be kept: {error.strerror or error}."


def _checked(kept: Path, given: dict[str, str]) -> Path:
    return jobs.open_elsewhere(kept, uploads.checked_place(kept, given), given)


def opened(source: str) -> STData:
    """The dataset behind a source, with this session's answers; uploads only ever in their checked form. DataError."""
    kept = uploads.upload_of(source)
    if kept is None:
        return dataset(source, answers(source))
    return dataset(str(_checked(kept, answers(str(kept)))), {})


def take_answer(source: str, code: str, choice: str) -> None:
    """Answer a question of a source. An upload is read again from the beginning, and gets a new address."""
    kept = uploads.upload_of(source)
    answer(source if kept is None else str(kept), code, choice)
    _follow(kept)


def _follow(kept: Path | None) -> None:
    """Have the address say which checked form is looked at, so that Train finds the same."""
    if kept is not None:
        try:
            link("data", str(_checked(kept, answers(str(kept)))))
        except DataError:
            link("data", str(kept))


def answered(source: str) -> dict[str, str]:
    """This session's answers about a source."""
    kept = uploads.upload_of(source)
    return answers(source if kept is None else str(kept))


def take_back(source: str) -> None:
    """Forget this session's answers."""
    kept = uploads.upload_of(source)
    forget(source if kept is None else str(kept))
    _follow(kept)


def save_beside(source: str) -> None:
    """Write this session's answers beside the data, where everybody's next opening finds them."""
    try:
        place = save_answers(source, answered(source))
        st.session_state["answers note"] = f"Saved in {place}."
        forget(source)
    except (OSError, DataError) as error:
        st.session_state["answers note"] = f"They could not be saved beside the data: {error}"


def can_save(source: str) -> bool:
    """Whether there is a place beside the data that is the visitor's own."""
    return source != DEMO and uploads.upload_of(source) is None
