"""What can be done with a finished set: taken away, and trained on."""

import json
from typing import Any

import streamlit as st

from app import control
from app.distil.form import surrogates
from app.header import named
from app.session import find_run, link, run_dataset, runs_folder, state
from app.words import plain
from stcore.distil.options import FILE
from stcore.findings import DataError
from stcore.processes import oneshot
from stcore.readers.safe.limits import words
from stcore.runs import Run, RunError, create
from stcore.runs.files import plain as without_nan
from stcore.runs.folder import LIVE

EVERY = 2.0  # seconds
STARTED, PROBLEM = "trained on it", "training problem"
ALONE, WARM, ALL = "On the set alone", "On the set, then on all data", "On all data, to compare"
WAYS = {
    ALONE: "An epoch makes about 64 steps on the set; errors are those of the data's own validation and test windows.",
    WARM: "The set first, for so many epochs as the start; then the data themselves.",
    ALL: "A full run of the same model, against which the set is held.",
}


def take(run: Run) -> None:
    """The set as files."""
    st.subheader("Take the set along", anchor=False)
    place, kept = run.path / FILE, f"packed {run.id}"
    with st.container(horizontal=True, vertical_alignment="center"):
        if place.is_file():
            st.download_button(
                f"NetCDF, {words(place.stat().st_size)}",
                place.read_bytes,
                f"{run.id}.nc",
                "application/x-netcdf",
                key=f"netcdf {run.id}",
                on_click="ignore",
                help="`python -m stcore train DATA --distilled` takes it, too.",
            )
        else:
            st.error(f"The file {FILE} is missing from the folder of this distillation.", icon=":material/error:")
        if content := st.session_state.get(kept):
            st.download_button(
                f"Save {run.id}.pt, {words(len(content))}",
                content,
                f"{run.id}.pt",
                key=f"pt {run.id}",
                on_click="ignore",
                type="primary",
            )
        else:
            st.button(
                "Make the STemDist file (.pt)",
                key=f"make pt {run.id}",
                on_click=_pack,
                args=(run, kept),
                help="As the authors' code reads it; takes some seconds, since a process of its own loads PyTorch.",
            )
        st.download_button(
            "Record as JSON",
            lambda: record(run),
            f"{run.id}.json",
            "application/json",
            key=f"record {run.id}",
            on_click="ignore",
        )
    if said := st.session_state.pop("pack problem", None):
        st.error(plain(said), icon=":material/error:")


def _pack(run: Run, kept: str) -> None:
    try:
        st.session_state[kept] = oneshot.saved(run.path / FILE, "stemdist", ".pt")
    except RunError as error:
        st.session_state["pack problem"] = str(error)


def record(run: Run) -> str:
    """Everything that was asked for and came out, as one JSON document."""
    known = {"spec": run.spec, "summary": run.summary() | {"path": run.path.name}, "rounds": run.epochs()}
    return json.dumps(without_nan(known), indent=1)


# ---- training on it ------------------------------------------------------------------------------------------------
def train_on_it(run: Run) -> None:
    """How, which model, how long; and the button."""
    st.subheader("Train on it", anchor=False)
    able = surrogates(_data(run))
    surrogate = run.spec["options"]["model"]["name"]
    st.session_state.setdefault("train on.way", ALONE)
    if st.session_state.get("train on.model") not in able:
        st.session_state["train on.model"] = surrogate if surrogate in able else next(iter(able))
    way = str(st.segmented_control("How", list(WAYS), key="train on.way", required=True, label_visibility="collapsed"))
    st.markdown(f":small[{WAYS[way]}]")
    left, middle, right = st.columns(3, vertical_alignment="bottom")
    model = left.selectbox("Model", list(able), key="train on.model", format_func=named)
    words = "After each the model is measured on all validation windows."
    epochs = middle.number_input("Epochs", 1, 10_000, 15, key="train on.epochs", help=words)
    warm = right.number_input("Epochs on the set first", 1, 10_000, 20, key="train on.warm") if way == WARM else None
    st.button(
        "Start training",
        type="primary",
        icon=":material/play_arrow:",
        key="train on it",
        on_click=start,
        args=(run, str(model), int(epochs), way, warm),
    )
    if said := st.session_state.pop(PROBLEM, None):
        st.error(plain(said), icon=":material/block:")
    begun, name = st.session_state.get(STARTED, ("", ""))
    if begun == run.id and (made := find_run(name)) is not None:
        now = state(made)
        st.fragment(run_every=EVERY if now in LIVE else None)(_started)(made, now)


def _started(made: Run, before: str) -> None:
    """How the run that was started here stands; the whole page is drawn again when it has ended, since it counts then."""
    now = state(made)
    if before in LIVE and now not in LIVE:
        st.rerun()
    if now in LIVE:
        st.success(f"Run {plain(made.id)} is on its way.", icon=":material/check:")
        st.page_link("train/page.py", label="Watch it in Train", icon=":material/arrow_forward:")
    elif now == "done":
        st.success(f"Run {plain(made.id)} has finished and is counted below.", icon=":material/check:")
        st.page_link("train/page.py", label="Look at it in Train", icon=":material/arrow_forward:")
    else:
        st.warning(f"Run {plain(made.id)} was not finished: it is {now}.", icon=":material/warning:")
        st.page_link("train/page.py", label="See why in Train", icon=":material/arrow_forward:")


def _data(run: Run) -> Any:
    try:
        return run_dataset(run)
    except (DataError, OSError):
        return None


def start(run: Run, model: str, epochs: int, way: str, warm: int | None) -> None:
    """Make the run and start its process."""
    options, answers = run.spec["options"], run.spec["data"]["answers"]
    asked: dict[str, Any] = {
        "seed": options["seed"],
        "data": options["data"],
        "model": options["model"] if model == options["model"]["name"] else {"name": model},
        "train": {**options["train"], "epochs": epochs},
        "prune": {"name": "full"},
    }
    if way != ALL:
        asked["distilled"] = {"source": str((run.path / FILE).resolve()), "warm": warm}
    made = control.begun(lambda: create(control.data_of(run), asked, runs_folder(), answers=answers), PROBLEM)
    if made:
        st.session_state[STARTED] = (run.id, made.id)
        link("run", made.id)
