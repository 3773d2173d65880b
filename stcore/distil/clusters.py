"""Clusters of sensors, and the size of a small set. No torch here, since pages import this file."""

from dataclasses import dataclass

import numpy as np

from stcore.data.checks.finding import stretches
from stcore.distil.options import SizeOptions

# Every round stores a picture of at most so many windows and clusters.
SHOWN = 8


@dataclass(frozen=True)
class Clusters:
    """K groups of the N sensors: ``label`` [N] the group of each sensor (-1: none), ``weight`` [K] how many each stands for."""

    label: np.ndarray
    weight: np.ndarray

    @property
    def count(self) -> int:
        """K."""
        return len(self.weight)


def cluster_means(series: np.ndarray, clusters: Clusters) -> np.ndarray:
    """[T, K, C] mean of ``series`` [T, N, C] over each cluster's members, NaN where none of them was measured."""
    members = np.zeros((clusters.count, len(clusters.label)), np.float32)
    labelled = clusters.label >= 0
    members[clusters.label[labelled], np.flatnonzero(labelled)] = 1
    means = np.empty((len(series), clusters.count, series.shape[2]), np.float32)
    for part in stretches(series):
        seen = np.isfinite(series[part])
        total = np.einsum("kn,tnc->tkc", members, np.where(seen, series[part], np.float32(0)), optimize=True)
        count = np.einsum("kn,tnc->tkc", members, seen.astype(np.float32), optimize=True)
        means[part] = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return means


def windows_and_clusters(windows: int, sensors: int, size: SizeOptions, fewest: int = 1) -> tuple[int, int, list[str]]:
    """How many windows and clusters a small set has, and notes where this differs from the shares in ``size``.

    The shares are of all ``windows`` and ``sensors``. A set has at least one window and ``fewest`` clusters.
    """
    some, clusters = max(1, round(size.time * windows)), max(1, round(size.space * sensors))
    notes = []
    if clusters < (least := min(fewest, sensors)):
        fewer = max(1, round(some * clusters / least))
        notes.append(
            f"{100 * size.space:.3g} % of {sensors} sensors would be {clusters}; {least} clusters are made, two for each "
            f"subset, and {fewer} windows instead of {some}, so that the set is as small as asked"
        )
        some, clusters = fewer, least
    return some, clusters, notes


def even_positions(size: int) -> np.ndarray:
    """At most 8 evenly spaced positions of ``size``."""
    return np.unique(np.linspace(0, size - 1, min(size, SHOWN)).round().astype(int))
