"""What the Sensors view looks at: a run after an epoch, a number a sensor, and the sensors that are chosen."""

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
    """One run as it is shown: ``numbers`` of the kind ``what`` after ``epoch`` (from 1), on its ``ground``."""

    run: Run
    trace: xr.Dataset
    what: str
    epoch: int
    numbers: Numbers
    ground: Ground

    @cached_property
    def names(self) -> list[str]:
        """The N sensors."""
        return [str(name) for name in self.trace["sensor"].values]

    @cached_property
    def values(self) -> np.ndarray:
        """[N] the numbers on the map."""
        return self.numbers.values[self.epoch - 1 if self.numbers.by_epoch else 0]

    @property
    def label(self) -> str:
        """What they are, and of which epoch."""
        return f"{self.numbers.label}, epoch {self.epoch}" if self.numbers.by_epoch else self.numbers.label

    @property
    def unit(self) -> str:
        """The first target's unit."""
        return self.run.spec.unit

    @property
    def fingerprint(self) -> str:
        """By which things are kept for these data."""
        return str(self.run.spec.data.fingerprint)

    @property
    def placed(self) -> bool:
        """Whether the places are true ones."""
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
        """The layers with areas in which sensors stand: the visitor's, then the dataset's own."""
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
        """[N] the feature of a layer in which each sensor stands; -1 for none. Found once for a session."""
        kept = st.session_state.setdefault("sensors of districts", {})
        known = kept.get((self.fingerprint, name))
        if known is None or known[0] is not collection:
            known = kept[self.fingerprint, name] = collection, district_of(collection, self.ground.places)
        return known[1]

    @property
    def marked(self) -> tuple[list[int], str]:
        """The sensors that are chosen together, and how."""
        kept = st.session_state.get(MARKED)
        return (kept[1], kept[2]) if kept and kept[0] == self.fingerprint else ([], "")

    def mark(self, chosen: Sequence[int], how: str = "") -> None:
        """Choose several sensors together; none to let go of them."""
        st.session_state[MARKED] = (self.fingerprint, [int(place) for place in chosen], how)


def show_course(view: View, chosen: int) -> None:
    """Error and importance of the chosen sensor through the epochs."""
    theme, found, epoch, unit = current_theme(), view.trace, view.epoch, view.unit
    name = str(found["sensor"].values[chosen])
    error, importance = found["sensor_error"].values.astype(float), found["importance"].values.astype(float)
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
    if "active" in found:
        worth = np.where(found["active"].values, found["mask_score"].values.astype(float), np.nan)
        courses.append(("mask", worth, ("worth to the mask", "")))
    for key, values, label in courses:
        chart = epoch_chart(values, chosen, label, theme, epoch)
        st.altair_chart(chart, key=f"course-{key}", alt=f"{label[0]} of sensor {name} through the epochs")
    st.markdown("Line: this sensor. Dashed: median of all; band: their middle 80 %.")


def show_past_readings(view: View, chosen: int) -> None:
    """What the chosen sensor read."""
    st.subheader("Readings", help="What the chosen sensor measured, missing readings left out.")
    data = view.ground.data
    if data is None:
        st.markdown("The dataset is not there any more.")
        return
    target = data.channels.index(view.run.spec.target)
    show_series(data, chosen, target, choose_days(data))
