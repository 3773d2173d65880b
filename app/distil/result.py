"""What can be done with a finished set: save it, and train on it."""

from typing import Any

import streamlit as st

from app.control import data_source, show_problem, start_task
from app.distil.form import fit_surrogates
from app.labels import card_label
from app.live import show_live
from app.saving import save_record
from app.session import find_run, run_dataset, run_state, runs_folder, set_address
from app.words import plain
from stcore.data import STData
from stcore.distil.options import FILE
from stcore.findings import DataError
from stcore.processes import oneshot
from stcore.readers.safe.limits import size_text
from stcore.runs import Run, RunError, create
from stcore.runs.folder import LIVE

EVERY = 2.0  # seconds
STARTED, PROBLEM, PACKING = "trained on it", "training problem", "pack problem"
ALONE, WARM, ALL = "On the set alone", "On the set, then on all data", "On all data, to compare"
WAYS = {
    ALONE: "An epoch makes about 64 steps on the set. Errors are measured on the data's own validation and test windows.",
    WARM: "First the set for the number of epochs below, then all data.",
    ALL: "A full run of the same model, to compare the set with.",
}


def show_set_files(run: Run) -> None:
    """Buttons that save the set as NetCDF, as the authors' file, and its record."""
    st.subheader("Take the set along", anchor=False)
    path, key = run.path / FILE, f"packed {run.id}"
    with st.container(horizontal=True, vertical_alignment="center"):
        if path.is_file():
            st.download_button(
                f"NetCDF, {size_text(path.stat().st_size)}",
                path.read_bytes,
                f"{run.id}.nc",
                "application/x-netcdf",
                key=f"netcdf {run.id}",
                on_click="ignore",
                help="`python -m stcore train DATA --distilled FILE` trains on it, too.",
            )
        else:
            st.error(f"The file {FILE} is missing from the folder of this distillation.", icon=":material/error:")
        if content := st.session_state.get(key):
            st.download_button(
                f"Save {run.id}.pt, {size_text(len(content))}",
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
                on_click=_pack_set,
                args=(run, key),
                help="The authors' code reads this file. It takes some seconds, since a process of its own loads PyTorch.",
            )
        save_record(run)
    show_problem(PACKING)


def _pack_set(run: Run, key: str) -> None:
    try:
        st.session_state[key] = oneshot.save_as(run.path / FILE, "stemdist", ".pt")
    except RunError as error:
        st.session_state[PACKING] = str(error)


# ---- training on the set ----------------------------------------------------------------------------------------------
def show_training_on_set(run: Run) -> None:
    """How to train on the set, with which model and how long; and the button that starts it."""
    st.subheader("Train on it", anchor=False)
    fit = fit_surrogates(_data_of(run))
    surrogate = run.spec.model_name
    st.session_state.setdefault("train on.way", ALONE)
    if st.session_state.get("train on.model") not in fit:
        st.session_state["train on.model"] = surrogate if surrogate in fit else next(iter(fit))
    way = str(st.segmented_control("How", list(WAYS), key="train on.way", required=True, label_visibility="collapsed"))
    st.markdown(f":small[{WAYS[way]}]")
    left, middle, right = st.columns(3, vertical_alignment="bottom")
    model = left.selectbox("Model", list(fit), key="train on.model", format_func=card_label)
    hint = "After each epoch the model is measured on all validation windows."
    epochs = middle.number_input("Epochs", 1, 10_000, 15, key="train on.epochs", help=hint)
    warm = right.number_input("Epochs on the set first", 1, 10_000, 20, key="train on.warm") if way == WARM else None
    st.button(
        "Start training",
        type="primary",
        icon=":material/play_arrow:",
        key="train on it",
        on_click=start_training,
        args=(run, str(model), int(epochs), way, warm),
    )
    show_problem(PROBLEM)
    distillation, name = st.session_state.get(STARTED, ("", ""))
    if distillation == run.id and (started := find_run(name)) is not None:
        before = run_state(started)
        show_live(lambda training: _show_started(training, before), started, EVERY)


def _show_started(started: Run, before: str) -> None:
    """The state of the run that was started here. When it ends, the whole page is drawn again, because the run counts now."""
    now = run_state(started)
    if before in LIVE and now not in LIVE:
        st.rerun()
    if now in LIVE:
        st.success(f"Run {plain(started.id)} is on its way.", icon=":material/check:")
        st.page_link("train/page.py", label="Watch it in Train", icon=":material/arrow_forward:")
    elif now == "done":
        st.success(f"Run {plain(started.id)} has finished and is counted below.", icon=":material/check:")
        st.page_link("train/page.py", label="Look at it in Train", icon=":material/arrow_forward:")
    else:
        st.warning(f"Run {plain(started.id)} was not finished: it is {now}.", icon=":material/warning:")
        st.page_link("train/page.py", label="See why in Train", icon=":material/arrow_forward:")


def _data_of(run: Run) -> STData | None:
    try:
        return run_dataset(run)
    except (DataError, OSError):
        return None


def start_training(run: Run, model: str, epochs: int, way: str, warm: int | None) -> None:
    """Make a run on the set and start its process. For callbacks."""
    options, answers = run.spec.options_json, run.spec.data.answers
    asked: dict[str, Any] = {
        "seed": options["seed"],
        "data": options["data"],
        "model": options["model"] if model == options["model"]["name"] else {"name": model},
        "train": {**options["train"], "epochs": epochs},
        "prune": {"name": "full"},
    }
    if way != ALL:
        asked["distilled"] = {"source": str((run.path / FILE).resolve()), "warm": warm}
    started = start_task(lambda: create(data_source(run), asked, runs_folder(), answers=answers), PROBLEM)
    if started:
        st.session_state[STARTED] = (run.id, started.id)
        set_address("run", started.id)
