"""Blockwise: static strategies that compare samples with each other, in blocks of neighbours in time where there are many.

Ours: blocks keep the work linear, and near-copies are neighbours in time.
"""

import numpy as np

from stcore.options import option
from stcore.prune.static import Static, StaticOptions
from stcore.prune.strategy import Arrays, Pilot, Samples


class Blockwise(Static):
    """Subclasses give ``within``; a pilot, if they have one, measures what samples are compared by."""

    column = "embedding"  # what the pilot measures
    most = 1_000_000
    block = 4096  # samples compared with each other

    def __init__(self, options: StaticOptions, samples: Samples) -> None:
        super().__init__(options, samples)
        self.found: np.ndarray | None = None  # by the pilot [W, 64], until the choice is made

    def learn(self, repeat: int, epoch: int, columns: Arrays) -> None:
        """What the pilot measured."""
        self.found = columns[self.column]

    def within(self, rows: np.ndarray, kept: int, rng: np.random.Generator) -> np.ndarray:
        """Weights [M] of a block's samples, ``kept`` of them above 0, from what is known of them, ``rows`` [M, 64]."""
        raise TypeError(f"{type(self).__name__} does not say what it keeps")

    def rows(self) -> np.ndarray:
        """What samples are compared by [W, 64]: what the pilot measured, else their own values."""
        return self.samples.feature("series") if self.found is None else self.found

    def pick(self, rng: np.random.Generator) -> np.ndarray:
        """Block after block, each with its share of the size."""
        rows, count = self.rows(), self.samples.count
        bounds = np.linspace(0, count, max(1, -(-count // self.block)) + 1).round().astype(int)
        shares = np.diff(np.round(bounds * self.size / count).astype(int))
        self.found = None
        weights = np.zeros(count, np.float32)
        for first, end, kept in zip(bounds[:-1], bounds[1:], shares, strict=True):
            if kept:
                weights[first:end] = self.within(known(rows[first:end]), int(kept), rng)
        return weights


def known(rows: np.ndarray) -> np.ndarray:
    """Rows as float32, 0 where nothing was measured."""
    return np.nan_to_num(rows).astype(np.float32, copy=False)


class SpaceOptions(StaticOptions):
    """Options of strategies that look at where samples lie."""

    epochs: int = option(
        0,
        "Epochs of a short training on all samples, whose embeddings are compared; the samples' own values when 0.",
        ge=0,
        le=1000,
    )


class Spread(Blockwise):
    """Compares the samples' own values, or the embeddings of a short training."""

    def __init__(self, options: SpaceOptions, samples: Samples) -> None:
        super().__init__(options, samples)
        self.pilot = Pilot(options.epochs, 1, (self.column,)) if options.epochs else None
