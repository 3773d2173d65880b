"""Errors by sensor: two runs side by side, and the windows in which one sensor was forecast worst."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from stcore.data import STData
from stcore.data.windows import PARTS, cut
from stcore.evidence.side_by_side import comparison_notes
from stcore.runs import Run, RunError
from stcore.runs.trace import forecasts, trace

VALIDATION, TEST = "validation", "test"


def comparable_runs(run: Run, others: Sequence[Run]) -> list[Run]:
    """The runs that can be compared with ``run``: the same data and first target, and a finished epoch."""

    def key(one: Run) -> tuple[str, str]:
        return one.spec.data.fingerprint, one.spec.target

    return [other for other in others if other.id != run.id and key(other) == key(run) and other.epochs()]


def common_parts(run: Run, other: Run) -> list[str]:
    """The parts on which both can be compared: validation always, the test once both have ended."""
    tested = all("test_sensor_error" in trace(one) for one in (run, other))
    return [TEST, VALIDATION] if tested else [VALIDATION]


def sensor_errors(run: Run, part: str) -> np.ndarray:
    """The mean absolute error [N] of each sensor on a ``part``, by the weights best in validation. RunError."""
    seen = trace(run)
    if part == TEST:
        if "test_sensor_error" not in seen:
            raise RunError(f"Run {run.id} has no test errors yet; it is {run.status}.")
        return seen["test_sensor_error"].values.astype(float)
    if not seen.sizes["epoch"]:
        raise RunError(f"Run {run.id} has no finished epoch yet; it is {run.status}.")
    best = [place for place, event in enumerate(run.epochs()) if event["best"]]
    return seen["sensor_error"].values[best[-1] if best else -1].astype(float)


def sensor_difference(run: Run, other: Run, part: str) -> np.ndarray:
    """The error [N] of ``run`` minus that of ``other``, below 0 where ``run`` is better. RunError where they do not fit."""
    if not comparable_runs(run, [other]):
        raise RunError(f"Runs {run.id} and {other.id} are not of the same data, or one has no finished epoch.")
    return sensor_errors(run, part) - sensor_errors(other, part)


def pair_warnings(run: Run, other: Run) -> list[str]:
    """Why both may not be comparable, in sentences. That a run is not finished is no reason, since validation is there."""
    return [note for note in comparison_notes([run, other]) if "finished" not in note]


def window_errors(run: Run, data: STData, sensor: int) -> pd.DataFrame | None:
    """One row a stored window: ``start`` step, ``part``, ``sample`` (its id in training, else -1), ``error`` of the sensor.

    ``error`` is the mean absolute error of the best weights' forecast over the observed steps of the window's horizon, of the
    first target in its unit; NaN where nothing was observed. None while the run has no forecasts.
    """
    stored = forecasts(run)
    if stored is None or not len(stored[0]):
        return None
    starts, scaled = stored
    options = run.spec.options.data
    scale, target = run.spec.scale, data.channel(run.spec.targets[:1], [])[0]
    made = scaled[:, :, sensor, 0].astype(float) * scale.std[0] + scale.mean[0]
    steps = starts[:, None] + options.lookback + np.arange(options.horizon)
    missed = np.abs(made - data.values[:, sensor, target][steps])
    seen = np.isfinite(missed)
    error = np.divide(
        np.where(seen, missed, 0).sum(axis=1),
        seen.sum(axis=1),
        out=np.full(len(starts), np.nan),
        where=seen.any(axis=1),
    )
    parts = cut(data, options)
    place = np.searchsorted(parts.train.starts, starts)
    known = parts.train.starts[np.minimum(place, len(parts.train) - 1)] == starts
    part = np.array(PARTS)[parts.label[starts]]
    return pd.DataFrame({"start": starts, "part": part, "sample": np.where(known, place, -1), "error": error})


def hardest_windows(windows: pd.DataFrame, apart: int, most: int = 10) -> pd.DataFrame:
    """The rows with the largest errors, worst first, each at least ``apart`` steps from the others.

    Windows that overlap show the same event, so only the worst of them is listed.
    """
    order = windows.dropna(subset=["error"]).sort_values("error", ascending=False, kind="stable")
    taken: list[int] = []
    for place, start in order["start"].items():
        if all(abs(start - windows.at[other, "start"]) >= apart for other in taken):
            taken.append(place)
        if len(taken) == most:
            break
    return windows.loc[taken]
