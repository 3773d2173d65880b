"""Pool: the samples of a run, whole windows or single cells, as batches for the loop and as rows for its record."""

import numpy as np
import torch

from stcore.features import Features
from stcore.prune.strategy import Selection
from stcore.training.feed import Batch, Feed
from stcore.windows import observed_cells


class Pool:
    """``count`` samples at positions 0..count-1: all W training windows, or their (window, sensor) cells with a target."""

    def __init__(self, feed: Feed) -> None:
        self.feed, self.windows = feed, feed.parts.train
        self.of_cells = feed.options.samples == "cells"
        self.cells = observed_cells(feed.data, self.windows, feed.targets) if self.of_cells else None
        self.count = len(self.windows) if self.cells is None else len(self.cells)
        self.size = 1 if self.of_cells else feed.setting.sensors  # cells of a sample
        observed = feed.observed(self.windows)  # targets of each sample [W]: constant over a run, so counted once
        self.observed = observed.sum(1) if self.cells is None else observed.flatten()[torch.from_numpy(self.cells)]
        self.mean_count = float(self.observed.mean(dtype=torch.float64))
        self.features = Features(feed.data, self.windows, feed.targets, feed.target_scale, self.cells)

    def batch(self, places: np.ndarray) -> Batch:
        """The samples at ``places`` [B]."""
        if self.cells is None:
            return self.feed.batch(self.windows, places)
        return self.feed.cells(self.windows, self.cells[places])

    def rows(self, selection: Selection, score: np.ndarray, level: np.ndarray) -> dict[str, np.ndarray]:
        """What an epoch leaves behind: per window ``score``, ``level`` and ``weight`` [W] and who was ``kept`` [W] bool.

        Of cells their means over each window's sensors (of ``weight``: over the kept ones), ``kept`` as a share, and per
        sensor ``sensor_kept`` and ``sensor_score`` [N].
        """
        kept, weight = np.zeros(self.count, bool), np.zeros(self.count, np.float32)
        kept[selection.indices], weight[selection.indices] = True, selection.weights
        if self.cells is None:
            return {"score": score.copy(), "level": level.copy(), "kept": kept, "weight": weight}
        weight[~kept] = np.nan
        grids = [self.grid(values) for values in (score, level, kept.astype(np.float32), weight)]
        by_window = [mean(grid, axis=1) for grid in grids]
        return {
            "score": by_window[0],
            "level": by_window[1],
            "kept": np.nan_to_num(by_window[2]),
            "weight": np.nan_to_num(by_window[3]),
            "sensor_kept": mean(grids[2], axis=0),
            "sensor_score": mean(grids[0], axis=0),
        }

    def grid(self, values: np.ndarray) -> np.ndarray:
        """Values [P] of the cells as [W, N], NaN where there is no cell."""
        grid = np.full(len(self.windows) * self.feed.setting.sensors, np.nan, np.float32)
        grid[self.cells] = values
        return grid.reshape(len(self.windows), -1)

    def hardest(self, score: np.ndarray) -> np.ndarray:
        """Windows [W] by their score, hardest first; unscored ones last."""
        by_window = score if self.cells is None else mean(self.grid(score), axis=1)
        return np.argsort(-np.nan_to_num(by_window, nan=-np.inf), kind="stable")


def mean(grid: np.ndarray, axis: int) -> np.ndarray:
    """Mean of the known entries, NaN where there is none."""
    seen = np.isfinite(grid)
    count = seen.sum(axis=axis)
    total = np.where(seen, grid, 0).sum(axis=axis, dtype=np.float64)
    return np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)
