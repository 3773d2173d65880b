"""What is there and what is not: share observed over time and sensors, shares by sensor, and how many neighbours."""

import altair as alt
import numpy as np
import pandas as pd
import plotly.graph_objects as go

from stcore.charts.theme import Theme
from stcore.data import STData

MOST_COLUMNS, MOST_ROWS, MOST_BARS = 360, 240, 400


def observed_shares(data: STData) -> pd.DataFrame:
    """Share of readings that are there, 0 to 1: rows are runs of sensors, columns the first instant of runs of steps."""
    seen = np.isfinite(data.values).mean(axis=2)
    row_edges = np.linspace(0, seen.shape[1], min(seen.shape[1], MOST_ROWS) + 1).astype(int)
    edges = np.linspace(0, seen.shape[0], min(seen.shape[0], MOST_COLUMNS) + 1).astype(int)
    sums = np.add.reduceat(np.add.reduceat(seen, edges[:-1], axis=0), row_edges[:-1], axis=1)
    shares = sums / np.diff(edges)[:, None] / np.diff(row_edges)[None]
    names = [
        data.sensors[first] if last - first == 1 else f"{data.sensors[first]} and {last - first - 1} more"
        for first, last in zip(row_edges[:-1], row_edges[1:], strict=True)
    ]
    return pd.DataFrame(shares.T, index=pd.Index(names, name="sensor"), columns=data.local_time[edges[:-1]])


def coverage(data: STData, theme: Theme, shares: pd.DataFrame | None = None) -> go.Figure:
    """Time across, sensors down: quiet where everything was measured, orange where readings are missing."""
    shares = observed_shares(data) if shares is None else shares
    figure = go.Figure(
        go.Heatmap(
            x=shares.columns, y=np.arange(len(shares)), z=100 * shares.to_numpy(),
            text=np.broadcast_to(np.array([name.replace("<", "&lt;") for name in shares.index])[:, None], shares.shape),
            zmin=0, zmax=100, colorscale=[[0, theme.pruned], [1, theme.sea]],
            hovertemplate="%{text}<br>%{x|%a %d %b %Y %H:%M}<br>%{z:.3g} % observed<extra></extra>",
            colorbar={"title": {"text": "observed", "side": "right"}, "ticksuffix": " %", "thickness": 12, "outlinewidth": 0},
        )
    )  # fmt: skip
    figure.update_layout(height=330, margin={"l": 8, "r": 8, "t": 8, "b": 8}, font_color=theme.text)
    figure.update_layout(paper_bgcolor=theme.background, plot_bgcolor=theme.background)
    title = "sensors" if len(shares) == len(data.sensors) else "runs of sensors"
    figure.update_yaxes(title=f"{title} 1 to {len(shares)}", autorange="reversed", showticklabels=False, showgrid=False)
    return figure.update_xaxes(showgrid=False)


def missing_shares(data: STData) -> np.ndarray:
    """[N] share of each sensor's readings that are not there."""
    return 1 - np.isfinite(data.values).mean(axis=(0, 2))


def ranked_shares(names: list[str], shares: np.ndarray, label: str, theme: Theme) -> alt.Chart:
    """One bar a sensor, highest first; where there are very many, every so-many-th."""
    order = np.argsort(-shares, kind="stable")
    order = order[np.unique(np.linspace(0, len(order) - 1, min(len(order), MOST_BARS)).astype(int))]
    frame = pd.DataFrame(
        {"place": np.arange(1, len(order) + 1), "sensor": [names[place] for place in order], "share": shares[order]}
    )
    place = alt.X("place:Q", title="sensors, highest first", scale=alt.Scale(domain=[0, len(frame) + 1], nice=False))
    return (
        alt.Chart(frame)
        .mark_bar(color=theme.pruned, width=max(1, min(12, 480 // max(len(frame), 1))))
        .encode(
            x=place,
            y=alt.Y("share:Q", title=label, axis=alt.Axis(format="~%"), scale=alt.Scale(domainMin=0)),
            tooltip=["sensor:N", alt.Tooltip("share:Q", title=label, format=".3~%")],
        )
        .properties(height=240)
    )


def neighbour_counts(data: STData) -> np.ndarray:
    """[N] how many sensors each one is linked to, in either direction."""
    counts = np.zeros(len(data.sensors), int)
    if data.edges is not None and len(data.edges[0]):
        low, high = np.minimum(*data.edges[:2]), np.maximum(*data.edges[:2])
        pairs = np.unique(np.stack([low, high], axis=1)[low != high], axis=0)
        np.add.at(counts, pairs.ravel(), 1)
    return counts


def neighbour_histogram(counts: np.ndarray, theme: Theme) -> alt.Chart:
    """How many sensors have how many neighbours."""
    width = max(1, -(-(int(counts.max(initial=0)) + 1) // 40))
    first = counts // width * width
    number, sensors = np.unique(first, return_counts=True)
    words = [str(low) if width == 1 else f"{low} to {low + width - 1}" for low in number]
    frame = pd.DataFrame({"low": number, "high": number + width, "neighbours": words, "sensors": sensors})
    return (
        alt.Chart(frame)
        .mark_bar(color=theme.kept)
        .encode(
            x=alt.X("low:Q", title="neighbours of a sensor", bin="binned", axis=alt.Axis(tickMinStep=1)),
            x2="high:Q",
            y=alt.Y("sensors:Q", title="sensors", axis=alt.Axis(tickMinStep=1)),
            tooltip=["neighbours:N", "sensors:Q"],
        )
        .properties(height=240)
    )
