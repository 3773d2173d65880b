"""Curves over a run's epochs: loss, kept and pruned samples, error by horizon, several runs over each other.

Tables come from ``run.table()``; the figures are Altair's, so that a page can change their data without losing the zoom.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from stcore.charts.theme import DASHES, Theme
from stcore.data.metrics import METRICS

MOST_POINTS = 1000
LABEL = 0.07  # of the height of a chart, that a line of text takes
PARTS = ("training", "validation")
ZOOM_HINT = "Drag to move, Shift and wheel to zoom, double click to reset."


def thin_rows(table: pd.DataFrame) -> pd.DataFrame:
    """At most about a thousand rows at equal distances, with the last one."""
    stride = -(-len(table) // MOST_POINTS) or 1
    return table.iloc[(len(table) - 1) % stride :: stride]


def epoch_axis(epochs: int, field: str = "epoch") -> alt.X:
    """An axis of all epochs of the run from the start, so that the figure does not move during training."""
    return alt.X(
        f"{field}:Q",
        title="epoch",
        scale=alt.Scale(domain=[0.5, max(epochs, 2) + 0.5], nice=False),
        axis=alt.Axis(format="d", tickMinStep=1, grid=False),
    )


def zoom(name: str) -> alt.Parameter:
    """Drag and Shift-wheel along the epochs; a plain wheel still scrolls the page."""
    held = "wheel![event.shiftKey]"
    return alt.selection_interval(name=name, bind="scales", encodings=["x"], zoom=held)


def loss_chart(table: pd.DataFrame, epochs: int, unit: str, theme: Theme) -> Any:
    """Mean absolute error of training and validation by epoch, the best epoch marked."""
    shown = thin_rows(table)
    columns = {"train_mae": PARTS[0], "validation_mae": PARTS[1]}
    frame = shown.rename(columns=columns).melt("epoch", list(PARTS), "part", "error").dropna()
    title = f"MAE ({unit})" if unit else "MAE"
    tip = [alt.Tooltip("part:N"), alt.Tooltip("epoch:Q"), alt.Tooltip("error:Q", title=title, format=".3~r")]
    y = alt.Y("error:Q", title=title, scale=alt.Scale(zero=False, padding=10), axis=alt.Axis(format="~r"))
    legend = alt.Legend(title=None, orient="top", symbolStrokeWidth=2, symbolSize=300, symbolType="stroke")
    line = (
        alt.Chart(frame, name="lines")
        .mark_line(clip=True, strokeWidth=2, point=alt.OverlayMarkDef(size=28, filled=True))
        .encode(
            x=epoch_axis(epochs),
            y=y,
            tooltip=tip,
            color=alt.Color("part:N", scale=alt.Scale(domain=PARTS, range=[theme.muted, theme.accent]), legend=legend),
            strokeDash=alt.StrokeDash(
                "part:N", scale=alt.Scale(domain=PARTS, range=[DASHES[1], DASHES[0]]), legend=legend
            ),
        )
    )
    best = shown[shown["best"]].tail(1)[["epoch", "validation_mae"]].rename(columns={"validation_mae": "error"})
    best = best.assign(what="the best so far")
    ring = alt.Chart(best).mark_point(size=170, color=theme.accent, strokeWidth=2, clip=True)
    mark = ring.encode(x="epoch:Q", y="error:Q", tooltip=["what:N", "epoch:Q"])
    return alt.layer(line.add_params(zoom("loss_zoom")), mark).properties(height=310)


def kept_pruned_chart(table: pd.DataFrame, epochs: int, theme: Theme) -> alt.Chart:
    """Samples kept and pruned in each epoch, kept below."""
    shown = thin_rows(table)[["epoch", "kept", "pruned"]]
    frame = shown.assign(
        total=shown["kept"] + shown["pruned"], zero=0, left=shown["epoch"] - 0.46, right=shown["epoch"] + 0.46
    )
    both = [
        frame.assign(what="kept", low=frame["zero"], high=frame["kept"]),
        frame.assign(what="pruned", low=frame["kept"], high=frame["total"]),
    ]
    rows = pd.concat(both)[["epoch", "left", "right", "low", "high", "what", "kept", "pruned"]]
    domain = ["kept", "pruned"]
    tip = [alt.Tooltip("epoch:Q"), alt.Tooltip("kept:Q", format=","), alt.Tooltip("pruned:Q", format=",")]
    legend = alt.Legend(title=None, orient="top", symbolType="square")
    bars = (
        alt.Chart(rows, name="bars")
        .mark_rect(clip=True)
        .encode(
            x=epoch_axis(epochs, "left"),
            x2="right:Q",
            y=alt.Y("low:Q", title="samples", axis=alt.Axis(format="~s"), scale=alt.Scale(nice=False)),
            y2="high:Q",
            tooltip=tip,
            color=alt.Color("what:N", scale=alt.Scale(domain=domain, range=[theme.kept, theme.pruned]), legend=legend),
        )
    )
    return bars.add_params(zoom("kept_zoom")).properties(height=310)


def horizon_chart(
    errors: Mapping[str, Sequence[Mapping[str, Any]]], metric: str, labels: Sequence[str], unit: str, theme: Theme
) -> alt.Chart:
    """One metric by horizon for each forecast of ``errors`` {name: by_horizon}; ``labels`` [H] are the lead times."""
    rows = [
        {"forecast": name, "step": row["horizon"], "ahead": labels[row["horizon"] - 1], "error": row.get(metric)}
        for name, by_horizon in errors.items()
        for row in by_horizon
        if row.get(metric) is not None
    ]
    label = METRICS[metric].label
    title = f"{label} ({unit})" if unit else label
    tip = ["forecast:N", alt.Tooltip("ahead:N"), alt.Tooltip("error:Q", title=title, format=".3~r")]
    chart = (
        alt.Chart(pd.DataFrame(rows, columns=["forecast", "step", "ahead", "error"]))
        .mark_line(point=True, strokeWidth=2)
        .encode(
            x=alt.X(
                "step:Q",
                title="steps ahead",
                axis=alt.Axis(format="d", tickMinStep=1, grid=False),
                scale=alt.Scale(nice=False),
            ),
            y=alt.Y("error:Q", title=title, axis=alt.Axis(format="~r")),
            tooltip=tip,
            **run_styles("forecast", list(errors), theme),
        )
    )
    return chart.properties(height=310)


def runs_chart(tables: Mapping[str, pd.DataFrame], column: str, title: str, theme: Theme) -> Any:
    """One column of several runs' tables by epoch, each run with a colour, a dash and its name at its end."""
    parts = [thin_rows(table)[["epoch", column]].assign(run=name) for name, table in tables.items()]
    frame = pd.concat(parts).dropna() if parts else pd.DataFrame({"epoch": [], column: [], "run": []})
    last = max([int(table["epoch"].max()) for table in tables.values() if len(table)], default=2)
    y = alt.Y(f"{column}:Q", title=title, scale=alt.Scale(zero=False), axis=alt.Axis(format="~r"))
    tip = ["run:N", "epoch:Q", alt.Tooltip(f"{column}:Q", title=title, format=".3~r")]
    line = (
        alt.Chart(frame, name="lines")
        .mark_line(clip=True, strokeWidth=2)
        .encode(x=epoch_axis(last), y=y, tooltip=tip, **run_styles("run", list(tables), theme))
    )
    ends = frame.groupby("run", as_index=False).last()
    ends["short"] = ends["run"].str.split(" · ").str[0]
    ends["at"] = spread_out(ends[column].to_numpy(float), frame[column])
    end = (
        alt.Chart(ends)
        .mark_text(align="left", dx=6, fontWeight="bold", color=theme.text)
        .encode(x="epoch:Q", y=alt.Y("at:Q", title=title), text="short:N")
    )
    return alt.layer(line.add_params(zoom("compare_zoom")), end).properties(height=290, padding={"right": 24})


def spread_out(values: np.ndarray, drawn: pd.Series) -> np.ndarray:
    """Where labels stand at the ends of curves: at their values [R], but no nearer to each other than a line of text."""
    gap = LABEL * float(drawn.max() - drawn.min() or 1.0) if len(drawn) else 0.0
    places = values.copy()
    for before, after in pairwise(np.argsort(values, kind="stable")):
        places[after] = max(places[after], places[before] + gap)
    return places - (places - values).mean() if len(places) else places


def run_styles(field: str, names: list[str], theme: Theme) -> dict[str, Any]:
    """A colour and a dash for each name: one of the two is enough to tell them apart."""
    colors = [theme.runs[place % len(theme.runs)] for place in range(len(names))]
    dashes = [DASHES[place % len(DASHES)] for place in range(len(names))]
    legend = alt.Legend(
        title=None, orient="top", columns=2, labelLimit=0, symbolType="stroke", symbolSize=400, symbolStrokeWidth=2
    )
    return {
        "color": alt.Color(f"{field}:N", scale=alt.Scale(domain=names, range=colors), legend=legend),
        "strokeDash": alt.StrokeDash(f"{field}:N", scale=alt.Scale(domain=names, range=dashes), legend=legend),
    }
