"""Conditional variance: the sensors that leave the least variance of all sensors unexplained, for Gaussian readings.

Greedy A-optimal design: the next site is the one that lowers most the sum over all sites of the variance given the chosen
ones, by rank-one updates of the covariance. Krause, Singh and Guestrin 2008 (JMLR 9) choose sensors so in Gaussian processes,
and discuss this criterion beside their mutual information; Das and Kempe 2008 discuss its greedy choice. The empirical
covariance over common steps, in the target's unit, and the ridge for noise are ours.
"""

import numpy as np
from scipy.linalg.blas import dger
from typing_extensions import override

from stcore.registry import MaskCard, MaskCost
from stcore.sensors.choose import site_prices
from stcore.sensors.correlation import covariance, definite
from stcore.sensors.mask import Ranked
from stcore.sensors.options import MaskOptions

MOST = 4_000  # sites up to which it is compared with other masks: minutes beyond so many
RIDGE = 0.01  # noise of a reading, of the mean variance
FULL = 0.8  # below this share of sites left, the matrix is cut down to them


class ConditionalVariance(Ranked):
    """Sites in the order in which they explain the others; under a budget by what they explain per price."""

    @override
    def order(self) -> np.ndarray:
        """[R] those forced on, then greedily, those forced off last. Duplicates of a chosen site come late."""
        sites = self.sites
        root = np.sqrt(sites.size)  # a region counts as often as it has cells
        common = definite(covariance(sites.series)) * root[:, None] * root
        return explaining_order(common, site_prices(sites), sites.on, sites.off)


def explaining_order(common: np.ndarray, prices: np.ndarray, on: np.ndarray, off: np.ndarray) -> np.ndarray:
    """[R] sites in the order in which they lower the trace of the covariance [R, R] given all earlier ones, per price."""
    left = common.copy()
    noise = RIDGE * max(float(np.trace(left)) / len(left), 1e-12)
    free = np.ones(len(left), bool)
    free[off] = False
    rows, order = np.arange(len(left)), list[int]()
    while free.any():
        if free.sum() < FULL * len(rows):
            left, rows = left[free[rows]], rows[free[rows]]
        own = np.maximum(left[np.arange(len(rows)), rows], 0) + noise
        if len(order) < len(on):
            row = int(np.searchsorted(rows, on[len(order)]))
        else:
            gains = np.einsum("ij,ij->i", left, left) / own / prices[rows]
            row = int(np.argmax(np.where(free[rows], gains, -1)))
        reach = left[row] / np.sqrt(own[row])
        dger(-1, reach, reach[rows], a=left.T, overwrite_a=1)  # in place
        free[rows[row]] = False
        order.append(int(rows[row]))
    return np.array([*order, *off], np.int64)


def cost(sites: int) -> MaskCost:
    """Cubic in the sites, as measured at 500 to 2,000 (7 s at 2,000), with five float64 matrices over pairs of them."""
    return MaskCost(8.5e-10 * float(sites) ** 3, 5 * 8.0 * sites**2)


CARD = MaskCard(
    "conditional-variance",
    "Greedily the sensors that leave the least variance of all sensors unexplained.",
    "greedy A-optimal placement after Krause et al. 2008, JMLR 9; on measured covariances ours",
    "stcore.sensors.conditional_variance:ConditionalVariance",
    MaskOptions,
    candidate=True,
    most=MOST,
    cost=cost,
)
