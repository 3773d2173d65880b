"""A small set as arrays, and as a dataset."""

import json
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from stcore.data import STData
from stcore.distil.clusters import Clusters, windows_and_clusters
from stcore.distil.ground import Ground
from stcore.distil.options import SizeOptions
from stcore.findings import Finding, refuse


class Small(NamedTuple):
    """M windows of L + H steps of K clusters (or picked sensors) with C channels.

    ``values`` [M, L + H, K, C] float32 z-scores, NaN where there is no value. Each window began as a real one; ``origin`` [M]
    is the first step of that real window. ``clusters`` says which sensors each of the K stands for.
    """

    values: np.ndarray
    origin: np.ndarray
    clusters: Clusters


def cut_out(series: np.ndarray, ground: Ground, windows: np.ndarray, clusters: Clusters) -> Small:
    """A small set of real ``windows`` [M] (positions), cut from ``series`` [T, K, C]."""
    ids = np.sort(windows)
    return Small(series[ground.windows.steps(ids)].astype(np.float32), ground.windows.starts[ids], clusters)


def set_sizes(ground: Ground, size: SizeOptions, fewest: int = 1) -> tuple[int, int, list[str]]:
    """How many windows and clusters a small set of this data has, as in ``windows_and_clusters``."""
    return windows_and_clusters(len(ground.windows), ground.setting.sensors, size, fewest)


def usable_values(small: Small, ground: Ground) -> np.ndarray:
    """The z-scores [M, L + H, K, C] float64 that a set keeps: channels in use, and at target steps the targets only."""
    tensors, values = ground.tensors, small.values.astype(np.float64).copy()
    every = range(values.shape[3])
    values[:, tensors.setting.lookback :, :, [channel for channel in every if channel not in tensors.targets]] = np.nan
    values[..., [channel for channel in every if channel not in (*tensors.inputs, *tensors.targets)]] = np.nan
    return values


def drop_silent(small: Small, ground: Ground, taught: bool) -> tuple[Small, list[str]]:
    """The set without clusters that have no reading in its windows, and a note on them. Data keep no sensor without readings.

    DataError if no target was measured at all, unless a teacher gives the targets (``taught``).
    """
    seen = np.isfinite(usable_values(small, ground))
    measured = seen.any(axis=(0, 1, 3))
    if not measured.any() or not (taught or seen[:, ground.setting.lookback :].any()):
        raise refuse(
            "all-missing",
            "The sensors that were picked have no reading to forecast in the windows that were picked; ask for more of either, "
            "or take another seed.",
        )
    if measured.all():
        return small, []
    text = (
        f"{int((~measured).sum())} of {len(measured)} sensors or clusters have no reading in the windows that were picked, and "
        "are left out of the set"
    )
    label = small.clusters.label
    label = np.where((label >= 0) & measured[label], np.cumsum(measured)[label] - 1, -1)
    clusters = Clusters(label, small.clusters.weight[measured])
    return Small(small.values[:, :, measured], small.origin, clusters), [text]


def as_data(small: Small, ground: Ground, about: dict[str, Any]) -> STData:
    """The small set as a dataset: one block of steps after another, with ``start``, ``clock``, ``origin`` and ``weight``.

    ``about`` is stored as JSON. Target steps hold the targets only. Values are in units.
    """
    tensors, data = ground.tensors, ground.tensors.data
    many, length, count, channels = small.values.shape
    units = tensors.scale.undo(usable_values(small, ground)).reshape(many * length, count, channels)
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
            "sensor": set_sensor_names(small.clusters, data.sensors),
            "channel": data.channels,
        },
        {
            "title": f"{data.title}, distilled",
            "zone": "UTC",  # the blocks ignore clock changes; "clock" has the times of the real windows
            "units": data.units,
            "lookback": tensors.setting.lookback,
            "horizon": tensors.setting.horizon,
            "simulated": data.simulated,
            "distilled": json.dumps(about),
        },
    )
    if (locations := ground.locations(small.clusters)) is not None:
        ds = ds.assign(lat=("sensor", locations[:, 0]), lon=("sensor", locations[:, 1]))
    text = (
        f"{many} windows of {count} {'clusters' if small.clusters.weight.max() > 1 else 'sensors'}, distilled from "
        f"{len(ground.windows)} windows of {len(data.sensors)} sensors; they lie one behind the other, and their clock is "
        "that of the real windows they began as."
    )
    return STData.of(ds, answers={"graph": "none"}, findings=[Finding("note", "distilled", text)])


def set_sensor_names(clusters: Clusters, sensors: list[str]) -> list[str]:
    """Names of the K sensors of a set: a picked sensor keeps its name, a cluster gets a number."""
    numbered = [f"cluster {cluster + 1}" for cluster in range(clusters.count)]
    names = []
    for cluster, number in enumerate(numbered):
        members = np.flatnonzero(clusters.label == cluster)
        names.append(sensors[members[0]] if len(members) == 1 else number)
    return names if len(set(names)) == len(names) else numbered
