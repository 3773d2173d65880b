"""Duplicates: sensors that read the same as another one, so that a plan needs one of them.

Two sites are duplicates where their difference, less the usual course of the day, varies less than a twentieth of what either
of them does: one explains 95 % of the other. The definition is ours; neighbours on a road share far less.
"""

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from stcore.sensors.daily_course import daily_residuals
from stcore.sensors.sites import Sites

ALIKE = 0.05  # of the variance: how much the difference may have
LEAST = 24  # steps that two sites must have in common


def duplicate_groups(sites: Sites) -> np.ndarray:
    """[R] group of duplicates that each site is in, from 0; -1 for a site without duplicates."""
    seen = np.isfinite(sites.series).astype(np.float32)
    residuals = daily_residuals(sites).astype(np.float32) * seen
    common = seen.T @ seen
    squares, products = (residuals**2).T @ seen, residuals.T @ residuals
    difference = squares + squares.T - 2 * products
    alike = (common >= LEAST) & (difference < ALIKE * np.minimum(squares, squares.T))
    np.fill_diagonal(alike, False)
    start, end = np.nonzero(alike)
    links = coo_matrix((np.ones(len(start)), (start, end)), alike.shape)
    group = connected_components(links, directed=False)[1]
    several = np.bincount(group)[group] > 1
    number = np.full(sites.count, -1)
    number[several] = np.unique(group[several], return_inverse=True)[1]
    return number


def one_of_each(order: np.ndarray, group: np.ndarray) -> np.ndarray:
    """The same sites in another order: the first of every group of duplicates leads, its others come last."""
    ranked = group[order]
    _, first = np.unique(ranked, return_index=True)
    leader = np.zeros(len(order), bool)
    leader[first] = True
    duplicate = ranked >= 0
    return np.concatenate([order[duplicate & leader], order[~duplicate], order[duplicate & ~leader]])
