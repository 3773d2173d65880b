"""What the Sensors view shows of a run: the locations of its sensors, its numbers, and what a simulation planted."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import streamlit as st
import xarray as xr

from app.data.charts import made_up_places
from app.session import run_dataset
from stcore.charts.maps.grid_cells import Cells, cells_of
from stcore.charts.maps.layers import Layers, base_layers
from stcore.charts.maps.layout import layout_locations
from stcore.charts.scales import colour_limits
from stcore.data import STData
from stcore.findings import DataError
from stcore.runs import Run

ERROR, IMPORTANCE, MASK, KEPT, TEST, DIFFERENCE = "error", "importance", "mask", "kept", "test", "difference"
HELP = {
    ERROR: "Mean absolute error of the sensor's forecasts on the validation part, after the epoch.",
    IMPORTANCE: "The sensor's share of the inputs' effect on the loss: the mean of |input × gradient| over time and windows.",
    MASK: "What a sensor is worth to the learned mask, from 0 to 1; sensors that the mask switched off are hollow.",
    KEPT: "Share of the sensor's cells, its (window, sensor) samples, that the epoch trained on.",
    TEST: "Mean absolute error on the test part, of the weights that were best in validation.",
    DIFFERENCE: "Error of this run minus that of another one on the same data, sensor by sensor.",
}


@dataclass(frozen=True)
class Numbers:
    """A number for each sensor: ``values`` [E, N] by epoch (one row unless ``by_epoch``), in ``unit``."""

    label: str
    unit: str
    values: np.ndarray
    by_epoch: bool = True
    limits: tuple[float, float] | None = field(default=(0.0, 1.0))
    diverging: bool = False


def numbers_of(run: Run, trace: xr.Dataset, what: str) -> Numbers:
    """The chosen numbers, with one range of colours for all epochs so that playing shows changes."""
    unit = run.spec.unit
    if what == TEST:
        values = trace["test_sensor_error"].values[None].astype(float)
        return Numbers("test error", unit, values, False, colour_limits(values))
    if what == IMPORTANCE:
        values = 100 * trace["importance"].values.astype(float)
        return Numbers("importance", "%", values, True, colour_limits(values))
    if what == MASK:
        values = np.where(trace["active"].values, trace["mask_score"].values.astype(float), np.nan)
        return Numbers("worth to the mask", "", values, True, colour_limits(values))
    if what == KEPT:
        values = 100 * trace["sensor_kept"].values.astype(float)
        pruned = values[
            np.nanmean(values, axis=1) < 100
        ]  # without the full epochs, which would leave few colours for the others
        return Numbers("kept share", "%", values, True, colour_limits(pruned if len(pruned) else values))
    values = trace["sensor_error"].values.astype(float)
    return Numbers("validation error", unit, values, True, colour_limits(values[len(values) // 4 :]))


@dataclass(frozen=True)
class Ground:
    """Where the sensors are drawn, and what is below them; ``data`` is None where the dataset cannot be opened."""

    places: np.ndarray
    layers: Layers
    made_up: bool
    data: STData | None
    problem: str = ""
    cells: Cells | None = None


def map_ground(run: Run) -> Ground:
    """The ground of a run's map, from its dataset or, where that cannot be opened, from its own record."""
    kept = run.spec.data.locations
    try:
        data = run_dataset(run)
    except (DataError, OSError) as error:
        places = layout_locations(len(run.spec.data.sensors), None) if kept is None else np.array(kept, float)
        return Ground(places, {}, kept is None, None, str(error))
    if data.locations is None:
        places = made_up_places(data.fingerprint, data)
        return Ground(places, base_layers({}, places, data.edges), True, data)
    cells = cells_of(data)
    layers = base_layers(data.layers, data.locations, None if cells else data.edges)
    return Ground(data.locations, layers, False, data, cells=cells)


def planted_words(data: STData | None) -> list[str] | None:
    """What a simulation planted at each sensor; None for measured data."""
    if data is None or "faulty" not in data.ds:
        return None
    groups = data.ds["redundant_group"].values if "redundant_group" in data.ds else np.full(len(data.sensors), -1)
    words = [f"copies, group {group}" if group >= 0 else "" for group in groups]
    faulty = data.ds["faulty"].values.astype(bool)
    return [", ".join(filter(None, [word, "faulty" if bad else ""])) for word, bad in zip(words, faulty, strict=True)]


@st.cache_data(show_spinner=False, max_entries=64)
def highest_sensors(values: np.ndarray, names: list[str], most: int = 10, diverging: bool = False) -> pd.DataFrame:
    """The sensors with the highest values; of differences, those farthest from 0."""
    rank = np.abs(values) if diverging else values
    order = np.argsort(-np.nan_to_num(rank, nan=-np.inf), kind="stable")[:most]
    order = order[np.isfinite(values[order])]
    return pd.DataFrame({"sensor": [names[place] for place in order], "value": values[order]}, index=order)
