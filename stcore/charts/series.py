"""One sensor's readings over time, and its usual week."""

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from stcore.charts.theme import Theme
from stcore.charts.words import axis_title, short
from stcore.data import STData

MOST_POINTS = 2000
AXIS = 52  # pixels kept for the labels of a vertical axis, so that charts below each other line up
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
HOURS = 168


def thin_positions(values: np.ndarray, most: int = MOST_POINTS) -> np.ndarray:
    """Positions [K <= ``most`` + 2] that keep the shape of a curve [T]: lowest and highest of each part, ends and gaps."""
    if len(values) <= most:
        return np.arange(len(values))
    kept = {0, len(values) - 1}
    for part in np.array_split(np.arange(len(values)), most // 3):
        seen = part[np.isfinite(values[part])]
        if len(seen):
            kept |= {int(seen[values[seen].argmin()]), int(seen[values[seen].argmax()])}
        if len(seen) < len(part):
            kept.add(int(part[~np.isfinite(values[part])][0]))
    return np.array(sorted(kept))


def planted_near(data: STData, sensor: int) -> pd.DataFrame:
    """Incidents and faults that a simulation planted at or near a sensor: columns start, end, what; empty for measured data."""
    ds, rows = data.ds, []
    if "fault_sensor" in ds:
        for place in np.flatnonzero(ds["fault_sensor"].values == sensor):
            kind = str(ds["fault_kind"].values[place])
            rows.append((ds["fault_start"].values[place], ds["fault_end"].values[place], f"planted fault: {kind}"))
    if "incident_sensor" in ds:
        for place in np.flatnonzero(ds["incident_sensor"].values == sensor):
            rows.append((ds["incident_start"].values[place], ds["incident_end"].values[place], "planted incident"))
    return pd.DataFrame(rows, columns=["start", "end", "what"])


def sensor_readings(data: STData, sensor: int, channel: int, steps: slice) -> pd.DataFrame:
    """Columns time (local) and value (NaN: missing) of one sensor's channel."""
    return pd.DataFrame({"time": data.local_time[steps], "value": data.values[steps, sensor, channel]})


def readings_chart(data: STData, sensor: int, channel: int, steps: slice, theme: Theme) -> alt.LayerChart:
    """Readings of one sensor's channel over time; gaps stay gaps, and what a simulation planted is shaded."""
    frame = sensor_readings(data, sensor, channel, steps)
    shown = frame.iloc[thin_positions(frame["value"].to_numpy())]
    name, unit = data.channels[channel], data.units[data.channels[channel]]
    span = [frame["time"].iloc[0], frame["time"].iloc[-1]] if len(frame) else []
    time = alt.X(
        "time:T", title=None, scale=alt.Scale(domain=[moment.isoformat() for moment in span]), axis=time_axis(span)
    )
    value = alt.Y("value:Q", title=axis_title(name, unit), scale=alt.Scale(zero=False), axis=alt.Axis(minExtent=AXIS))
    tip = [
        alt.Tooltip("time:T", format="%a %d %b %Y %H:%M"),
        alt.Tooltip("value:Q", title=axis_title(name, unit), format=".3~r"),
    ]
    line = alt.Chart(shown).mark_line(color=theme.kept, strokeWidth=1.3, clip=True).encode(x=time, y=value, tooltip=tip)
    marks = planted_near(data, sensor)
    marks = marks[(marks["end"] >= span[0]) & (marks["start"] <= span[1])] if span else marks
    shade = (
        alt.Chart(marks)
        .mark_rect(color=theme.pruned, opacity=0.28, clip=True, aria=False)
        .encode(x=alt.X("start:T"), x2="end:T", tooltip=["what:N", "start:T", "end:T"])
    )
    return alt.LayerChart(layer=[shade, line], height=190)


def time_axis(span: list[pd.Timestamp]) -> alt.Axis:
    """Hours within two days, days within two months, months beyond."""
    days = (span[1] - span[0]).total_seconds() / 86400 if span else 0
    words = "%a %H:%M" if days <= 2 else "%a %d %b" if days <= 60 else "%b %Y"
    return alt.Axis(format=words, labelOverlap=True, labelSeparation=12, tickCount=7, grid=True)


def usual_week(data: STData, sensor: int | None, channel: int) -> pd.DataFrame:
    """Per hour of the local week: columns hour (0 to 167, from Monday), mean, low, high (10th and 90th percentile), count.

    ``sensor`` None: of all sensors together.
    """
    time = data.local_time
    hour = time.day_of_week.to_numpy() * 24 + time.hour.to_numpy()
    values = data.values[:, :, channel] if sensor is None else data.values[:, [sensor], channel]
    rows = []
    for number in np.unique(hour):
        seen = values[hour == number]
        seen = seen[np.isfinite(seen)]
        if len(seen):
            low, high = np.quantile(seen, [0.1, 0.9])
            rows.append((int(number), float(seen.mean()), float(low), float(high), len(seen)))
    return pd.DataFrame(rows, columns=["hour", "mean", "low", "high", "count"])


def hours_or_days(week: pd.DataFrame) -> pd.DataFrame:
    """The usual week; where there is one value per day, it stands at the middle of the day, under the day's name."""
    daily = week["hour"].mod(24).nunique() == 1
    return week.assign(hour=week["hour"] // 24 * 24 + 12) if daily else week


def profile_chart(
    data: STData, sensor: int, channel: int, theme: Theme, around: pd.DataFrame | None = None
) -> alt.LayerChart:
    """The usual week of a sensor: mean and band from 10 % to 90 % by hour, the mean of all sensors (``around``) dashed."""
    name, unit = data.channels[channel], data.units[data.channels[channel]]
    frame = usual_week(data, sensor, channel)
    frame["when"] = [f"{DAYS[hour // 24]} {hour % 24:02d}:00" for hour in frame["hour"]]
    frame["said"] = [f"{short(low)} to {short(high)}" for low, high in zip(frame["low"], frame["high"], strict=True)]
    frame, around = hours_or_days(frame), None if around is None else hours_or_days(around)
    days = f"{list(DAYS)}[floor(datum.value / 24) % 7]"
    hour = alt.X(
        "hour:Q",
        title=None,
        scale=alt.Scale(domain=[0, HOURS], nice=False),
        axis=alt.Axis(values=list(range(12, HOURS, 24)), labelExpr=days, ticks=False, grid=False),
    )
    scale = alt.Scale(zero=False)
    tip = [
        alt.Tooltip("when:N", title="hour"),
        alt.Tooltip("mean:Q", title=axis_title(f"mean {name}", unit), format=".3~r"),
        alt.Tooltip("said:N", title="10 % to 90 %"),
    ]
    axis = alt.Axis(minExtent=AXIS)
    band = (
        alt.Chart(frame)
        .mark_area(color=theme.kept, opacity=0.25)
        .encode(
            x=hour, y=alt.Y("low:Q", title=axis_title(name, unit), scale=scale, axis=axis), y2="high:Q", tooltip=tip
        )
    )
    line = alt.Chart(frame).mark_line(color=theme.kept, strokeWidth=2)
    mean = line.encode(x=hour, y=alt.Y("mean:Q", scale=scale), tooltip=tip)
    midnights = alt.Chart(pd.DataFrame({"hour": range(24, HOURS, 24)})).mark_rule(color=theme.line).encode(x="hour:Q")
    parts: list[Any] = [midnights, band, mean]
    if around is not None:
        dashed = alt.Chart(around).mark_line(color=theme.muted, strokeWidth=1.4, strokeDash=[5, 3])
        parts.append(dashed.encode(x=hour, y=alt.Y("mean:Q", scale=scale)))
    return alt.LayerChart(layer=parts, height=240)
