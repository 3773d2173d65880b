"""The Sensors view below the header: one fragment, redrawn by itself while it plays or while the run is live."""

from collections.abc import Callable

import numpy as np
import streamlit as st
import xarray as xr

from app import picking
from app.control import waiting_text
from app.data.look import no_places
from app.labels import run_label
from app.layers import layers_box
from app.maps import show_map, take_area, take_click, take_many
from app.sensors import districts, many, measured, neighbours
from app.sensors.controls import compared, controls
from app.sensors.importance import section as importance
from app.sensors.measured import DIFFERENCE, KEPT, MASK, Ground
from app.sensors.view import View, details, past
from app.session import state, trace
from app.words import plain
from stcore.charts.maps.page import SensorMap
from stcore.runs import Run
from stcore.runs.trace import check_rows

LIVE_SECONDS = 1.5
ENDED = "The run ended before its first epoch was done: there is nothing to show on the map."
MAP = "sensor-map"
SECTIONS: tuple[Callable[[View], None], ...] = (importance.show, many.show, districts.show, many.everything)
"""What stands below the map and the chosen sensor, from top to bottom."""


def show(run: Run) -> None:
    """Controls, map, the chosen sensor beside and below it, and the sections about many."""
    found = trace(run)
    epochs = found.sizes["epoch"]
    if not epochs:
        st.info(waiting_text(state(run), "The map appears", run.progress) or ENDED)
        return
    check_rows(found, "sensor_error", "importance")
    view = look(run, found, epochs)
    if view is None:
        return
    say_ground(view.ground)
    if view.what == KEPT and np.nanmin(view.values) >= 100:
        st.info(f"Epoch {view.epoch} kept all cells of all sensors. Choose an epoch that pruned, or let it play.")
    if view.what == MASK:
        say_mask(view)
    left, right = st.columns([3, 2], gap="large")
    with left, st.container(horizontal=True, vertical_alignment="center"):
        by = districts.choose(view)
        layers_box(view.fingerprint, view.placed)
    sensors = districts.drawn(view, by)
    if taken(view, sensors, by):
        st.rerun(scope="app")
    worst = int(np.nanargmax(view.values)) if np.isfinite(view.values).any() else 0
    with right:
        chosen = picking.sensor_list(view.names, worst, "Click one on the map or in a table, or choose it here.")
        details(view, chosen)
    with left:
        draw(view, sensors, chosen)
    below(view, chosen)
    for section in SECTIONS:
        section(view)


def look(run: Run, found: xr.Dataset, epochs: int) -> View | None:
    """What the controls ask for; None where there is nothing to compare with."""
    what, epoch = controls(run, found, epochs)
    numbers = compared(run) if what == DIFFERENCE else measured.shown(run, found, what)
    return None if numbers is None else View(run, found, what, epoch, numbers, measured.ground(run))


def taken(view: View, sensors: SensorMap, by: str) -> bool:
    """Whether something was clicked that chooses another sensor, or several."""
    ranked = measured.ranked(view.values, view.names, diverging=view.numbers.diverging).index.tolist()
    worst = int(np.nanargmax(view.values)) if np.isfinite(view.values).any() else 0
    one = [
        take_click(sensors, MAP),
        take_row("ranked", ranked, view.names),
        take_row("all sensors", list(range(len(view.names))), view.names),
        neighbours.take(view, picking.chosen_sensor(view.names, worst)),
    ]
    several = [many.taken(view, take_many(MAP)), districts.take(view, by, sensors, take_area(sensors, MAP))]
    return any(one + several)


def take_row(key: str, positions: list[int], names: list[str]) -> bool:
    """Choose the sensor of a clicked table row."""
    return picking.take(
        key, picking.selected(key, "rows"), lambda row: names[positions[row]] if row < len(positions) else None
    )


def draw(view: View, sensors: SensorMap, chosen: int) -> None:
    """The map."""
    numbers, run = view.numbers, view.run
    about = f"{numbers.label[:1].upper()}{numbers.label[1:]} by sensor: {run_label(run)}, run {run.id}"
    about += f", after epoch {view.epoch}" if numbers.by_epoch else ""
    words = f"Map of {len(sensors.drawn)} sensors by {view.label}"
    tied = [] if sensors.areas else neighbours.ties(view, chosen)
    show_map(sensors, MAP, chosen, words, about, marked=view.marked[0], neighbours=tied, lasso=True)


def below(view: View, chosen: int) -> None:
    """More about the chosen sensor, beside the ten highest."""
    left, right = st.columns([2, 3], gap="large")
    with left:
        many.top_ten(view)
    with right:
        past(view, chosen)
    left, right = st.columns([2, 3], gap="large")
    with left:
        neighbours.show(view, chosen)
    with right:
        neighbours.show_hardest(view, chosen)


def say_mask(view: View) -> None:
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


def say_ground(ground: Ground) -> None:
    """What is not as it should be with the places."""
    if ground.problem:
        st.warning(
            f"The run's dataset cannot be opened: {plain(ground.problem)} The map shows what the run itself remembers."
        )
    if ground.made_up:
        st.info(no_places(ground.data) if ground.data else "No coordinates: the sensors stand in rows.")
