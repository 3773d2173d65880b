"""One sample in detail: inputs, truth and forecast, sensor by sensor; and its score over epochs."""

from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import xarray as xr

from stcore.charts.grid import kept_ramp
from stcore.charts.sample_table import freshly_scored
from stcore.charts.samples import CLOCK
from stcore.charts.theme import DASHES, LIGHT, Theme
from stcore.charts.words import axis_title, short
from stcore.data import STData
from stcore.data.windows import Windows
from stcore.models import naive

STRIP, GAP = 14, 10  # pixels: the strip of kept epochs, and what is free above it
ONE_LINE: dict[str, Any] = {"titleOrient": "left", "titleLimit": 0, "gradientLength": 120, "gradientThickness": 10}
LINES = ("input", "truth", "forecast", "persistence")


@dataclass(frozen=True)
class Window:
    """A sample's L + H steps of one target: ``observed`` [L + H, N], ``forecast`` [H, N] or None, ``persistence`` [H, N].

    In the target's unit, NaN where nothing was measured; ``time`` [L + H] on the wall clock.
    """

    sensors: list[str]
    target: str
    unit: str
    time: pd.DatetimeIndex
    lookback: int
    observed: np.ndarray
    persistence: np.ndarray
    forecast: np.ndarray | None

    @property
    def truth(self) -> np.ndarray:
        """[H, N]."""
        return self.observed[self.lookback :]

    @property
    def errors(self) -> np.ndarray:
        """Mean absolute error of the forecast by sensor [N], over observed steps; NaN where there are none."""
        made = np.full_like(self.truth, np.nan) if self.forecast is None else self.forecast
        return mean_absolute(made, self.truth)

    @property
    def naive_errors(self) -> np.ndarray:
        """The same of persistence [N]."""
        return mean_absolute(self.persistence, self.truth)

    @property
    def worst_first(self) -> np.ndarray:
        """Sensor positions [N], largest error first; by persistence's error while there is no forecast; unknown ones last."""
        errors = self.naive_errors if self.forecast is None else self.errors
        return np.argsort(-np.nan_to_num(errors, nan=-np.inf), kind="stable")


def mean_absolute(made: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Mean over the observed steps of |made - truth| [H, N], by sensor [N]; NaN where none was observed."""
    apart = np.abs(made - truth)
    known = np.isfinite(apart)
    return np.where(known.any(axis=0), np.where(known, apart, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1), np.nan)


def window_of(
    data: STData, windows: Windows, target: str, repeated: naive.Naive, forecast: np.ndarray | None
) -> Window:
    """The one window of ``windows``; ``repeated`` is persistence of the target, ``forecast`` [H, N] in units, or None."""
    only = np.array([0])
    steps = windows.steps(only)[0]
    return Window(
        sensors=data.sensors,
        target=target,
        unit=data.units[target],
        time=data.clock(steps),
        lookback=windows.lookback,
        observed=data.values[steps][:, :, data.channels.index(target)],
        persistence=repeated.forecast(windows, only)[0, :, :, 0],
        forecast=forecast,
    )


def window_rows(window: Window, sensor: int) -> pd.DataFrame:
    """Columns time, value, line of one sensor; the forecasts begin where the inputs end."""
    lookback, observed = window.lookback, window.observed[:, sensor]
    parts = [
        (LINES[0], window.time[:lookback], observed[:lookback]),
        (LINES[1], window.time[lookback:], observed[lookback:]),
    ]
    if window.forecast is not None:
        parts.append((LINES[2], window.time[lookback:], window.forecast[:, sensor]))
    parts.append((LINES[3], window.time[lookback:], window.persistence[:, sensor]))
    frames = [pd.DataFrame({"time": time, "value": values.astype(float), "line": name}) for name, time, values in parts]
    return pd.concat(frames, ignore_index=True)


def all_rows(window: Window) -> pd.DataFrame:
    """Columns sensor, time, part (input, target), observed, forecast, persistence: every sensor's steps, for files."""
    steps, count = window.observed.shape
    blank = np.full((window.lookback, count), np.nan, np.float32)
    made = np.full_like(window.truth, np.nan) if window.forecast is None else window.forecast
    parts = np.where(np.arange(steps) < window.lookback, "input", "target")
    return pd.DataFrame(
        {
            "sensor": np.repeat(np.array(window.sensors, object), steps),
            "time": np.tile(window.time.to_numpy(), count),
            "part": np.tile(parts, count),
            "observed": window.observed.T.ravel(),
            "forecast": np.concatenate([blank, made]).T.ravel(),
            "persistence": np.concatenate([blank, window.persistence]).T.ravel(),
        }
    )


def window_chart(window: Window, sensor: int, theme: Theme = LIGHT) -> alt.LayerChart:
    """Inputs, truth, forecast and persistence of one sensor; told apart by colour, dash and mark."""
    rows = window_rows(window, sensor)
    present = [name for name in LINES if rows.loc[rows["line"] == name, "value"].notna().any()]
    colours = dict(zip(LINES, (theme.muted, theme.text, theme.kept, theme.pruned), strict=True))
    dashes = dict(zip(LINES, (DASHES[0], DASHES[0], DASHES[1], DASHES[2]), strict=True))
    legend = alt.Legend(title=None, orient="top", columns=4, symbolType="stroke", symbolSize=300, symbolStrokeWidth=2)
    colour = alt.Color(
        "line:N", scale=alt.Scale(domain=present, range=[colours[name] for name in present]), legend=legend
    )
    dash = alt.StrokeDash(
        "line:N", scale=alt.Scale(domain=present, range=[list(dashes[name]) for name in present]), legend=legend
    )
    tip = [
        alt.Tooltip("line:N", title="what"),
        alt.Tooltip("time:T", format="%a %-d %b, %H:%M"),
        alt.Tooltip("value:Q", format=".3~g", title=axis_title(window.target, window.unit)),
    ]
    base = alt.Chart(rows).encode(
        x=alt.X("time:T", title=None, axis=alt.Axis(format=CLOCK, tickCount=8, labelOverlap=True, grid=False)),
        y=alt.Y("value:Q", title=axis_title(window.target, window.unit), scale=alt.Scale(zero=False, padding=8)),
        color=colour,
        tooltip=tip,
    )
    lines = base.mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=28, filled=True)).encode(strokeDash=dash)
    now = pd.DataFrame({"time": [window.time[window.lookback - 1]]})
    rule = alt.Chart(now).mark_rule(color=theme.muted, strokeDash=[3, 3]).encode(x="time:T")
    return alt.LayerChart(layer=[rule, lines, *_missing(window, sensor, theme)], height=280)


def _missing(window: Window, sensor: int, theme: Theme) -> list[alt.Chart]:
    """A text in place of the line where nothing was measured."""
    told = []
    for name, part in (("input", slice(0, window.lookback)), ("truth", slice(window.lookback, None))):
        time, observed = window.time[part], window.observed[part, sensor]
        if not np.isfinite(observed).any():
            middle = time[0] + (time[-1] - time[0]) / 2
            told.append({"start": time[0], "middle": middle, "text": f"{name} missing here"})
    if not told:
        return []
    chart = alt.Chart(pd.DataFrame(told)).mark_text(color=theme.muted, fontSize=12)
    starts = alt.Chart(pd.DataFrame(told)).mark_point(opacity=0).encode(x="start:T")  # the axis reaches back to there
    return [starts, chart.encode(x="middle:T", y=alt.value(130), text="text:N")]


def error_rows(window: Window) -> pd.DataFrame:
    """Columns sensor, error, persistence of every sensor, worst first, in the target's unit."""
    order = window.worst_first
    names = np.array(window.sensors, object)[order]
    frame = pd.DataFrame({"sensor": names, "error": window.errors[order], "persistence": window.naive_errors[order]})
    return frame.set_index(pd.Index(order, name="position"))


def worst_sensors(window: Window, theme: Theme = LIGHT, *, chosen: int | None = None, most: int = 10) -> alt.LayerChart:
    """The sensors with the largest error of the forecast as bars, persistence's error beside; a click fills ``sensor``."""
    rows = error_rows(window).head(most).reset_index()
    rows["said"] = [f"{name}  {short(error)}" for name, error in zip(rows["sensor"], rows["error"], strict=True)]
    point = alt.selection_point(name="sensor", fields=["position"], on="click", empty=False, clear=False)
    base = alt.Chart(rows).encode(
        y=alt.Y("said:N", sort=None, title=None, axis=alt.Axis(labelLimit=150, labelOverlap=False, ticks=False))
    )
    tip = [
        alt.Tooltip("sensor:N"),
        alt.Tooltip("error:Q", format=".3~g", title="error of the forecast"),
        alt.Tooltip("persistence:Q", format=".3~g", title="error of persistence"),
    ]
    bars = base.mark_bar(color=theme.kept, height=11, cursor="pointer").encode(
        x=alt.X("error:Q", title=axis_title("mean absolute error", window.unit), axis=alt.Axis(tickCount=4)),
        tooltip=tip,
        stroke=alt.condition(alt.datum.position == chosen, alt.value(theme.text), alt.value(theme.kept)),
        strokeWidth=alt.condition(alt.datum.position == chosen, alt.value(2), alt.value(0)),
    )
    ticks = base.mark_tick(color=theme.pruned, thickness=3, size=13).encode(x="persistence:Q", tooltip=tip)
    return alt.LayerChart(layer=[bars.add_params(point), ticks], height=60 + 20 * len(rows))


def history_rows(trace: xr.Dataset, sample: int, epoch: int) -> pd.DataFrame:
    """Columns epoch, score, middle (median of all samples), kept (a word; of cells, their share), weight.

    And scored: whether the score is a new one, not one carried over.
    """
    score = trace["score"].values[:epoch].astype(np.float32)
    kept = trace["kept"].values[:epoch]
    known = np.isfinite(score).any(axis=1)
    middle = np.full(len(score), np.nan)
    middle[known] = np.nanmedian(score[known], axis=1)
    return pd.DataFrame(
        {
            "epoch": trace["epoch"].values[:epoch],
            "score": score[:, sample].astype(float),
            "middle": middle,
            "kept": np.where(kept[:, sample], "kept", "pruned")
            if kept.dtype == bool
            else kept[:, sample].astype(float),
            "scored": (kept[:, sample] > 0) | freshly_scored(score, kept)[:, sample],
            "weight": trace["weight"].values[:epoch, sample].astype(float),
        }
    )


def history_chart(trace: xr.Dataset, sample: int, epoch: int, theme: Theme = LIGHT) -> alt.LayerChart:
    """A sample's score through the epochs against the median of all, and below it whether it was kept."""
    rows = history_rows(trace, sample, epoch)
    ends = [0.5, max(epoch, 1) + 0.5]
    rows["left"], rows["right"] = rows["epoch"] - 0.48, rows["epoch"] + 0.48
    axis = alt.Axis(format="d", tickMinStep=1, tickCount=min(max(epoch, 1), 12), grid=False)
    x = alt.X("epoch:Q", title="epoch", scale=alt.Scale(domain=ends, nice=False), axis=axis)
    y = alt.Y(
        "score:Q",
        title="complexity",
        scale=alt.Scale(range=[alt.ExprRef(f"height - {STRIP + GAP}"), 0]),
        axis=alt.Axis(tickCount=4),
    )
    look, colour, said = kept_look(rows["kept"], theme)
    tip = [
        alt.Tooltip("epoch:Q"),
        alt.Tooltip("score:Q", format=".3~g", title="complexity"),
        alt.Tooltip("middle:Q", format=".3~g", title="median of all samples"),
        said,
        alt.Tooltip("weight:Q", format=".3~g"),
    ]
    base = alt.Chart(rows).encode(x=x)
    strip = base.mark_rect().encode(x=alt.X("left:Q", title="epoch"), x2="right:Q", color=colour, tooltip=tip)
    strip = strip.encode(y=alt.value(alt.ExprRef(f"height - {STRIP}")), y2=alt.value(alt.ExprRef("height")))
    median = base.mark_line(color=theme.muted, strokeDash=[5, 3]).encode(y=alt.Y("middle:Q", title="complexity"))
    line = base.mark_line(color=theme.accent, strokeWidth=1.5).encode(y=y)
    dots = base.mark_point(filled=True, size=60 if epoch <= 30 else 18, opacity=1).encode(y=y, tooltip=tip, **look)
    name = alt.Chart(rows.tail(1)).mark_text(align="right", dx=-4, dy=-8, color=theme.text, text="median of all")
    return alt.LayerChart(layer=[median, name.encode(x=x, y="middle:Q"), line, strip, dots], height=220)


def kept_look(kept: pd.Series, theme: Theme) -> tuple[dict[str, Any], alt.Color, alt.Tooltip]:
    """How a sample's dots and its strip tell whether it was kept, or how much of it: by colour and shape, or by a ramp."""
    if pd.api.types.is_numeric_dtype(kept):
        scale = alt.Scale(domain=[0, 0.5, 1], range=kept_ramp(theme), interpolate="rgb")
        legend = alt.Legend(title="kept share of its cells", orient="top", format=".0%", **ONE_LINE)
        colour = alt.Color("kept:Q", scale=scale, legend=legend)
        return {"color": alt.value(theme.accent)}, colour, alt.Tooltip("kept:Q", format=".0%", title="cells kept")
    words = ["kept", "pruned"]
    inks = alt.Scale(domain=words, range=[theme.kept, theme.pruned])
    colour = alt.Color("kept:N", scale=inks, legend=alt.Legend(title=None, orient="top"))
    shape = alt.Shape("kept:N", scale=alt.Scale(domain=words, range=["circle", "cross"]))
    return {"color": colour, "shape": shape}, colour, alt.Tooltip("kept:N", title="kept or pruned")
