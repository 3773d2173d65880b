"""Metrics of forecasts against truths, by horizon and by sensor, summed up batch by batch in float64.

``METRICS`` is the table from which evaluation, JSON, tables and charts are made: another metric is another entry in it.

The mask rule travels with the numbers: a truth that was not measured is left out of all metrics, and a truth whose absolute
value is at most ``floor`` is left out of MAPE.
"""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np

CHUNK = 4_000_000  # readings worked on at once


class Readings(NamedTuple):
    """B forecasts of H steps, N sensors and C' targets beside their truths, in units: each part [B, H, N, C']."""

    error: np.ndarray  # absolute error, 0 where nothing was measured
    truth: np.ndarray  # absolute truth, 0 where nothing was measured
    seen: np.ndarray  # whether it was measured
    large: np.ndarray  # whether it was measured and is above the floor
    scale: np.ndarray  # [N, C'] error of a naive forecast in training; 0 where there is none

    def over(self, size: np.ndarray, where: np.ndarray) -> np.ndarray:
        """The error over a size, 0 elsewhere."""
        return np.divide(self.error, size, out=np.zeros_like(self.error), where=where)


class Term(NamedTuple):
    """What is summed up over readings, and which power of the target's unit it has."""

    of: Callable[[Readings], np.ndarray]
    power: int


ABSOLUTE = Term(lambda readings: readings.error, 1)
SQUARED = Term(lambda readings: np.square(readings.error, dtype=np.float64), 2)
RELATIVE = Term(lambda readings: readings.over(readings.truth, readings.large), 0)
SCALED = Term(lambda readings: readings.over(readings.scale, readings.scale > 0), 0)
TRUTH = Term(lambda readings: readings.truth, 1)
COUNT = Term(lambda readings: readings.seen, 0)
LARGE_COUNT = Term(lambda readings: readings.large, 0)
SCALED_COUNT = Term(lambda readings: readings.seen & (readings.scale > 0), 0)


def ratio(over: float, by: float) -> float:
    """One sum over another."""
    return over / by


def root_of_ratio(over: float, by: float) -> float:
    """Its root."""
    return float(np.sqrt(over / by))


def percent_of(over: float, by: float) -> float:
    """One sum in per cent of another."""
    return 100 * over / by


class Metric(NamedTuple):
    """``finish(sum of over, sum of by)``, where the second sum is not 0."""

    label: str  # for people
    over: Term
    by: Term
    finish: Callable[[float, float], float]
    unit: Literal["target", "%", ""]
    about: str  # what it measures and, where it is not commonplace, who proposed it


METRICS = {
    "mae": Metric("MAE", ABSOLUTE, COUNT, ratio, "target", "mean absolute error"),
    "rmse": Metric("RMSE", SQUARED, COUNT, root_of_ratio, "target", "root of the mean squared error"),
    "mape": Metric("MAPE", RELATIVE, LARGE_COUNT, percent_of, "%", "mean of the errors in per cent of their truths"),
    "wape": Metric(
        "WAPE",
        ABSOLUTE,
        TRUTH,
        percent_of,
        "%",
        "sum of the errors in per cent of the sum of truths (Kolassa, Schütz 2007)",
    ),
    "mase": Metric(
        "MASE",
        SCALED,
        SCALED_COUNT,
        ratio,
        "",
        "mean error over each sensor's usual change from one day to the next in training (Hyndman, Koehler 2006)",
    ),
}
TERMS = list(dict.fromkeys(term for metric in METRICS.values() for term in (metric.over, metric.by)))


def rule(floor: float) -> str:
    """The mask rule in words, to stand beside every metric."""
    left_out = "truth = 0" if floor == 0 else f"|truth| <= {floor:g}"
    return f"missing truths are left out; MAPE also leaves out {left_out}"


class Errors:
    """Sums over windows of H x N x C' forecasts: what the metrics are made of, in the units of the truth.

    ``windows`` [2, W, H] holds the summed absolute error and the count of each window and step, for paired comparisons;
    of several targets pooled in training spreads ``spread``. ``scale`` [N, C'] is that of MASE, see ``seasonal_scale``.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        floor: float = 0.0,
        windows: int = 0,
        spread: np.ndarray | float = 1.0,
        scale: np.ndarray | None = None,
    ) -> None:
        self.floor = floor
        self.spread = spread if shape[2] > 1 else 1.0
        self.scale = np.zeros(shape[1:]) if scale is None else scale
        self.sums = np.zeros((len(TERMS), *shape))
        self.windows = np.zeros((2, windows, shape[0]))  # absolute error and count of each window and step

    def add(self, forecast: np.ndarray, truth: np.ndarray, ids: np.ndarray | None = None) -> None:
        """Take in ``forecast`` and ``truth`` [B, H, N, C'] of the windows ``ids`` [B]; NaN truths do not count."""
        seen = np.isfinite(truth)
        error, size = np.abs(np.where(seen, forecast - truth, 0.0)), np.abs(np.where(seen, truth, 0.0))
        readings = Readings(error, size, seen, seen & (size > self.floor), self.scale)
        for place, term in enumerate(TERMS):
            self.sums[place] += term.of(readings).sum(axis=0, dtype=np.float64)
        if ids is not None:
            self.windows[0, ids] = (error / self.spread).sum(axis=(2, 3), dtype=np.float64)
            self.windows[1, ids] = seen.sum(axis=(2, 3))

    def metrics(self, targets: list[str], spread: np.ndarray) -> dict[str, Any]:
        """``{mae, rmse, ..., by_horizon, rule, unit}``; None where nothing was observed.

        With several targets the errors are pooled in training spreads (``unit`` says so), and ``by_target`` holds each
        one's in its own unit.
        """
        if len(targets) == 1:
            return by_horizon(self.sums[..., 0]) | {"rule": rule(self.floor), "unit": "target"}
        whole = np.stack([part / spread**term.power for part, term in zip(self.sums, TERMS, strict=True)])
        pooled = by_horizon(whole.sum(axis=-1)) | {"rule": rule(self.floor), "unit": "training spread"}
        return pooled | {"by_target": {name: by_horizon(self.sums[..., place]) for place, name in enumerate(targets)}}

    def by_sensor(self) -> np.ndarray:
        """MAE of the first target per sensor [N] in its unit; NaN where nothing was observed."""
        sums = self.sums[..., 0].sum(axis=1)
        total, count = sums[TERMS.index(ABSOLUTE)], sums[TERMS.index(COUNT)]
        return np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)


def by_horizon(sums: np.ndarray) -> dict[str, Any]:
    """All metrics of sums [S, H, N], over everything and for each step."""
    steps = [{"horizon": step + 1, **all_metrics(part)} for step, part in enumerate(sums.sum(axis=2).T)]
    return {**all_metrics(sums.sum(axis=(1, 2))), "by_horizon": steps}


def all_metrics(sums: np.ndarray) -> dict[str, float | None]:
    """All metrics of summed terms [S]; None where there is nothing to divide by."""
    found: dict[str, float | None] = {}
    for name, metric in METRICS.items():
        over, by = (float(sums[TERMS.index(term)]) for term in (metric.over, metric.by))
        found[name] = metric.finish(over, by) if by else None
    return found


def seasonal_scale(values: np.ndarray, train: np.ndarray, step_seconds: float) -> np.ndarray:
    """The scale of MASE [N, C']: the mean absolute error, over training steps, of the value one season before (Hyndman, Koehler
    2006, International Journal of Forecasting 22).

    ``values`` [T, N, C'] in units, ``train`` [T] bool. The season is a day where a day is a whole number of steps and training
    is longer, else one step. 0 where no two values are a season apart.
    """
    day = 86_400 / step_seconds
    season = round(day) if day >= 1 and day == round(day) and train.sum() > day else 1
    total, count = np.zeros(values.shape[1:]), np.zeros(values.shape[1:], np.int64)
    later = np.flatnonzero(train[season:] & train[:-season]) + season
    for some in np.array_split(later, max(1, -(-len(later) * values[0].size // CHUNK))):
        change = np.abs(values[some] - values[some - season])
        total += np.nansum(change, axis=0, dtype=np.float64)
        count += np.isfinite(change).sum(axis=0)
    return total / np.maximum(count, 1)
