"""Coverage: the sensors that stand for most others, as facility location on how readings correlate.

Greedy choice of the set S that makes sum_j max_{i in S} |corr_ij| large: Cornuejols, Fisher and Nemhauser 1977 (facility
location); within 1 - 1/e of the best set by Nemhauser, Wolsey and Fisher 1978; evaluated lazily as in Minoux 1978. Taking
correlations of plain readings, daily course included, as the service of one sensor to another is ours.
"""

from heapq import heapify, heappop, heapreplace

import numpy as np
from typing_extensions import override

from stcore.registry import MaskCard, MaskCost
from stcore.sensors.choose import site_prices
from stcore.sensors.correlation import correlation
from stcore.sensors.mask import Ranked
from stcore.sensors.options import MaskOptions


class Coverage(Ranked):
    """Sites in the order in which they cover the others; under a budget by gain per price."""

    @override
    def order(self) -> np.ndarray:
        """[R] those forced on, then greedily, those forced off last."""
        service = np.abs(correlation(self.sites.series)) * self.sites.size
        return coverage_order(service, site_prices(self.sites), self.sites.on, self.sites.off)


def coverage_order(service: np.ndarray, prices: np.ndarray, on: np.ndarray, off: np.ndarray) -> np.ndarray:
    """[R] sites in the order of their gain in sum_j max_{i chosen} service[i, j] >= 0, per price."""
    covered = service[on].max(axis=0, initial=0)
    gains = np.maximum(service - covered, 0).sum(axis=1) / prices
    waiting = [(-float(gains[site]), site) for site in np.setdiff1d(np.arange(len(prices)), [*on, *off]).tolist()]
    heapify(waiting)
    order = [int(site) for site in on]
    while waiting:
        site = waiting[0][1]
        gain = float(np.maximum(service[site] - covered, 0).sum() / prices[site])
        heapreplace(waiting, (-gain, site))  # gains only fall, so a site that stays on top has the largest
        if waiting[0][1] == site:
            order.append(heappop(waiting)[1])
            covered = np.maximum(covered, service[site])
    return np.array([*order, *off], np.int64)


def cost(sites: int) -> MaskCost:
    """Correlations, and what becomes of them: five float64 matrices over pairs of sites."""
    return MaskCost(0.0, 5 * 8.0 * sites**2)


CARD = MaskCard(
    "coverage",
    "Greedily the sensors whose readings correlate most with those of sensors that no chosen one stands for.",
    "facility location: Cornuejols et al. 1977, Management Science 23; with correlations ours",
    "stcore.sensors.coverage:Coverage",
    MaskOptions,
    candidate=True,
    cost=cost,
)
