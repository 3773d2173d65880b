"""Windows: stretches of lookback and horizon steps, and cells, single sensors of them.

A window is its first step. Its id is its position among the first steps of its part, fixed for the run, so a score per window
is a score over calendar time. Parts are chronological and made before windows are cut: no two parts share a step.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from stcore.data import STData
from stcore.findings import refuse
from stcore.options import DataOptions

PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Windows:
    """W windows of ``lookback`` + ``horizon`` steps that begin at ``starts`` [W] int64, ascending."""

    starts: np.ndarray
    lookback: int
    horizon: int

    def __len__(self) -> int:
        return len(self.starts)

    def steps(self, ids: np.ndarray) -> np.ndarray:
        """The steps [B, L + H] of the windows ``ids`` [B]."""
        return self.starts[ids][:, None] + np.arange(self.lookback + self.horizon)

    @property
    def origins(self) -> np.ndarray:
        """The last input step of each window [W]: the moment at which it forecasts."""
        return self.starts + self.lookback - 1


class Parts(NamedTuple):
    """The windows of training, validation and test, and which part each step belongs to (``label`` [T], 0, 1, 2)."""

    train: Windows
    validation: Windows
    test: Windows
    label: np.ndarray


def cut(data: STData, options: DataOptions) -> Parts:
    """All windows of every part that hold at least one observed target. Raises DataError where a part has none.

    The parts are the file's own where it brings them (``split`` [time]), else consecutive shares of time.
    """
    label = _label(data, options)
    length = options.lookback + options.horizon
    targets = data.channel(options.targets, data.channels[:1])
    starts = np.flatnonzero(_run_length(label) >= length)
    if "start" in data.ds:
        starts = np.intersect1d(starts, data.ds["start"].values)
    observed = np.isfinite(data.values[..., targets]).any(axis=(1, 2))
    total = np.concatenate([[0], np.cumsum(observed)])
    starts = starts[total[starts + length] > total[starts + options.lookback]]
    train, validation, test = (
        Windows(starts[label[starts] == part], options.lookback, options.horizon) for part in range(3)
    )
    for part, windows in enumerate((train, validation, test)):
        if not len(windows):
            raise refuse(
                "too-short",
                f"The {PARTS[part]} part has {int((label == part).sum())} of {data.steps} steps and no window of "
                f"{options.lookback} + {options.horizon} steps with an observed target; "
                "choose a shorter lookback or horizon, or other shares.",
            )
    return Parts(train, validation, test, label)


def blocks(data: STData, options: DataOptions) -> Parts:
    """All windows of a distilled set, as each of the three parts. DataError where its windows are shorter than asked for."""
    length = options.lookback + options.horizon
    starts = np.sort(data.ds["start"].values) if "start" in data.ds else np.empty(0, np.int64)
    if not len(starts):
        raise refuse("windows", "The distilled set has no windows.")
    made = [int(data.ds.attrs.get(name, 0)) for name in ("lookback", "horizon")]
    if np.diff([*starts, data.steps]).min() < length or made not in ([options.lookback, options.horizon], [0, 0]):
        asked = f"windows of {options.lookback} + {options.horizon} steps"
        if made == [options.lookback, options.horizon]:
            raise refuse("windows", f"The windows of the distilled set overlap or are cut short: {asked} do not fit.")
        has = f"windows of {made[0]} + {made[1]} steps" if made[0] else f"{len(starts)} windows of their own"
        raise refuse(
            "windows", f"The distilled set has {has}, and {asked} were asked for; choose lookback and horizon alike."
        )
    windows = Windows(starts.astype(np.int64), options.lookback, options.horizon)
    return Parts(windows, windows, windows, np.zeros(data.steps, np.int64))


def _label(data: STData, options: DataOptions) -> np.ndarray:
    """Which part each step belongs to [T]; -1 for none."""
    if "split" in data.ds:
        names = data.ds["split"].values.astype(str)
        return np.select([names == part for part in PARTS], [0, 1, 2], -1)
    ends = np.round(np.cumsum(options.split) * data.steps).astype(int)
    return np.searchsorted(ends[:2], np.arange(data.steps), side="right")


def _run_length(label: np.ndarray) -> np.ndarray:
    """How many steps from each step on carry its own label [T]; 0 where it belongs to no part."""
    change = np.flatnonzero(np.diff(label)) + 1
    ends = np.append(change, len(label))
    return np.where(
        label >= 0, ends[np.searchsorted(change, np.arange(len(label)), side="right")] - np.arange(len(label)), 0
    )


def observed_cells(data: STData, windows: Windows, targets: list[int]) -> np.ndarray:
    """Cells with at least one observed target [P] int64 ascending: position of the window x N + position of the sensor."""
    seen = np.isfinite(data.values[..., targets]).any(axis=2)
    total = np.concatenate([np.zeros((1, seen.shape[1]), np.int32), np.cumsum(seen, axis=0, dtype=np.int32)])
    first = windows.starts + windows.lookback
    return np.flatnonzero(total[first + windows.horizon] > total[first])


def calendar(data: STData, steps: np.ndarray) -> np.ndarray:
    """Slot of the day and day of the week (Monday 0) of ``steps`` [M] on the wall clock, [M, 2] int64."""
    time, slots = data.clock(steps), slots_of_day(data.step_seconds)
    second = ((time.hour * 60 + time.minute) * 60 + time.second).to_numpy().astype(np.int64)
    return np.stack([second * slots // 86_400, time.day_of_week.to_numpy()], axis=1).astype(np.int64)


def slots_of_day(step_seconds: float) -> int:
    """Steps in a day, at least 1 and at most one a second: a table of days has no room for more."""
    return max(1, round(86_400 / max(step_seconds, 1.0)))


def week_cell(data: STData, steps: np.ndarray) -> np.ndarray:
    """Hour of the week, 0 to 167 from Monday midnight, of ``steps`` [W]."""
    time = data.clock(steps)
    return (time.day_of_week * 24 + time.hour).to_numpy().astype(np.int64)
