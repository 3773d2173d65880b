"""Spread: sensors far from each other, by k-center on their places.

Farthest-first (Gonzalez 1985): the next site is the one farthest from all taken; every site is then at most twice as far
from a taken one as with the best choice of as many. Without places, distances along the graph or unlike readings stand in
(ours), which is noted.
"""

from collections.abc import Callable

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

from stcore.data.graph import haversine
from stcore.registry import MaskCard
from stcore.sensors.correlation import correlation
from stcore.sensors.mask import Fixed
from stcore.sensors.options import MaskOptions
from stcore.sensors.sites import Edges

Far = Callable[[int], np.ndarray]
"""Distances [R] of all sites from one."""


class Spread(Fixed):
    """Sites by farthest-first from the most central one; those without a place come last."""

    def order(self) -> np.ndarray:
        """[R] those forced on, then the farthest in turn, then those without a place or reading, and those forced off."""
        first, far, known = self.distances()
        sites = self.sites
        usable = np.setdiff1d(np.flatnonzero(known & (sites.observed > 0)), sites.off)  # a silent one covers nobody
        ranked = farthest(far, np.intersect1d(sites.on, usable), first, usable)
        return np.concatenate([ranked, np.setdiff1d(np.arange(sites.count), ranked)])

    def distances(self) -> tuple[int, Far, np.ndarray]:
        """The most central site, the distances from any, and which sites [R] bool have a place at all."""
        sites = self.sites
        if sites.places is not None:
            return by_places(sites.places)
        if sites.edges is not None:
            apart, said = along(sites.edges, sites.count), "distances along the graph"
        else:
            apart, said = 1 - correlation(sites.series), "1 - the correlation of the readings"
        self.notes.append(f"no sensor has a place, so they are spread by {said}")
        return int(np.argmin(apart.mean(axis=1))), apart.__getitem__, np.ones(sites.count, bool)


def by_places(places: np.ndarray) -> tuple[int, Far, np.ndarray]:
    """Central site, kilometres from any, and who has a place, of latitudes and longitudes [R, 2]."""
    known = np.isfinite(places).all(axis=1)
    lat, lon = np.radians(places[known]).T
    x, y, z = (np.cos(lat) * np.cos(lon)).mean(), (np.cos(lat) * np.sin(lon)).mean(), np.sin(lat).mean()
    middle = np.degrees([[np.arctan2(z, np.hypot(x, y)), np.arctan2(y, x)]])  # of the globe: no date line in the way
    inside = np.where(known[:, None], places, 0)
    first = int(np.argmin(np.where(known, haversine(middle, inside)[0], np.inf)))
    return first, lambda site: haversine(inside[[site]], inside)[0], known


def along(edges: Edges, count: int) -> np.ndarray:
    """[R, R] lengths of the shortest ways along the graph, either direction; twice the longest where there is none.

    An edge is as long as the weight exp(-length^2) says, the heaviest being the shortest.
    """
    start, end, weight = edges
    heavy = weight > 0
    length = np.sqrt(-np.log(weight[heavy] / weight.max(initial=1e-12))) + 1e-6  # nothing is free
    matrix = coo_matrix((length, (start[heavy], end[heavy])), (count, count)).tocsr()
    apart = dijkstra(matrix, directed=False)
    joined = np.isfinite(apart)
    return np.where(joined, apart, 2 * max(float(apart[joined].max()), 1.0))


def farthest(far: Far, taken: np.ndarray, first: int, usable: np.ndarray) -> np.ndarray:
    """The ``usable`` sites: those ``taken``, or else the ``first``, then always the farthest from all before."""
    order = [int(site) for site in taken]
    if not order and len(usable):
        order = [first if first in usable else int(usable[np.argmin(far(first)[usable])])]
    nearest = np.full(len(usable), np.inf)
    for site in order:
        nearest = np.minimum(nearest, far(site)[usable])
    nearest[np.isin(usable, order)] = -1
    while len(order) < len(usable):
        place = int(np.argmax(nearest))
        order.append(int(usable[place]))
        nearest = np.minimum(nearest, far(order[-1])[usable])
        nearest[place] = -1
    return np.array(order, np.int64)


CARD = MaskCard(
    "spread",
    "Sensors far from each other, so that none is far from one that is on.",
    "k-center: Gonzalez 1985, Theoretical Computer Science 38",
    "stcore.sensors.spread:Spread",
    MaskOptions,
    candidate=True,
)
