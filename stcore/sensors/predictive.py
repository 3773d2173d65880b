"""Predictive: backward elimination on a linear forecaster of all sensors, which sees redundancy and the future at once.

A ridge regression forecasts every site 3, 6 and 12 steps ahead, whatever the horizon. Its inputs are the latest readings of
all sites, less their daily course. The site whose removal raises the summed squared error least goes first. The rise has a
closed form, that of Optimal Brain Surgeon (Hassibi and Stork 1993) for a group of inputs: with coefficients B and inverse
Gram matrix P it is tr(B_g' inv(P_gg) B_g), and B and P of the other sites follow by block elimination. Three things are ours:
its use as a sensor mask, forced sites (those off go first, those on last), and the division by price under a budget.
"""

import numpy as np
from scipy.linalg.blas import dgemm
from typing_extensions import override

from stcore.options import OptionError
from stcore.registry import MaskCard, MaskCost
from stcore.sensors.choose import site_prices
from stcore.sensors.daily_course import daily_residuals
from stcore.sensors.mask import Ranked
from stcore.sensors.options import MaskOptions
from stcore.sensors.sites import Sites

RIDGE = 1.0  # of a site's mean variance, per step: a week of readings is short for hundreds of inputs
MANY = 1_000  # sites up to which two readings of each are inputs; one beyond
MOST = 4_000  # sites beyond which it would take an hour
FULL = 0.8  # below this share of sites left, the matrices are cut down to them


class Predictive(Ranked):
    """Sites in the reverse of the order in which they were eliminated. OptionError for more than 4,000."""

    def __init__(self, options: MaskOptions, sites: Sites, epochs: int, seed: int) -> None:
        super().__init__(options, sites, epochs, seed)
        if sites.count > MOST:
            raise OptionError(
                f"The mask predictive eliminates sensors one by one, too slow for {sites.count:,}; "
                "farthest-first, coverage and variance suit so many."
            )

    @override
    def order(self) -> np.ndarray:
        """[R] last eliminated first."""
        residuals = daily_residuals(self.sites)
        lags = (0, 3) if self.sites.count <= MANY else (0,)
        turn = np.ones(self.sites.count, int)
        turn[self.sites.off], turn[self.sites.on] = 0, 2
        return elimination_order(*regression(residuals, lags, self.ahead()), len(lags), turn, site_prices(self.sites))[
            ::-1
        ]

    def ahead(self) -> tuple[int, ...]:
        """How many steps ahead it forecasts."""
        return 3, 6, 12


def regression(series: np.ndarray, lags: tuple[int, ...], ahead: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Gram matrix [R P, R P] of the inputs, with ridge, and their products with the targets [R P, R Q].

    The inputs are ``series`` [T, R] at P ``lags``, those of a site side by side; the targets are Q steps ``ahead``. Targets
    are divided by the root of their std, so that a squared error weighs as much as an absolute one would.
    """
    first, last = max(lags), len(series) - max(ahead)
    now = np.arange(first, max(last, first + 1))
    inputs = np.stack([series[now - lag] for lag in lags], axis=2).reshape(len(now), -1)
    targets = np.concatenate([series[np.minimum(now + step, len(series) - 1)] for step in ahead], axis=1)
    std = np.maximum(targets.std(axis=0), 1e-6 * max(float(targets.std()), 1e-12))
    targets = targets / np.sqrt(std)
    gram = inputs.T @ inputs / len(now)
    ridge = RIDGE * max(float(np.trace(gram)) / len(gram), 1e-12)
    return gram + ridge * np.eye(len(gram)), inputs.T @ targets / len(now)


def elimination_order(
    gram: np.ndarray, products: np.ndarray, together: int, turn: np.ndarray, prices: np.ndarray
) -> np.ndarray:
    """[R] sites in the order of their elimination; each has ``together`` inputs, side by side.

    Sites of an earlier ``turn`` [R] go before all others. The rise of the error counts per price [R].
    """
    inverse = np.linalg.inv(gram)
    weights = inverse @ products
    left, order = np.arange(len(turn)), []
    there = np.ones(len(left), bool)
    while there.any():
        if there.mean() < FULL:
            rows = input_rows(len(left), together)[there].reshape(-1)
            inverse, weights = inverse[np.ix_(rows, rows)], weights[rows]
            left, there = left[there], np.ones(len(rows) // together, bool)
        rows = input_rows(len(left), together)
        own = np.linalg.inv(inverse[rows[:, :, None], rows[:, None, :]])
        parts = weights.reshape(len(left), together, -1)
        rise = ((parts @ parts.transpose(0, 2, 1)) * own).sum(axis=(1, 2)) / prices[left]
        due = there & (turn[left] == turn[left[there]].min())
        gone = int(np.argmin(np.where(due, rise, np.inf)))
        out = rows[gone]
        reach = inverse[:, out] @ own[gone]
        subtract(weights, reach, weights[out])
        subtract(inverse, reach, inverse[out])
        inverse[out, out] = 1  # only this block of a removed site is read again
        there[gone] = False
        order.append(int(left[gone]))
    return np.array(order)


def input_rows(sites: int, together: int) -> np.ndarray:
    """[R, P] rows of the inputs of each site."""
    return np.arange(sites * together).reshape(sites, together)


def subtract(whole: np.ndarray, tall: np.ndarray, wide: np.ndarray) -> None:
    """``whole -= tall @ wide`` in place, without a copy of the product."""
    dgemm(-1, wide.T, tall.T, beta=1, c=whole.T, overwrite_c=1)


def cost(sites: int) -> MaskCost:
    """Cubic in the sites, as measured at 500 to 2,000 (12 s at 1,500), with nine float64 matrices over pairs of them."""
    return MaskCost((1.1e-8 if sites <= MANY else 3.5e-9) * float(sites) ** 3, 9 * 8.0 * sites**2)


CARD = MaskCard(
    "predictive",
    "Sensors that a linear forecast of all sensors misses most: the least missed are eliminated one by one.",
    "closed form of Hassibi and Stork 1993, Optimal Brain Surgeon; for sensors ours",
    "stcore.sensors.predictive:Predictive",
    MaskOptions,
    ours=True,
    candidate=True,
    most=MOST,
    cost=cost,
)
