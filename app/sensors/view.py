"""What the Sensors view shows: a run after an epoch, a number for each sensor, and the chosen sensors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import streamlit as st
import xarray as xr

from app import layers
from app.data.charts import choose_days, show_series
from app.sensors.measured import Ground, Numbers
from app.session import current_theme
from app.words import plain
from stcore.charts.maps.districts import district_of
from stcore.charts.maps.layers import is_water
from stcore.charts.maps.page import SensorMap
from stcore.charts.sensors import epoch_chart
from stcore.charts.words import short
from stcore.data import Layers
from stcore.runs import Run

MARKED = "marked sensors"


@dataclass(frozen=True)
class View:
    """One run: its ``numbers`` of the kind ``what`` after ``epoch`` (from 1), on its ``ground``."""

    run: Run
    trace: xr.Dataset
    what: str
    epoch: int
    numbers: Numbers
    ground: Ground

    @cached_property
    def names(self) -> list[str]:
        """The names of the N sensors."""
        return [str(name) for name in self.trace["sensor"].values]

    @cached_property
    def values(self) -> np.ndarray:
        """[N] The numbers on the map."""
        return self.numbers.values[self.epoch - 1 if self.numbers.by_epoch else 0]

    @property
    def label(self) -> str:
        """The label of the numbers, with the epoch."""
        return f"{self.numbers.label}, epoch {self.epoch}" if self.numbers.by_epoch else self.numbers.label

    @property
    def unit(self) -> str:
        """The first target's unit."""
        return self.run.spec.unit

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the run's data, the key of what a session keeps about them."""
        return str(self.run.spec.data.fingerprint)

    @property
    def placed(self) -> bool:
        """Whether the sensors have true locations."""
        return not self.ground.made_up

    @cached_property
    def sensors(self) -> SensorMap:
        """The map of all sensors, with the visitor's layers."""
        return SensorMap(
            self.names,
            self.ground.places,
            self.values,
            self.label,
            self.numbers.unit,
            self.numbers.limits,
            self.ground.layers,
            self.ground.cells,
            layers.map_overlays(self.fingerprint) if self.placed else (),
            self.numbers.diverging,
            self.placed and layers.is_online(),
        )

    @cached_property
    def districts(self) -> Layers:
        """The layers with areas that contain sensors: the dataset's own and the visitor's."""
        if not self.placed:
            return {}
        brought = {name: layer.collection for name, layer in layers.visible_layers(self.fingerprint).items()}
        own = self.ground.data.layers if self.ground.data is not None else {}
        return {
            name: collection
            for name, collection in {**own, **brought}.items()
            if not is_water(name) and (self.member(name, collection) >= 0).any()
        }

    def member(self, name: str, collection: Mapping[str, Any]) -> np.ndarray:
        """[N] The feature of a layer that contains each sensor; -1 for none. Computed once a session."""
        kept = st.session_state.setdefault("sensors of districts", {})
        known = kept.get((self.fingerprint, name))
        if known is None or known[0] is not collection:
            known = kept[self.fingerprint, name] = collection, district_of(collection, self.ground.places)
        return known[1]

    @property
    def marked(self) -> tuple[list[int], str]:
        """The sensors that are chosen together, and how they were chosen."""
        kept = st.session_state.get(MARKED)
        return (kept[1], kept[2]) if kept and kept[0] == self.fingerprint else ([], "")

    def mark(self, chosen: Sequence[int], how: str = "") -> None:
        """Choose several sensors together; an empty list for none."""
        st.session_state[MARKED] = (self.fingerprint, [int(place) for place in chosen], how)


def show_course(view: View, chosen: int) -> None:
    """The course of the chosen sensor through the epochs: error, importance, kept share, mask."""
    theme, trace, epoch, unit = current_theme(), view.trace, view.epoch, view.unit
    name = str(trace["sensor"].values[chosen])
    error, importance = trace["sensor_error"].values.astype(float), trace["importance"].values.astype(float)
    kept = 100 * trace["sensor_kept"].values.astype(float) if "sensor_kept" in trace else None
    rank = int((error[epoch - 1] > error[epoch - 1, chosen]).sum()) + 1
    st.markdown(
        f"**{plain(name)}** after epoch {epoch}: error **{short(error[epoch - 1, chosen], unit)}** "
        f"(rank {rank} of {error.shape[1]}), importance **{short(100 * importance[epoch - 1, chosen])}\u00a0%**"
        + ("." if kept is None else f", **{short(kept[epoch - 1, chosen])}\u00a0%** of its cells kept.")
    )
    if len(error) < 2:
        st.markdown("Its course through the epochs appears after epoch 2.")
        return
    courses = [("error", error, ("error", unit)), ("importance", importance, ("importance", "%"))]
    if kept is not None and (pruned := kept.mean(axis=1) < 100).any():  # full epochs would flatten the others
        courses.append(("kept", np.where(pruned[:, None], kept / 100, np.nan), ("kept share", "%")))
    if "active" in trace:
        worth = np.where(trace["active"].values, trace["mask_score"].values.astype(float), np.nan)
        courses.append(("mask", worth, ("worth to the mask", "")))
    for key, values, label in courses:
        chart = epoch_chart(values, chosen, label, theme, epoch)
        st.altair_chart(chart, key=f"course-{key}", alt=f"{label[0]} of sensor {name} through the epochs")
    st.markdown("Line: this sensor. Dashed: median of all sensors. Band: their middle 80 %.")


def show_past_readings(view: View, chosen: int) -> None:
    """The readings of the chosen sensor."""
    st.subheader("Readings", help="What the chosen sensor measured, missing readings left out.")
    data = view.ground.data
    if data is None:
        st.markdown("The dataset can no longer be opened.")
        return
    target = data.channels.index(view.run.spec.target)
    show_series(data, chosen, target, choose_days(data))
