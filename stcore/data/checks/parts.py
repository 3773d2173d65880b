"""What some data hold besides readings: windows, sizes of clusters, a calendar, units, grid cells and edges."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from stcore.data.checks.finding import Answers, CheckResult, note, with_sensor_word
from stcore.findings import Finding, refuse
from stcore.words import quantity

EDGE_VARIABLES = ("edge_from", "edge_to", "edge_weight")


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


def check_edges(ds: xr.Dataset, answers: Answers) -> CheckResult:
    """``edge_from``, ``edge_to`` in 0..N-1 and ``edge_weight`` >= 0, all of one length, or none of them."""
    present = [name for name in EDGE_VARIABLES if name in ds]
    if not present:
        return ds, []
    if present[:2] != list(EDGE_VARIABLES[:2]):
        raise refuse("edges", f"The graph is incomplete: it has only {', '.join(present)}.")
    if "edge_weight" not in ds:
        ds = ds.assign(edge_weight=(ds["edge_from"].dims, np.ones(ds["edge_from"].size)))
    if len({ds[name].dims for name in EDGE_VARIABLES}) > 1 or ds["edge_from"].ndim != 1:
        raise refuse(
            "edges", "The graph needs a list of starts, a list of ends and a list of weights, all of the same length."
        )
    start, end, weight = (ds[name].values for name in EDGE_VARIABLES)
    sensors = ds.sizes["sensor"]
    if len(start) and (min(start.min(), end.min()) < 0 or max(start.max(), end.max()) >= sensors):
        worst = max(int(start.max()), int(end.max()))
        raise refuse(
            "edges", f"The graph names sensor number {worst} (counted from 0), but there are {sensors} sensors."
        )
    if not np.isfinite(weight).all():
        raise refuse("edges", f"{quantity(int((~np.isfinite(weight)).sum()), 'weight')} of the graph are not numbers.")
    if (weight < 0).any():
        raise refuse(
            "edges",
            f"{quantity(int((weight < 0).sum()), 'weight')} of the graph are below zero, the lowest is {weight.min():g}.",
        )
    notes = _edge_findings(start, end, weight, sensors)
    return ds, [replace(finding, text=with_sensor_word(finding.text, ds)) for finding in notes]


def _edge_findings(start: np.ndarray, end: np.ndarray, weight: np.ndarray, sensors: int) -> list[Finding]:
    findings = []
    linked = weight > 0
    if not linked.any():
        return [note("no-edges", "The graph has no edges with a weight above zero.")]
    if (start[linked] == end[linked]).all():
        return [note("self-loops", "The graph links every sensor only with itself.")]
    ahead, back = start * sensors + end, end * sensors + start
    if not np.isin(back[linked], ahead[linked]).all():
        findings.append(note("directed", "The graph is directed: some edges lead one way only."))
    apart = sensors - len(np.union1d(start[linked & (start != end)], end[linked & (start != end)]))
    if apart:
        findings.append(note("unlinked", f"{quantity(apart, 'sensor')} of {sensors} without any edge to another."))
    return findings


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
