"""Predictive: backward elimination on a linear forecaster of all sensors, which sees redundancy and the future at once.

A ridge regression forecasts every site 3, 6 and 12 steps ahead, whatever the horizon, from the latest readings of all
sites, their daily course taken out. The site whose removal raises the summed squared error least goes first; the rise has a
closed form, that of Optimal Brain Surgeon (Hassibi and Stork 1993) for a group of inputs: with coefficients B and inverse
Gram matrix P it is tr(B_g' inv(P_gg) B_g), and B and P of what is left follow by block elimination. Its use as a sensor mask
is ours, and so are forced sites (those off go first, those on last) and the division by price under a budget.
"""

import numpy as np
from scipy.linalg.blas import dgemm

from stcore.options import OptionError
from stcore.registry import MaskCard, MaskCost
from stcore.sensors.choose import price
from stcore.sensors.daily_course import daily_rest
from stcore.sensors.mask import Fixed
from stcore.sensors.options import MaskOptions
from stcore.sensors.sites import Sites

RIDGE = 1.0  # of a site's mean variance, per step: a week of readings is short for hundreds of inputs
MANY, MOST = 1_000, 4_000  # sites beyond which one reading each has to do, and beyond which it would take an hour
FULL = 0.8  # share of the sites that are left under which the matrices are cut down to them


class Predictive(Fixed):
    """Sites in the reverse of the order in which they were eliminated. OptionError for more than 4,000."""

    def __init__(self, options: MaskOptions, sites: Sites, epochs: int, seed: int) -> None:
        super().__init__(options, sites, epochs, seed)
        if sites.count > MOST:
            raise OptionError(
                f"The mask predictive eliminates sensors one by one, too slow for {sites.count:,}; "
                "spread, coverage and variance suit so many."
            )

    def order(self) -> np.ndarray:
        """[R] last eliminated first."""
        rest = daily_rest(self.sites)
        lags = (0, 3) if self.sites.count <= MANY else (0,)
        turn = np.ones(self.sites.count, int)
        turn[self.sites.off], turn[self.sites.on] = 0, 2
        return eliminated(*regression(rest, lags, self.ahead()), len(lags), turn, price(self.sites))[::-1]

    def ahead(self) -> tuple[int, ...]:
        """Steps ahead that are forecast."""
        return 3, 6, 12


def regression(series: np.ndarray, lags: tuple[int, ...], ahead: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Gram matrix [R P, R P] of the inputs ``series`` [T, R] at P ``lags``, with ridge, and their products with the targets
    [R P, R Q] at Q steps ``ahead``; inputs of a site stand together.

    Targets are divided by the root of their spread, so that a squared error weighs as much as an absolute one would.
    """
    first, last = max(lags), len(series) - max(ahead)
    now = np.arange(first, max(last, first + 1))
    inputs = np.stack([series[now - lag] for lag in lags], axis=2).reshape(len(now), -1)
    targets = np.concatenate([series[np.minimum(now + step, len(series) - 1)] for step in ahead], axis=1)
    spread = np.maximum(targets.std(axis=0), 1e-6 * max(float(targets.std()), 1e-12))
    targets = targets / np.sqrt(spread)
    gram = inputs.T @ inputs / len(now)
    ridge = RIDGE * max(float(np.trace(gram)) / len(gram), 1e-12)
    return gram + ridge * np.eye(len(gram)), inputs.T @ targets / len(now)


def eliminated(
    gram: np.ndarray, products: np.ndarray, together: int, turn: np.ndarray, prices: np.ndarray
) -> np.ndarray:
    """[R] sites in the order of their elimination; each has ``together`` inputs, one after the other.

    Those of an earlier ``turn`` [R] go before all others; what a site is missed by counts per price [R].
    """
    inverse = np.linalg.inv(gram)
    weights = inverse @ products
    left, order = np.arange(len(turn)), []
    there = np.ones(len(left), bool)
    while there.any():
        if there.mean() < FULL:
            rows = inputs(len(left), together)[there].reshape(-1)
            inverse, weights = inverse[np.ix_(rows, rows)], weights[rows]
            left, there = left[there], np.ones(len(rows) // together, bool)
        rows = inputs(len(left), together)
        own = np.linalg.inv(inverse[rows[:, :, None], rows[:, None, :]])
        parts = weights.reshape(len(left), together, -1)
        rise = ((parts @ parts.transpose(0, 2, 1)) * own).sum(axis=(1, 2)) / prices[left]
        due = there & (turn[left] == turn[left[there]].min())
        gone = int(np.argmin(np.where(due, rise, np.inf)))
        out = rows[gone]
        reach = inverse[:, out] @ own[gone]
        subtract(weights, reach, weights[out])
        subtract(inverse, reach, inverse[out])
        inverse[out, out] = 1  # of what is gone only its block is read again
        there[gone] = False
        order.append(int(left[gone]))
    return np.array(order)


def inputs(sites: int, together: int) -> np.ndarray:
    """[R, P] rows of each site's inputs."""
    return np.arange(sites * together).reshape(sites, together)


def subtract(whole: np.ndarray, tall: np.ndarray, wide: np.ndarray) -> None:
    """``whole -= tall @ wide`` in place, without the product in between."""
    dgemm(-1, wide.T, tall.T, beta=1, c=whole.T, overwrite_c=1)


def cost(sites: int) -> MaskCost:
    """Cubic in the sites, as measured at 500 to 2,000 (12 s at 1,500), with nine float64 matrices over pairs of them."""
    return MaskCost((1.1e-8 if sites <= MANY else 3.5e-9) * float(sites) ** 3, 9 * 8.0 * sites**2)


CARD = MaskCard(
    "predictive",
    "Sensors that a linear forecast of all sensors misses most, found by eliminating the least missed one by one.",
    "closed form of Hassibi and Stork 1993, Optimal Brain Surgeon; for sensors ours",
    "stcore.sensors.predictive:Predictive",
    MaskOptions,
    ours=True,
    candidate=True,
    most=MOST,
    cost=cost,
)
