"""Who pays for the pruning, and what was gained: where a method errs more or less than its control, and by which step.

Dimensions: S seeds, W windows, H horizon, N sensors. ``pair`` is always (method, control).
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from stcore.data import STData
from stcore.evidence.intervals import blocks, interval, whole_interval
from stcore.evidence.paired import Evidence, Paired, pair_by_seed

HARDEST = 0.05
OTHERS_CHOSEN = (
    "The control's other seeds choose the hardest windows, so that the luck of one training decides for neither arm."
)
SELF_CHOSEN = (
    "The control's only run chooses the hardest windows. Part of its error there is bad luck, which the method need not "
    "repeat (regression to the mean), so this flatters the method. Two seeds or more avoid that."
)


def hour_differences(pair: Paired, clock: pd.DatetimeIndex) -> list[dict[str, Any]]:
    """One record for each hour of the week (0: Monday midnight) that has windows: MAE of both, relative difference, windows.

    ``clock`` [W] is the wall clock of each window's first forecast step.
    """
    hour = (clock.day_of_week * 24 + clock.hour).to_numpy()
    method, control = pair.error.mean(axis=1).sum(axis=2)  # [W] each
    sums = [np.bincount(hour, part, 168) for part in (method, control, pair.one.count.sum(axis=1))]
    windows = np.bincount(hour, minlength=168)
    return [
        {"hour": h, "windows": int(windows[h]), **_relative(*(float(part[h]) for part in sums))}
        for h in np.flatnonzero(windows)
    ]


def _relative(method: float, control: float, count: float) -> dict[str, float]:
    """MAE of both and their relative difference, from sums."""
    nothing = float("nan")
    return {
        "mae": method / count if count else nothing,
        "control_mae": control / count if count else nothing,
        "difference": method / control - 1 if control else nothing,
    }


def sensor_differences(pair: Paired) -> list[dict[str, Any]]:
    """One record for each sensor: mean MAE of both, relative difference, and in how many seeds the method was better."""
    errors = np.array([[test.sensor_error for test in arm] for arm in pair.tests])  # [2, S, N]
    method, control = errors.mean(axis=1)
    better = (errors[0] < errors[1]).sum(axis=0)
    return [
        {
            "sensor": name,
            **_relative(float(method[n]), float(control[n]), 1.0),
            "seeds_better": int(better[n]),
            "seeds": len(pair.seeds),
        }
        for n, name in enumerate(pair.one.sensors)
    ]


def hardest_mask(control: np.ndarray, count: np.ndarray, share: float = HARDEST) -> np.ndarray:
    """For each seed [S, W] the hardest ``share`` of the windows, by the control's mean error in its other seeds.

    ``control`` [S, W, H] are summed errors, ``count`` [W, H]. A single seed chooses for itself.
    """
    observed = count.sum(axis=1)
    mean = np.divide(control.sum(axis=2), observed, out=np.zeros(control.shape[:2]), where=observed > 0)
    others = (mean.sum(axis=0) - mean) if len(mean) > 1 else mean
    others[:, observed == 0] = -np.inf
    wanted = max(1, round(share * int((observed > 0).sum())))
    chosen = np.zeros(mean.shape, bool)
    for seed, row in enumerate(others):
        chosen[seed, np.argsort(-row, kind="stable")[:wanted]] = True
    return chosen


def hardest_difference(pair: Paired, share: float = HARDEST) -> dict[str, Any]:
    """The difference on the windows that are hardest for the control; ``note`` says who chose them."""
    chosen = hardest_mask(pair.error[1], pair.one.count, share)
    return {
        "part": f"hardest {share:.0%} of the windows",
        "windows": int(chosen[0].sum()),
        "interval": whole_interval(pair, chosen),
        "note": OTHERS_CHOSEN if len(pair.seeds) > 1 else SELF_CHOSEN,
    }


def planted_steps(data: STData) -> np.ndarray | None:
    """First and last step [I, 2] of each incident that a simulation planted, until its queue has gone. None where unknown."""
    if "incident_start" not in data.ds:
        return None
    last = next((name for name in ("incident_cleared", "incident_end") if name in data.ds), "incident_start")
    step = pd.Timedelta(data.step_seconds, "s")
    moments = [pd.DatetimeIndex(data.ds[name].values) for name in ("incident_start", last)]
    return np.stack([np.asarray((instants - data.time[0]) // step) for instants in moments], axis=1).astype(np.int64)


def forecast_mask(steps: np.ndarray, first: np.ndarray, horizon: int) -> np.ndarray:
    """Whether each window forecasts a step of each incident [W, I] bool. ``steps`` [I, 2], ``first`` [W] forecast steps."""
    return np.asarray((first[:, None] <= steps[:, 1]) & (first[:, None] + horizon > steps[:, 0]))


def incident_differences(pair: Paired, steps: np.ndarray) -> list[dict[str, Any]]:
    """The difference on windows that forecast any step of an incident, and on all others. ``steps`` [I, 2]."""
    touched = forecast_mask(steps, pair.one.start + pair.one.lookback, pair.one.horizon)
    number = int(touched.any(axis=0).sum())
    inside = np.asarray(touched.any(axis=1))
    note = f"Planted incidents in the test period, each until its queue had gone: {number}."
    return [
        {"part": part, "windows": int(chosen.sum()), "interval": whole_interval(pair, chosen), "note": note}
        for part, chosen in (("incident windows", inside), ("other windows", ~inside))
        if chosen.any()
    ]


class Link(NamedTuple):
    """An arm of the chain and what its step changes against the arm before; ``tests`` is empty where it is missing."""

    step: str
    label: str
    tests: Sequence[Evidence]


def split(chain: Sequence[Link]) -> tuple[list[dict[str, Any]], list[str]]:
    """One record a step, then the total: ``step``, ``control``, ``arm``, ``log_ratio``, ``interval``; and notes.

    Over the seeds that all arms have, so that the log ratios of the steps add up to the total's exactly. A step whose arm
    is missing is told together with the next one, and the notes say so.
    """
    there = [place for place, link in enumerate(chain) if link.tests]
    if len(there) < 2:
        return [], ["Nothing can be split: fewer than two arms of the chain were run."]
    together = pair_by_seed(*(chain[place].tests for place in there))
    records, notes = [], missing_steps(chain, there)
    for number in range(1, len(there)):
        name = " and ".join(link.step for link in chain[there[number - 1] + 1 : there[number] + 1])
        records.append(_step(together, (number, number - 1), name, [chain[place].label for place in there]))
    if len(there) > 2:
        records.append(_step(together, (len(there) - 1, 0), "total", [chain[place].label for place in there]))
    return records, notes


def missing_steps(chain: Sequence[Link], there: Sequence[int]) -> list[str]:
    """What could not be told apart, or not at all, in sentences."""
    said = []
    before = [link.step for link in chain[1 : there[0] + 1]]
    if before:
        said.append(f"Left out for want of a run: {' and '.join(before)}.")
    for first, last in pairwise(there):
        if last > first + 1:
            joined = " and ".join(link.step for link in chain[first + 1 : last + 1])
            said.append(f"Not told apart, as an arm between them was not run: {joined}.")
    after = [link.step for link in chain[there[-1] + 1 :]]
    if after:
        said.append(f"Left out for want of a run: {' and '.join(after)}.")
    return said


def _step(together: Paired, places: tuple[int, int], name: str, labels: list[str]) -> dict[str, Any]:
    """The step from the second of ``places`` to the first."""
    arm, control = places
    sums = together.error.sum(axis=3)
    return {
        "step": name,
        "control": labels[control],
        "arm": labels[arm],
        "log_ratio": float(np.mean(np.log(sums[arm].sum(axis=1)) - np.log(sums[control].sum(axis=1)))),
        "interval": interval(sums[arm], sums[control], blocks(together.one)),
    }
