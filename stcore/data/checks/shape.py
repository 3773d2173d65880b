"""Dimensions, types of numbers and names, and what some data hold besides: windows, weights, calendar, units, cells, edges."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from stcore.data.checks.finding import Answers, CheckResult, first_where, note, stretches, with_sensor_word
from stcore.findings import Finding, refuse
from stcore.words import listing, quantity

DIMS = ("time", "sensor", "channel")
EXACT = 2**24
"""Up to this, float32 holds every whole number."""
COUNTED = 2**53
"""Up to this, float64 does; larger numbers are markers, not counts."""


def check_dims(ds: xr.Dataset, answers: Answers) -> CheckResult:
    """``value`` gets the dims (time, sensor, channel) from any order; the dim of a single channel may be missing."""
    if "value" not in ds:
        raise refuse("value", "The dataset holds no values.")
    dims = tuple(map(str, ds["value"].dims))
    if "channel" not in dims and set(dims) == {"time", "sensor"}:
        ds = ds.assign(value=ds["value"].expand_dims(channel=["value"]))
    elif set(dims) != set(DIMS):
        raise refuse(
            "dims",
            f"Values need the dims time, sensor and channel; they have {', '.join(dims)}.{_dims_by_length(ds, dims)}",
        )
    if absent := [name for name in DIMS if name not in ds.variables]:
        raise refuse(
            "dims", f"The dataset does not say what its {absent[0]}s are: the coordinate {absent[0]!r} is missing."
        )
    if 0 in ds["value"].shape:
        raise refuse("empty", f"There are no values: {_sizes(ds)}.")
    if ds.sizes["time"] < 2:
        raise refuse("too-short", "There is only one time step; a forecast needs many more.")
    texts = {
        name: np.array([str(cell) for cell in ds[name].values.tolist()], dtype=str) for name in ("sensor", "channel")
    }
    return ds.assign(value=ds["value"].transpose(*DIMS)).assign_coords(texts), []


def _sizes(ds: xr.Dataset) -> str:
    return ", ".join(quantity(ds.sizes[name], name) for name in DIMS if name in ds.sizes)


def _dims_by_length(ds: xr.Dataset, dims: tuple[str, ...]) -> str:
    """The order of dims that fits their lengths, where only one does."""
    sizes = {ds.sizes[name]: name for name in ("time", "sensor") if name in ds.sizes}
    names = [sizes.get(ds.sizes[dim], "channel") for dim in ds["value"].dims]
    fits = len(sizes) == 2 and {"time", "sensor"} <= set(names) and len(set(names)) == len(dims)
    return f" By their lengths they should be ({', '.join(names)})." if fits else ""


def check_numbers(ds: xr.Dataset, answers: Answers) -> CheckResult:
    """Values become float32 that can be changed; coordinates and weights float64; positions int64."""
    value = ds["value"]
    findings = []
    if value.dtype.kind not in "fiub":
        raise refuse("not-numbers", f"Values must be real numbers; they are of type {value.dtype}.")
    if value.dtype.kind == "b":
        findings.append(note("true-false", "The values are true or false; they were taken as 1 and 0."))
    largest = _largest_whole(value.values)
    if largest >= EXACT:
        text = f"Whole numbers up to {largest:.0f} are rounded to seven digits, as many as single precision holds."
        findings.append(note("rounded", text))
    with np.errstate(over="ignore"):  # what does not fit becomes infinite, which has a check of its own
        ds = ds.assign(value=value.astype(np.float32, copy=not value.values.flags.writeable))
    kinds = {
        "lat": np.float64,
        "lon": np.float64,
        "edge_from": np.int64,
        "edge_to": np.int64,
        "edge_weight": np.float64,
    }
    for name, kind in kinds.items():
        if name in ds.variables:
            if ds[name].dtype.kind not in "fiub":
                raise refuse("not-numbers", f"{name!r} must hold numbers; it holds {ds[name].dtype}.")
            ds = ds.assign({name: ds[name].astype(kind)})
    return ds, findings


def _largest_whole(values: np.ndarray) -> float:
    """The largest reading, by size, of channels that hold whole numbers only, as counters do; 0 where there is none."""
    if values.dtype.kind in "iu":
        return max(float(values.max()), -float(values.min()))
    if values.dtype.kind != "f" or first_where(values, _large) is None:
        return 0.0
    channels = (values[..., number : number + 1] for number in range(values.shape[2]))
    whole = [channel for channel in channels if first_where(channel, _broken) is None]
    blocks = (channel[part] for channel in whole for part in stretches(channel))
    return max((float(np.abs(np.where(_large(block), block, 0)).max()) for block in blocks), default=0.0)


def _large(block: np.ndarray) -> np.ndarray:
    size = np.abs(block)
    return (size >= EXACT) & (size < COUNTED)


def _broken(block: np.ndarray) -> np.ndarray:
    return np.isfinite(block) & (block != np.rint(block))


def check_sensors(ds: xr.Dataset, answers: Answers) -> CheckResult:
    """Every sensor and channel has a name of its own."""
    for dim in ("sensor", "channel"):
        names = ds[dim].values
        unique, counts = np.unique(names, return_counts=True)
        if len(unique) < len(names):
            twice = unique[counts > 1]
            text = f"{quantity(len(twice), f'{dim} name')} used more than once: {listing(twice)}. Give each {dim} its own name."
            raise refuse(f"duplicate-{dim}s", text)
        if any(not name.strip() for name in names):
            raise refuse(
                f"{dim}-names", f"The {dim} number {[not name.strip() for name in names].index(True) + 1} has no name."
            )
    findings = []
    if marked := [name for name in ds["sensor"].values if re.search(r"[\x00-\x1f\x7f]", name)]:
        clean = [re.sub(r"[\x00-\x1f\x7f]+", " ", name) for name in ds["sensor"].values]
        findings.append(
            note(
                "sensor-names",
                f"{quantity(len(marked), 'sensor name')} held line breaks or control characters, now spaces.",
            )
        )
        ds = ds.assign_coords(sensor=np.array(clean, dtype=str))
    return ds, findings


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
