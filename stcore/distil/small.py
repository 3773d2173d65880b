"""A small set in the making, and as the dataset that everything else takes."""

import json
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from stcore.data import STData
from stcore.distil.clusters import Clusters, counted
from stcore.distil.ground import Ground
from stcore.distil.options import SizeOptions
from stcore.findings import Finding


class Small(NamedTuple):
    """M windows of L + H steps of K clusters (or picked sensors) with C channels.

    ``values`` [M, L + H, K, C] float32 z-scores, NaN where nothing is known; ``origin`` [M] the step at which the real window
    that each began as begins; ``clusters`` whom each of the K stands for.
    """

    values: np.ndarray
    origin: np.ndarray
    clusters: Clusters


def cut_out(series: np.ndarray, ground: Ground, windows: np.ndarray, clusters: Clusters) -> Small:
    """The small set of real ``windows`` [M] (positions) out of ``series`` [T, K, C]."""
    ids = np.sort(windows)
    return Small(series[ground.windows.steps(ids)].astype(np.float32), ground.windows.starts[ids], clusters)


def sizes(ground: Ground, size: SizeOptions, fewest: int = 1) -> tuple[int, int, list[str]]:
    """Windows and clusters of a small set for the asked shares, at least one and ``fewest``, and what differs from them."""
    return counted(len(ground.windows), ground.setting.sensors, size, fewest)


def as_data(small: Small, ground: Ground, about: dict[str, Any]) -> STData:
    """The small set as a dataset: blocks one behind the other, with ``start``, ``clock``, ``origin`` and ``weight``.

    ``about`` is kept as JSON. At target steps only targets are known. Values are in units.
    """
    feed, data = ground.feed, ground.feed.data
    many, length, count, channels = small.values.shape
    values = small.values.astype(np.float64).copy()
    others = [place for place in range(channels) if place not in feed.targets]
    values[:, feed.setting.lookback :, :, others] = np.nan
    unused = [place for place in range(channels) if place not in (*feed.inputs, *feed.targets)]
    values[..., unused] = np.nan
    units = feed.scale.undo(values).reshape(many * length, count, channels)
    steps = (small.origin[:, None] + np.arange(length)).ravel()
    step = np.timedelta64(round(data.step_seconds * 1e9), "ns")
    ds = xr.Dataset(
        {
            "value": (("time", "sensor", "channel"), units.astype(np.float32)),
            "weight": ("sensor", small.clusters.weight.astype(np.float64)),
            "start": ("window", length * np.arange(many)),
            "origin": ("window", small.origin.astype(np.int64)),
            "clock": ("time", data.clock(steps).to_numpy()),
        },
        {
            "time": data.time[0].to_datetime64() + step * np.arange(many * length),
            "sensor": names(small.clusters, data.sensors),
            "channel": data.channels,
        },
        {
            "title": f"{data.title}, distilled",
            "zone": data.zone,
            "units": data.units,
            "lookback": feed.setting.lookback,
            "horizon": feed.setting.horizon,
            "simulated": data.simulated,
            "distilled": json.dumps(about),
        },
    )
    if (places := ground.places(small.clusters)) is not None:
        ds = ds.assign(lat=("sensor", places[:, 0]), lon=("sensor", places[:, 1]))
    text = (
        f"{many} windows of {count} {'clusters' if small.clusters.weight.max() > 1 else 'sensors'}, distilled from "
        f"{len(ground.windows)} windows of {len(data.sensors)} sensors; they lie one behind the other, and their clock is "
        "that of the real windows they began as."
    )
    return STData.of(ds, answers={"graph": "none"}, findings=[Finding("note", "distilled", text)])


def names(clusters: Clusters, sensors: list[str]) -> list[str]:
    """What the K are called: a picked sensor by its own name, a cluster by its number."""
    found = []
    for place in range(clusters.count):
        members = np.flatnonzero(clusters.label == place)
        found.append(sensors[members[0]] if len(members) == 1 else f"cluster {place + 1}")
    return found if len(set(found)) == len(found) else [f"cluster {place + 1}" for place in range(clusters.count)]
