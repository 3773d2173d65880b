"""A series of numbered sensors without dates, and the windows of a set: what the archives of the field have in common."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import xarray as xr

from stcore.findings import Finding, refuse
from stcore.readers.archives import calendar_columns
from stcore.readers.archives.start_times import PublishedSet, published_set, published_set_of_size
from stcore.readers.reader import Answers, Raw

PARTS = ("train", "validation", "test")
FILES = {"train": "train", "val": "validation", "valid": "validation", "validation": "validation", "test": "test"}
"""The part of a set for each name of a file or array."""


class Windows(NamedTuple):
    """The windows of a set: first steps [W] by part; each window has ``lookback`` + ``horizon`` steps."""

    starts: Mapping[str, np.ndarray]
    lookback: int
    horizon: int


def numbered_series(
    values: np.ndarray, names: list[str], title: str, answers: Answers, known: PublishedSet | None = None
) -> Raw:
    """A raw dataset of [T, N, C] values with numbered sensors. Calendar channels become its clock.

    ``names`` [C] are the names of the channels, empty where the set has none. ``known`` is the published set that the data
    may be, where more than name and size says so.
    """
    steps, sensors, channels = values.shape
    clock = calendar_columns.calendar_clock(values)
    value_places = [number for number in range(channels) if clock is None or number not in clock.channels]
    published = published_set(title, sensors)
    coords, findings = calendar_columns.clock_times(
        clock, steps, title, answers, known or published_set_of_size(steps, sensors) or published
    )
    channel_names = names or (
        ["value"] if len(value_places) == 1 else [f"channel-{number + 1}" for number in range(channels)]
    )
    channel_names = (
        [channel_names[number] for number in value_places] if len(channel_names) == channels else channel_names
    )
    ds = xr.Dataset(
        {
            "value": (
                ("time", "sensor", "channel"),
                values[:, :, value_places] if len(value_places) < channels else values,
            )
        },
        coords={"time": coords["time"], "sensor": np.arange(sensors).astype(str), "channel": channel_names},
        attrs={"title": title, "units": {}},
    )
    ds = ds.assign(clock=("time", coords["clock"])) if "clock" in coords else ds
    return Raw(ds, findings, {}, numbered=True, likely_zone=published.zone if published else None)


def with_windows(raw: Raw, windows: Windows, title: str) -> Raw:
    """The dataset with ``start``, and with ``split`` where the set has all three parts and they can be separated."""
    length, steps = windows.lookback + windows.horizon, raw.ds.sizes["time"]
    starts = {part: np.unique(windows.starts[part].astype(np.int64)) for part in PARTS if part in windows.starts}
    if any(len(first) and (first.min() < 0 or first.max() + length > steps) for first in starts.values()):
        raise refuse("windows", f"{title} names windows of {length} steps that lie outside its {steps} steps.")
    ds = raw.ds.assign(start=("window", np.unique(np.concatenate(list(starts.values())))))
    ds = ds.assign_attrs(lookback=windows.lookback, horizon=windows.horizon)
    size = f"Its windows look {windows.lookback} steps back and {windows.horizon} ahead"
    counts = ", ".join(f"{len(starts[part])} for {part}" for part in starts)
    if absent := [part for part in PARTS if part not in starts or not len(starts[part])]:
        text = f"{title} has windows ({counts}) and none for {' and '.join(absent)}: the parts are cut by their shares."
        return raw.more(Finding("note", "windows", f"{text} {size}."), ds=ds)
    label = _labels(starts, length, steps)
    complete = {part: int(_inside(label, first, length, part).sum()) for part, first in starts.items()}
    if not all(complete.values()):
        text = f"The parts of {title} overlap so much that they cannot be separated; they are cut by their shares."
        return raw.more(Finding("note", "windows", f"{text} {size} ({counts})."), ds=ds)
    losses = [
        f"{len(starts[part]) - complete[part]} for {part}" for part in PARTS[:2] if len(starts[part]) > complete[part]
    ]
    note = (
        f" {' and '.join(losses)} share steps with a later part and are left out, so that no window of the test "
        "shares a step with training."
        if losses
        else ""
    )
    text = f"The parts are {title}'s own: windows {counts}.{note} {size}; with these numbers of steps they stay as they are."
    return raw.more(Finding("note", "windows", text), ds=ds.assign(split=("time", label)))


def _labels(starts: Mapping[str, np.ndarray], length: int, steps: int) -> np.ndarray:
    """[T] the latest part with a window over the step; empty where no window is."""
    label = np.full(steps, "", dtype="<U10")
    for part in PARTS:
        change = np.zeros(steps + 1, np.int64)
        np.add.at(change, starts[part], 1)
        np.add.at(change, starts[part] + length, -1)
        label[np.cumsum(change[:-1]) > 0] = part
    return label


def _inside(label: np.ndarray, starts: np.ndarray, length: int, part: str) -> np.ndarray:
    """[W] whether all steps of a window belong to its part."""
    own = np.concatenate([[0], np.cumsum(label == part)])
    return own[starts + length] - own[starts] == length
