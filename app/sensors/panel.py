"""The Sensors view below the header: one fragment, redrawn by itself while it plays or while the run is live."""

import time

import numpy as np
import pandas as pd
import streamlit as st
import xarray as xr

from app import picking
from app.dataset.look import no_places, show_series, stretch
from app.header import label as label_of
from app.maps import show_map, take_click
from app.newest import available, follow_switch, waiting
from app.sensors import measured
from app.sensors.measured import ERROR, IMPORTANCE, KEPT, TEST, Ground, Shown
from app.session import current_theme, state, trace
from app.words import plain
from stcore.charts.maps import SensorMap
from stcore.charts.sensors import sensor_table, through_epochs
from stcore.charts.words import short
from stcore.exports import safe
from stcore.runs import Run
from stcore.runs.folder import LIVE

PLAY_SECONDS, LIVE_SECONDS = 0.8, 1.5
WORDS = {ERROR: "Validation error", IMPORTANCE: "Importance", KEPT: "Kept share", TEST: "Test error"}
ENDED = "The run ended before its first epoch was done: there is nothing to show on the map."


def show(run: Run) -> None:
    """Controls, map, the ten highest, the chosen sensor, and the table of all."""
    found = trace(run)
    epochs = found.sizes["epoch"]
    if not epochs:
        st.info(waiting(state(run), "The map appears") or ENDED)
        return
    what, epoch = controls(run, found, epochs)
    numbers, ground = measured.shown(run, found, what), measured.ground(run)
    values = numbers.values[epoch - 1 if numbers.by_epoch else 0]
    names = found["sensor"].values.astype(str).tolist()
    label = f"{numbers.label}, epoch {epoch}" if numbers.by_epoch else numbers.label
    sensors = SensorMap(names, ground.places, values, label, numbers.unit, numbers.limits, ground.layers)
    if take_click(sensors, "sensor-map") | take_row("ranked", measured.ranked(values, names).index.tolist(), names):
        st.rerun(scope="app")
    if take_row("all sensors", list(range(len(names))), names):
        st.rerun(scope="app")
    say_ground(ground)
    if what == KEPT and np.nanmin(values) >= 100:
        st.info(f"Epoch {epoch} kept all cells of all sensors. Choose an epoch that pruned, or let it play.")
    left, right = st.columns([3, 2], gap="large")
    with right:
        worst = int(np.nanargmax(values)) if np.isfinite(values).any() else 0
        chosen = picking.sensor_list(names, worst, "Click one on the map or in a table, or choose it here.")
        details(numbers, found, chosen, epoch)
    with left:
        about = f"{numbers.label[:1].upper()}{numbers.label[1:]} by sensor: {label_of(run)}, run {run.id}"
        about += f", after epoch {epoch}" if numbers.by_epoch else ""
        show_map(sensors, "sensor-map", chosen, f"Map of {len(sensors.drawn)} sensors by {label}", about)
    left, right = st.columns([2, 3], gap="large")
    with left:
        top_ten(values, names, numbers)
    with right:
        past(run, ground, chosen)
    everything(run, found, epoch, numbers, ground)


def controls(run: Run, found: xr.Dataset, epochs: int) -> tuple[str, int]:
    """Which numbers, which epoch, play; while the run is live the epoch stands still unless one follows."""
    options = [ERROR, IMPORTANCE]
    options += [what for what, name in ((KEPT, "sensor_kept"), (TEST, "test_sensor_error")) if name in found]
    left, middle, right = st.columns([5, 6, 2], vertical_alignment="bottom")
    with left:
        if st.session_state.get("shown") not in options:
            st.session_state["shown"] = ERROR
        what = st.segmented_control(
            "Colour and size show", options, key="shown", format_func=WORDS.__getitem__, help="  \n".join(
                f"**{WORDS[name]}:** {HELP}" for name, HELP in measured.HELP.items() if name in options
            )
        ) or ERROR  # fmt: skip
    follow = state(run) in LIVE and st.session_state.get("follow", False)
    epoch = min(max(int(st.session_state.get("epoch", epochs)), 1), epochs)
    if st.session_state.get("playing"):
        epoch = step(epoch, epochs)
    st.session_state["epoch"] = epochs if follow else epoch
    still = what == TEST or epochs < 2
    with middle:
        if epochs > 1:
            hint = "The colour range is the same for all epochs."
            epoch = st.slider("Epoch", 1, epochs, key="epoch", disabled=what == TEST, help=hint)
        else:
            st.markdown("Epoch 1. From the second epoch on there is a slider here.")
    with right:
        playing = st.session_state.get("playing", False)
        st.button(
            "Pause the play" if playing else "Play", icon=":material/pause:" if playing else ":material/play_arrow:",
            on_click=toggle_play, args=(epochs,), disabled=still, width="stretch", key="play",
            help="Goes through the epochs; the map keeps its zoom.",
        )  # fmt: skip
        if playing != st.session_state.get("played", False):
            st.session_state["played"] = playing
            st.rerun(scope="app")
    if state(run) in LIVE:
        news(epoch, epochs)
    return what, epoch


def step(epoch: int, epochs: int) -> int:
    """The next epoch when its time has come, or the end of the play."""
    if time.monotonic() - st.session_state["stepped"] < 0.7 * PLAY_SECONDS:
        return epoch  # redrawn for another reason than the play
    st.session_state["stepped"] = time.monotonic()
    if epoch + 1 >= epochs:
        st.session_state["playing"] = False
    return min(epoch + 1, epochs)


def toggle_play(epochs: int) -> None:
    playing = not st.session_state.get("playing", False)
    st.session_state["playing"], st.session_state["stepped"] = playing, time.monotonic()
    if playing and st.session_state.get("epoch", epochs) >= epochs:
        st.session_state["epoch"] = 1


def news(epoch: int, epochs: int) -> None:
    """A newer epoch is offered, not forced."""
    with st.container(horizontal=True, vertical_alignment="center"):
        follow_switch()
        behind = epoch < epochs
        label = available(epochs) if behind else "This is the newest epoch"
        st.button(label, on_click=lambda: st.session_state.update(epoch=epochs), disabled=not behind, key="newer")


def take_row(key: str, positions: list[int], names: list[str]) -> bool:
    """Choose the sensor of a clicked table row."""
    return picking.take(
        key, picking.selected(key, "rows"), lambda row: names[positions[row]] if row < len(positions) else None
    )


def say_ground(ground: Ground) -> None:
    if ground.problem:
        st.warning(
            f"The run's dataset cannot be opened: {plain(ground.problem)} The map shows what the run itself remembers."
        )
    if ground.made_up:
        st.info(no_places(ground.data) if ground.data else "No coordinates: the sensors stand in rows.")


def details(numbers: Shown, found: xr.Dataset, chosen: int, epoch: int) -> None:
    """Error and importance of the chosen sensor through the epochs."""
    theme = current_theme()
    name = str(found["sensor"].values[chosen])
    error, importance = found["sensor_error"].values.astype(float), found["importance"].values.astype(float)
    unit = numbers.unit if numbers.unit != "%" else ""
    kept = 100 * found["sensor_kept"].values.astype(float) if "sensor_kept" in found else None
    place = int((error[epoch - 1] > error[epoch - 1, chosen]).sum()) + 1
    st.markdown(
        f"**{plain(name)}** after epoch {epoch}: error **{short(error[epoch - 1, chosen], unit)}** "
        f"(number {place} of {error.shape[1]}), importance **{short(100 * importance[epoch - 1, chosen])}\u00a0%**"
        + ("." if kept is None else f", **{short(kept[epoch - 1, chosen])}\u00a0%** of its cells kept.")
    )
    if len(error) < 2:
        st.markdown("Its course through the epochs is drawn after epoch 2.")
        return
    courses = [("error", error, ("error", unit)), ("importance", importance, ("importance", "%"))]
    if kept is not None and (pruned := kept.mean(axis=1) < 100).any():  # full epochs would flatten the rest
        courses.append(("kept", np.where(pruned[:, None], kept / 100, np.nan), ("kept share", "%")))
    for key, values, label in courses:
        chart = through_epochs(values, chosen, label, theme, epoch)
        st.altair_chart(chart, key=f"course-{key}", alt=f"{label[0]} of sensor {name} through the epochs")
    st.markdown("Line: this sensor. Dashed: median of all; band: their middle 80 %.")


def top_ten(values: np.ndarray, names: list[str], numbers: Shown) -> None:
    """The ten highest; a row chooses its sensor."""
    st.subheader("Ten highest", help=f"By {numbers.label}. Click a row to choose the sensor.")
    table = measured.ranked(values, names)
    title = numbers.label + (f" ({numbers.unit})" if numbers.unit else "")
    high = float(table["value"].max()) if len(table) else 1.0
    column = st.column_config.ProgressColumn(
        title, format="%.3g", min_value=0.0, max_value=high or 1.0, color="primary"
    )
    st.dataframe(
        table,
        hide_index=True,
        key="ranked",
        on_select="rerun",
        selection_mode="single-row",
        column_config={"value": column},
    )


def past(run: Run, ground: Ground, chosen: int) -> None:
    """What the chosen sensor read."""
    st.subheader("Readings", help="What the chosen sensor measured, missing readings left out.")
    if ground.data is None:
        st.markdown("The dataset is not there any more.")
        return
    data = ground.data
    target = data.channels.index(run.spec["targets"][0])
    show_series(data, chosen, target, stretch(data))


def everything(run: Run, found: xr.Dataset, epoch: int, numbers: Shown, ground: Ground) -> None:
    """The table twin of the map."""
    table = sensor_table(found, epoch)
    table["importance"] *= 100
    if "kept" in table:
        table["kept"] *= 100
    if (planted := measured.truth(ground.data)) is not None:
        table["planted"] = planted
    unit = run.spec["data"]["units"].get(run.spec["targets"][0], "")
    number = {
        name: st.column_config.NumberColumn(title, format="%.3g")
        for name, title in {
            "error": f"error ({unit})", "change": f"change since epoch 1 ({unit})", "importance": "importance (%)",
            "kept": "kept share (%)", "test": f"test error ({unit})",
        }.items()
    }  # fmt: skip
    with st.expander(f"All {len(table)} sensors as a table"):
        st.dataframe(
            table, hide_index=True, key="all sensors", on_select="rerun", selection_mode="single-row", height=360,
            column_config=number,
        )  # fmt: skip
        st.download_button(
            "Sensors as CSV", lambda: pd.DataFrame(table.assign(sensor=table["sensor"].map(safe))).to_csv(index=False),
            f"{run.id}-sensors-epoch-{epoch}.csv", "text/csv", on_click="ignore",
        )  # fmt: skip
