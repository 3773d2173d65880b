"""Regions of sensors that lie together: by place, else by how alike they read."""

import numpy as np

from stcore.data import STData
from stcore.sensors.likeness import correlation


def nearby(data: STData, count: int, target: int = 0, seed: int = 0) -> np.ndarray:
    """[N] region of each sensor, 0 to at most ``count`` - 1, numbered by their first sensors; none is empty.

    Where all have a place: k-means on the globe (Lloyd 1982), so that the date line is no edge; cells of a grid come in
    compact patches. Else sensors whose readings of a channel rise and fall together (average linkage of 1 - |correlation|).
    """
    count = min(count, len(data.sensors))
    places = data.places
    if places is not None and np.isfinite(places).all():
        from sklearn.cluster import KMeans

        lat, lon = np.radians(places.astype(float)).T
        globe = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)
        spread = (globe - globe.mean(axis=0)) / max(float(globe.std(axis=0).max()), 1e-12)  # places lie close together
        label = KMeans(count, n_init=10, random_state=seed).fit_predict(spread)
    elif len(data.sensors) > 1:
        from scipy.cluster.hierarchy import fcluster, linkage
        from scipy.spatial.distance import squareform

        apart = 1 - np.abs(correlation(data.values[..., target].astype(float)))
        np.fill_diagonal(apart, 0)
        tree = linkage(squareform(np.clip((apart + apart.T) / 2, 0, None), checks=False), "average")
        label = fcluster(tree, count, "maxclust")
    else:
        label = np.zeros(len(data.sensors), int)
    _, first, number = np.unique(label, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[number].astype(np.int64)
