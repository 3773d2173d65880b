"""Permutation importance: how much worse a finished model forecasts when a sensor's history is another window's.

Breiman 2001 (Machine Learning 45), model-agnostic as in Fisher, Rudin and Dominici 2019 (JMLR 20, 177): no training, the
test's windows, and the error over all sensors. What other sensors say as well counts for little here.

Dimensions: N sensors, R sites (sensors, or regions of a grid), P permutations, W windows, B windows at once.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from stcore.data import STData
from stcore.models.forecaster import Gated
from stcore.options import RunOptions
from stcore.sensors.options import MaskOptions
from stcore.sensors.sites import regions
from stcore.training.evaluate import signed_error, windows_at_once
from stcore.training.predict import restore_model
from stcore.training.tensors import DataTensors, from_bytes, thin_windows

CELLS = 24_000_000  # (window, sensor) cells forecast in all, unless the windows are chosen


class Rise(NamedTuple):
    """How the error rises when the histories of ``sensors`` are permuted together, for each of them: over all sensors
    (``rise`` [P]) and over the ``others`` alone [P], once a permutation, in the target's unit (of several targets in training
    spreads)."""

    sensors: np.ndarray
    rise: np.ndarray
    others: np.ndarray


class Permutation:
    """Iterate it for one ``Rise`` a sensor; ``baseline`` is the error of the windows as they are.

    Every permutation is one order of the windows: a sensor's whole history comes from another window, its steps together.
    On a grid the grid cells of a region are permuted together, and each gets its share of the rise, since its neighbours say
    nearly the same. In a model that does not mix sensors no forecast depends on another sensor's history, so all sensors are
    permuted at once.
    """

    def __init__(
        self, data: STData, options: RunOptions, packed: bytes, permutations: int = 3, windows: int | None = None
    ) -> None:
        self.model, self.tensors = restore_model(options, from_bytes(packed)), DataTensors(data, options.data)
        inner = self.model.model if isinstance(self.model, Gated) else self.model
        self.mixes, self.sensors = inner.mixes_sensors, len(data.sensors)
        side = int(options.mask.get("region", MaskOptions().region))
        self.of = regions(data, side) if "grid" in data.ds.attrs else np.arange(self.sensors)
        passes = int(self.of.max()) + 1 if self.mixes else 1
        most = windows or max(CELLS // (passes * permutations * self.sensors), 32)
        self.windows = thin_windows(self.tensors.parts.test, most)
        count = len(self.windows)
        self.orders = [
            np.random.default_rng([options.seed, 13, place]).permutation(count) for place in range(permutations)
        ]
        spread = torch.from_numpy(self.tensors.target_scale.spread)
        self.unit = spread if len(spread) == 1 else torch.ones_like(spread)
        self.sums = self._sums(np.arange(count), None)
        self.count = float(self._count())
        self.baseline = float(self.sums.sum()) / self.count

    def __iter__(self) -> Iterator[Rise]:
        """One after another; of a model that does not mix sensors all come at once."""
        if not self.mixes:
            own = [(self._sums(order, slice(None)) - self.sums).numpy() / self.count for order in self.orders]
            for sensor in range(self.sensors):
                rise = np.array([part[sensor] for part in own])
                yield Rise(np.array([sensor]), rise, np.zeros(len(rise)))
            return
        gate = self.model.gate if isinstance(self.model, Gated) else None
        for site in range(int(self.of.max()) + 1):
            sensors = np.flatnonzero(self.of == site)
            if gate is not None and not gate[sensors].any():
                yield Rise(sensors, np.zeros(len(self.orders)), np.zeros(len(self.orders)))  # nothing reads them
                continue
            changes = [(self._sums(order, sensors) - self.sums) / self.count for order in self.orders]
            whole = np.array([float(change.sum()) for change in changes])
            itself = np.array([float(change[sensors].sum()) for change in changes])
            yield Rise(sensors, whole / len(sensors), (whole - itself) / len(sensors))

    @torch.no_grad()
    def _sums(self, order: np.ndarray, sensors: np.ndarray | slice | None) -> Tensor:
        """Absolute errors [N] float64 summed over windows, with the histories of ``sensors`` as in the ``order`` [W]."""
        total, size = torch.zeros(self.sensors, dtype=torch.float64), windows_at_once(self.tensors.setting)
        for first in range(0, len(self.windows), size):
            ids = np.arange(first, min(first + size, len(self.windows)))
            batch = self.tensors.batch(self.windows, ids)
            x = batch.x
            if sensors is not None:
                x = x.clone()
                x[:, :, sensors] = self._histories(order[ids], sensors)
            error = signed_error(self.model(x, batch.calendar), batch.y, batch.mask).abs().double() * self.unit
            total += error.sum((0, 1, 3))
        return total

    def _histories(self, ids: np.ndarray, sensors: np.ndarray | slice) -> Tensor:
        steps = torch.from_numpy(self.windows.steps(ids)[:, : self.windows.lookback])
        return self.tensors.series[steps][:, :, sensors]

    def _count(self) -> float:
        """Targets that were observed."""
        ids = np.arange(len(self.windows))
        return max(float(self.tensors.observed(self.windows)[ids].sum()), 1.0)
