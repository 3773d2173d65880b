"""Readings: infinite, missing, constant or not plausible; and whether zeros mean zero or missing, which is always asked."""

import re

import numpy as np
import xarray as xr

from stcore.data.checks.finding import (
    Answers,
    CheckResult,
    count_where,
    extremes,
    first_where,
    note,
    repair,
    sensor_word,
    without_where,
)
from stcore.findings import Finding, refuse
from stcore.words import listing, percentage, quantity

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
"""The number that NetCDF writes for a missing value."""
OFTEN = 0.001
"""A number that is repeated in more than this share of the readings may stand for a missing one."""
POSITIVE_UNITS = r"mph|km/h|kmh|m/s|veh|count|bicycle|person|people|trip|kwh|mwh|wh|mm|µg|ug|ppm|ppb|%|passenger|h$"
POSITIVE_NAMES = r"flow|speed|count|occupancy|volume|demand|pm10|pm2|no2|ozone|precip|duration|traffic"


def _where_text(ds: xr.Dataset, where: tuple[int, int] | None) -> str:
    """A step and sensor in words: ``at 2012-03-01 00:05 on 773869``."""
    step, sensor = where or (0, 0)
    return f"at {str(ds['time'].values[step])[:16].replace('T', ' ')} on {str(ds['sensor'].values[sensor])[:80]}"


def check_infinite(ds: xr.Dataset, answers: Answers) -> CheckResult:
    """Infinite readings become missing."""
    infinite = int(count_where(value := ds["value"].values, np.isinf).sum())
    if not infinite:
        return ds, []
    text = (
        f"{quantity(infinite, 'reading')} infinite or too large for a number, "
        f"the first {_where_text(ds, first_where(value, np.isinf))}; taken as missing."
    )
    return without_where(ds, np.isinf), [repair("infinite", text)]


def check_sentinels(ds: xr.Dataset, answers: Answers) -> CheckResult:
    """A number that may stand for "not measured": extreme, often repeated, and commonly used for this."""
    value = ds["value"].values
    marks = [
        mark
        for mark in extremes(value)
        if (np.isclose((*SENTINELS, FILL), mark, rtol=1e-6)).any() and _stands_out(value, mark)
    ]
    if not marks:
        return ds, []

    def marked(block: np.ndarray) -> np.ndarray:
        return np.any([block == np.float32(mark) for mark in marks], axis=0)

    chosen = answers.get("sentinel", "keep")
    names = listing(f"{mark:g}" for mark in marks)
    effect = "taken as missing" if chosen == "missing" else "kept unless you answer otherwise"
    part = percentage(count_where(value, marked).sum() / value.size)
    text = f"{part} of the readings are {names}, which often stands for a missing one; {effect}."
    choices = {"keep": f"{names} is a measurement", "missing": f"{names} means not measured"}
    ds = without_where(ds, marked) if chosen == "missing" else ds
    return ds, [Finding("note", "sentinel", text, choices, chosen)]


def _stands_out(value: np.ndarray, mark: float) -> bool:
    """Whether ``mark`` is repeated often and lies a tenth of the others' range away from them; -1 if no other is negative."""

    def marked(block: np.ndarray) -> np.ndarray:
        return block == np.float32(mark)

    if count_where(value, marked).sum() <= OFTEN * count_where(value, np.isfinite).sum():
        return False
    rest = extremes(value, marked)
    if not rest:
        return False
    gap = rest[0] - mark if mark < rest[0] else mark - rest[1]
    return rest[0] >= 0 if mark == -1 else gap > 0.1 * (rest[1] - rest[0])


def check_missing(ds: xr.Dataset, answers: Answers) -> CheckResult:
    """Missing readings stay missing; sensors and grid cells without any reading are left out."""
    observed = count_where(ds["value"].values, np.isfinite)
    has_readings = np.asarray(observed.any(axis=1))
    findings: list[Finding] = []
    if not has_readings.any():
        raise refuse("all-missing", "There is not a single reading: every value is missing.")
    if not has_readings.all():
        cells = int(np.prod(ds.attrs["grid"])) if "cell" in ds and "grid" in ds.attrs else None
        findings = [left_out_finding(ds["sensor"].values[~has_readings], cells, int(has_readings.sum()))]
        ds, observed = _only_sensors(ds, has_readings), observed[has_readings]
    steps = ds.sizes["time"]
    if observed.sum() < observed.size * steps:
        by_sensor = 1 - observed.mean(axis=1) / steps
        worst = np.argsort(-by_sensor, kind="stable")[:3]
        names = listing(
            f"{ds['sensor'].values[sensor]} ({percentage(by_sensor[sensor])})"
            for sensor in worst
            if by_sensor[sensor] > 0
        )
        text = (
            f"{percentage(1 - observed.sum() / (observed.size * steps))} of the readings are missing, most of them "
            f"at {names}. They stay missing, and no loss or metric counts them."
        )
        findings.append(note("missing", text))
    return ds, findings


def left_out_finding(names: np.ndarray, cells: int | None, kept: int) -> Finding:
    """The finding that sensors without any reading are left out; for a grid, how many of its ``cells`` are not ``kept``."""
    if cells is not None:
        text = (
            f"{cells - kept} of {cells} cells have no reading at all (sea, or outside the mask) and were left out; "
            "on the map they stay empty."
        )
    else:
        text = f"{quantity(len(names), 'sensor')} without a single reading left out: {listing(names, 10)}."
    return repair("all-missing", text)


def _only_sensors(ds: xr.Dataset, keep: np.ndarray) -> xr.Dataset:
    """The dataset with only these sensors and the edges between them."""
    if "edge_from" in ds:
        number = np.cumsum(keep) - 1
        start, end = ds["edge_from"].values, ds["edge_to"].values
        inside = (np.minimum(start, end) >= 0) & (np.maximum(start, end) < len(keep))
        if inside.all():
            ds = ds.isel({ds["edge_from"].dims[0]: np.flatnonzero(keep[start] & keep[end])})
            ds = ds.assign({name: (ds[name].dims, number[ds[name].values]) for name in ("edge_from", "edge_to")})
    return ds.isel(sensor=np.flatnonzero(keep))


def check_negative(ds: xr.Dataset, answers: Answers) -> CheckResult:
    """Readings below zero in channels that cannot have any. A distilled set is exempt: its values are no readings."""
    if "distilled" in ds.attrs:
        return ds, []
    findings = []
    units = ds.attrs.get("units", {})
    for number, name in enumerate(ds["channel"].values):
        unit = str(units.get(name, "")).lower()
        if not (re.search(POSITIVE_UNITS, unit) or (not unit and re.search(POSITIVE_NAMES, name.lower()))):
            continue
        value = ds["value"].values[:, :, number : number + 1]
        below = int(count_where(value, _below).sum())
        if not below:
            continue
        part = below / max(count_where(value, np.isfinite).sum(), 1)
        where = _where_text(ds, first_where(value, _below))
        text = f"{quantity(below, 'reading')} of {name} ({percentage(part)}) below zero, the first {where}"
        if part > 0.5:
            raise refuse(
                "negative",
                f"{text}. More than half of them cannot be right for {unit or name}: is the sign wrong, or the channel?",
            )
        findings.append(note("negative", f"{text}; they were left unchanged."))
    return ds, findings


def _below(block: np.ndarray) -> np.ndarray:
    return block < 0


def check_still(ds: xr.Dataset, answers: Answers) -> CheckResult:
    """A note on sensors whose value never changes; they stay, and a mask can leave them out."""
    value = ds["value"].values
    still = np.all(np.fmin.reduce(value, axis=0) == np.fmax.reduce(value, axis=0), axis=1)
    if not still.any():
        return ds, []
    names = listing(ds["sensor"].values[still], 10)
    text = (
        f"{quantity(int(still.sum()), sensor_word(ds))} with the same value throughout: "
        f"{names}. They stay; a mask can leave them out."
    )
    return ds, [note("constant", text)]


KEEP, MISSING, SOME = "keep", "missing", "<channels>"


def zero_share(ds: xr.Dataset) -> np.ndarray:
    """[N] share of each sensor's readings that are exactly zero in the file; 0 where a sensor has none."""
    if "zero_share" in ds:
        return np.asarray(ds["zero_share"].values)
    value = ds["value"].values
    return _share(count_where(value, _zero), count_where(value, np.isfinite), 1).astype(np.float32)


def zeros_of_all(ds: xr.Dataset) -> float:
    """Share of all readings that are exactly zero in the file."""
    if "zeros_of_all" in ds.attrs:
        return float(ds.attrs["zeros_of_all"])
    value = ds["value"].values
    return float(count_where(value, _zero).sum() / max(count_where(value, np.isfinite).sum(), 1))


def _zero(block: np.ndarray) -> np.ndarray:
    return block == 0


def _share(zeros: np.ndarray, observed: np.ndarray, axis: int) -> np.ndarray:
    """The share of ``zeros`` among ``observed`` readings [N, C], summed over ``axis``."""
    return zeros.sum(axis=axis) / np.maximum(observed.sum(axis=axis), 1)


def check_zeros(ds: xr.Dataset, answers: Answers) -> CheckResult:
    """Zeros stay measurements unless the answer says otherwise. Their shares are kept as ``zero_share`` [sensor]."""
    value = ds["value"].values
    zeros = count_where(value, _zero)
    if not zeros.any():
        return ds, []
    observed = count_where(value, np.isfinite)
    chosen = answers.get("zeros", KEEP)
    channels = [str(name) for name in ds["channel"].values]
    choices = {KEEP: "zeros are measurements", MISSING: "zeros mean not measured"}
    if len(channels) > 1:
        choices[SOME] = (
            f"zeros mean not measured in these channels only: names separated by commas, such as {channels[0]}"
        )
    text = _text(ds, zeros, observed)
    if "zero_share" not in ds:
        ds = ds.assign(zero_share=("sensor", _share(zeros, observed, 1).astype(np.float32)))
        ds = ds.assign_attrs(zeros_of_all=float(zeros.sum() / observed.sum()))
    if chosen != KEEP:
        meant = np.isin(channels, channels if chosen == MISSING else _named_channels(chosen, channels))
        ds = without_where(ds, lambda block: (block == 0) & meant)
    effect = "They stay measurements unless you answer otherwise." if chosen == KEEP else "They were taken as missing."
    return ds, [Finding("note", "zeros", f"{text} {effect}", choices, chosen)]


def _named_channels(answer: str, channels: list[str]) -> list[str]:
    names = [name.strip() for name in answer.split(",")]
    if unknown := [name for name in names if name not in channels]:
        raise refuse(
            "zeros",
            f"Zeros can be 'keep', 'missing' or names of channels ({listing(channels)}); {unknown[0]!r} is none of these.",
        )
    return names


def _text(ds: xr.Dataset, zeros: np.ndarray, observed: np.ndarray) -> str:
    """The share of zeros, the sensors with most of them, and the share by channel where there are several."""
    by_sensor, by_channel = _share(zeros, observed, 1), _share(zeros, observed, 0)
    worst = np.argsort(-by_sensor, kind="stable")[:3]
    names, channels = ds["sensor"].values, ds["channel"].values
    most = listing(f"{names[sensor]} ({percentage(by_sensor[sensor])})" for sensor in worst if by_sensor[sensor] > 0)
    text = (
        f"{percentage(zeros.sum() / max(observed.sum(), 1))} of the readings are exactly zero, most of them at {most}."
    )
    if len(channels) > 1:
        shares = (f"{name} {percentage(part)}" for name, part in zip(channels, by_channel, strict=True))
        text += f" By channel: {listing(shares, 8)}."
    return text
