"""Predictive: backward elimination on a linear forecaster of all sensors, which sees redundancy and the future at once.

A ridge regression forecasts every site at several steps of the horizon from the latest readings of all sites, its daily
course taken out. The site whose removal raises the summed squared error least goes first; the rise has a closed form, that
of Optimal Brain Surgeon (Hassibi and Stork 1993) for a group of inputs: with coefficients B and inverse Gram matrix P it is
tr(B_g' inv(P_gg) B_g), and B and P of what is left follow by block elimination. Its use as a sensor mask is ours.
"""

import numpy as np

from stcore.registry import Card
from stcore.sensors.mask import Fixed
from stcore.sensors.options import MaskOptions
from stcore.sensors.rest import daily_rest

RIDGE = 1.0  # of a site's mean variance, per step: a week of readings is short for hundreds of inputs
MANY = 2_000  # sites beyond which one reading each has to do


class Predictive(Fixed):
    """Sites in the reverse of the order in which they were eliminated."""

    def order(self) -> np.ndarray:
        """[R] last eliminated first."""
        rest = daily_rest(self.sites)
        lags = (0, 3) if self.sites.count <= MANY else (0,)
        return eliminated(*regression(rest, lags, self.ahead()), len(lags))[::-1]

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


def eliminated(gram: np.ndarray, products: np.ndarray, together: int) -> np.ndarray:
    """[R] sites in the order of their elimination; each has ``together`` inputs, one after the other."""
    inverse = np.linalg.inv(gram)
    weights = inverse @ products
    count = len(gram) // together
    left, order = np.arange(count), []
    while len(left):
        rows = (left[:, None] * together + np.arange(together)).reshape(-1)
        block = inverse[np.ix_(rows, rows)].reshape(len(left), together, len(left), together)
        own = np.linalg.inv(block[np.arange(len(left)), :, np.arange(len(left))])
        parts = weights[rows].reshape(len(left), together, -1)
        rise = np.einsum("gpk,gpq,gqk->g", parts, own, parts, optimize=True)
        gone = int(np.argmin(rise))
        out = rows[gone * together : (gone + 1) * together]
        reach = inverse[:, out] @ own[gone]
        weights = weights - reach @ weights[out]
        inverse = inverse - reach @ inverse[out]
        order.append(int(left[gone]))
        left = np.delete(left, gone)
    return np.array(order)


CARD = Card(
    "predictive",
    "Sensors that a linear forecast of all sensors misses most, found by eliminating the least missed one by one.",
    "closed form of Hassibi and Stork 1993, Optimal Brain Surgeon; for sensors ours",
    "stcore.sensors.predictive:Predictive",
    MaskOptions,
    ours=True,
)
