"""One pandas table per year (LargeST's ca_his_raw_2017.h5, 2018 ..., or 2017/data.h5), joined in time."""

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
    """Files of at least two years whose names differ only in the year; those of the first such name."""
    by_name: dict[str, dict[str, Source]] = {}
    for source in folder.own:
        if match := NAMED.fullmatch(source.name.lower()):
            by_name.setdefault(match[1], {})[match[2]] = source
    for below in folder.below:
        if YEAR.fullmatch(below.name):
            for source in below.named("*.h5"):
                by_name.setdefault(f"/{source.name.lower()}", {})[below.name] = source
    for _, years in sorted(by_name.items()):
        files = [years[year] for year in sorted(years)]
        if len(files) > 1 and any(_is_table(source) for source in files):
            return files
    return []


def _is_table(source: Source) -> bool:
    """Whether it is a pandas table. A damaged file is no table here; reading it says what is wrong."""
    try:
        return pandas_hdf5.recognises(source) > 0
    except DataError:
        return False


def read(folder: Folder, answers: Answers) -> Raw:
    """All years in one dataset. Different sensors become a question, and gaps become missing values."""
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
    joined = Finding("note", "joined", f"{len(parts)} files were joined in time: {listing(spans, 8)}.")
    own = {(finding.code, finding.text): finding for raw in raws.values() for finding in raw.findings}  # each once
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
    """Refuse files whose labels along ``dim`` differ."""
    name, first = next(iter(parts.items()))
    for other, part in parts.items():
        if not np.array_equal(part[dim].values, first[dim].values):
            own, theirs = listing(first[dim].values), listing(part[dim].values)
            raise refuse(
                "files-differ", f"{name} has the {dim}s {own}, but {other} has {theirs}; they are not one dataset."
            )


def _check_same_kind_of_times(parts: Mapping[str, xr.Dataset]) -> None:
    """Refuse files where some have times and others numbers, or some UTC and others a wall clock."""
    name, first = next(iter(parts.items()))
    for other, part in parts.items():
        same_zone = first.attrs.get("zone") == part.attrs.get("zone")
        if part["time"].dtype.kind != first["time"].dtype.kind or not same_zone:
            raise refuse(
                "files-differ", f"The times of {name} and of {other} are of different kinds; they cannot be joined."
            )


def _choose_sensors(parts: Mapping[str, xr.Dataset], answers: Answers) -> tuple[list[str], list[Finding]]:
    """The sensors of all files in the order of the first. Where they differ, the answer decides."""
    lists = {name: [str(sensor) for sensor in part["sensor"].values] for name, part in parts.items()}
    for name, sensors in lists.items():
        if len(set(sensors)) < len(sensors):
            twice = next(sensor for sensor in sensors if sensors.count(sensor) > 1)
            raise refuse("duplicate-sensors", f"{name} has sensor {twice[:80]!r} more than once.")
    every = list(dict.fromkeys(sensor for sensors in lists.values() for sensor in sensors))
    common = set(every).intersection(*lists.values())
    if len(common) == len(every):
        return every, []
    counts = ", ".join(f"{name} {len(sensors)}" for name, sensors in lists.items())
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
        raise refuse("sensors", f"{text} Choose which to open.", choices)
    chosen_sensors = every if chosen == "all" else [sensor for sensor in every if sensor in common]
    if not chosen_sensors:
        raise refuse("sensors", f"{text} No sensor is left.", choices)
    return chosen_sensors, [Finding("repaired", "sensors", text, choices, chosen)]


def _align(part: xr.Dataset, sensors: list[str]) -> np.ndarray:
    """[T, N, C] of one file, with its sensors in the order of ``sensors``, missing where it has none."""
    own = [str(sensor) for sensor in part["sensor"].values]
    values = part["value"].values
    values = values.astype(np.float32) if values.dtype.kind == "f" else values
    if own == sensors:
        return values
    position = {sensor: number for number, sensor in enumerate(own)}
    rows = np.array([position.get(sensor, -1) for sensor in sensors])
    values_there = values[:, np.maximum(rows, 0)]
    return np.where((rows >= 0)[None, :, None], values_there, np.float32(np.nan)) if (rows < 0).any() else values_there


def _add_locations(ds: xr.Dataset, parts: list[xr.Dataset]) -> xr.Dataset:
    """The dataset with latitude and longitude from the first file that has them for a sensor."""
    with_locations = [part for part in parts if "lat" in part]
    location = {
        str(name): (lat, lon)
        for part in reversed(with_locations)
        for name, lat, lon in zip(part["sensor"].values, part["lat"].values, part["lon"].values, strict=True)
    }
    if not location:
        return ds
    degrees = np.array([location.get(str(name), (np.nan, np.nan)) for name in ds["sensor"].values])
    return ds.assign(lat=("sensor", degrees[:, 0]), lon=("sensor", degrees[:, 1]))


READER = FolderReader(members, read, order=8)
