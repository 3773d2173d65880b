"""Pool: the samples of a run, whole windows or single cells, as batches for the loop and as rows for its record."""

from functools import cached_property

import numpy as np
import torch

from stcore.data.windows import observed_cells
from stcore.prune.strategy import Selection
from stcore.training.features import Features
from stcore.training.tensors import Batch, Feed

STEPS = 64  # steps of an epoch on a distilled set, about


class Pool:
    """``count`` samples at positions 0..count-1: all W training windows, or their (window, sensor) cells with a target.

    ``judged`` is the feed that the run is measured on: the samples' own, or of a distilled set the one it stands for.
    """

    def __init__(self, feed: Feed, judged: Feed | None = None) -> None:
        self.feed, self.windows, self.judged = feed, feed.parts.train, judged or feed
        self.of_cells = feed.options.samples == "cells"
        self.cells = observed_cells(feed.data, self.windows, feed.targets) if self.of_cells else None
        self.count = len(self.windows) if self.cells is None else len(self.cells)
        self.size = 1 if self.of_cells else feed.setting.sensors  # cells of a sample
        observed = feed.observed(self.windows)  # targets of each sample [W]: constant over a run, so counted once
        self.observed = observed.sum(1) if self.cells is None else observed.flatten()[torch.from_numpy(self.cells)]
        self.mean_count = float(self.observed.mean(dtype=torch.float64))
        self.features = Features(feed.data, self.windows, feed.targets, feed.target_scale, self.cells)

    @property
    def distilled(self) -> bool:
        """Whether the samples are those of a distilled set."""
        return self.feed is not self.judged

    def passes(self, batch: int) -> int:
        """How often an epoch visits each sample: once, or so often that a small set makes as many steps as are worth a
        validation."""
        return max(1, round(STEPS * batch / self.count)) if self.distilled else 1

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
        if self.cells is None:
            kept, weight = np.zeros(self.count, bool), np.zeros(self.count, np.float32)
            kept[selection.indices], weight[selection.indices] = True, selection.weights
            return {"score": score.copy(), "level": level.copy(), "kept": kept, "weight": weight}
        shape = len(self.windows), self.feed.setting.sensors
        window, sensor = np.divmod(self.cells[selection.indices], shape[1])
        visits, weights = np.bincount(window, minlength=shape[0]), np.bincount(window, selection.weights, shape[0])
        scores, levels = self.grid(score), self.grid(level)
        return {
            "score": mean(scores, axis=1),
            "level": mean(levels, axis=1),
            "kept": visits / self.held[0],
            "weight": weights / np.maximum(visits, 1),
            "sensor_kept": np.bincount(sensor, minlength=shape[1]) / np.maximum(self.held[1], 1),
            "sensor_score": mean(scores, axis=0),
        }

    @cached_property
    def held(self) -> tuple[np.ndarray, np.ndarray]:
        """Cells of each window [W], at least 1, and of each sensor [N]."""
        window, sensor = np.divmod(
            self.cells if self.cells is not None else np.empty(0, int), self.feed.setting.sensors
        )
        many = np.bincount(window, minlength=len(self.windows))
        return np.maximum(many, 1), np.bincount(sensor, minlength=self.feed.setting.sensors)

    def grid(self, values: np.ndarray) -> np.ndarray:
        """Values [P] of the cells as [W, N], NaN where there is no cell."""
        grid = np.full(len(self.windows) * self.feed.setting.sensors, np.nan, np.float32)
        grid[self.cells] = values
        return grid.reshape(len(self.windows), -1)

    def hardest(self, score: np.ndarray) -> np.ndarray:
        """Windows [W] by their score, hardest first; unscored ones last. None of a distilled set, which are no real ones."""
        if self.distilled:
            return np.empty(0, np.int64)
        by_window = score if self.cells is None else mean(self.grid(score), axis=1)
        return np.argsort(-np.nan_to_num(by_window, nan=-np.inf), kind="stable")


def mean(grid: np.ndarray, axis: int) -> np.ndarray:
    """Mean of the known entries of [W, N], NaN where there is none."""
    seen = np.isfinite(grid)
    count = np.count_nonzero(seen, axis=axis)
    total = np.where(seen, grid, np.float32(0)).sum(axis=axis)
    return np.divide(total, count, out=np.full(len(count), np.nan, np.float32), where=count > 0)
