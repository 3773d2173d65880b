"""CRAIG (Mirzasoleiman, Bilmes, Leskovec 2020, arXiv 1906.01827): medoids of the gradients, weighted by whom they stand for.

Facility location by lazy greedy on last-layer gradients after a short training; a kept sample weighs as many as are more
like it than like any other kept one. Weights have mean 1 and end at 10. Chosen once, in blocks. Ours: gradients are 64
numbers by a random projection, compared by (1 + cosine) / 2 as in STemDist (arXiv 2603.10410).
"""

import heapq

import numpy as np
from typing_extensions import override

from stcore.options import option
from stcore.prune.blockwise import Blockwise
from stcore.prune.static import StaticOptions
from stcore.prune.strategy import Pilot, Samples
from stcore.registry import StrategyCard

LARGEST = 10.0


def likeness(rows: np.ndarray) -> np.ndarray:
    """(1 + cosine) / 2 of all pairs [W, W] of ``rows`` [W, D]; two rows of zeros are alike."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    unit = rows / np.where(length > 0, length, 1)
    alike = (1 + unit @ unit.T) / 2
    still = length[:, 0] == 0
    alike[np.ix_(still, still)] = 1
    return np.asarray(alike)


def craig(alike: np.ndarray, kept: int) -> np.ndarray:
    """How many samples each of the ``kept`` medoids stands for [W], 0 for all others; ``alike`` [W, W] in [0, 1].

    Greedy facility location; lazy (Minoux 1978): a gain can only shrink, so the top of the heap is measured again first.
    """
    count = len(alike)
    nearest = np.zeros(count, alike.dtype)
    heap = [(-gain, sample) for sample, gain in enumerate(alike.sum(axis=0).tolist())]
    heapq.heapify(heap)
    chosen: list[int] = []
    while len(chosen) < kept:
        _, sample = heapq.heappop(heap)
        gain = float(np.maximum(alike[sample] - nearest, 0).sum())
        if heap and -heap[0][0] > gain:
            heapq.heappush(heap, (-gain, sample))
            continue
        chosen.append(sample)
        np.maximum(nearest, alike[sample], out=nearest)
    medoids = np.sort(chosen)
    sizes = np.bincount(medoids[alike[medoids].argmax(axis=0)], minlength=count)
    sizes[medoids] = np.maximum(sizes[medoids], 1)
    return np.asarray(sizes)


class CRAIGOptions(StaticOptions):
    """Options of CRAIG."""

    epochs: int = option(2, "Epochs of the short training on all samples, before the run.", ge=1, le=1000)


class CRAIG(Blockwise):
    """Compares the gradients that the short training ended with; without one, as in a test, the samples' own values."""

    by_chance = False
    column = "gradients"

    def __init__(self, options: CRAIGOptions, samples: Samples) -> None:
        super().__init__(options, samples)
        self.pilot = Pilot(options.epochs, 1, (self.column,))

    @override
    def pick(self, rng: np.random.Generator) -> np.ndarray:
        sizes = super().pick(rng)
        return np.minimum(sizes * (sizes > 0).sum() / sizes.sum(), LARGEST)

    @override
    def pick_block(self, rows: np.ndarray, kept: int, rng: np.random.Generator) -> np.ndarray:
        return craig(likeness(rows), kept).astype(np.float32)


CARD = StrategyCard(
    "craig",
    "Keeps medoids of the gradients after a short training beforehand, each weighted by how many it stands for.",
    "Mirzasoleiman et al. 2020, arXiv 1906.01827; projected gradients and blocks are ours",
    "stcore.prune.craig:CRAIG",
    CRAIGOptions,
    title="CRAIG",
)
