"""Farthest-first: sensors far from each other, by k-center on their locations (Gonzalez 1985).

The next site is the one farthest from all chosen ones. Every site is then at most twice as far from a chosen one as with
the best choice of as many. Without locations, distances along the graph or unlike readings stand in (ours); a note says so.
"""

from collections.abc import Callable

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra
from typing_extensions import override

from stcore.data.graph import from_globe, haversine, to_globe
from stcore.registry import MaskCard
from stcore.sensors.correlation import correlation
from stcore.sensors.mask import Ranked
from stcore.sensors.options import MaskOptions
from stcore.sensors.sites import Edges

Far = Callable[[int], np.ndarray]
"""Distances [R] of all sites from one."""


class FarthestFirst(Ranked):
    """Sites by farthest-first from the most central one; those without a location come last."""

    @override
    def order(self) -> np.ndarray:
        """[R] those forced on, then the farthest in turn, then those without a location or reading, and those forced off."""
        first, far, known = self.distances()
        sites = self.sites
        # A site that measured nothing covers nobody.
        usable = np.setdiff1d(np.flatnonzero(known & (sites.observed > 0)), sites.off)
        ranked = farthest_first(far, np.intersect1d(sites.on, usable), first, usable)
        return np.concatenate([ranked, np.setdiff1d(np.arange(sites.count), ranked)])

    def distances(self) -> tuple[int, Far, np.ndarray]:
        """The most central site, the distances from any site, and which sites [R] bool have a location."""
        sites = self.sites
        if sites.locations is not None:
            return location_distances(sites.locations)
        if sites.edges is not None:
            distances, what = graph_distances(sites.edges, sites.count), "distances along the graph"
        else:
            distances, what = 1 - correlation(sites.series), "1 - the correlation of the readings"
        self.notes.append(f"no sensor has a location, so they are spread by {what}")
        return int(np.argmin(distances.mean(axis=1))), distances.__getitem__, np.ones(sites.count, bool)


def location_distances(locations: np.ndarray) -> tuple[int, Far, np.ndarray]:
    """The most central site, kilometres from any site, and which have a location, of latitudes and longitudes [R, 2]."""
    known = np.isfinite(locations).all(axis=1)
    # The middle is taken on the globe, so that the date line does not matter.
    middle = from_globe(to_globe(locations[known]).mean(axis=0))[None]
    inside = np.where(known[:, None], locations, 0)
    first = int(np.argmin(np.where(known, haversine(middle, inside)[0], np.inf)))
    return first, lambda site: haversine(inside[[site]], inside)[0], known


def graph_distances(edges: Edges, count: int) -> np.ndarray:
    """[R, R] lengths of the shortest paths along the graph, in either direction; twice the longest where there is none.

    The weight of an edge is read as exp(-length^2), so the heaviest edge is the shortest.
    """
    start, end, weight = edges
    heavy = weight > 0
    length = np.sqrt(-np.log(weight[heavy] / weight.max(initial=1e-12))) + 1e-6  # nothing is free
    matrix = coo_matrix((length, (start[heavy], end[heavy])), (count, count)).tocsr()
    distances = dijkstra(matrix, directed=False)
    joined = np.isfinite(distances)
    return np.where(joined, distances, 2 * max(float(distances[joined].max()), 1.0))


def farthest_first(far: Far, forced: np.ndarray, first: int, usable: np.ndarray) -> np.ndarray:
    """The ``usable`` sites: those ``forced`` on, or else the ``first``, then always the farthest from all before."""
    order = [int(site) for site in forced]
    if not order and len(usable):
        order = [first if first in usable else int(usable[np.argmin(far(first)[usable])])]
    nearest = np.full(len(usable), np.inf)
    for site in order:
        nearest = np.minimum(nearest, far(site)[usable])
    nearest[np.isin(usable, order)] = -1
    while len(order) < len(usable):
        number = int(np.argmax(nearest))
        order.append(int(usable[number]))
        nearest = np.minimum(nearest, far(order[-1])[usable])
        nearest[number] = -1
    return np.array(order, np.int64)


CARD = MaskCard(
    "farthest-first",
    "Sensors far from each other, so that none is far from one that is on.",
    "k-center: Gonzalez 1985, Theoretical Computer Science 38",
    "stcore.sensors.farthest_first:FarthestFirst",
    MaskOptions,
    former=("spread",),
    candidate=True,
)
