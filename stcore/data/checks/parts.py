"""What some data hold besides readings: windows, sizes of clusters, a calendar, units, cells of a grid."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from stcore.data.checks.finding import Answers, CheckResult
from stcore.findings import refuse
from stcore.words import quantity


def check_windows(ds: xr.Dataset, answers: Answers) -> CheckResult:
    """``start`` and ``origin`` [window] are steps on rising times; ``lookback`` and ``horizon`` are whole numbers."""
    if "start" not in ds:
        return ds, []
    start = whole_numbers(ds, "start")
    if len(start) and not 0 <= start.min() <= start.max() < ds.sizes["time"]:
        worst = int(start.min() if start.min() < 0 else start.max())
        steps = quantity(ds.sizes["time"], "step")
        raise refuse("windows", f"A window starts at step {worst} (counted from 0), but there are {steps}.")
    times = ds["time"].values
    if times.dtype.kind == "M" and (np.diff(times) <= np.timedelta64(0)).any():
        raise refuse("windows", "The dataset says at which step windows start, but its times are not in rising order.")
    if "origin" in ds:
        origin = whole_numbers(ds, "origin")
        if ds["origin"].dims != ds["start"].dims or origin.min(initial=0) < 0:
            raise refuse("windows", "'origin' must hold one step for each window, none of them below 0.")
    sizes = [ds.attrs[name] for name in ("lookback", "horizon") if name in ds.attrs]
    if sizes and not (len(sizes) == 2 and all(_is_size(one) for one in sizes)):
        raise refuse("windows", "The lookback and horizon of the windows must be two whole numbers above zero.")
    return ds, []


def check_weights(ds: xr.Dataset, answers: Answers) -> CheckResult:
    """``weight`` [sensor] is a number above zero: how many sensors this one stands for."""
    if "weight" not in ds:
        return ds, []
    if ds["weight"].dims != ("sensor",) or ds["weight"].dtype.kind not in "fiu":
        raise refuse("weights", "'weight' must hold one number for each sensor.")
    weight = ds["weight"].values.astype(np.float64)
    if bad := int((~(np.isfinite(weight) & (weight > 0))).sum()):
        raise refuse("weights", f"{bad} of the {len(weight)} weights of sensors are not numbers above zero.")
    if weight.max() > np.finfo(np.float64).max / len(weight):
        raise refuse("weights", "The weights of the sensors are too large to be added.")
    return ds, []


def check_calendar(ds: xr.Dataset, answers: Answers) -> CheckResult:
    """``clock`` [time] holds a date and time for each step."""
    if "clock" not in ds:
        return ds, []
    if ds["clock"].dims != ("time",) or ds["clock"].dtype.kind != "M":
        raise refuse("clock", "'clock' must hold a date and time for each step.")
    if missing := int(np.isnat(ds["clock"].values).sum()):
        raise refuse("clock", f"'clock' has no date and time for {quantity(missing, 'step')}.")
    return ds, []


def check_units(ds: xr.Dataset, answers: Answers) -> CheckResult:
    """``attrs["units"]`` maps names of channels to units."""
    if not isinstance(ds.attrs.get("units", {}), Mapping):
        raise refuse(
            "units", "The attribute 'units' must hold a unit for each channel by its name, such as {'speed': 'km/h'}."
        )
    return ds, []


def check_cells(ds: xr.Dataset, answers: Answers) -> CheckResult:
    """``attrs["grid"]`` holds rows and columns, and ``cell`` [sensor] says which grid cell each sensor is."""
    if "grid" not in ds.attrs:
        return ds, []
    size = list(np.atleast_1d(np.asarray(ds.attrs["grid"], dtype=object)))
    if len(size) != 2 or not all(_is_size(one) for one in size):
        raise refuse("grid", "The grid of the sensors must be two whole numbers above zero: rows and columns.")
    if "cell" not in ds or ds["cell"].dims != ("sensor",):
        raise refuse("grid", "'cell' must say for each sensor which cell of the grid it is.")
    cell, cells = whole_numbers(ds, "cell"), int(size[0]) * int(size[1])
    if cell.min() < 0 or cell.max() >= cells or len(np.unique(cell)) < len(cell):
        raise refuse(
            "grid", f"'cell' must name a different one of the {quantity(cells, 'cell')} of the grid for each sensor."
        )
    return ds, []


def whole_numbers(ds: xr.Dataset, name: str) -> np.ndarray:
    """The whole numbers of a variable. Raises DataError where it holds anything else."""
    if ds[name].ndim != 1 or ds[name].dtype.kind not in "iu":
        what = f"{ds[name].dtype} of {quantity(ds[name].ndim, 'dimension')}"
        raise refuse(
            "windows" if name != "cell" else "grid", f"{name!r} must be a list of whole numbers; it is {what}."
        )
    return np.asarray(ds[name].values)


def _is_size(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and int(value) > 0
