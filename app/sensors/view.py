"""What the Sensors view looks at: a run after an epoch, a number a sensor, and the sensors that are chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import streamlit as st
import xarray as xr

from app import layers
from app.sensors.measured import Ground, Shown
from stcore.charts.districts import inside
from stcore.charts.layers import is_water
from stcore.charts.maps import SensorMap
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
    numbers: Shown
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
        return str(self.run.spec["data"]["units"].get(self.run.spec["targets"][0], ""))

    @property
    def fingerprint(self) -> str:
        """By which things are kept for these data."""
        return str(self.run.spec["data"]["fingerprint"])

    @property
    def placed(self) -> bool:
        """Whether the places are true ones."""
        return not self.ground.made_up

    @cached_property
    def sensors(self) -> SensorMap:
        """The map of all sensors, with the visitor's layers."""
        return SensorMap(
            self.names, self.ground.places, self.values, self.label, self.numbers.unit, self.numbers.limits,
            self.ground.layers, self.ground.cells, layers.overlays(self.fingerprint) if self.placed else (),
            self.numbers.diverging, self.placed and layers.online(),
        )  # fmt: skip

    @cached_property
    def districts(self) -> Layers:
        """The layers with areas in which sensors stand: the visitor's, then the dataset's own."""
        if not self.placed:
            return {}
        brought = {name: layer.collection for name, layer in layers.visible(self.fingerprint).items()}
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
            known = kept[self.fingerprint, name] = collection, inside(collection, self.ground.places)
        return known[1]

    @property
    def marked(self) -> tuple[list[int], str]:
        """The sensors that are chosen together, and how."""
        kept = st.session_state.get(MARKED)
        return (kept[1], kept[2]) if kept and kept[0] == self.fingerprint else ([], "")

    def mark(self, chosen: Sequence[int], how: str = "") -> None:
        """Choose several sensors together; none to let go of them."""
        st.session_state[MARKED] = (self.fingerprint, [int(place) for place in chosen], how)
