"""Copies: sensors that read the same as another, of which a plan needs one.

Two sites are copies where their difference, the usual course of the day taken out, varies less than a twentieth of what
either of them does, so that one tells 95 % of the other (our definition; what neighbours on a road share is far less).
"""

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from stcore.sensors.daily_course import daily_rest
from stcore.sensors.sites import Sites

ALIKE = 0.05
LEAST = 24  # steps that two sites must have in common


def copies(sites: Sites) -> np.ndarray:
    """[R] number of the group of copies that each site is in, from 0; -1 where it has none."""
    seen = np.isfinite(sites.series).astype(np.float32)
    rest = daily_rest(sites).astype(np.float32) * seen
    common = seen.T @ seen
    squares, products = (rest**2).T @ seen, rest.T @ rest
    apart = squares + squares.T - 2 * products
    alike = (common >= LEAST) & (apart < ALIKE * np.minimum(squares, squares.T))
    np.fill_diagonal(alike, False)
    start, end = np.nonzero(alike)
    links = coo_matrix((np.ones(len(start)), (start, end)), alike.shape)
    group = connected_components(links, directed=False)[1]
    several = np.bincount(group)[group] > 1
    number = np.full(sites.count, -1)
    number[several] = np.unique(group[several], return_inverse=True)[1]
    return number


def one_of_each(order: np.ndarray, group: np.ndarray) -> np.ndarray:
    """The same sites in another order: the first of every group of copies leads, its others come last."""
    ranked = group[order]
    _, first = np.unique(ranked, return_index=True)
    leader = np.zeros(len(order), bool)
    leader[first] = True
    copied = ranked >= 0
    return np.concatenate([order[copied & leader], order[~copied], order[copied & ~leader]])
