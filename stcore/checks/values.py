"""Readings: what is not finite, not there, not moving or not believable."""

import re

import numpy as np
import xarray as xr

from stcore.checks.finding import Answers, Checked, counted, listed, note, repaired, share
from stcore.findings import Finding, refuse

SENTINELS = (
    -9999.0,
    -999.0,
    -99.0,
    -999.9,
    -99.9,
    -9999.9,
    -1.0,
    999.0,
    999.9,
    9999.0,
    9999.9,
    99999.0,
    32767.0,
    65535.0,
    1e20,
    -1e20,
)
FILL = float(np.float32(9.96921e36))
"""What NetCDF fills up with."""
OFTEN = 0.001
POSITIVE_UNITS = r"mph|km/h|kmh|m/s|veh|count|bicycle|person|people|trip|kwh|mwh|wh|mm|µg|ug|ppm|ppb|%|passenger|h$"
POSITIVE_NAMES = r"flow|speed|count|occupancy|volume|demand|pm10|pm2|no2|ozone|precip|duration|traffic"


def _replace(ds: xr.Dataset, where: np.ndarray) -> xr.Dataset:
    return ds.assign(value=(ds["value"].dims, np.where(where, np.float32(np.nan), ds["value"].values)))


def _place(ds: xr.Dataset, where: np.ndarray) -> str:
    """``at 2012-03-01 00:05 on 773869``: the first place in time."""
    step, sensor, _ = (int(index[0]) for index in np.nonzero(where))
    return f"at {str(ds['time'].values[step])[:16].replace('T', ' ')} on {str(ds['sensor'].values[sensor])[:80]}"


def check_infinite(ds: xr.Dataset, answers: Answers) -> Checked:
    """Infinite readings become missing."""
    infinite = np.isinf(ds["value"].values)
    if not infinite.any():
        return ds, []
    text = (
        f"{counted(int(infinite.sum()), 'reading')} infinite or too large "
        f"for a number, the first {_place(ds, infinite)}; taken as missing."
    )
    return _replace(ds, infinite), [repaired("infinite", text)]


def check_sentinels(ds: xr.Dataset, answers: Answers) -> Checked:
    """A number that stands for "nothing measured": extreme, often repeated, and one that people use for this."""
    value = ds["value"].values
    found = [
        mark
        for mark in _extremes(value)
        if (np.isclose((*SENTINELS, FILL), mark, rtol=1e-6)).any() and _stands_out(value, mark)
    ]
    if not found:
        return ds, []
    chosen = answers.get("sentinel", "keep")
    marked = np.isin(value, np.array(found, dtype=np.float32))
    names = listed(f"{mark:g}" for mark in found)
    taken = "taken as missing" if chosen == "missing" else "kept until you say otherwise"
    text = f"{share(marked.mean())} of the readings are {names}, which often stands for a missing one; {taken}."
    choices = {"keep": f"{names} is a measurement", "missing": f"{names} means: not measured"}
    return (_replace(ds, marked) if chosen == "missing" else ds), [Finding("note", "sentinel", text, choices, chosen)]


def _extremes(value: np.ndarray) -> tuple[float, ...]:
    low, high = float(np.fmin.reduce(value, axis=None)), float(np.fmax.reduce(value, axis=None))
    return (low, high) if np.isfinite(low) and low < high else ()


def _stands_out(value: np.ndarray, mark: float) -> bool:
    """Often repeated, and beyond all others by more than a tenth of their range; -1 only below what is never negative."""
    marked = value == np.float32(mark)
    if marked.sum() <= OFTEN * np.isfinite(value).sum():
        return False
    rest = _extremes(np.where(marked, np.nan, value))
    if not rest:
        return False
    gap = rest[0] - mark if mark < rest[0] else mark - rest[1]
    return rest[0] >= 0 if mark == -1 else gap > 0.1 * (rest[1] - rest[0])


def check_missing(ds: xr.Dataset, answers: Answers) -> Checked:
    """Missing readings stay missing; sensors and cells without any are left out."""
    observed = np.isfinite(ds["value"].values)
    seen = observed.any(axis=(0, 2))
    findings: list[Finding] = []
    if not seen.any():
        raise refuse("all-missing", "Not a single reading is there: every value is missing.")
    if not seen.all():
        ds, findings = _without(ds, seen), [repaired("all-missing", _gone(ds, seen))]
        observed = observed[:, seen]
    missing = ~observed
    if missing.any():
        by_sensor = missing.mean(axis=(0, 2))
        worst = np.argsort(-by_sensor, kind="stable")[:3]
        names = listed(
            f"{ds['sensor'].values[place]} ({share(by_sensor[place])})" for place in worst if by_sensor[place] > 0
        )
        text = (
            f"{share(missing.mean())} of the readings are missing, most of them "
            f"at {names}. They stay missing and count in no loss or metric."
        )
        findings.append(note("missing", text))
    return ds, findings


def _gone(ds: xr.Dataset, seen: np.ndarray) -> str:
    number = int((~seen).sum())
    if "cell" in ds:
        return (
            f"{number} of {len(seen)} cells have no reading at all (sea, or "
            "outside the mask) and were left out; the map keeps their place."
        )
    return f"{counted(number, 'sensor')} without a single reading left out: {listed(ds['sensor'].values[~seen], 10)}."


def _without(ds: xr.Dataset, keep: np.ndarray) -> xr.Dataset:
    """Only these sensors, and the edges between them."""
    if "edge_from" in ds:
        number = np.cumsum(keep) - 1
        start, end = ds["edge_from"].values, ds["edge_to"].values
        inside = (np.minimum(start, end) >= 0) & (np.maximum(start, end) < len(keep))
        if inside.all():
            ds = ds.isel({ds["edge_from"].dims[0]: np.flatnonzero(keep[start] & keep[end])})
            ds = ds.assign({name: (ds[name].dims, number[ds[name].values]) for name in ("edge_from", "edge_to")})
    return ds.isel(sensor=np.flatnonzero(keep))


def check_negative(ds: xr.Dataset, answers: Answers) -> Checked:
    """Readings below zero in channels that cannot have any."""
    findings = []
    units = ds.attrs.get("units", {})
    for number, name in enumerate(ds["channel"].values):
        unit = str(units.get(name, "")).lower()
        if not (re.search(POSITIVE_UNITS, unit) or (not unit and re.search(POSITIVE_NAMES, name.lower()))):
            continue
        value = ds["value"].values[:, :, number]
        below = value < 0
        if not below.any():
            continue
        part = below.sum() / max(np.isfinite(value).sum(), 1)
        place = _place(ds, below[:, :, None])
        text = f"{counted(int(below.sum()), 'reading')} of {name} ({share(part)}) below zero, the first {place}"
        if part > 0.5:
            raise refuse(
                "negative",
                f"{text}. More than half cannot be right for {unit or name}: is the sign or the channel mixed up?",
            )
        findings.append(note("negative", f"{text}; they were left as they are."))
    return ds, findings


def check_still(ds: xr.Dataset, answers: Answers) -> Checked:
    """Sensors that never move: told, and left for a mask to drop."""
    value = ds["value"].values
    still = np.all(np.fmin.reduce(value, axis=0) == np.fmax.reduce(value, axis=0), axis=1)
    if not still.any():
        return ds, []
    names = listed(ds["sensor"].values[still], 10)
    text = (
        f"{counted(int(still.sum()), 'sensor')} with the same value throughout: "
        f"{names}. They stay; a mask can leave them out."
    )
    return ds, [note("constant", text)]
