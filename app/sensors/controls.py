"""The controls of the Sensors view: which numbers, which epoch, the play through the epochs, and the run to compare with."""

import time
from typing import Any

import streamlit as st
import xarray as xr

from app.control import show_follow_switch, update_label
from app.labels import run_labels
from app.sensors import measured
from app.sensors.measured import DIFFERENCE, ERROR, IMPORTANCE, KEPT, MASK, TEST, Numbers
from app.session import find_run, listed_runs, run_state
from app.words import plain
from stcore.charts.scales import symmetric_limits
from stcore.evidence.sensor_errors import common_parts, comparable_runs, pair_warnings, sensor_difference
from stcore.runs import Run
from stcore.runs.folder import LIVE

PLAY_SECONDS = 0.8
WORDS = {
    ERROR: "Validation error",
    IMPORTANCE: "Importance",
    MASK: "Mask",
    KEPT: "Kept share",
    TEST: "Test error",
    DIFFERENCE: "Difference",
}
PARTS = {"test": "on the test part", "validation": "in validation, each at its best epoch"}


def choose_numbers(run: Run, found: xr.Dataset, epochs: int) -> tuple[str, int]:
    """Draw the controls; gives the chosen numbers and epoch. While a run works, the epoch stays unless one follows it."""
    options = [ERROR, IMPORTANCE]
    more = [DIFFERENCE] if comparable_ids(run.id, str(run.path)) else []
    rows = (MASK, "active"), (KEPT, "sensor_kept"), (TEST, "test_sensor_error")
    options += [what for what, name in rows if name in found] + more
    left, middle, right = st.columns([6, 5, 2], vertical_alignment="bottom")
    with left:
        if st.session_state.get("shown") not in options:
            st.session_state["shown"] = ERROR
        what = (
            st.segmented_control(
                "Colour and size show",
                options,
                key="shown",
                format_func=WORDS.__getitem__,
                help="  \n".join(
                    f"**{WORDS[name]}:** {HELP}" for name, HELP in measured.HELP.items() if name in options
                ),
            )
            or ERROR
        )
    follow = run_state(run) in LIVE and st.session_state.get("follow", False)
    epoch = min(max(int(st.session_state.get("epoch", epochs)), 1), epochs)
    if st.session_state.get("playing"):
        epoch = next_epoch(epoch, epochs)
    epoch = epochs if follow else epoch
    st.session_state["epoch"] = epoch
    still = what in (TEST, DIFFERENCE) or epochs < 2
    with middle:
        if epochs > 1:
            hint = "The colour range is the same for all epochs."
            playing = st.session_state.get("playing", False)
            key = (
                "epoch played" if playing else "epoch"
            )  # another key, so that a late message of the browser is not taken for a choice
            st.session_state[key] = epoch
            slid = st.slider("Epoch", 1, epochs, key=key, disabled=still or playing, help=hint)
            epoch = epoch if playing else slid
        else:
            st.markdown("Epoch 1. A slider appears here with the second epoch.")
    with right:
        playing = st.session_state.get("playing", False)
        st.button(
            "Pause the play" if playing else "Play",
            icon=":material/pause:" if playing else ":material/play_arrow:",
            on_click=toggle_play,
            args=(epochs,),
            disabled=still,
            width="stretch",
            key="play",
            help="Goes through the epochs; the map keeps its zoom.",
        )
        if playing != st.session_state.get("played", False):
            st.session_state["played"] = playing
            st.rerun(scope="app")
    if run_state(run) in LIVE:
        show_newer_epoch(epoch, epochs)
    return what, epoch


def next_epoch(epoch: int, epochs: int) -> int:
    """The next epoch of the play, when it is time for it."""
    if time.monotonic() - st.session_state["stepped"] < 0.7 * PLAY_SECONDS:
        return epoch  # drawn again for another reason
    st.session_state["stepped"] = time.monotonic()
    if epoch + 1 >= epochs:
        st.session_state["playing"] = False
    return min(epoch + 1, epochs)


def toggle_play(epochs: int) -> None:
    playing = not st.session_state.get("playing", False)
    st.session_state["playing"], st.session_state["stepped"] = playing, time.monotonic()
    if playing and st.session_state.get("epoch", epochs) >= epochs:
        st.session_state["epoch"] = 1


def show_newer_epoch(epoch: int, epochs: int) -> None:
    """The button that shows the newest epoch."""
    with st.container(horizontal=True, vertical_alignment="center"):
        show_follow_switch()
        behind = epoch < epochs
        label = update_label(epochs) if behind else "This is the newest epoch"
        st.button(label, on_click=lambda: st.session_state.update(epoch=epochs), disabled=not behind, key="newer")


@st.cache_data(ttl=20, show_spinner=False, max_entries=16)
def comparable_ids(run: str, folder: str) -> list[str]:
    """The ids of the runs that ``run`` can be compared with, newest first."""
    here = find_run(run)
    return [other.id for other in comparable_runs(here, listed_runs())] if here else []


def compare_with(run: Run) -> Numbers | None:
    """The list of runs to compare with; gives the difference to the chosen one. None where there is none, and the page says
    so."""
    found = {other.id: other for name in comparable_ids(run.id, str(run.path)) if (other := find_run(name)) is not None}
    if not found:
        st.info("There is no other run on these data yet.")
        return None
    names = run_labels(list(found.values()))
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    if st.session_state.get("other run") not in found:
        st.session_state["other run"] = next(iter(found))
    with left:
        chosen: Any = st.selectbox(
            "Compared with", list(found), key="other run", format_func=lambda name: names.get(name, name)
        )
    other = found[chosen]
    parts = common_parts(run, other)
    if st.session_state.get("compared part") not in parts:
        st.session_state["compared part"] = parts[0]
    with right:
        part = st.segmented_control("Error", parts, key="compared part", format_func=str.capitalize) or parts[0]
    for note in pair_warnings(run, other):
        st.warning(plain(note), icon=":material/info:")
    values = sensor_difference(run, other, part)
    better, worse = int((values < 0).sum()), int((values > 0).sum())
    st.markdown(
        f"Error of this run minus that of **{plain(names[chosen])}**, {PARTS[part]}. Below 0, in purple, this run is better: "
        f"**{better}** of {len(values)} sensors. Above 0, in orange, the other run is better: **{worse}**."
    )
    unit = run.spec.unit
    return Numbers(f"{part} error minus the other run's", unit, values[None], False, symmetric_limits(values), True)
