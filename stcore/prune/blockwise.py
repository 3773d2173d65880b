"""Blockwise: static strategies that compare samples with each other, in blocks of neighbours in time where there are many.

Ours: blocks keep the work linear, and near-copies are neighbours in time.
"""

import numpy as np
from typing_extensions import override

from stcore.options import option
from stcore.prune.static import Static, StaticOptions
from stcore.prune.strategy import Arrays, Pilot, Samples


class Blockwise(Static):
    """Subclasses give ``pick_block``; a pilot, if they have one, measures what samples are compared by."""

    column = "embedding"  # what the pilot measures
    most = 1_000_000
    block = 4096  # samples compared with each other

    def __init__(self, options: StaticOptions, samples: Samples) -> None:
        super().__init__(options, samples)
        self.pilot_rows: np.ndarray | None = None  # [W, 64], until the choice is made

    @override
    def learn(self, repeat: int, epoch: int, columns: Arrays) -> None:
        self.pilot_rows = columns[self.column]

    def pick_block(self, rows: np.ndarray, kept: int, rng: np.random.Generator) -> np.ndarray:
        """Weights [M] of a block's samples, ``kept`` of them above 0, by comparing their ``rows`` [M, 64]."""
        raise TypeError(f"{type(self).__name__} does not say what it keeps")

    def rows(self) -> np.ndarray:
        """What samples are compared by [W, 64]: what the pilot measured, else their own values."""
        return self.samples.feature("series") if self.pilot_rows is None else self.pilot_rows

    @override
    def pick(self, rng: np.random.Generator) -> np.ndarray:
        rows, count = self.rows(), self.samples.count
        bounds = np.linspace(0, count, max(1, -(-count // self.block)) + 1).round().astype(int)
        shares = np.diff(np.round(bounds * self.size / count).astype(int))
        self.pilot_rows = None
        weights = np.zeros(count, np.float32)
        for first, end, kept in zip(bounds[:-1], bounds[1:], shares, strict=True):
            if kept:
                block = np.nan_to_num(rows[first:end]).astype(np.float32, copy=False)  # 0: nothing was measured
                weights[first:end] = self.pick_block(block, int(kept), rng)
        return weights


class EmbeddingOptions(StaticOptions):
    """Options of strategies that compare the samples' own values, or embeddings of them."""

    epochs: int = option(
        0,
        "Epochs of a short training on all samples, whose embeddings are compared; the samples' own values when 0.",
        ge=0,
        le=1000,
    )


class ByEmbedding(Blockwise):
    """Compares the samples' own values, or the embeddings of a short training."""

    def __init__(self, options: EmbeddingOptions, samples: Samples) -> None:
        super().__init__(options, samples)
        self.pilot = Pilot(options.epochs, 1, (self.column,)) if options.epochs else None
