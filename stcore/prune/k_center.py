"""k-center (Sener, Savarese 2018, arXiv 1708.00489): greedily the sample that is farthest from all kept ones.

It compares the windows' own values, projected to 64 numbers; STemDist (arXiv 2603.10410) does so with raw ones. No training
is needed. It covers what there is and takes one of many copies; outliers are always in.
"""

import numpy as np
from typing_extensions import override

from stcore.prune.blockwise import ByEmbedding, EmbeddingOptions
from stcore.prune.strategy import Samples
from stcore.registry import StrategyCard

WHOLE = 60_000  # samples that are compared all with all: some 15 seconds


def k_center(rows: np.ndarray, kept: int, rng: np.random.Generator) -> np.ndarray:
    """``kept`` rows [W] bool of ``rows`` [W, D], farthest first (Gonzalez 1985), from a random start."""
    length = np.einsum("wd,wd->w", rows, rows)
    far = np.full(len(rows), np.inf, rows.dtype)
    chosen = np.zeros(len(rows), bool)
    nearest = int(rng.integers(len(rows)))
    for _ in range(kept):
        chosen[nearest] = True
        np.minimum(far, length + length[nearest] - 2 * (rows @ rows[nearest]), out=far)
        far[nearest] = -np.inf
        nearest = int(far.argmax())
    return chosen


class KCenter(ByEmbedding):
    """All samples at once where they are at most 60,000, else in blocks."""

    def __init__(self, options: EmbeddingOptions, samples: Samples) -> None:
        super().__init__(options, samples)
        if samples.count <= WHOLE:
            self.block = WHOLE

    @override
    def pick_block(self, rows: np.ndarray, kept: int, rng: np.random.Generator) -> np.ndarray:
        return k_center(rows, kept, rng).astype(np.float32)


CARD = StrategyCard(
    "k-center",
    "Keeps samples that are far from each other in their own values, chosen once.",
    "Sener, Savarese 2018, arXiv 1708.00489; values projected to 64 numbers, and blocks, are ours",
    "stcore.prune.k_center:KCenter",
    EmbeddingOptions,
)
