"""Covariance and correlation of sites' readings, over the steps that both have measured.

Dimensions: T steps, R sites. Pairs are compared over their common steps (pairwise deletion). Such a matrix is not always
positive semi-definite; ``definite`` makes it so.
"""

import numpy as np

SHARED = 8  # below so many common steps, two sites count as having nothing in common
MOST = 16_384  # steps that are used, evenly spaced


def covariance(series: np.ndarray) -> np.ndarray:
    """[R, R] float64 of readings [T, R], NaN where missing; 0 for pairs with few common steps and for silent sites."""
    series = series[:: -(-len(series) // MOST) or 1]
    seen = np.isfinite(series)
    counts = np.maximum(seen.sum(axis=0), 1)
    filled = np.where(seen, series, 0).astype(np.float64)
    filled -= seen * (filled.sum(axis=0) / counts)  # products of large means would cost digits
    if seen.all():
        return filled.T @ filled / counts if len(series) >= SHARED else np.zeros((len(counts), len(counts)))
    known = seen.astype(np.float64)
    shared, sums = known.T @ known, filled.T @ known
    count = np.maximum(shared, 1)
    return np.where(shared >= SHARED, filled.T @ filled / count - sums * sums.T / count**2, 0)


def correlation(series: np.ndarray) -> np.ndarray:
    """[R, R] in -1..1 of readings [T, R]; 0 for sites that never change, with themselves too."""
    common = covariance(series)
    std = np.sqrt(np.maximum(np.diag(common), 0))
    product = std[:, None] * std
    varies = product > 1e-12 * max(float(product.max(initial=0)), 1e-12)
    return np.clip(np.divide(common, product, out=np.zeros_like(common), where=varies), -1, 1)


def definite(matrix: np.ndarray) -> np.ndarray:
    """The nearest symmetric matrix without negative eigenvalues (Higham 1988); the same one where there are none."""
    ridge = 1e-9 * max(float(np.trace(matrix)), 1e-12) * np.eye(len(matrix))
    try:
        np.linalg.cholesky(matrix + ridge)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(matrix)
        return (vectors * np.maximum(values, 0)) @ vectors.T
    return matrix
