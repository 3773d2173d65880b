"""The windows in which one sensor was forecast worst, out of the forecasts that a finished run has stored."""

import numpy as np
import pandas as pd

from stcore.data import STData
from stcore.data.windows import PARTS, cut
from stcore.options import RunOptions
from stcore.runs import Run
from stcore.runs.trace import forecasts


def window_errors(run: Run, data: STData, sensor: int) -> pd.DataFrame | None:
    """One row a stored window: ``start`` step, ``part``, ``sample`` (its id in training, else -1), ``error`` of the sensor.

    ``error`` is the mean absolute error of the best weights' forecast over the observed steps of the window's horizon, of the
    first target in its unit; NaN where nothing was observed. None while the run has no forecasts.
    """
    stored = forecasts(run)
    if stored is None or not len(stored[0]):
        return None
    starts, scaled = stored
    options = RunOptions.read(run.spec["options"]).data
    scale, target = run.spec["scale"], data.channel(run.spec["targets"][:1], [])[0]
    made = scaled[:, :, sensor, 0].astype(float) * scale["spread"][0] + scale["mean"][0]
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


def hardest(windows: pd.DataFrame, apart: int, most: int = 10) -> pd.DataFrame:
    """The rows with the largest errors, worst first, each at least ``apart`` steps from the others: windows that overlap tell
    of the same event."""
    order = windows.dropna(subset=["error"]).sort_values("error", ascending=False, kind="stable")
    taken: list[int] = []
    for place, start in order["start"].items():
        if all(abs(start - windows.at[other, "start"]) >= apart for other in taken):
            taken.append(place)
        if len(taken) == most:
            break
    return windows.loc[taken]
