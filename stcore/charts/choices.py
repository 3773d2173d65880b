"""How a run chose its samples, as figures: hours, how often, what changed, weights, threshold, age of scores, overlap.

Tables come from ``stcore.evidence.choices``; the figures are Altair's, so that a page can change their data without losing its
place.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from stcore.charts.curves import epoch_axis, run_styles
from stcore.charts.grid import WEEKDAYS, KeptScale, kept_ramp
from stcore.charts.theme import Theme
from stcore.charts.window import ONE_LINE
from stcore.evidence.choices import AGES, FIXED, UNSEEN, Bounds

HEIGHT = 300
CHANCE = "by chance"
RARE = 1e-3  # of the samples: what the end of an axis need not show
HOUR_NAMES = {"kept": "kept share", "complexity": "mean complexity (training spreads)"}


def hours_chart(frame: pd.DataFrame, value: str, theme: Theme, shares: KeptScale | None = None) -> alt.Chart:
    """``kept`` or ``complexity`` of ``diagnostics.choices.by_hour``, weekdays down, hours across.

    ``shares``: which kept shares the colours run over, instead of 0 to 1.
    """
    shown = frame.assign(day=[WEEKDAYS[day] for day in frame["weekday"]], until=frame["hour"] + 1)
    kept = value == "kept"
    number = ".0%" if kept else ".3~g"
    scale = alt.Scale(range=list(theme.sequential), nice=False)
    ticks: dict[str, Any] = {"format": number, "tickCount": 3}
    if kept:
        domain = shares or (0, 0.5, 1)
        scale = alt.Scale(domain=list(domain), range=kept_ramp(theme), interpolate="rgb", clamp=True)
        ticks = legend_words(shares) if shares else ticks
    legend = alt.Legend(title=HOUR_NAMES[value], orient="top", **(ONE_LINE | ticks))
    tip = [
        alt.Tooltip("day:N"),
        alt.Tooltip("hour:Q", title="from hour"),
        alt.Tooltip("kept:Q", format=".3~p" if shares else ".0%", title="kept share"),
        alt.Tooltip("complexity:Q", format=".3~g", title="mean complexity"),
        alt.Tooltip("samples:Q", format=","),
    ]
    return (
        alt.Chart(shown, name="hours")
        .mark_rect()
        .encode(
            x=alt.X(
                "hour:Q",
                title="hour of the day",
                scale=alt.Scale(domain=[0, 24], nice=False),
                axis=alt.Axis(values=list(range(0, 25, 3)), grid=False, format="02d"),
            ),
            x2="until:Q",
            y=alt.Y("day:N", sort=WEEKDAYS, title=None, axis=alt.Axis(ticks=False)),
            color=alt.Color(f"{value}:Q", scale=scale, legend=legend),
            tooltip=tip,
        )
        .properties(height=HEIGHT)
    )


def legend_words(shares: KeptScale) -> dict[str, Any]:
    """The three places of a legend that have words: its ends and the mean."""
    low, mean, high = shares.words
    first, second = (shares.low + shares.mean) / 2, (shares.mean + shares.high) / 2
    words = f"datum.value < {first} ? '{low}' : datum.value < {second} ? '{mean}' : '{high}'"
    return {"values": list(shares), "labelExpr": words, "labelOverlap": False, "gradientLength": 290}


def kept_often_chart(frame: pd.DataFrame, theme: Theme, bounds: Bounds = FIXED) -> alt.LayerChart:
    """``diagnostics.choices.often_table``: bars of samples by how often they were kept, and the line of pure chance.

    Bars have the colour of their group within ``bounds``; where these are not the fixed ones, empty bins at the end are left
    out.
    """
    fixed = bounds == FIXED
    if not fixed:
        frame = frame.iloc[: 1 + max(np.flatnonzero(frame[["samples", "chance"]].max(axis=1) > RARE), default=0)]
    width = float(frame["high"].iloc[0] - frame["low"].iloc[0])
    middle = (frame["low"] + frame["high"]) / 2
    always, sometimes, never = bounds.names
    shown = frame.assign(
        middle=middle,
        left=frame["low"] + 0.04 * width,
        right=frame["high"] - 0.04 * width,
        zero=0.0,
        group=np.select([middle >= bounds.always, middle <= bounds.never], [always, never], sometimes),
        what=CHANCE,
    )
    ends = [min(0.0, float(frame["low"].min())), max(float(fixed), float(frame["high"].max()))]
    x = alt.X(
        "left:Q",
        title="share of the pruned epochs in which the sample was kept",
        scale=alt.Scale(domain=ends, nice=False),
        axis=alt.Axis(format=".0%", grid=False, **({"values": [0, 0.25, 0.5, 0.75, 1]} if fixed else {"tickCount": 6})),
    )
    y = alt.Y("samples:Q", title="share of all samples", axis=alt.Axis(format="~%", tickCount=4))
    tip = [
        alt.Tooltip("group:N", title="kept"),
        alt.Tooltip("middle:Q", format=".0%", title="in about"),
        alt.Tooltip("samples:Q", format=".3~p", title="of the samples"),
        alt.Tooltip("chance:Q", format=".3~p", title=CHANCE),
    ]
    inks = alt.Scale(domain=list(bounds.names), range=[theme.kept, theme.muted, theme.pruned])
    colour = alt.Color("group:N", scale=inks, legend=alt.Legend(title=None, orient="top", symbolType="square"))
    base = alt.Chart(shown)
    bars = base.mark_rect().encode(x=x, x2="right:Q", y=y, y2="zero:Q", color=colour, tooltip=tip)
    dash = alt.Legend(title=None, orient="top", symbolSize=400, symbolStrokeWidth=2, symbolStrokeColor=theme.text)
    pattern = alt.StrokeDash("what:N", scale=alt.Scale(domain=[CHANCE], range=[[4, 3]]), legend=dash)
    line = base.mark_line(color=theme.text, strokeWidth=1.8).encode(x="middle:Q", y="chance:Q", strokeDash=pattern)
    dots = base.mark_point(color=theme.text, filled=True, size=34, opacity=1).encode(
        x="middle:Q", y="chance:Q", tooltip=tip
    )
    return alt.LayerChart(layer=[bars, line, dots], height=HEIGHT)


def epoch_lines(
    frame: pd.DataFrame,
    columns: Mapping[str, str],
    title: str,
    epochs: int,
    theme: Theme,
    *,
    number: str = ".3~g",
) -> alt.Chart:
    """Some ``columns`` {column: what it is called} of a table by epoch, each with a colour and a dash of its own.

    ``epochs``: how many the run will have. ``number``: how values are written, as d3 has it.
    """
    named = frame[["epoch", *columns]].rename(columns=dict(columns))
    rows = named.melt("epoch", list(columns.values()), "what", "value").dropna()
    tip = ["what:N", alt.Tooltip("epoch:Q"), alt.Tooltip("value:Q", format=number, title=title)]
    look: dict[str, Any] = run_styles("what", list(columns.values()), theme)
    if len(columns) == 1:
        look = {"color": alt.value(theme.accent)}
    ticks = "~%" if number.endswith(("%", "p")) else "~s" if number.startswith(",") else "~r"
    axis = alt.Axis(format=ticks, tickCount=4)
    return (
        alt.Chart(rows, name="lines")
        .mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=28, filled=True))
        .encode(x=epoch_axis(epochs), y=alt.Y("value:Q", title=title, axis=axis), tooltip=tip, **look)
        .properties(height=HEIGHT)
    )


def staleness_chart(frame: pd.DataFrame, epochs: int, theme: Theme) -> alt.Chart:
    """``diagnostics.choices.staleness``: how long ago the samples were last met, a stacked bar an epoch."""
    names: Sequence[str] = [*AGES.values(), UNSEEN]
    older = np.linspace(len(theme.sequential) - 1, 2, len(AGES) - 1).astype(int)
    ramp = [theme.kept, *(theme.sequential[place] for place in older), theme.pruned]
    shown = frame.assign(order=frame["age"].map(names.index), left=frame["epoch"] - 0.46, right=frame["epoch"] + 0.46)
    shown["high"] = shown.groupby("epoch")["share"].cumsum()
    shown["low"] = shown["high"] - shown["share"]
    shown = shown[shown["share"] > 0]
    tip = [
        alt.Tooltip("epoch:Q"),
        alt.Tooltip("age:N", title="last met"),
        alt.Tooltip("share:Q", format=".3~p", title="of the samples"),
    ]
    present = [name for name in names if name in set(shown["age"])]
    colour = alt.Color(
        "age:N",
        sort=present,
        scale=alt.Scale(domain=present, range=[ramp[names.index(name)] for name in present]),
        legend=alt.Legend(title="last met", orient="top", symbolType="square"),
    )
    return (
        alt.Chart(shown, name="bars")
        .mark_rect(clip=True)
        .encode(
            x=epoch_axis(epochs, "left"),
            x2="right:Q",
            y=alt.Y(
                "low:Q",
                title="share of all samples",
                axis=alt.Axis(format="~%", tickCount=4),
                scale=alt.Scale(domain=[0, 1]),
            ),
            y2="high:Q",
            color=colour,
            tooltip=tip,
        )
        .properties(height=HEIGHT)
    )
