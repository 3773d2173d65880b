"""Sensors during a run: their error and importance, and how both changed from epoch to epoch."""

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd
import xarray as xr

from stcore.charts.series import AXIS, thin_positions, time_axis
from stcore.charts.theme import Theme
from stcore.charts.words import axis_title
from stcore.data import STData
from stcore.data.graph import haversine


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


def epoch_chart(
    values: np.ndarray, sensor: int | Sequence[int], label: tuple[str, str], theme: Theme, epoch: int | None = None
) -> alt.LayerChart:
    """One sensor's values [E, N] through the epochs, the middle 80 % of all sensors as a band, their median dashed.

    Of several sensors the mean is drawn. ``label`` is what the values are and their unit; ``epoch`` (from 1) is marked.
    """
    finite = np.isfinite(values).any(axis=1)
    shown = values[finite]
    low, middle, high = np.nanquantile(shown, [0.1, 0.5, 0.9], axis=1) if len(shown) else np.empty((3, 0))
    this = "this sensor" if isinstance(sensor, int) else "mean of these"
    course = shown[:, sensor] if isinstance(sensor, int) else shown[:, list(sensor)].mean(axis=1)
    frame = pd.DataFrame(
        {"epoch": np.flatnonzero(finite) + 1, "value": course, "low": low, "median": middle, "high": high}
    )
    number = "~%" if label[1] == "%" else "~r"
    title = axis_title(label[0], "" if label[1] == "%" else label[1])
    x = alt.X("epoch:Q", title="epoch", axis=alt.Axis(tickMinStep=1, format="d"), scale=alt.Scale(nice=False))
    axis = alt.Axis(minExtent=AXIS, format=f".3{number}", tickCount=4)
    scale = alt.Scale(zero=False)
    tip = [
        alt.Tooltip("epoch:Q"),
        *(
            alt.Tooltip(f"{name}:Q", title=said, format=f".3{number}")
            for name, said in (("value", this), ("median", "median of all"), ("low", "10 %"), ("high", "90 %"))
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


def mean_readings(data: STData, chosen: Sequence[int], channel: int, steps: slice, theme: Theme) -> alt.LayerChart:
    """The mean readings of some sensors over time, with a band from the lowest to the highest of them."""
    values = data.values[steps][:, list(chosen), channel].astype(float)
    seen = np.isfinite(values)
    count = seen.sum(axis=1)
    mean = np.divide(np.where(seen, values, 0).sum(axis=1), count, out=np.full(len(values), np.nan), where=count > 0)
    low = np.where(count > 0, np.where(seen, values, np.inf).min(axis=1, initial=np.inf), np.nan)
    high = np.where(count > 0, np.where(seen, values, -np.inf).max(axis=1, initial=-np.inf), np.nan)
    frame = pd.DataFrame({"time": data.local_time[steps], "mean": mean, "low": low, "high": high}).iloc[
        thin_positions(mean)
    ]
    span = [frame["time"].iloc[0], frame["time"].iloc[-1]] if len(frame) else []
    title = axis_title(data.channels[channel], data.units[data.channels[channel]])
    x = alt.X("time:T", title=None, axis=time_axis(span))
    axis = alt.Axis(minExtent=AXIS)
    tip = [
        alt.Tooltip("time:T", format="%a %d %b %Y %H:%M"),
        *(alt.Tooltip(f"{name}:Q", format=".3~r") for name in ("mean", "low", "high")),
    ]
    base = alt.Chart(frame).encode(x=x, tooltip=tip)
    band = base.mark_area(color=theme.kept, opacity=0.2).encode(
        y=alt.Y("low:Q", title=title, scale=alt.Scale(zero=False), axis=axis), y2="high:Q"
    )
    line = base.mark_line(color=theme.kept, strokeWidth=1.4).encode(y=alt.Y("mean:Q", scale=alt.Scale(zero=False)))
    return alt.LayerChart(layer=[band, line], height=190)


def neighbour_table(data: STData, sensor: int) -> pd.DataFrame:
    """The neighbours of a sensor in the graph, those with the largest ``weight`` first; the index is their position.

    ``direction`` of the edge: "to here", "from here" or "both ways", where the larger weight counts; ``km`` is the great-circle
    distance, where both have a place.
    """
    start, end, weight = data.edges if data.edges is not None else (np.empty(0, int), np.empty(0, int), np.empty(0))
    into, out = (end == sensor) & (start != sensor), (start == sensor) & (end != sensor)
    near = np.concatenate([start[into], end[out]]).astype(int)
    found = pd.Series(np.concatenate([weight[into], weight[out]]), near, float).groupby(level=0).max()
    words = {(True, True): "both ways", (True, False): "to here", (False, True): "from here"}
    sides = [words[bool(np.isin(place, start[into])), bool(np.isin(place, end[out]))] for place in found.index]
    names = [data.sensors[place] for place in found.index]
    table = pd.DataFrame({"sensor": names, "weight": found.to_numpy(), "direction": sides}, index=found.index)
    if data.locations is not None and len(table):
        table["km"] = haversine(data.locations[[sensor]], data.locations[table.index.to_numpy()])[0]
    return table.sort_values("weight", ascending=False, kind="stable")
