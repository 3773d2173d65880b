"""Dims, number types and names: what must be so before time or values can be looked at."""

import re

import numpy as np
import xarray as xr

from stcore.data.checks.finding import Answers, CheckResult, note
from stcore.data.checks.stretches import first, stretches
from stcore.findings import refuse
from stcore.words import listing, quantity

DIMS = ("time", "sensor", "channel")
EXACT = 2**24
"""Above this, float32 no longer holds every whole number."""
COUNTED = 2**53
"""Above this, nor does float64: such numbers are marks, not counts."""


def check_dims(ds: xr.Dataset, answers: Answers) -> CheckResult:
    """``value`` has the dims time, sensor, channel, whatever their order was; one channel may be left out."""
    if "value" not in ds:
        raise refuse("value", "The dataset holds no values.")
    dims = tuple(map(str, ds["value"].dims))
    if "channel" not in dims and set(dims) == {"time", "sensor"}:
        ds = ds.assign(value=ds["value"].expand_dims(channel=["value"]))
    elif set(dims) != set(DIMS):
        raise refuse(
            "dims", f"Values need the dims time, sensor and channel; they have {', '.join(dims)}.{_fitting(ds, dims)}"
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


def _fitting(ds: xr.Dataset, dims: tuple[str, ...]) -> str:
    """The order of dims that the lengths fit, where exactly that can be told."""
    sizes = {ds.sizes[name]: name for name in ("time", "sensor") if name in ds.sizes}
    named = [sizes.get(ds.sizes[dim], "channel") for dim in ds["value"].dims]
    fits = len(sizes) == 2 and {"time", "sensor"} <= set(named) and len(set(named)) == len(dims)
    return f" By their lengths they are ({', '.join(named)}): name the dims so." if fits else ""


def check_numbers(ds: xr.Dataset, answers: Answers) -> CheckResult:
    """Real numbers, as float32 that can be written to; places and weights as float64, positions as int64."""
    value = ds["value"]
    findings = []
    if value.dtype.kind not in "fiub":
        raise refuse("not-numbers", f"Values must be real numbers; they are of type {value.dtype}.")
    if value.dtype.kind == "b":
        findings.append(note("true-false", "The values are true or false; they were taken as 1 and 0."))
    largest = _largest_whole(value.values)
    if largest >= EXACT:
        text = f"Whole numbers up to {largest:.0f} are kept to seven digits, which is what single precision holds."
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
    """The largest reading by size of channels whose readings are all whole, as counters' are, of any type; 0 for others."""
    if values.dtype.kind in "iu":
        return max(float(values.max()), -float(values.min()))
    if values.dtype.kind != "f" or first(values, _large) is None:
        return 0.0
    channels = (values[..., place : place + 1] for place in range(values.shape[2]))
    whole = [channel for channel in channels if first(channel, _broken) is None]
    blocks = (channel[part] for channel in whole for part in stretches(channel))
    return max((float(np.abs(np.where(_large(block), block, 0)).max()) for block in blocks), default=0.0)


def _large(block: np.ndarray) -> np.ndarray:
    size = np.abs(block)
    return (size >= EXACT) & (size < COUNTED)


def _broken(block: np.ndarray) -> np.ndarray:
    return np.isfinite(block) & (block != np.rint(block))


def check_sensors(ds: xr.Dataset, answers: Answers) -> CheckResult:
    """Sensor and channel names are there and unique."""
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
                "sensor-names", f"{quantity(len(marked), 'sensor name')} held line breaks or control marks, now spaces."
            )
        )
        ds = ds.assign_coords(sensor=np.array(clean, dtype=str))
    return ds, findings
