"""Times: real instants in rising order, each of them once, in a known zone. Where two meanings fit, a question is asked."""

from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import numpy as np
import pandas as pd
import xarray as xr

from stcore.data.checks.finding import Answers, CheckResult, note, repair
from stcore.data.checks.step import group_means
from stcore.findings import DataError, Finding, refuse
from stcore.words import listing, moment, quantity

TICKS = (("s", 1), ("ms", 10**3), ("us", 10**6), ("ns", 10**9))
EARLIEST, LATEST = np.datetime64("1900-01-01"), np.datetime64("2200-01-01")


def check_stamps(ds: xr.Dataset, answers: Answers) -> CheckResult:
    """Times become [T] datetime64[ns]: numbers that can only be times since 1970, and times with a zone as UTC."""
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
            f"{quantity(int(np.isnat(raw).sum()), 'row')} without a time; the first is row {int(np.isnat(raw).argmax()) + 1}.",
        )
    return ds.assign_coords(time=raw.astype("datetime64[ns]")), [*findings, *_check_years(raw, answers)]


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
    """Numbers as counts since 1970, in the one unit by which all of them lie between 1990 and 2100."""
    years = (631_152_000, 4_102_444_800)
    if not np.all(np.isfinite(numbers)):
        raise refuse("time", "Some rows have no time.")
    fitting = [unit for unit, ticks in TICKS if years[0] * ticks <= numbers.min() and numbers.max() <= years[1] * ticks]
    if len(fitting) != 1:
        text = (
            f"The time axis holds numbers from {numbers.min():g} to {numbers.max():g}. "
            "They are no times since 1970 in any usual unit."
        )
        raise refuse("time", text)
    words = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}[fitting[0]]
    whole = numbers.astype(np.int64) if numbers.dtype.kind != "f" else np.rint(numbers).astype(np.int64)
    return whole.view(f"datetime64[{fitting[0]}]"), [
        note("epoch", f"Times are numbers; they were read as {words} since 1970.")
    ]


def _check_years(stamps: np.ndarray, answers: Answers) -> list[Finding]:
    """Times must lie between 1900 and 2200. A question is asked where all of them lie in 1970."""
    first, last = stamps.min(), stamps.max()
    if first < EARLIEST or last >= LATEST:
        text = (
            f"Times run from {moment(first)} to {moment(last)}. Times before 1900 or after 2200 are not accepted; "
            "check how they were written."
        )
        raise refuse("time-range", text)
    year = first.astype("datetime64[Y]").astype(int) + 1970
    if year != 1970 or last.astype("datetime64[Y]").astype(int) != 0:
        return []
    choices, text = (
        {"real": "the data are from 1970"},
        "All times lie in 1970. This happens when plain numbers are read as times.",
    )
    if answers.get("year-1970") != "real":
        raise refuse("year-1970", text, choices)
    return [Finding("note", "year-1970", text, choices, "real")]


def check_order(ds: xr.Dataset, answers: Answers) -> CheckResult:
    """Times rise: rows out of order are sorted."""
    stamps = ds["time"].values
    forward = np.diff(stamps)
    if (forward > np.timedelta64(0)).all():
        return ds, []
    if resolved := _resolve_doubled_hour(ds):
        return resolved, [
            repair(
                "duplicate-times",
                "The hour that repeats when clocks change was resolved by the order of its rows; times are kept as UTC now.",
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
    """No time occurs twice: of equal rows one is kept; where rows differ, a question is asked."""
    stamps = ds["time"].values
    again = np.flatnonzero(stamps[1:] == stamps[:-1]) + 1
    if not len(again):
        return ds, []
    text = f"{quantity(len(again), 'time')} appeared more than once, the first is {moment(stamps[again[0]])}"
    value = ds["value"].values
    if np.array_equal(value[again], value[again - 1], equal_nan=True):
        return ds.isel(time=_first_rows(stamps)), [
            repair("duplicate-times", f"{text}, with equal readings; one of each was kept.")
        ]
    rule = answers.get("duplicate-times")
    choices = {"first": "keep the first reading of each time", "mean": "average the readings of each time"}
    if rule not in choices:
        error = Finding("error", "duplicate-times", f"{text}, with different readings. Choose which to use.", choices)
        if not _all_in_autumn_nights(stamps[again]) or _local_zone(ds.attrs.get("zone")) is not None:
            raise DataError(error)
        hint = (
            "This may be the hour that repeats when daylight saving time ends. Give the time zone, "
            "and its rows keep their order."
        )
        raise DataError(error, Finding("error", "zone", hint, zone_choices()))
    taken = ds.isel(time=_first_rows(stamps))
    if rule == "mean":
        taken = taken.assign(
            value=(ds["value"].dims, group_means(value, np.cumsum(np.r_[True, stamps[1:] != stamps[:-1]]) - 1))
        )
    return taken, [Finding("repaired", "duplicate-times", f"{text}, with different readings.", choices, rule)]


def _first_rows(stamps: np.ndarray) -> np.ndarray:
    return np.flatnonzero(np.r_[True, stamps[1:] != stamps[:-1]])


def _all_in_autumn_nights(stamps: np.ndarray) -> bool:
    """Whether all lie in the first hours of days in late October or early November."""
    index = pd.DatetimeIndex(stamps)
    return bool(
        (
            (index.hour <= 3) & (((index.month == 10) & (index.day >= 20)) | ((index.month == 11) & (index.day <= 8)))
        ).all()
    )


def _resolve_doubled_hour(ds: xr.Dataset) -> xr.Dataset | None:
    """The dataset in UTC; None where its steps back are not the ends of daylight saving time in its zone."""
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
    """Local times around clock changes: the hour that is skipped must be empty; a note names the hour that repeats."""
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
            f"{quantity(int(never.sum()), 'row')} lie in hours that clock changes skip in {zone}, "
            f"the first at {moment(index[never][0])}; they are empty."
        )
        findings.append(note("clock-change", text))
    if twice.any():
        text = (
            f"{quantity(int(twice.sum()), 'row')} lie in hours that occur twice in {zone} when clocks change, "
            f"the first at {moment(index[twice][0])}; the file has each of them once."
        )
        findings.append(note("doubled-hour", text))
    return ds, findings


def _local_zone(zone: object) -> ZoneInfo | None:
    """The zone of that name; None for UTC and for anything that is no zone."""
    if not isinstance(zone, str) or zone in ("UTC", "GMT", "unknown"):
        return None
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


UNKNOWN, NAMED = "unknown", "<zone>"


def check_zone(ds: xr.Dataset, answers: Answers) -> CheckResult:
    """Ask for the zone of data that name none."""
    if ds.attrs.get("zone", UNKNOWN) != UNKNOWN or "clock" in ds or (is_daily(ds) and "zone" not in answers):
        return ds, []
    choices, chosen = zone_choices(), answers.get("zone", UNKNOWN).strip()
    text = f"The file does not say in which time zone its times are (the first is {moment(ds['time'].values[0])})."
    if chosen == UNKNOWN:
        text += " They stay as written. With a zone, the hours that clock changes skip or repeat can be found."
        return ds, [Finding("note", "zone", text, choices, UNKNOWN)]
    if chosen not in available_timezones():
        raise _no_zone(chosen)
    return ds.assign_attrs(zone=chosen), [Finding("note", "zone", f"{text} They are in {chosen}.", choices, chosen)]


def is_daily(ds: xr.Dataset) -> bool:
    """Whether all rows have the same time of day, as in daily or weekly data, so that clock changes do not matter."""
    seconds = ds["time"].values.astype("datetime64[s]").astype(np.int64)
    return len(seconds) > 1 and bool((seconds % 86_400 == seconds[0] % 86_400).all())


def zone_choices() -> dict[str, str]:
    """The possible answers: as written, or any zone by its name."""
    return {
        UNKNOWN: "keep the times as they were written",
        NAMED: "the name of the time zone, such as Europe/Berlin or America/Los_Angeles",
    }


def offer_zone(findings: Iterable[Finding], zone: str | None) -> list[Finding]:
    """The findings, with the ``zone`` of a published set as a further choice of the zone question."""
    if zone is None:
        return list(findings)
    offer = {zone: f"times in {zone}, where the published set of this name was measured"}
    return [
        replace(finding, choices={UNKNOWN: finding.choices[UNKNOWN]} | offer | dict(finding.choices))
        if finding.code == "zone" and {UNKNOWN, NAMED} <= finding.choices.keys()
        else finding
        for finding in findings
    ]


def offered_zone(findings: Iterable[Finding]) -> str | None:
    """The zone that an earlier zone question offered."""
    offers = [zone for finding in findings if finding.code == "zone" for zone in finding.choices]
    return next((zone for zone in offers if zone not in (UNKNOWN, NAMED)), None)


def _no_zone(name: str) -> DataError:
    """The error for a name that is no zone, with zones of similar names or cities."""
    plain = name.lower().replace(" ", "_").replace("-", "_")
    whole = {zone.lower().replace("-", "_"): zone for zone in sorted(available_timezones())}
    cities = {key.rsplit("/", 1)[-1]: zone for key, zone in whole.items() if "/" in key}
    similar = [cities[key] for key in get_close_matches(plain.rsplit("/", 1)[-1], cities, 3, 0.75)]
    similar += [whole[key] for key in get_close_matches(plain, whole, 3, 0.75)]
    near = f" Was {listing(dict.fromkeys(similar), 4)} meant?" if similar else ""
    text = f"There is no time zone {name[:80]!r}.{near} Zones have names such as Europe/Berlin or America/Los_Angeles."
    choices = {UNKNOWN: "keep the times as they were written"} | {zone: f"times in {zone}" for zone in similar}
    return refuse("zone", text, choices | {NAMED: "the name of a time zone"})
