"""How alike sites' readings are: covariance and correlation over the steps that both have measured.

Dimensions: T steps, R sites. Pairs are compared over their common steps (pairwise deletion), which is not always positive
semi-definite; ``definite`` puts that right.
"""

import numpy as np

SHARED = 8  # common steps below which two sites are taken to have nothing in common
MOST = 16_384  # steps that are looked at, evenly spaced


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
    """[R, R] in -1..1 of readings [T, R]; 0 with sites that never change, for themselves too."""
    common = covariance(series)
    spread = np.sqrt(np.maximum(np.diag(common), 0))
    product = spread[:, None] * spread
    moves = product > 1e-12 * max(float(product.max(initial=0)), 1e-12)
    found = np.divide(common, product, out=np.zeros_like(common), where=moves)
    return np.clip(found, -1, 1)


def definite(matrix: np.ndarray) -> np.ndarray:
    """The nearest symmetric matrix without negative eigenvalues (Higham 1988); the same one where there are none."""
    ridge = 1e-9 * max(float(np.trace(matrix)), 1e-12) * np.eye(len(matrix))
    try:
        np.linalg.cholesky(matrix + ridge)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(matrix)
        return (vectors * np.maximum(values, 0)) @ vectors.T
    return matrix
