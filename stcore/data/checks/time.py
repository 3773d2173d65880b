"""Time: real instants, rising, each once; what has two readings is asked."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd
import xarray as xr

from stcore.data.checks.finding import Answers, CheckResult, note, repair
from stcore.data.checks.step import means
from stcore.data.checks.zone import zone_choices
from stcore.findings import DataError, Finding, refuse
from stcore.words import moment, quantity

TICKS = (("s", 1), ("ms", 10**3), ("us", 10**6), ("ns", 10**9))
EARLIEST, LATEST = np.datetime64("1900-01-01"), np.datetime64("2200-01-01")


def check_stamps(ds: xr.Dataset, answers: Answers) -> CheckResult:
    """[T] datetime64[ns]; numbers are epochs where their range tells the unit; instants with a zone become UTC."""
    findings: list[Finding] = []
    index = ds.indexes.get("time")
    if isinstance(index, pd.DatetimeIndex) and index.tz is not None:
        raw, ds, findings = _utc(ds, index)
    elif (raw := ds["time"].values).dtype.kind in "iuf":
        raw, findings = _epochs(raw)
    elif raw.dtype.kind == "O":
        raw, ds, findings = _from_objects(ds, raw)
    if raw.dtype.kind != "M":
        raise refuse("time", f"The time axis holds {raw.dtype}, not dates and times.")
    if np.isnat(raw).any():
        raise refuse(
            "time",
            f"{quantity(int(np.isnat(raw).sum()), 'row')} without a time, the first is row {int(np.isnat(raw).argmax()) + 1}.",
        )
    return ds.assign_coords(time=raw.astype("datetime64[ns]")), [*findings, *_range(raw, answers)]


def _utc(ds: xr.Dataset, index: pd.DatetimeIndex) -> tuple[np.ndarray, xr.Dataset, list[Finding]]:
    zone = str(index.tz)
    attrs = ds.attrs | {"zone": "UTC"} | ({"local_zone": zone} if "/" in zone else {})
    text = (
        f"Times in the zone {zone} are kept as UTC; profiles and calendars still use {zone if '/' in zone else 'UTC'}."
    )
    return index.tz_convert("UTC").tz_localize(None).values, ds.assign_attrs(attrs), [repair("zone", text)]


def _from_objects(ds: xr.Dataset, raw: np.ndarray) -> tuple[np.ndarray, xr.Dataset, list[Finding]]:
    try:
        index = pd.DatetimeIndex(raw)
    except (ValueError, TypeError) as error:
        raise refuse(
            "time", f"The time axis holds {type(raw[0]).__name__}, such as {str(raw[0])[:40]!r}, not dates and times."
        ) from error
    return _utc(ds, index) if index.tz is not None else (index.values, ds, [])


def _epochs(numbers: np.ndarray) -> tuple[np.ndarray, list[Finding]]:
    """Counts since 1970 whose range lies in 1990 to 2100 in exactly one unit."""
    years = (631_152_000, 4_102_444_800)
    if not np.all(np.isfinite(numbers)):
        raise refuse("time", "Some rows have no time.")
    fitting = [unit for unit, ticks in TICKS if years[0] * ticks <= numbers.min() and numbers.max() <= years[1] * ticks]
    if len(fitting) != 1:
        text = (
            f"The time axis holds numbers from {numbers.min():g} to "
            f"{numbers.max():g}, which are no times since 1970 in any usual unit."
        )
        raise refuse("time", text)
    words = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}[fitting[0]]
    whole = numbers.astype(np.int64) if numbers.dtype.kind != "f" else np.rint(numbers).astype(np.int64)
    return whole.view(f"datetime64[{fitting[0]}]"), [
        note("epoch", f"Times are numbers; they were read as {words} since 1970.")
    ]


def _range(stamps: np.ndarray, answers: Answers) -> list[Finding]:
    """Years that can be; a whole set in 1970 is asked about."""
    first, last = stamps.min(), stamps.max()
    if first < EARLIEST or last >= LATEST:
        text = (
            f"Times run from {moment(first)} to {moment(last)}; before 1900 and "
            "after 2200 nothing is believed. Check how they were written."
        )
        raise refuse("time-range", text)
    year = first.astype("datetime64[Y]").astype(int) + 1970
    if year != 1970 or last.astype("datetime64[Y]").astype(int) != 0:
        return []
    choices, text = (
        {"real": "the data are from 1970"},
        "All times lie in 1970, as they do when a number was taken for a time.",
    )
    if answers.get("year-1970") != "real":
        raise refuse("year-1970", text, choices)
    return [Finding("note", "year-1970", text, choices, "real")]


def check_order(ds: xr.Dataset, answers: Answers) -> CheckResult:
    """Rising times."""
    stamps = ds["time"].values
    forward = np.diff(stamps)
    if (forward > np.timedelta64(0)).all():
        return ds, []
    if resolved := _doubled_hour(ds):
        return resolved, [
            repair(
                "duplicate-times",
                "The hour that the clock change doubles was resolved by the order of its rows; times are kept as UTC now.",
            )
        ]
    falls = np.flatnonzero(forward < np.timedelta64(0))
    if not len(falls):
        return ds, []
    text = (
        f"The times were not in order ({quantity(len(falls), 'step')} back, "
        f"the first at {moment(stamps[falls[0] + 1])}); the rows were sorted."
    )
    return ds.isel(time=np.argsort(stamps, kind="stable")), [repair("unsorted", text)]


def check_duplicates(ds: xr.Dataset, answers: Answers) -> CheckResult:
    """No time twice: equal rows are kept once, different ones are asked."""
    stamps = ds["time"].values
    again = np.flatnonzero(stamps[1:] == stamps[:-1]) + 1
    if not len(again):
        return ds, []
    said = f"{quantity(len(again), 'time')} appeared more than once, the first is {moment(stamps[again[0]])}"
    value = ds["value"].values
    if np.array_equal(value[again], value[again - 1], equal_nan=True):
        return ds.isel(time=_firsts(stamps)), [
            repair("duplicate-times", f"{said}, with equal readings; one of each was kept.")
        ]
    rule = answers.get("duplicate-times")
    choices = {"first": "keep the first reading of each time", "mean": "average the readings of each time"}
    if rule not in choices:
        error = Finding("error", "duplicate-times", f"{said}, with different readings. Say which to take.", choices)
        if not _autumn(stamps[again]) or _local_zone(ds.attrs.get("zone")) is not None:
            raise DataError(error)
        hint = "Is it the hour that is doubled when daylight saving ends? With the zone of the clock its rows keep their order."
        raise DataError(error, Finding("error", "zone", hint, zone_choices(ds)))
    taken = ds.isel(time=_firsts(stamps))
    if rule == "mean":
        taken = taken.assign(
            value=(ds["value"].dims, means(value, np.cumsum(np.r_[True, stamps[1:] != stamps[:-1]]) - 1))
        )
    return taken, [Finding("repaired", "duplicate-times", f"{said}, with different readings.", choices, rule)]


def _firsts(stamps: np.ndarray) -> np.ndarray:
    return np.flatnonzero(np.r_[True, stamps[1:] != stamps[:-1]])


def _autumn(stamps: np.ndarray) -> bool:
    """All in the small hours of days in late October or early November."""
    index = pd.DatetimeIndex(stamps)
    return bool(
        (
            (index.hour <= 3) & (((index.month == 10) & (index.day >= 20)) | ((index.month == 11) & (index.day <= 8)))
        ).all()
    )


def _doubled_hour(ds: xr.Dataset) -> xr.Dataset | None:
    """The dataset on UTC, where its steps back are the ends of daylight saving in its own zone and nothing else."""
    zone = ds.attrs.get("zone")
    if _local_zone(zone) is None:
        return None
    try:
        index = pd.DatetimeIndex(ds["time"].values).tz_localize(zone, ambiguous="infer")
    except ValueError:
        return None
    if not (index.is_unique and index.is_monotonic_increasing):
        return None
    stamps = index.tz_convert("UTC").tz_localize(None).values
    return ds.assign_coords(time=stamps.astype("datetime64[ns]")).assign_attrs(zone="UTC", local_zone=zone)


def check_clock(ds: xr.Dataset, answers: Answers) -> CheckResult:
    """A local axis through clock changes: the hour that never was must be empty, the doubled one is told."""
    zone = ds.attrs.get("zone")
    if _local_zone(zone) is None:
        return ds, []
    index = pd.DatetimeIndex(ds["time"].values)
    never = index.tz_localize(zone, nonexistent="NaT", ambiguous=np.ones(len(index), bool)).isna()
    twice = index.tz_localize(zone, nonexistent="shift_forward", ambiguous="NaT").isna()
    findings = []
    if never.any():
        filled = np.isfinite(ds["value"].values[never]).any(axis=(1, 2))
        if filled.any():
            text = (
                f"There are readings at {moment(index[never][filled][0])}, a time "
                f"that does not exist in {zone}. Are the times in another zone?"
            )
            raise refuse("clock-change", text)
        text = (
            f"{quantity(int(never.sum()), 'row')} lie in hours that clock changes "
            f"skip in {zone}, the first at {moment(index[never][0])}; they are empty."
        )
        findings.append(note("clock-change", text))
    if twice.any():
        text = (
            f"{quantity(int(twice.sum()), 'row')} lie in hours that clock changes double "
            f"in {zone}, the first at {moment(index[twice][0])}; the file has each once."
        )
        findings.append(note("doubled-hour", text))
    return ds, findings


def _local_zone(zone: object) -> ZoneInfo | None:
    """The zone by its name, unless it is UTC or no zone at all."""
    if not isinstance(zone, str) or zone in ("UTC", "GMT", "unknown"):
        return None
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
