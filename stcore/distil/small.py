"""A small set in the making, and as the dataset that everything else takes."""

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

    ``values`` [M, L + H, K, C] float32 z-scores, NaN where nothing is known; ``origin`` [M] the step at which the real window
    that each began as begins; ``clusters`` says which sensors each of the K stands for.
    """

    values: np.ndarray
    origin: np.ndarray
    clusters: Clusters


def cut_out(series: np.ndarray, ground: Ground, windows: np.ndarray, clusters: Clusters) -> Small:
    """The small set of real ``windows`` [M] (positions) out of ``series`` [T, K, C]."""
    ids = np.sort(windows)
    return Small(series[ground.windows.steps(ids)].astype(np.float32), ground.windows.starts[ids], clusters)


def set_sizes(ground: Ground, size: SizeOptions, fewest: int = 1) -> tuple[int, int, list[str]]:
    """Windows and clusters of a small set for the asked shares, at least one and ``fewest``, and what differs from them."""
    return windows_and_clusters(len(ground.windows), ground.setting.sensors, size, fewest)


def usable_values(small: Small, ground: Ground) -> np.ndarray:
    """[M, L + H, K, C] float64 z-scores that a set keeps: of channels that are used, at target steps of the targets alone."""
    tensors, values = ground.tensors, small.values.astype(np.float64).copy()
    every = range(values.shape[3])
    values[:, tensors.setting.lookback :, :, [place for place in every if place not in tensors.targets]] = np.nan
    values[..., [place for place in every if place not in (*tensors.inputs, *tensors.targets)]] = np.nan
    return values


def drop_silent(small: Small, ground: Ground, taught: bool) -> tuple[Small, list[str]]:
    """A set without the clusters that have no reading in its windows, since data keep no sensor without one; with a note.

    DataError where no target was measured at all, unless a teacher gives the targets (``taught``).
    """
    seen = np.isfinite(usable_values(small, ground))
    mine = seen.any(axis=(0, 1, 3))
    if not mine.any() or not (taught or seen[:, ground.setting.lookback :].any()):
        raise refuse(
            "all-missing",
            "The sensors that were picked have no reading to forecast in the windows that were picked; ask for more of either, "
            "or take another seed.",
        )
    if mine.all():
        return small, []
    text = (
        f"{int((~mine).sum())} of {len(mine)} sensors or clusters have no reading in the windows that were picked, and are "
        "left out of the set"
    )
    label = small.clusters.label
    label = np.where((label >= 0) & mine[label], np.cumsum(mine)[label] - 1, -1)
    return Small(small.values[:, :, mine], small.origin, Clusters(label, small.clusters.weight[mine])), [text]


def as_data(small: Small, ground: Ground, about: dict[str, Any]) -> STData:
    """The small set as a dataset: blocks one behind the other, with ``start``, ``clock``, ``origin`` and ``weight``.

    ``about`` is kept as JSON. At target steps only targets are known. Values are in units.
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
            "zone": "UTC",  # blocks one behind the other pass over clock changes; "clock" has the real windows' times
            "units": data.units,
            "lookback": tensors.setting.lookback,
            "horizon": tensors.setting.horizon,
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


def set_sensor_names(clusters: Clusters, sensors: list[str]) -> list[str]:
    """Names of the K: a picked sensor's own, a cluster's number."""
    found = []
    for place in range(clusters.count):
        members = np.flatnonzero(clusters.label == place)
        found.append(sensors[members[0]] if len(members) == 1 else f"cluster {place + 1}")
    return found if len(set(found)) == len(found) else [f"cluster {place + 1}" for place in range(clusters.count)]
