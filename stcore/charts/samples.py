"""Complexity of samples over the calendar and over time."""

import altair as alt
import numpy as np
import pandas as pd
import plotly.graph_objects as go

from stcore.charts.grid import Calendar, Picture, calendar_grid
from stcore.charts.scales import colour_limits
from stcore.charts.style import style_figure
from stcore.charts.theme import LIGHT, Theme

MEASURES = {
    "score": "complexity (training spreads)",
    "mean": "mean complexity over epochs (training spreads)",
    "variability": "variability over epochs (share of the mean)",
    "kept_share": "kept share over the epochs",
}
SHORT = {"score": "complexity", "mean": "mean complexity", "variability": "variability", "kept_share": "kept share"}
CURVE_AXIS = 44  # pixels for labels, so that the curve begins about where the calendar does
CLOCK = {
    "minutes": "%H:%M",
    "hours": "%H:%M",
    "day": "%a %-d %b",
    "date": "%a %-d %b",
    "week": "%a %-d %b",  # Sundays, as weeks begin there
    "month": "%b %Y",
    "year": "%Y",
}
CURVE_POINTS = 2_000


# ---- calendar ------------------------------------------------------------------------------------------------------


def calendar_picture(
    table: pd.DataFrame, step_seconds: float, value: str = "score", inside: np.ndarray | None = None
) -> Picture:
    """What a canvas draws: days down, time of day across; samples that are not ``inside`` [W] bool paled."""
    grid = calendar_grid(table, step_seconds, value)
    low, high = colour_limits(grid.values)
    return Picture(
        cells=grid.values,
        row_names=grid.row_names,
        column_names=grid.column_names,
        samples=len(grid.row_names),
        low=low,
        high=high,
        x_title="week of the first forecast step" if grid.by_week else "time of day of the first forecast step",
        y_title="weekday" if grid.by_week else "day",
        value_title=MEASURES[value],
        inside=None if inside is None else chosen_cells(grid, inside),
    )


def chosen_cells(grid: Calendar, inside: np.ndarray) -> np.ndarray:
    """[R, C] bool: the cells of a calendar whose sample is ``inside`` [W]."""
    return np.asarray((grid.sample >= 0) & inside[np.maximum(grid.sample, 0)])


def calendar_figure(
    table: pd.DataFrame,
    step_seconds: float,
    theme: Theme = LIGHT,
    *,
    value: str = "score",
    planted: pd.DataFrame | None = None,
    inside: np.ndarray | None = None,
) -> go.Figure:
    """The calendar as a still figure; ``planted`` incidents are outlined. For notebooks and files.

    Samples that are not ``inside`` [W] bool are paled.
    """
    grid = calendar_grid(table, step_seconds, value)
    low, high = colour_limits(grid.values)
    names = grid.row_names
    figure = go.Figure(
        go.Heatmap(
            z=grid.values,
            x=grid.column_names,
            y=names,
            customdata=grid.sample,
            zmin=low,
            zmax=high,
            colorscale=list(theme.sequential),
            hovertemplate="%{y}, %{x}<br>%{z:.3g}<br>sample %{customdata}<extra></extra>",
            colorbar={"title": {"text": MEASURES[value], "side": "right"}, "outlinewidth": 0, "thickness": 12},
        )
    )
    if inside is not None:
        veil = np.where((grid.sample >= 0) & ~chosen_cells(grid, inside), 1.0, np.nan)
        look = {"colorscale": [theme.background] * 2, "opacity": 0.8, "showscale": False, "hoverinfo": "skip"}
        figure.add_heatmap(z=veil, x=grid.column_names, y=names, name="not chosen", **look)
    for row, first, last in (
        incident_boxes(planted, grid.days, step_seconds) if planted is not None and not grid.by_week else ()
    ):
        figure.add_shape(
            type="rect",
            x0=first - 0.5,
            x1=last - 0.5,
            y0=row - 0.5,
            y1=row + 0.5,
            line={"color": theme.pruned, "width": 1.5},
        )
    figure.update_xaxes(
        title=f"{'week' if grid.by_week else 'time of day'} of the first forecast step", nticks=12, showgrid=False
    )
    figure.update_yaxes(autorange="reversed", showgrid=False, nticks=min(len(names), 16))
    return style_figure(figure, theme, 60 + min(max(18 * len(names), 240), 700))


def incident_boxes(
    planted: pd.DataFrame, days: pd.DatetimeIndex, step_seconds: float
) -> list[tuple[int, float, float]]:
    """Where incidents lie in the calendar: (row, first column, last column), one a day that an incident touches."""
    slots, found = 86_400 / step_seconds, []
    for start, end in zip(planted["start"], planted["end"], strict=True):
        for row, day in enumerate(days):
            first, last = ((moment - day) / pd.Timedelta(1, "D") for moment in (start, end))
            if last > 0 and first < 1:
                found.append((row, max(first, 0.0) * slots, min(last, 1.0) * slots))
    return found


# ---- curve ---------------------------------------------------------------------------------------------------------
def decimate(table: pd.DataFrame, value: str = "score", points: int = CURVE_POINTS) -> pd.DataFrame:
    """At most ``points`` rows in order of time that keep the lowest and the highest of every stretch."""
    known = table[np.isfinite(table[value])].sort_values("time", kind="stable")
    if len(known) <= points:
        return known
    stretch = np.arange(len(known)) * (points // 2) // len(known)
    grouped = known[value].reset_index(drop=True).groupby(stretch)
    taken = np.unique(np.concatenate([grouped.idxmin().to_numpy(), grouped.idxmax().to_numpy()]))
    return known.iloc[taken]


def complexity_curve(
    table: pd.DataFrame,
    theme: Theme = LIGHT,
    *,
    value: str = "score",
    picked: int | None = None,
    planted: pd.DataFrame | None = None,
) -> alt.LayerChart:
    """Complexity over time; a click on it fills the selection ``point`` with a ``sample``. Incidents are shaded."""
    shown, name = decimate(table, value), SHORT[value]
    gap = 3 * shown["time"].diff().median() if len(shown) > 1 else pd.Timedelta(0)
    frame = pd.DataFrame({"sample": shown.index, "time": shown["time"].to_numpy(), "value": shown[value].to_numpy()})
    frame["piece"] = (frame["time"].diff() > gap).cumsum()
    x = alt.X("time:T", title=None, axis=alt.Axis(grid=False, labelOverlap=True, tickCount=8, format=CLOCK))
    y = alt.Y("value:Q", title=name, axis=alt.Axis(tickCount=4, minExtent=CURVE_AXIS))
    said = [
        alt.Tooltip("time:T", format="%a %-d %b %Y, %H:%M", title="first forecast"),
        alt.Tooltip("value:Q", format=".3g", title=name),
        alt.Tooltip("sample:Q", title="sample"),
    ]
    point = alt.selection_point(name="point", fields=["sample"], nearest=True, on="click", empty=False, clear=False)
    line = alt.Chart(frame).mark_line(strokeWidth=1, color=theme.accent).encode(x=x, y=y, detail="piece:N")
    dots = alt.Chart(frame).mark_point(opacity=0, size=60).encode(x=x, y=y, tooltip=said).add_params(point)
    layers = [*_shaded(planted, table, theme), line, dots, *_pin(table, picked, value, theme)]
    return alt.LayerChart(layer=layers, height=150)


def _shaded(planted: pd.DataFrame | None, table: pd.DataFrame, theme: Theme) -> list[alt.Chart]:
    """Bands where incidents were planted."""
    if planted is None:
        return []
    seen = planted[(planted["end"] >= table["time"].min()) & (planted["start"] <= table["time"].max())]
    return [
        alt.Chart(seen[["start", "end"]]).mark_rect(color=theme.pruned, opacity=0.28).encode(x="start:T", x2="end:T")
    ]


def _pin(table: pd.DataFrame, picked: int | None, value: str, theme: Theme) -> list[alt.Chart]:
    """Where the picked sample is."""
    if picked is None or picked not in table.index:
        return []
    row = pd.DataFrame({"time": [table.at[picked, "time"]], "value": [table.at[picked, value]]})
    base = alt.Chart(row).encode(x="time:T")
    rule = base.mark_rule(color=theme.text, strokeWidth=1, strokeDash=[3, 3])
    return [
        rule,
        base.mark_point(filled=True, size=70, color=theme.text, opacity=1, stroke=theme.background).encode(y="value:Q"),
    ]
