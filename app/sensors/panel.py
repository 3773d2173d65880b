"""The Sensors view below the header: one fragment, redrawn by itself while it plays or while the run is live."""

from collections.abc import Callable

import numpy as np
import streamlit as st
import xarray as xr

from app import picking
from app.control import waiting_text
from app.data.charts import no_places
from app.labels import run_label
from app.layers import show_layers_box
from app.maps import choose_from_map, new_area_click, new_lasso, show_map
from app.sensors import districts, importance, many, measured, neighbours
from app.sensors.controls import choose_numbers, compare_with
from app.sensors.measured import DIFFERENCE, KEPT, MASK, Ground
from app.sensors.view import View, show_course, show_past_readings
from app.session import run_state, run_trace
from app.words import plain
from stcore.charts.maps.page import SensorMap
from stcore.runs import Run
from stcore.runs.trace import check_rows

LIVE_SECONDS = 1.5
ENDED = "The run ended before its first epoch was done: there is nothing to show on the map."
MAP = "sensor-map"
SECTIONS: tuple[Callable[[View], None], ...] = (
    importance.show_importance,
    many.show_many,
    districts.show_districts,
    many.show_all_sensors,
)
"""What stands below the map and the chosen sensor, from top to bottom."""


def show_panel(run: Run) -> None:
    """Controls, map, the chosen sensor beside and below it, and the sections about many."""
    found = run_trace(run)
    epochs = found.sizes["epoch"]
    if not epochs:
        st.info(waiting_text(run_state(run), "The map appears", run.progress) or ENDED)
        return
    check_rows(found, "sensor_error", "importance")
    view = read_view(run, found, epochs)
    if view is None:
        return
    show_ground_notes(view.ground)
    if view.what == KEPT and np.nanmin(view.values) >= 100:
        st.info(f"Epoch {view.epoch} kept all cells of all sensors. Choose an epoch that pruned, or let it play.")
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
    for section in SECTIONS:
        section(view)


def read_view(run: Run, found: xr.Dataset, epochs: int) -> View | None:
    """What the controls ask for; None where there is nothing to compare with."""
    what, epoch = choose_numbers(run, found, epochs)
    numbers = compare_with(run) if what == DIFFERENCE else measured.numbers_of(run, found, what)
    return None if numbers is None else View(run, found, what, epoch, numbers, measured.map_ground(run))


def use_clicks(view: View, sensors: SensorMap, by: str) -> bool:
    """Whether something was clicked that chooses another sensor, or several."""
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


def choose_row(key: str, positions: list[int], names: list[str]) -> bool:
    """Choose the sensor of a clicked table row."""
    return picking.choose_on_click(
        key, picking.widget_rows(key, "rows"), lambda row: names[positions[row]] if row < len(positions) else None
    )


def draw_map(view: View, sensors: SensorMap, chosen: int) -> None:
    """The map."""
    numbers, run = view.numbers, view.run
    about = f"{numbers.label[:1].upper()}{numbers.label[1:]} by sensor: {run_label(run)}, run {run.id}"
    about += f", after epoch {view.epoch}" if numbers.by_epoch else ""
    words = f"Map of {len(sensors.drawn)} sensors by {view.label}"
    tied = [] if sensors.areas else neighbours.neighbour_ties(view, chosen)
    show_map(sensors, MAP, chosen, words, about, marked=view.marked[0], neighbours=tied, lasso=True)


def show_below_map(view: View, chosen: int) -> None:
    """More about the chosen sensor, beside the ten highest."""
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
    """How many sensors are on after the epoch, and what changed since the one before."""
    active = view.trace["active"].values
    now, before = active[view.epoch - 1], active[max(view.epoch - 2, 0)]
    off, grown = int((before & ~now).sum()), int((now & ~before).sum())
    hidden = "hollow" if view.ground.cells is None else "empty"
    sites = [event["mask"]["sites"] for event in view.run.epochs() if event.get("mask", {}).get("sites")]
    change = (
        f", decided over {sites[-1]:.0f} regions, those at the edge smaller." if sites and sites[-1] < now.size else "."
    )
    change += f" Since the epoch before, {off} were switched off and {grown} on again." if off or grown else ""
    st.markdown(f"**{now.sum()} of {now.size}** sensors are on after epoch {view.epoch}; {hidden} ones are off{change}")


def show_ground_notes(ground: Ground) -> None:
    """What is not as it should be with the places."""
    if ground.problem:
        st.warning(
            f"The run's dataset cannot be opened: {plain(ground.problem)} The map shows what the run itself remembers."
        )
    if ground.made_up:
        st.info(no_places(ground.data) if ground.data else "No coordinates: the sensors stand in rows.")
