"""Made-up locations for sensors without any: a layout of the graph in which neighbours are near each other."""

import numpy as np

SPREAD = 0.1  # degrees from the middle: small enough for the map's projection to be flat
MOST_DRAWN = 1500  # beyond this, forces between all pairs take too long for a page
ROUNDS = 120


def layout_locations(count: int, edges: tuple[np.ndarray, np.ndarray, np.ndarray] | None) -> np.ndarray:
    """[N, 2] made-up latitudes and longitudes around (0, 0): the graph's layout by springs, or rows without a graph."""
    if edges is None or not len(edges[0]) or count > MOST_DRAWN or count < 3:
        return _rows(count)
    near = np.zeros((count, count))
    near[edges[0], edges[1]] = edges[2]
    near = np.maximum(near, near.T)
    np.fill_diagonal(near, 0)
    near /= near.max() or 1.0
    return _scale(_springs(_spectral(near), near))


def _rows(count: int) -> np.ndarray:
    """Rows in reading order, from the top left."""
    wide = max(int(np.ceil(np.sqrt(1.6 * count))), 1)
    number = np.arange(count)
    return _scale(np.stack([-(number // wide), number % wide], axis=1).astype(float))


def _spectral(near: np.ndarray) -> np.ndarray:
    """[N, 2] second and third eigenvectors of the normalised Laplacian, which unfold a graph (Hall 1970)."""
    degree = np.maximum(near.sum(axis=1), 1e-9)
    scaled = near / np.sqrt(degree[:, None] * degree[None])
    vectors = np.linalg.eigh(np.eye(len(near)) - scaled)[1][:, 1:3] / np.sqrt(degree)[:, None]
    ranks = np.argsort(np.argsort(vectors, axis=0, kind="stable"), axis=0, kind="stable")
    return ranks / len(near) - 0.5  # ranks, since otherwise a few far sensors would press all others into one dot


def _springs(locations: np.ndarray, near: np.ndarray) -> np.ndarray:
    """Links pull, all pairs push, and the steps grow smaller (Fruchterman and Reingold 1991)."""
    rest = 1 / np.sqrt(len(locations))
    pull = np.where(near > 0, 0.3 + 0.7 * near, 0) / rest
    for step in np.linspace(0.1, 0.004, ROUNDS):
        apart = locations[:, None] - locations[None]
        squared = np.maximum((apart**2).sum(axis=2), 1e-6)
        force = (apart * (rest**2 / squared - pull * np.sqrt(squared))[:, :, None]).sum(axis=1) - 0.6 * rest * locations
        length = np.maximum(np.linalg.norm(force, axis=1, keepdims=True), 1e-9)
        locations = locations + force / length * np.minimum(length, step)
    return locations


def _scale(locations: np.ndarray) -> np.ndarray:
    middle = (locations.max(axis=0) + locations.min(axis=0)) / 2
    return SPREAD * (locations - middle) / (np.abs(locations - middle).max() or 1.0)
