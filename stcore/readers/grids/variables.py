"""Which variables of a dataset are measurements, which of them are opened, and at which position of further dimensions."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import xarray as xr

from stcore.findings import Finding, refuse
from stcore.readers.reader import Answers
from stcore.words import listing

MOST = 8
"""Variables that are opened without an answer."""
LEADS = ("prediction_timedelta", "lead_time", "leadtime", "forecast_period", "forecast_hour", "step")
VERSIONS = "expver"
BOUNDS = ("bnds", "bounds", "nbnd", "nv", "nbounds", "vertices", "axis_nbounds")


class Variable(NamedTuple):
    """The further dimensions of a variable, its unit, and its long name."""

    extra: tuple[str, ...]
    unit: str
    label: str


def measured_variables(ds: xr.Dataset, dims: set[str]) -> dict[str, Variable]:
    """Variables with numbers over all these dimensions, without bounds, flags and grid mappings."""
    aside = {str(array.attrs.get(key)) for array in ds.variables.values() for key in ("bounds", "grid_mapping")}
    measured = {}
    for name, array in ((str(name), array) for name, array in ds.data_vars.items()):
        own = tuple(map(str, array.dims))
        if array.dtype.kind not in "fiu" or not dims <= set(own) or name in aside or "flag_values" in array.attrs:
            continue
        extra = tuple(dim for dim in own if dim not in dims)
        if not any(dim.lower() in BOUNDS for dim in extra):
            label = str(array.attrs.get("long_name") or array.attrs.get("standard_name") or name)
            wide = tuple(dim for dim in extra if ds.sizes[dim] > 1 and dim != VERSIONS)
            measured[name] = Variable(wide, str(array.attrs.get("units", "")), label)
    return measured


def choose_variables(measured: Mapping[str, Variable], answers: Answers) -> tuple[list[str], list[Finding]]:
    """The answered variables, else the first ``MOST`` with the most common dimensions. Several of them become a question."""
    names = list(measured)
    if len(names) < 2:
        return names, []
    kinds = [variable.extra for variable in measured.values()]
    usual = max(dict.fromkeys(kinds), key=kinds.count)
    chosen_names = [name for name in names if measured[name].extra == usual][:MOST]
    if answer := answers.get("variables", ""):
        chosen_names = list(dict.fromkeys(part.strip() for part in answer.split(",") if part.strip()))
        if unknown := [name for name in chosen_names if name not in measured]:
            raise refuse("variables", f"There is no variable {unknown[0][:80]!r}; there are {listing(names, 12)}.")
    left_out = [name for name in names if name not in chosen_names]
    text = f"There are {len(names)} variables; opened as channels: {listing(chosen_names, 12)}."
    text += f" Left out: {listing(left_out, 12)}." if left_out else ""
    choices = {name: f"open {measured[name].label[:80]} alone" for name in names[:40]}
    chosen = answer or ",".join(chosen_names)
    choices |= {"<variables>": "open several: names with commas between them", chosen: "open what is open now"}
    return chosen_names, [Finding("note", "variables", text, choices, chosen)]


def select_positions(array: xr.DataArray, dims: set[str], answers: Answers) -> tuple[list[xr.DataArray], list[Finding]]:
    """The variable over ``dims`` alone: at the answered position of every further dimension, else at the first, with a finding.

    For the versions of ERA5 it returns one array each, final before preliminary; the first with a reading counts.
    """
    findings: list[Finding] = []
    for dim in [str(dim) for dim in array.dims if dim not in dims and dim != VERSIONS]:
        if array.sizes[dim] == 1:
            array = array.isel({dim: 0})
            continue
        if dim.lower() in LEADS:
            raise _forecast_error(array, dim)
        labels = _labels(array[dim].values)
        position = answers.get(dim, labels[0])
        if position not in labels:
            raise refuse(dim, f"There is no {dim} {position[:80]!r}; there are {listing(labels, 12)}.")
        text = f"The values have {len(labels)} positions along {dim!r}; {position} was opened."
        choices = {label: f"open {dim} {label}" for label in labels}
        findings.append(Finding("note", dim, text, choices, position))
        array = array.isel({dim: labels.index(position)})
    if VERSIONS not in array.dims:
        return [array], findings
    order = np.argsort(_labels(array[VERSIONS].values)) if VERSIONS in array.coords else range(array.sizes[VERSIONS])
    return [array.isel({VERSIONS: int(position_)}) for position_ in order], findings


def _forecast_error(array: xr.DataArray, dim: str) -> Exception:
    text = (
        f"{array.name} holds forecasts: for every time there are {array.sizes[dim]} lead times along {dim!r}. Observations "
        "have one value a time. Choose one lead time and save it as a file of its own."
    )
    return refuse("forecasts", text)


def _labels(values: np.ndarray) -> list[str]:
    """The names of the positions along a dimension: whole numbers without a point; numbers where two names are the same."""
    names = [
        (
            part.decode("utf-8", "replace")
            if isinstance(part, bytes)
            else f"{part:g}"
            if isinstance(part, float)
            else str(part)
        )
        for part in values.tolist()[:200]
    ]
    return names if len(set(names)) == len(names) else [str(number) for number in range(len(names))]


def packing_notes(ds: xr.Dataset, names: list[str], time: str, name: str) -> list[Finding]:
    """Notes that packed numbers were unpacked, and that the newest part of ERA5 is preliminary."""
    findings = []
    packed = [variable for variable in names if {"scale_factor", "add_offset"} & ds[variable].encoding.keys()]
    if packed:
        about = ds[packed[0]].encoding
        text = (
            f"{listing(packed)} of {name} are packed as {about.get('dtype', 'whole numbers')} and were unpacked as the file "
            f"says ({packed[0]}: times {about.get('scale_factor', 1):g}, plus {about.get('add_offset', 0):g})."
        )
        findings.append(Finding("note", "packed", text))
    if VERSIONS in ds.variables and ds[VERSIONS].dims == (time,):
        labels = np.array(_version_labels(ds[VERSIONS].values))
        early = int(np.isin(labels, ("0005", "5")).sum())
        if early:
            text = f"{early} of {len(labels)} rows of {name} are preliminary (ERA5T, expver 0005) and may still change."
            findings.append(Finding("note", VERSIONS, text))
    return findings


def _version_labels(values: np.ndarray) -> list[str]:
    return [part.decode("ascii", "replace") if isinstance(part, bytes) else str(part) for part in values.tolist()]
