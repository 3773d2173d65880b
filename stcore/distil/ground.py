"""Ground: the training series that a distillation works on, by sensor and by cluster of sensors.

Sensors are clustered by k-means (Lloyd 1982; k-means++ starts) on their training readings in z-scores, as in STemDist (arXiv
2603.10410), section on location clustering. The paper clusters all windows laid end to end. We cluster the series: they hold
each reading once instead of about twenty times. Long series are projected to fewer numbers, so that this stays fast.
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

# Longer series are compared by sketches: SKETCHES of 64 numbers each.
LONG, SKETCHES = 4096, 8


class Ground:
    """The training part of a dataset in z-scores. A distiller sees nothing else, so no validation or test data."""

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
        """[N, D] float32 training readings of each sensor. A missing one is the mean over the sensors at its step."""
        train = self.scaled[self.tensors.parts.label == 0]
        seen = np.isfinite(train)
        clean = np.where(seen, train, np.float32(0))
        middle = clean.sum(axis=1, keepdims=True) / np.maximum(seen.sum(axis=1, keepdims=True), 1)
        rows = np.where(seen, train, middle).transpose(1, 0, 2).reshape(train.shape[1], -1).astype(np.float32)
        return sketch_rows(rows) if rows.shape[1] > LONG else rows

    def clusters(self, count: int, seed: int) -> Clusters:
        """``count`` clusters by k-means. An empty cluster takes the farthest member of another, so none stays empty."""
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

    def locations(self, clusters: Clusters) -> np.ndarray | None:
        """[K, 2] mean location of each cluster's members on the globe, in degrees. NaN if no member has a location."""
        if self.setting.places is None:
            return None
        point = to_globe(self.setting.places)
        located = np.isfinite(point).all(axis=1)
        locations = np.full((clusters.count, 2), np.nan)
        for cluster in range(clusters.count):
            if (members := located & (clusters.label == cluster)).any():
                locations[cluster] = from_globe(point[members].mean(axis=0))
        return locations

    def among(self, clusters: Clusters, means: np.ndarray) -> Setting:
        """The setting of a model whose sensors are the clusters."""
        parts: dict[str, Any] = {"places": self.locations(clusters), "profile": self.profile(means), "location": None}
        return self.setting._replace(sensors=clusters.count, edges=None, grid=None, cells=None, **parts)

    def profile(self, means: np.ndarray) -> np.ndarray:
        """[K, 48] mean day of the first target in each cluster, from the clusters' ``means`` [T, K, C]."""
        train = self.tensors.parts.label == 0
        series = means[train][..., self.tensors.targets[0]]
        seen = np.isfinite(series)
        return daily_profile(np.where(seen, series, np.float32(0)), seen, self.tensors.data.local_time[train])


def sketch_rows(rows: np.ndarray) -> np.ndarray:
    """Random projections [N, 512] of rows [N, D]. They keep distances on average."""
    parts = [part for part in np.array_split(np.arange(rows.shape[1]), SKETCHES) if len(part)]
    return np.concatenate([rows[:, part] @ projection(len(part)) for part in parts], axis=1)


def fill_empty(label: np.ndarray, count: int, rows: np.ndarray) -> np.ndarray:
    """Labels [N] that use all ``count`` clusters: an empty one takes the farthest member of the largest."""
    label = label.copy()
    for empty in np.flatnonzero(np.bincount(label, minlength=count) == 0):
        largest = np.flatnonzero(label == np.bincount(label, minlength=count).argmax())
        distance = np.linalg.norm(rows[largest] - rows[largest].mean(axis=0), axis=1)
        label[largest[distance.argmax()]] = empty
    return label
