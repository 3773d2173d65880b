"""What a distillation works on: the real training series, and the same by clusters of sensors.

Clusters are k-means (Lloyd 1982; k-means++ starts) of the sensors' training readings in z-scores, as in STemDist (arXiv
2603.10410), section on location clustering. There the rows are all windows laid end to end; ours are the series themselves,
which hold the same readings once instead of some twenty times, and where they are longer than can be compared quickly,
their projection to fewer numbers.
"""

from functools import cached_property
from typing import Any

import numpy as np

from stcore.data.graph import from_globe, to_globe
from stcore.data.windows import Windows
from stcore.distil.clusters import Clusters, cluster_means
from stcore.models import Setting
from stcore.training.features import projection
from stcore.training.tensors import DataTensors, daily_profile

LONG = 4096  # numbers of a series beyond which sketches are compared
SKETCHES = 8  # of 64 numbers each


class Ground:
    """The training part of a dataset in z-scores. It is all that a distiller sees: nothing of validation or test is in it."""

    def __init__(self, tensors: DataTensors) -> None:
        self.tensors, self.setting = tensors, tensors.setting
        self.windows: Windows = tensors.parts.train
        self.length = tensors.setting.lookback + tensors.setting.horizon

    @cached_property
    def scaled(self) -> np.ndarray:
        """[T, N, C] z-scores of all channels, NaN where nothing was measured."""
        return self.tensors.scale.apply(self.tensors.data.values)

    @cached_property
    def rows(self) -> np.ndarray:
        """[N, D] float32 training readings of each sensor, missing ones at the mean of their step over the sensors."""
        train = self.scaled[self.tensors.parts.label == 0]
        seen = np.isfinite(train)
        clean = np.where(seen, train, np.float32(0))
        middle = clean.sum(axis=1, keepdims=True) / np.maximum(seen.sum(axis=1, keepdims=True), 1)
        rows = np.where(seen, train, middle).transpose(1, 0, 2).reshape(train.shape[1], -1).astype(np.float32)
        return sketch_rows(rows) if rows.shape[1] > LONG else rows

    def clusters(self, count: int, seed: int) -> Clusters:
        """``count`` clusters by k-means. An empty one takes the farthest member of another, so that none is."""
        from sklearn.cluster import KMeans

        sensors = len(self.rows)
        if count >= sensors:
            return Clusters(np.arange(sensors), np.ones(sensors))
        label = KMeans(count, n_init=3, random_state=seed).fit_predict(self.rows).astype(np.int64)
        label = fill_empty(label, count, self.rows)
        return Clusters(label, np.bincount(label, minlength=count).astype(float))

    def means(self, clusters: Clusters) -> np.ndarray:
        """[T, K, C] mean z-scores of each cluster's members, NaN where none of them was measured."""
        return cluster_means(self.scaled, clusters)

    def places(self, clusters: Clusters) -> np.ndarray | None:
        """[K, 2] middle of the places of each cluster's members in degrees, on the globe; NaN where none has one."""
        places = self.setting.places
        if places is None:
            return None
        point = to_globe(places)
        known = np.isfinite(point).all(axis=1)
        found = np.full((clusters.count, 2), np.nan)
        for place in range(clusters.count):
            if (mine := known & (clusters.label == place)).any():
                found[place] = from_globe(point[mine].mean(axis=0))
        return found

    def among(self, clusters: Clusters, means: np.ndarray) -> Setting:
        """A model's setting for the clusters in place of the sensors."""
        parts: dict[str, Any] = {"places": self.places(clusters), "profile": self.profile(means), "location": None}
        return self.setting._replace(sensors=clusters.count, edges=None, grid=None, cells=None, **parts)

    def profile(self, means: np.ndarray) -> np.ndarray:
        """[K, 48] the clusters' mean days of their ``means`` [T, K, C], of the first target."""
        train = self.tensors.parts.label == 0
        series = means[train][..., self.tensors.targets[0]]
        seen = np.isfinite(series)
        return daily_profile(np.where(seen, series, np.float32(0)), seen, self.tensors.data.local_time[train])


def sketch_rows(rows: np.ndarray) -> np.ndarray:
    """Rows [N, D] as [N, 512]: random projections, which keep distances on average."""
    parts = [part for part in np.array_split(np.arange(rows.shape[1]), SKETCHES) if len(part)]
    return np.concatenate([rows[:, part] @ projection(len(part)) for part in parts], axis=1)


def fill_empty(label: np.ndarray, count: int, rows: np.ndarray) -> np.ndarray:
    """Labels [N] of which every one of ``count`` is used: an empty cluster takes the farthest member of the largest."""
    label = label.copy()
    for empty in np.flatnonzero(np.bincount(label, minlength=count) == 0):
        mine = np.flatnonzero(label == np.bincount(label, minlength=count).argmax())
        label[mine[np.linalg.norm(rows[mine] - rows[mine].mean(axis=0), axis=1).argmax()]] = empty
    return label
