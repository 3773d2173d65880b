"""Masked MAE, RMSE and MAPE, by horizon and by sensor, summed up batch by batch in float64.

The mask rule travels with the numbers: a truth that was not measured is left out of all three, and a truth whose absolute
value is at most ``floor`` is left out of MAPE.
"""

from typing import Any

import numpy as np

NAMES = ("mae", "rmse", "mape")


def rule(floor: float) -> str:
    """The mask rule in words, to stand beside every metric."""
    left_out = "truth = 0" if floor == 0 else f"|truth| <= {floor:g}"
    return f"missing truths are left out; MAPE also leaves out {left_out}"


class Errors:
    """Sums over windows of absolute, squared and relative errors of H x N x C' forecasts, in the units of the truth.

    ``windows`` [2, W, H] holds the summed absolute error and the count of each window and step, for paired comparisons;
    of several targets pooled in training spreads ``spread``.
    """

    def __init__(
        self, shape: tuple[int, int, int], floor: float = 0.0, windows: int = 0, spread: np.ndarray | float = 1.0
    ) -> None:
        self.floor = floor
        self.spread = spread if shape[2] > 1 else 1.0
        self.sums = np.zeros((5, *shape))  # absolute, squared, relative, count, count for relative
        self.windows = np.zeros((2, windows, shape[0]))  # absolute and count of each window and step

    def add(self, forecast: np.ndarray, truth: np.ndarray, ids: np.ndarray | None = None) -> None:
        """Take in ``forecast`` and ``truth`` [B, H, N, C'] of the windows ``ids`` [B]; NaN truths do not count."""
        seen = np.isfinite(truth)
        error = np.abs(np.where(seen, forecast - truth, 0.0))
        large = seen & (np.abs(truth) > self.floor)
        relative = np.divide(error, np.abs(truth), out=np.zeros_like(error), where=large)
        for place, part in enumerate((error, np.square(error, dtype=np.float64), relative, seen, large)):
            self.sums[place] += part.sum(axis=0, dtype=np.float64)
        if ids is not None:
            self.windows[0, ids] = (error / self.spread).sum(axis=(2, 3), dtype=np.float64)
            self.windows[1, ids] = seen.sum(axis=(2, 3))

    def metrics(self, targets: list[str], spread: np.ndarray) -> dict[str, Any]:
        """``{mae, rmse, mape, by_horizon, rule, unit}``; None where nothing was observed.

        With several targets the errors are pooled in training spreads (``unit`` says so), and ``by_target`` holds each
        one's in its own unit.
        """
        if len(targets) == 1:
            return self._of(self.sums[..., 0]) | {"rule": rule(self.floor), "unit": "target"}
        scaled = self.sums.copy()
        scaled[0] /= spread
        scaled[1] /= spread**2
        pooled = self._of(scaled.sum(axis=-1)) | {"rule": rule(self.floor), "unit": "training spread"}
        return pooled | {"by_target": {name: self._of(self.sums[..., place]) for place, name in enumerate(targets)}}

    @staticmethod
    def _of(sums: np.ndarray) -> dict[str, Any]:
        """Metrics of sums [5, H, N]."""
        by_horizon = [{"horizon": step + 1, **_means(part)} for step, part in enumerate(sums.sum(axis=2).T)]
        return {**_means(sums.sum(axis=(1, 2))), "by_horizon": by_horizon}

    def by_sensor(self) -> np.ndarray:
        """MAE of the first target per sensor [N] in its unit; NaN where nothing was observed."""
        sums = self.sums[..., 0].sum(axis=1)
        return np.divide(sums[0], sums[3], out=np.full(sums.shape[1], np.nan), where=sums[3] > 0)


def _means(sums: np.ndarray) -> dict[str, float | None]:
    """Metrics of five summed numbers: absolute, squared, relative, count, count for relative. MAPE is in per cent."""
    absolute, squared, relative, count, large = (float(part) for part in sums)
    if count == 0:
        return dict.fromkeys(NAMES)
    return {
        "mae": absolute / count,
        "rmse": float(np.sqrt(squared / count)),
        "mape": 100 * relative / large if large else None,
    }
