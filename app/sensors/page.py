"""Sensors: which are hard to forecast and which matter, on the map and through the epochs of a run; and plans."""

from collections.abc import Callable

import numpy as np
import streamlit as st
import xarray as xr

from app import picking
from app.control import waiting_text
from app.data.charts import no_places
from app.header import show_header
from app.labels import run_label
from app.layers import show_layers_box
from app.maps import choose_from_map, new_area_click, new_lasso, show_map
from app.sensors import districts, importance, many, measured, neighbours
from app.sensors.controls import PLAY_SECONDS, choose_numbers, compare_with
from app.sensors.measured import DIFFERENCE, KEPT, MASK, Ground
from app.sensors.plan.panel import show_plan
from app.sensors.view import View, show_course, show_past_readings
from app.session import address_value, run_state, run_trace, set_address
from app.words import plain
from stcore.charts.maps.page import SensorMap
from stcore.runs import Run, RunError
from stcore.runs.folder import LIVE
from stcore.runs.trace import check_rows

LIVE_SECONDS = 1.5
ENDED = "The run ended before its first epoch was done: there is nothing to show on the map."
MAP = "sensor-map"
SEE, PLAN = "see", "plan"
SECTIONS = {SEE: "What matters", PLAN: "Plan"}
# What stands below the map and the chosen sensor, from top to bottom.
BELOW: tuple[Callable[[View], None], ...] = (
    importance.show_importance,
    many.show_many,
    districts.show_districts,
    many.show_all_sensors,
)


def show_sensors_view() -> None:
    run = show_header()
    if run is None:
        return
    if choose_section() == PLAN:
        show_plan(run)
        return
    playing = st.session_state.get("playing", False)
    pace = PLAY_SECONDS if playing else LIVE_SECONDS if run_state(run) in LIVE else None
    st.fragment(run_every=pace)(_show_what_matters)(run)


def choose_section() -> str:
    """The choice between the two sections; the address remembers it."""
    asked = address_value("section")
    st.session_state["section"] = asked if asked in SECTIONS else SEE
    st.segmented_control(
        "Section",
        list(SECTIONS),
        key="section",
        format_func=SECTIONS.__getitem__,
        label_visibility="collapsed",
        on_change=lambda: set_address("section", PLAN if st.session_state["section"] == PLAN else None),
        required=True,
    )
    return str(st.session_state["section"] or SEE)


def _show_what_matters(run: Run) -> None:
    try:
        show_what_matters(run)
    except RunError as error:  # the run is damaged; the errors of a fragment do not reach the page
        st.error(plain(str(error)))


def show_what_matters(run: Run) -> None:
    """Controls, map, the chosen sensor beside and below it, and the parts about several sensors.

    It is one fragment, drawn again by itself while it plays or while the run works.
    """
    record = run_trace(run)
    epochs = record.sizes["epoch"]
    if not epochs:
        st.info(waiting_text(run_state(run), "The map appears", run.progress) or ENDED)
        return
    check_rows(record, "sensor_error", "importance")
    view = read_view(run, record, epochs)
    if view is None:
        return
    show_ground_notes(view.ground)
    if view.what == KEPT and np.nanmin(view.values) >= 100:
        st.info(f"Epoch {view.epoch} kept all cells of all sensors. Choose an epoch that pruned, or press Play.")
    if view.what == MASK:
        show_mask_text(view)
    left, right = st.columns([3, 2], gap="large")
    with left, st.container(horizontal=True, vertical_alignment="center"):
        by = districts.choose_map_kind(view)
        show_layers_box(view.fingerprint, view.placed)
    sensors = districts.district_map(view, by)
    if use_clicks(view, sensors, by):
        st.rerun(scope="app")
    worst = int(np.nanargmax(view.values)) if np.isfinite(view.values).any() else 0
    with right:
        chosen = picking.choose_sensor(view.names, worst, "Click one on the map or in a table, or choose it here.")
        show_course(view, chosen)
    with left:
        draw_map(view, sensors, chosen)
    show_below_map(view, chosen)
    for show in BELOW:
        show(view)


def read_view(run: Run, record: xr.Dataset, epochs: int) -> View | None:
    """What the controls ask for; None where there is no run to compare with."""
    what, epoch = choose_numbers(run, record, epochs)
    numbers = compare_with(run) if what == DIFFERENCE else measured.numbers_of(run, record, what)
    return None if numbers is None else View(run, record, what, epoch, numbers, measured.map_ground(run))


def use_clicks(view: View, sensors: SensorMap, by: str) -> bool:
    """Whether a new click chose another sensor, or several."""
    ranked = measured.highest_sensors(view.values, view.names, diverging=view.numbers.diverging).index.tolist()
    worst = int(np.nanargmax(view.values)) if np.isfinite(view.values).any() else 0
    one = [
        choose_from_map(sensors, MAP),
        choose_row("ranked", ranked, view.names),
        choose_row("all sensors", list(range(len(view.names))), view.names),
        neighbours.choose_neighbour(view, picking.chosen_sensor(view.names, worst)),
    ]
    several = [
        many.mark_lasso(view, new_lasso(MAP)),
        districts.choose_district(view, by, sensors, new_area_click(sensors, MAP)),
    ]
    return any(one + several)


def choose_row(key: str, order: list[int], names: list[str]) -> bool:
    """Choose the sensor of a clicked row; ``order``: the sensors of the rows."""
    return picking.choose_on_click(
        key, picking.widget_rows(key, "rows"), lambda row: names[order[row]] if row < len(order) else None
    )


def draw_map(view: View, sensors: SensorMap, chosen: int) -> None:
    """The map, with the lines to the neighbours of the chosen sensor."""
    numbers, run = view.numbers, view.run
    about = f"{numbers.label[:1].upper()}{numbers.label[1:]} by sensor: {run_label(run)}, run {run.id}"
    about += f", after epoch {view.epoch}" if numbers.by_epoch else ""
    words = f"Map of {len(sensors.drawn)} sensors by {view.label}"
    tied = [] if sensors.areas else neighbours.neighbour_ties(view, chosen)
    show_map(sensors, MAP, chosen, words, about, marked=view.marked[0], neighbours=tied, lasso=True)


def show_below_map(view: View, chosen: int) -> None:
    """The ten highest sensors, and more about the chosen one."""
    left, right = st.columns([2, 3], gap="large")
    with left:
        many.show_top_ten(view)
    with right:
        show_past_readings(view, chosen)
    left, right = st.columns([2, 3], gap="large")
    with left:
        neighbours.show_neighbours(view, chosen)
    with right:
        neighbours.show_hardest(view, chosen)


def show_mask_text(view: View) -> None:
    """How many sensors are on after the epoch, and what changed since the epoch before."""
    active = view.trace["active"].values
    now, before = active[view.epoch - 1], active[max(view.epoch - 2, 0)]
    off, grown = int((before & ~now).sum()), int((now & ~before).sum())
    hidden = "hollow" if view.ground.cells is None else "empty"
    sites = [event["mask"]["sites"] for event in view.run.epochs() if event.get("mask", {}).get("sites")]
    change = (
        f", chosen by {sites[-1]:.0f} regions, which are smaller at the edge."
        if sites and sites[-1] < now.size
        else "."
    )
    change += f" Since the epoch before, {off} were switched off and {grown} on again." if off or grown else ""
    st.markdown(f"**{now.sum()} of {now.size}** sensors are on after epoch {view.epoch}; {hidden} ones are off{change}")


def show_ground_notes(ground: Ground) -> None:
    """What is missing about the data or the locations."""
    if ground.problem:
        st.warning(
            f"The run's dataset cannot be opened: {plain(ground.problem)} The map shows what the run has recorded."
        )
    if ground.made_up:
        st.info(no_places(ground.data) if ground.data else "No coordinates: the sensors stand in rows.")


show_sensors_view()
