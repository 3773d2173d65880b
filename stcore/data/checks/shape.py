"""Dimensions, types of numbers and names: what must be right before times and values are checked."""

import re

import numpy as np
import xarray as xr

from stcore.data.checks.finding import Answers, CheckResult, note
from stcore.data.checks.stretches import first_where, stretches
from stcore.findings import refuse
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
