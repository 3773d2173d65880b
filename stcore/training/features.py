"""Features of samples that need no model: hour of the week, stationarity, the seasonal naive's error, the series itself."""

import numpy as np

from stcore.data import STData
from stcore.data.scale import Scale
from stcore.data.windows import Windows, week_cell
from stcore.models import naive

SKETCH = 64  # numbers that stand for many
CHUNK = 4_000_000  # readings worked on at once


class Features:
    """What is known of samples before training: W windows, or the ``cells`` [P] (window x N + sensor) among them.

    ``targets`` are the positions of the target channels, ``scale`` theirs.
    """

    NAMES = ("hour", "stationarity", "naive", "series", "window", "sensor")

    def __init__(
        self, data: STData, windows: Windows, targets: list[int], scale: Scale, cells: np.ndarray | None = None
    ) -> None:
        self.data, self.windows, self.targets, self.scale, self.cells = data, windows, targets, scale, cells

    def __call__(self, name: str) -> np.ndarray:
        """[W] or [P], ``series`` [W or P, 64]; ValueError for a name that is none."""
        if name not in self.NAMES:
            raise ValueError(f"there is no feature {name!r}: {', '.join(self.NAMES)}")
        return np.asarray(getattr(self, name)())

    def hour(self) -> np.ndarray:
        """Hour of the week, 0 to 167, of the first forecast step."""
        return week_cell(self.data, self.windows.origins + 1)[self.window()]

    def window(self) -> np.ndarray:
        """The position of the sample's window."""
        return np.arange(len(self.windows)) if self.cells is None else self.cells // len(self.data.sensors)

    def sensor(self) -> np.ndarray:
        """The position of a cell's sensor; 0 for whole windows."""
        return np.zeros(len(self.windows), int) if self.cells is None else self.cells % len(self.data.sensors)

    def stationarity(self) -> np.ndarray:
        """How calm a sample is, a rank from 0 to 1 (calmest)."""
        change, seen = restlessness(self.scaled(), self.windows)
        if self.cells is not None:
            by_sensor = (len(change), len(self.data.sensors), -1)
            return calmness(np.where(seen, change, 0.0).reshape(by_sensor).sum(axis=2).reshape(-1)[self.cells])
        return calmness(np.where(seen, change, 0.0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1))

    def naive(self) -> np.ndarray:
        """Mean absolute error of the seasonal naive forecast, in training spreads; 0 where nothing was measured."""
        values = self.data.values[..., self.targets]
        train = np.arange(len(values)) < self.windows.origins[-1] + 1 + self.windows.horizon
        rule = naive.seasonal_naive(values, train, self.data.step_seconds)
        error, count = np.empty((2, len(self.windows), len(self.data.sensors)), np.float32)
        for ids in self.chunks(self.windows.horizon):
            truth = values[self.windows.steps(ids)[:, self.windows.lookback :]]
            missed = np.abs(rule.forecast(self.windows, ids) - truth) / self.scale.spread
            error[ids], count[ids] = np.nansum(missed, axis=(1, 3)), np.isfinite(missed).sum(axis=(1, 3))
        if self.cells is not None:
            return (error.reshape(-1) / np.maximum(count.reshape(-1), 1))[self.cells]
        return error.sum(axis=1) / np.maximum(count.sum(axis=1), 1)

    def series(self) -> np.ndarray:
        """Inputs and targets of a sample in z-scores (missing: 0), as 64 numbers by a fixed random projection."""
        scaled = np.nan_to_num(self.scaled())
        length, sensors = self.windows.lookback + self.windows.horizon, scaled.shape[1]
        if self.cells is not None:
            matrix = projection(length * scaled.shape[2])
            rows = np.empty((len(self.cells), SKETCH), np.float32)
            for first in range(0, len(rows), CHUNK // length):
                some = self.cells[first : first + CHUNK // length]
                part = scaled[self.windows.steps(some // sensors), (some % sensors)[:, None]]
                rows[first : first + len(some)] = part.reshape(len(some), -1) @ matrix
            return rows
        matrix = projection(length * sensors * scaled.shape[2])
        rows = np.empty((len(self.windows), SKETCH), np.float32)
        for ids in self.chunks(length):
            rows[ids] = scaled[self.windows.steps(ids)].reshape(len(ids), -1) @ matrix
        return rows

    def scaled(self) -> np.ndarray:
        """The targets in z-scores [T, N, C'], NaN where missing."""
        return self.scale.apply(self.data.values[..., self.targets])

    def chunks(self, length: int) -> list[np.ndarray]:
        """Windows in runs of a bounded number of readings, each window having ``length`` steps."""
        many = len(self.windows) * length * len(self.data.sensors) * len(self.targets)
        return np.array_split(np.arange(len(self.windows)), max(1, -(-many // CHUNK)))


def projection(size: int) -> np.ndarray:
    """A fixed random matrix [size, 64] float32 that keeps squared lengths on average (Johnson, Lindenstrauss 1984)."""
    rng = np.random.default_rng([size, SKETCH])
    return (rng.normal(size=(size, SKETCH)) / np.sqrt(SKETCH)).astype(np.float32)


def calmness(restless: np.ndarray) -> np.ndarray:
    """Ranks [W] from 0 to 1, 1 = least restless."""
    return 1 - np.argsort(np.argsort(restless, kind="stable")) / max(len(restless) - 1, 1)


def restlessness(values: np.ndarray, windows: Windows, softening: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    """How much each series of a window changes [W, N x C'], from z-scores ``values`` [T, N, C'], and where it is defined.

    A window is cut in halves A, B; the change is |mean_A - mean_B| + |log((std_A + softening) / (std_B + softening))| / 2,
    missing values left out. Our reconstruction of what ST-Prune (arXiv 2602.19113) calls stationarity.
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
    return change, both


def _running(values: np.ndarray, length: int) -> np.ndarray:
    """Sums of ``values`` [T, M] over the ``length`` steps from each step on [T - length + 1, M]."""
    total = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    return total[length:] - total[:-length]


def _moments(count: np.ndarray, total: np.ndarray, squares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mean = total / np.maximum(count, 1)
    return mean, np.sqrt(np.maximum(squares / np.maximum(count, 1) - mean**2, 0))
