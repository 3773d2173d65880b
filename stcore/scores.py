"""What a strategy needs to know of a sample: columns from a batch's errors, and features of the data alone."""

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor

from stcore.data import STData
from stcore.ranks import Ranks
from stcore.scale import Scale
from stcore.windows import Windows, week_cell

TOGETHER = 65_536  # (window, sensor) cells whose columns are computed at once


class Columns:
    """Per-sample columns of one epoch, on the training device until the epoch ends.

    Errors come in training spreads. ``level`` is the masked mean absolute error, ``sensor_spread`` its standard deviation
    over sensors, ``horizon_spread`` that over horizon steps after dividing by the epoch's mean error at each step, so that
    the usual growth of error with the horizon does not count. The last is our reading of ST-Prune (arXiv 2602.19113).
    """

    def __init__(self, count: int, horizon: int, needs: Iterable[str], device: str) -> None:
        self.by_sensor, self.by_step = "sensor_spread" in needs, "horizon_spread" in needs
        width = 3 + self.by_step * horizon  # visited, level, sensor_spread, mean error at each step
        self.rows = torch.zeros(count, width, dtype=torch.float64, device=device)
        self.waiting: list[tuple[Tensor, Tensor, Tensor]] = []
        self.cells = 0

    def take(self, ids: Tensor, error: Tensor, mask: Tensor) -> None:
        """Take in absolute errors [B, H, N, C'] (0 where masked) of the samples ``ids`` [B]; worked off many at a time."""
        self.waiting.append((ids, error, mask))
        self.cells += error.shape[0] * error.shape[2]
        if self.cells >= TOGETHER:
            self._work_off()

    def _work_off(self) -> None:
        if not self.waiting:
            return
        ids, error, mask = (torch.cat(parts) for parts in zip(*self.waiting, strict=True))
        self.waiting, self.cells = [], 0
        level = error.sum((1, 2, 3)) / mask.sum((1, 2, 3)).clamp(min=1)
        spread = sensor_spread(error, mask) if self.by_sensor else torch.zeros_like(level)
        parts = [torch.ones_like(level)[:, None], level[:, None], spread[:, None]]
        if self.by_step:
            parts.append(error.sum((2, 3)) / mask.sum((2, 3)))  # NaN where nothing was observed at a step
        self.rows[ids] = torch.cat(parts, dim=1).to(self.rows.dtype)

    def merge(self, ranks: Ranks) -> None:
        """Every rank gets what all have seen: one dense float64 sum."""
        self._work_off()
        ranks.sum(self.rows)

    def columns(self) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """The visited samples [K] ascending and their columns [K] float32."""
        self._work_off()
        rows = self.rows.cpu().numpy()
        indices = np.flatnonzero(rows[:, 0])
        named = {"level": rows[indices, 1], "sensor_spread": rows[indices, 2]}
        if self.by_step:
            named["horizon_spread"] = horizon_spread(rows[indices, 3:])
        return indices, {name: column.astype(np.float32) for name, column in named.items()}


def horizon_spread(by_step: np.ndarray) -> np.ndarray:
    """Standard deviation over horizon steps [K] of mean errors [K, H], after dividing each step by its usual error.

    Steps at which a sample observed nothing are NaN and left out.
    """
    seen = np.isfinite(by_step)
    errors = np.where(seen, by_step, 0)
    usual = np.maximum(errors.sum(axis=0) / np.maximum(seen.sum(axis=0), 1), 1e-12)
    errors = errors * (usual[seen.any(axis=0)].mean() / usual)
    count = np.maximum(seen.sum(axis=1), 1)
    middle = errors.sum(axis=1) / count
    return np.sqrt((np.where(seen, errors - middle[:, None], 0) ** 2).sum(axis=1) / count)


def sensor_spread(error: Tensor, mask: Tensor) -> Tensor:
    """Standard deviation over the observed sensors of their mean errors [B], from errors and mask [B, H, N, C']."""
    seen = mask.sum((1, 3))
    sensor, present = error.sum((1, 3)) / seen.clamp(min=1), (seen > 0).to(error.dtype)
    count = present.sum(1).clamp(min=1)
    middle = (sensor * present).sum(1) / count
    return (((sensor - middle[:, None]) * present) ** 2).sum(1).div(count).sqrt()


def feature(name: str, data: STData, windows: Windows, targets: list[int], scale: Scale) -> np.ndarray:
    """A feature [W] of every window that needs no model: ``cell`` or ``stationarity``. ``scale`` is the targets'."""
    if name == "cell":
        return week_cell(data, windows.origins + 1)
    if name == "stationarity":
        return stationarity(scale.apply(data.values[..., targets]), windows)
    raise ValueError(f"there is no feature {name!r}: cell, stationarity")


def stationarity(values: np.ndarray, windows: Windows, softening: float = 0.1) -> np.ndarray:
    """How calm each window is [W], a rank from 0 to 1 (calmest), from z-scores ``values`` [T, N, C'] alone.

    A window is cut in halves A, B; its restlessness is the mean over sensors of
    |mean_A - mean_B| + |log((std_A + softening) / (std_B + softening))| / 2, missing values left out. Our reconstruction.
    """
    half = (windows.lookback + windows.horizon) // 2
    z = values.reshape(len(values), -1)
    seen = np.isfinite(z)
    clean = np.where(seen, z, 0.0)
    sums = [_running(part.astype(np.float64), half) for part in (seen, clean, clean * clean)]
    first, second = ([total[windows.starts + shift] for total in sums] for shift in (0, half))
    means, deviations = zip(*(_moments(*half_sums) for half_sums in (first, second)), strict=True)
    change = np.abs(means[0] - means[1]) + 0.5 * np.abs(
        np.log((deviations[0] + softening) / (deviations[1] + softening))
    )
    both = (first[0] > 0) & (second[0] > 0)
    restless = np.where(both, change, 0.0).sum(axis=1) / np.maximum(both.sum(axis=1), 1)
    return 1 - np.argsort(np.argsort(restless, kind="stable")) / max(len(restless) - 1, 1)


def _running(values: np.ndarray, length: int) -> np.ndarray:
    """Sums of ``values`` [T, M] over the ``length`` steps from each step on [T - length + 1, M]."""
    total = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    return total[length:] - total[:-length]


def _moments(count: np.ndarray, total: np.ndarray, squares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mean = total / np.maximum(count, 1)
    return mean, np.sqrt(np.maximum(squares / np.maximum(count, 1) - mean**2, 0))
