"""One pandas table a year (LargeST's ca_his_raw_2017.h5, 2018 ..., or 2017/data.h5): put one after another in time."""

import re
from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from stcore.findings import DataError, Finding, refuse
from stcore.readers.archives import pandas_hdf5
from stcore.readers.reader import Answers, FolderReader, Raw
from stcore.readers.safe.limits import check_room
from stcore.readers.source import Folder, Source
from stcore.registry import Card
from stcore.words import listing, moment

CARD = Card(
    "yearly-hdf5",
    "HDF5 tables of the same sensors, one a year (ca_his_raw_2017.h5 ..., 2017/data.h5 ...), joined in time.",
    "Liu et al. 2023, LargeST; Torch Spatiotemporal",
    "stcore.readers.archives.yearly_hdf5:READER",
)
NAMED = re.compile(r"(.*?)[-_ ]?((?:19|20)\d\d)\.(?:h5|hdf5|hdf)")
YEAR = re.compile(r"(?:19|20)\d\d")


def members(folder: Folder) -> Sequence[Source]:
    """The files of at least two years that have the same name but for the year; the first such name where there are several."""
    by_name: dict[str, dict[str, Source]] = {}
    for source in folder.own:
        if match := NAMED.fullmatch(source.name.lower()):
            by_name.setdefault(match[1], {})[match[2]] = source
    for below in folder.below:
        if YEAR.fullmatch(below.name):
            for source in below.named("*.h5"):
                by_name.setdefault(f"/{source.name.lower()}", {})[below.name] = source
    for _, years in sorted(by_name.items()):
        found = [years[year] for year in sorted(years)]
        if len(found) > 1 and any(_is_table(source) for source in found):
            return found
    return []


def _is_table(source: Source) -> bool:
    """A damaged year is still a year: reading it says what is wrong."""
    try:
        return pandas_hdf5.recognises(source) > 0
    except DataError:
        return False


def read(folder: Folder, answers: Answers) -> Raw:
    """All years as one; other sensors in one of them are asked about, and missing stretches become missing values."""
    files = members(folder)
    check_room(sum(source.size for source in files), folder.name)
    raws = {source.path.relative_to(folder.path).as_posix(): pandas_hdf5.read(source, answers) for source in files}
    raws = dict(sorted(raws.items(), key=lambda pair: (pair[1].ds["time"].values[:1].tolist(), pair[0])))
    parts = {name: raw.ds for name, raw in raws.items()}
    _check_same(parts, "channel")
    _check_same_kind_of_times(parts)
    sensors, findings = _choose_sensors(parts, answers)
    first = next(iter(parts.values()))
    ds = xr.Dataset(
        {
            "value": (
                ("time", "sensor", "channel"),
                np.concatenate([_align(part, sensors) for part in parts.values()]),
            )
        },
        coords={
            "time": np.concatenate([part["time"].values for part in parts.values()]),
            "sensor": sensors,
            "channel": first["channel"].values,
        },
        attrs=first.attrs | {"title": folder.name},
    )
    ds = _add_locations(ds, list(parts.values()))
    spans = [f"{name} ({_span(part)})" for name, part in parts.items()]
    joined = Finding("note", "joined", f"{len(parts)} files were put one after another in time: {listing(spans, 8)}.")
    own = {(finding.code, finding.text): finding for raw in raws.values() for finding in raw.findings}  # each said once
    zone = next(iter(raws.values())).likely_zone
    return Raw(ds, [joined, *findings, *own.values()], {}, likely_zone=zone)


def _span(part: xr.Dataset) -> str:
    stamps = part["time"].values
    return (
        f"{moment(stamps[0])} to {moment(stamps[-1])}"
        if len(stamps) and stamps.dtype.kind == "M"
        else f"{len(stamps)} rows"
    )


def _check_same(parts: Mapping[str, xr.Dataset], dim: str) -> None:
    """Refuse files that do not measure the same things."""
    name, first = next(iter(parts.items()))
    for other, part in parts.items():
        if not np.array_equal(part[dim].values, first[dim].values):
            own, theirs = listing(first[dim].values), listing(part[dim].values)
            raise refuse(
                "files-differ", f"{name} has the {dim}s {own}, but {other} has {theirs}; they are not one dataset."
            )


def _check_same_kind_of_times(parts: Mapping[str, xr.Dataset]) -> None:
    """Refuse files of which some have times and some numbers, or some UTC and some a wall clock."""
    name, first = next(iter(parts.items()))
    for other, part in parts.items():
        same_zone = first.attrs.get("zone") == part.attrs.get("zone")
        if part["time"].dtype.kind != first["time"].dtype.kind or not same_zone:
            raise refuse(
                "files-differ", f"The times of {name} and of {other} are of different kinds; they cannot be joined."
            )


def _choose_sensors(parts: Mapping[str, xr.Dataset], answers: Answers) -> tuple[list[str], list[Finding]]:
    """The sensors of all files in the order of the first; where they differ, what was answered."""
    lists = {name: [str(sensor) for sensor in part["sensor"].values] for name, part in parts.items()}
    for name, held in lists.items():
        if len(set(held)) < len(held):
            twice = next(sensor for sensor in held if held.count(sensor) > 1)
            raise refuse("duplicate-sensors", f"{name} has sensor {twice[:80]!r} more than once.")
    every = list(dict.fromkeys(sensor for held in lists.values() for sensor in held))
    common = set(every).intersection(*lists.values())
    if len(common) == len(every):
        return every, []
    counts = ", ".join(f"{name} {len(held)}" for name, held in lists.items())
    apart = [sensor for sensor in every if sensor not in common]
    text = (
        f"The files have different sensors ({counts}): {len(every)} together, {len(common)} of them in every file. "
        f"Not in every file: {listing(apart)}."
    )
    choices = {
        "all": f"all {len(every)} sensors, missing in the files that do not have them",
        "common": f"only the {len(common)} sensors that every file has",
    }
    chosen = answers.get("sensors")
    if chosen not in choices:
        raise refuse("sensors", f"{text} Say which to take.", choices)
    kept = every if chosen == "all" else [sensor for sensor in every if sensor in common]
    if not kept:
        raise refuse("sensors", f"{text} No sensor is left.", choices)
    return kept, [Finding("repaired", "sensors", text, choices, chosen)]


def _align(part: xr.Dataset, sensors: list[str]) -> np.ndarray:
    """[T, N, C] of one file, its sensors in the order of all."""
    own = [str(sensor) for sensor in part["sensor"].values]
    values = part["value"].values
    values = values.astype(np.float32) if values.dtype.kind == "f" else values
    if own == sensors:
        return values
    place = {sensor: number for number, sensor in enumerate(own)}
    rows = np.array([place.get(sensor, -1) for sensor in sensors])
    found = values[:, np.maximum(rows, 0)]
    return np.where((rows >= 0)[None, :, None], found, np.float32(np.nan)) if (rows < 0).any() else found


def _add_locations(ds: xr.Dataset, parts: list[xr.Dataset]) -> xr.Dataset:
    """Latitude and longitude from the first file that has them for a sensor."""
    placed = [part for part in parts if "lat" in part]
    known = {
        str(name): (lat, lon)
        for part in reversed(placed)
        for name, lat, lon in zip(part["sensor"].values, part["lat"].values, part["lon"].values, strict=True)
    }
    if not known:
        return ds
    degrees = np.array([known.get(str(name), (np.nan, np.nan)) for name in ds["sensor"].values])
    return ds.assign(lat=("sensor", degrees[:, 0]), lon=("sensor", degrees[:, 1]))


READER = FolderReader(members, read, order=8)
