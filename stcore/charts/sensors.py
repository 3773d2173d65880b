"""Sensors through a run: which are hard, which matter, and how both went from epoch to epoch."""

import altair as alt
import numpy as np
import pandas as pd
import xarray as xr

from stcore.charts.series import AXIS
from stcore.charts.theme import Theme
from stcore.charts.words import labelled


def sensor_table(trace: xr.Dataset, epoch: int) -> pd.DataFrame:
    """One row a sensor, in the dataset's order: sensor, error, importance (shares, NaN without), after ``epoch`` (from 1).

    ``change`` is the error's difference to the first epoch; ``kept`` the share of its cells that were kept, where cells are
    pruned; ``test`` the error of the best weights, once the run is done.
    """
    row = trace.sel(epoch=epoch)
    frame = pd.DataFrame(
        {
            "sensor": trace["sensor"].values.astype(str),
            "error": row["sensor_error"].values.astype(float),
            "change": (row["sensor_error"] - trace["sensor_error"][0]).values.astype(float),
            "importance": row["importance"].values.astype(float),
        }
    )
    if "sensor_kept" in trace:
        frame["kept"] = row["sensor_kept"].values.astype(float)
    if "test_sensor_error" in trace:
        frame["test"] = trace["test_sensor_error"].values.astype(float)
    return frame


def through_epochs(
    values: np.ndarray, sensor: int, label: tuple[str, str], theme: Theme, epoch: int | None = None
) -> alt.LayerChart:
    """One sensor's values [E, N] through the epochs, the middle 80 % of all sensors as a band, their median dashed.

    ``label`` is what the values are and their unit; ``epoch`` (from 1) is marked.
    """
    finite = np.isfinite(values).any(axis=1)
    shown = values[finite]
    low, middle, high = np.nanquantile(shown, [0.1, 0.5, 0.9], axis=1) if len(shown) else np.empty((3, 0))
    frame = pd.DataFrame(
        {"epoch": np.flatnonzero(finite) + 1, "value": shown[:, sensor], "low": low, "median": middle, "high": high}
    )
    number = "~%" if label[1] == "%" else "~r"
    title = labelled(label[0], "" if label[1] == "%" else label[1])
    x = alt.X("epoch:Q", title="epoch", axis=alt.Axis(tickMinStep=1, format="d"), scale=alt.Scale(nice=False))
    axis = alt.Axis(minExtent=AXIS, format=f".3{number}", tickCount=4)
    scale = alt.Scale(zero=False)
    tip = [
        alt.Tooltip("epoch:Q"),
        *(
            alt.Tooltip(f"{name}:Q", title=said, format=f".3{number}")
            for name, said in (("value", "this sensor"), ("median", "median of all"), ("low", "10 %"), ("high", "90 %"))
        ),
    ]
    base = alt.Chart(frame).encode(x=x, tooltip=tip)
    band = base.mark_area(color=theme.muted, opacity=0.22).encode(
        y=alt.Y("low:Q", title=title, axis=axis, scale=scale), y2="high:Q"
    )
    median = base.mark_line(color=theme.muted, strokeDash=[5, 3], strokeWidth=1.4).encode(
        y=alt.Y("median:Q", scale=scale)
    )
    line = base.mark_line(
        color=theme.kept, strokeWidth=2.2, point=alt.OverlayMarkDef(color=theme.kept, size=28)
    ).encode(y=alt.Y("value:Q", scale=scale))
    parts: list[alt.Chart] = [band, median, line]
    if epoch is not None:
        here = alt.Chart(pd.DataFrame({"epoch": [epoch]}))
        parts.append(here.mark_rule(color=theme.pruned, strokeWidth=1.5).encode(x="epoch:Q"))
    return alt.LayerChart(layer=parts, height=165)
