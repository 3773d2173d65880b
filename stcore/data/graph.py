"""Graphs of sensors: edges from locations, from a table of distances, or from the correlation of readings.

Pure functions on plain arrays. Edges are three arrays of one length: positions of sensors from [E] and to [E], weight [E] > 0.
"""

from typing import NamedTuple

import numpy as np

EARTH = 6371.0088
"""Mean radius of the earth in km."""
THRESHOLD = 0.1
"""Edges with a lower weight are left out (DCRNN)."""
BLOCK = 512
"""Sensors whose distances to all others are computed at once."""
AT_ONCE = 2**17
"""Distances in memory at once, where the nearest sensors are looked for."""


class Edges(NamedTuple):
    """A sparse directed graph: ``start`` [E], ``end`` [E] int64 positions, ``weight`` [E] float64."""

    start: np.ndarray
    end: np.ndarray
    weight: np.ndarray


def to_globe(locations: np.ndarray) -> np.ndarray:
    """Points [N, 3] on a globe of radius 1, of latitudes and longitudes [N, 2] in degrees. There the date line is no edge."""
    lat, lon = np.radians(locations).T
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)


def from_globe(point: np.ndarray) -> np.ndarray:
    """Latitude and longitude [2] in degrees of a point [3], or of the mean of points, which lies inside the globe."""
    x, y, z = point
    return np.degrees([np.arctan2(z, np.hypot(x, y)), np.arctan2(y, x)])


def haversine(locations: np.ndarray, others: np.ndarray) -> np.ndarray:
    """[N, M] great-circle distances in km between [N, 2] and [M, 2] latitudes and longitudes in degrees.

    Sinnott 1984. The date line and the poles need no special case.
    """
    (lat, lon), (lat2, lon2) = np.radians(locations.T), np.radians(others.T)
    half = np.sin((lat2[None] - lat[:, None]) / 2) ** 2
    half += np.cos(lat)[:, None] * np.cos(lat2)[None] * np.sin((lon2[None] - lon[:, None]) / 2) ** 2
    return 2 * EARTH * np.arcsin(np.sqrt(np.clip(half, 0, 1)))


def from_coordinates(
    locations: np.ndarray, neighbours: int = 6, *, rule: str = "nearest", threshold: float = THRESHOLD
) -> Edges:
    """Edges from [N, 2] latitudes and longitudes; sensors without a location (NaN) get none.

    ``nearest``: each sensor with its nearest ``neighbours``, both ways, weight exp(-(d / s)^2) with s the root mean square
    of those distances. ``gaussian``: every pair with exp(-(d / std)^2) >= ``threshold``, std over all distances (Li et al.
    2018, DCRNN, there with road distances).
    """
    known = np.flatnonzero(np.isfinite(locations).all(axis=1))
    if len(known) < 2:
        return _none()
    if rule == "gaussian":
        start, end, weight = _all_pairs(locations[known], threshold)
        return Edges(known[start], known[end], weight)
    start, end, distance = _nearest(locations[known], min(neighbours, len(known) - 1))
    scale = np.sqrt(np.mean(distance**2)) or 1.0
    return Edges(known[start], known[end], np.exp(-((distance / scale) ** 2)))


def _none() -> Edges:
    return Edges(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))


def _nearest(locations: np.ndarray, neighbours: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(from, to, km) of each pair in which one is among the other's nearest, in both directions."""
    many = len(locations)
    number, distance = (_by_tree if many > 10 * BLOCK else _by_blocks)(locations, neighbours)
    start, end = np.repeat(np.arange(many), neighbours), number.ravel()
    both = np.concatenate([start * many + end, end * many + start])
    pairs, first = np.unique(both, return_index=True)
    return pairs // many, pairs % many, np.tile(distance.ravel(), 2)[first]


def _by_blocks(locations: np.ndarray, neighbours: int) -> tuple[np.ndarray, np.ndarray]:
    numbers, distances = [], []
    rows = max(AT_ONCE // len(locations), 1)
    for first in range(0, len(locations), rows):
        apart = haversine(locations[first : first + rows], locations)
        apart[np.arange(len(apart)), first + np.arange(len(apart))] = np.inf
        near = np.argsort(apart, axis=1, kind="stable")[
            :, :neighbours
        ].copy()  # without a copy, the whole array would stay in memory
        numbers.append(near)
        distances.append(np.take_along_axis(apart, near, axis=1))
    return np.concatenate(numbers), np.concatenate(distances)


def _by_tree(locations: np.ndarray, neighbours: int) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.neighbors import BallTree

    radians = np.radians(locations)
    apart, number = BallTree(radians, metric="haversine").query(radians, k=neighbours + 1)
    own = number == np.arange(len(locations))[:, None]
    own[~own.any(axis=1), -1] = (
        True  # where several sensors share a location, a sensor may be missing among its own nearest
    )
    return number[~own].reshape(-1, neighbours), EARTH * apart[~own].reshape(-1, neighbours)


def _all_pairs(locations: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(from, to, weight) of all pairs, in blocks of rows, so that no full matrix of distances is in memory."""
    many = len(locations)
    blocks = range(0, many, BLOCK)
    total = squares = 0.0
    for first in blocks:
        apart = haversine(locations[first : first + BLOCK], locations)
        total, squares = total + apart.sum(), squares + (apart**2).sum()
    std = np.sqrt(max(squares / many**2 - (total / many**2) ** 2, 0)) or 1.0
    parts = []
    for first in blocks:
        weight = np.exp(-((haversine(locations[first : first + BLOCK], locations) / std) ** 2))
        weight[np.arange(len(weight)), first + np.arange(len(weight))] = 0
        start, end = np.nonzero(weight >= threshold)
        parts.append((start + first, end, weight[start, end]))
    start, end, weight = (np.concatenate(column) for column in zip(*parts, strict=True))
    return start, end, weight


def from_distances(start: np.ndarray, end: np.ndarray, cost: np.ndarray, threshold: float = THRESHOLD) -> Edges:
    """Edges with weight exp(-(cost / std)^2) >= ``threshold``, std over the finite costs (Li et al. 2018, DCRNN)."""
    finite = np.isfinite(cost)
    weight = np.exp(-((cost[finite] / (cost[finite].std() or 1.0)) ** 2))
    keep = weight >= threshold
    return Edges(start[finite][keep], end[finite][keep], weight[keep])


def from_neighbours(start: np.ndarray, end: np.ndarray, cost: np.ndarray) -> Edges:
    """Every listed pair, weight exp(-(cost / s)^2) with s the root mean square cost.

    For short lists of neighbours along roads, where DCRNN's rule, made for all pairs, would drop most of them (our
    own choice).
    """
    finite = np.isfinite(cost)
    scale = np.sqrt(np.mean(cost[finite] ** 2)) if finite.any() else 1.0
    return Edges(start[finite], end[finite], np.exp(-((cost[finite] / (scale or 1.0)) ** 2)))


def from_matrix(matrix: np.ndarray) -> Edges:
    """The entries of an [N, N] adjacency matrix that are not zero; its rows are from."""
    start, end = np.nonzero(matrix)
    return Edges(start, end, np.asarray(matrix[start, end], dtype=np.float64))


def from_correlation(values: np.ndarray, neighbours: int = 6) -> Edges:
    """Each sensor with the ``neighbours`` whose [T, N] readings correlate most, over the steps where both were observed.

    The weight is the correlation. Pairs without a positive correlation, or with fewer than 8 common steps, get no edge.
    """
    seen = np.isfinite(values).astype(np.float64)
    filled = np.where(seen > 0, values, 0).astype(np.float64)
    filled -= seen * (filled.sum(axis=0) / np.maximum(seen.sum(axis=0), 1))
    shared = seen.T @ seen
    sums, squares = filled.T @ seen, (filled**2).T @ seen
    count = np.maximum(shared, 1)
    variation = squares - sums**2 / count
    covariance = filled.T @ filled - sums * sums.T / count
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = covariance / np.sqrt(variation * variation.T)
    correlation = np.where((shared >= 8) & np.isfinite(correlation), np.clip(correlation, -1, 1), 0)
    np.fill_diagonal(correlation, 0)
    most = min(neighbours, len(correlation) - 1)
    best = np.argsort(-correlation, axis=1, kind="stable")[:, :most]
    start, end = np.repeat(np.arange(len(correlation)), most), best.ravel()
    weight = correlation[start, end]
    return Edges(start[weight > 0], end[weight > 0], weight[weight > 0])
