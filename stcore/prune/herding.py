"""Herding (Welling 2009): greedily the sample that brings the mean of the kept ones nearest to the mean of all.

The sample is the one at the *smallest* distance (argmin). DeepCore (arXiv 2204.08499) takes the largest; that inversion
explains the very bad results of herding in later papers.
"""

import numpy as np
from typing_extensions import override

from stcore.prune.blockwise import ByEmbedding, EmbeddingOptions
from stcore.registry import StrategyCard


def herding(rows: np.ndarray, kept: int) -> np.ndarray:
    """``kept`` rows [W] bool of ``rows`` [W, D] whose running mean follows the mean of all: argmin |(t+1) mean - sum - x|."""
    length, mean = np.einsum("wd,wd->w", rows, rows), rows.mean(axis=0)
    chosen = np.zeros(len(rows), bool)
    missing = np.zeros_like(mean)
    for _ in range(kept):
        missing += mean
        distance = length - 2 * (rows @ missing)
        distance[chosen] = np.inf
        nearest = int(distance.argmin())
        chosen[nearest] = True
        missing -= rows[nearest]
    return chosen


class Herding(ByEmbedding):
    """On the samples' own values, projected to 64 numbers."""

    by_chance = False

    @override
    def pick_block(self, rows: np.ndarray, kept: int, rng: np.random.Generator) -> np.ndarray:
        return herding(rows, kept).astype(np.float32)


CARD = StrategyCard(
    "herding",
    "Keeps samples whose mean is that of all, in their own values, chosen once.",
    "Welling 2009; argmin, not DeepCore's argmax; values projected to 64 numbers, and blocks, are ours",
    "stcore.prune.herding:Herding",
    EmbeddingOptions,
)
