"""TrainingSamples: the samples of a run, whole windows or single cells, as batches for the loop and as rows for its record."""

from functools import cached_property

import numpy as np
import torch

from stcore.data.windows import observed_cells
from stcore.prune.strategy import Selection
from stcore.training.features import Features
from stcore.training.tensors import Batch, DataTensors

STEPS = 64  # steps of an epoch on a distilled set, about


class TrainingSamples:
    """``count`` samples at positions 0..count-1: all W training windows, or their (window, sensor) cells with a target.

    ``judged`` are the tensors that the run is measured on: the samples' own, or those of the data that a distilled set stands
    for.
    """

    def __init__(self, tensors: DataTensors, judged: DataTensors | None = None) -> None:
        self.tensors, self.windows, self.judged = tensors, tensors.parts.train, judged or tensors
        self.of_cells = tensors.options.samples == "cells"
        self.cells = observed_cells(tensors.data, self.windows, tensors.targets) if self.of_cells else None
        self.count = len(self.windows) if self.cells is None else len(self.cells)
        self.size = 1 if self.of_cells else tensors.setting.sensors  # cells of a sample
        observed = tensors.observed(self.windows)  # targets of each sample [W]: constant over a run, so counted once
        self.observed = observed.sum(1) if self.cells is None else observed.flatten()[torch.from_numpy(self.cells)]
        self.mean_count = float(self.observed.mean(dtype=torch.float64))
        self.features = Features(tensors.data, self.windows, tensors.targets, tensors.target_scale, self.cells)

    @property
    def distilled(self) -> bool:
        """Whether the samples are those of a distilled set."""
        return self.tensors is not self.judged

    def passes(self, batch: int) -> int:
        """How often an epoch visits each sample: once; those of a distilled set so often that it makes about 64 steps."""
        return max(1, round(STEPS * batch / self.count)) if self.distilled else 1

    def batch(self, positions: np.ndarray) -> Batch:
        """The samples at ``positions`` [B]."""
        if self.cells is None:
            return self.tensors.batch(self.windows, positions)
        return self.tensors.cells(self.windows, self.cells[positions])

    def rows(self, selection: Selection, score: np.ndarray, level: np.ndarray) -> dict[str, np.ndarray]:
        """An epoch's rows: per window ``score``, ``level`` (the error when last met), ``weight`` [W] and ``kept`` [W] bool.

        Of cells these are means over each window's sensors (``weight``: over the kept ones) and ``kept`` is a share; then
        there are also ``sensor_kept`` and ``sensor_score`` [N].
        """
        if self.cells is None:
            kept, weight = np.zeros(self.count, bool), np.zeros(self.count, np.float32)
            kept[selection.indices], weight[selection.indices] = True, selection.weights
            return {"score": score.copy(), "level": level.copy(), "kept": kept, "weight": weight}
        shape = len(self.windows), self.tensors.setting.sensors
        window, sensor = np.divmod(self.cells[selection.indices], shape[1])
        visits, weights = np.bincount(window, minlength=shape[0]), np.bincount(window, selection.weights, shape[0])
        scores, levels = self.grid(score), self.grid(level)
        return {
            "score": mean_of_known(scores, axis=1),
            "level": mean_of_known(levels, axis=1),
            "kept": visits / self.cell_counts[0],
            "weight": weights / np.maximum(visits, 1),
            "sensor_kept": np.bincount(sensor, minlength=shape[1]) / np.maximum(self.cell_counts[1], 1),
            "sensor_score": mean_of_known(scores, axis=0),
        }

    @cached_property
    def cell_counts(self) -> tuple[np.ndarray, np.ndarray]:
        """Cells of each window [W], at least 1, and of each sensor [N]."""
        window, sensor = np.divmod(
            self.cells if self.cells is not None else np.empty(0, int), self.tensors.setting.sensors
        )
        many = np.bincount(window, minlength=len(self.windows))
        return np.maximum(many, 1), np.bincount(sensor, minlength=self.tensors.setting.sensors)

    def grid(self, values: np.ndarray) -> np.ndarray:
        """Values [P] of the cells as [W, N], NaN where there is no cell."""
        grid = np.full(len(self.windows) * self.tensors.setting.sensors, np.nan, np.float32)
        grid[self.cells] = values
        return grid.reshape(len(self.windows), -1)

    def hardest(self, score: np.ndarray) -> np.ndarray:
        """Windows [W] by their score, hardest first, unscored ones last. None of a distilled set: its windows are not real."""
        if self.distilled:
            return np.empty(0, np.int64)
        by_window = score if self.cells is None else mean_of_known(self.grid(score), axis=1)
        return np.argsort(-np.nan_to_num(by_window, nan=-np.inf), kind="stable")


def mean_of_known(grid: np.ndarray, axis: int) -> np.ndarray:
    """Mean of the known entries of [W, N], NaN where there is none."""
    seen = np.isfinite(grid)
    count = np.count_nonzero(seen, axis=axis)
    total = np.where(seen, grid, np.float32(0)).sum(axis=axis)
    return np.divide(total, count, out=np.full(len(count), np.nan, np.float32), where=count > 0)
