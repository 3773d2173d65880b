"""What is there and what is not: share observed over time and sensors, shares by sensor, and how many neighbours."""

from itertools import pairwise

import altair as alt
import numpy as np
import pandas as pd
import plotly.graph_objects as go

from stcore.charts.style import style_figure
from stcore.charts.theme import Theme
from stcore.data import STData
from stcore.data.checks import sensor_word, zero_share

MOST_COLUMNS, MOST_ROWS, MOST_BARS = 360, 240, 400


def observed_shares(data: STData) -> pd.DataFrame:
    """Share of readings that are not missing, 0 to 1: rows are groups of sensors, columns the first time of groups of steps."""
    seen = np.isfinite(data.values).mean(axis=2)
    row_edges = np.linspace(0, seen.shape[1], min(seen.shape[1], MOST_ROWS) + 1).astype(int)
    edges = np.linspace(0, seen.shape[0], min(seen.shape[0], MOST_COLUMNS) + 1).astype(int)
    sums = np.add.reduceat(np.add.reduceat(seen, edges[:-1], axis=0), row_edges[:-1], axis=1)
    shares = sums / np.diff(edges)[:, None] / np.diff(row_edges)[None]
    names = [
        data.sensors[first] if last - first == 1 else f"{data.sensors[first]} and {last - first - 1} more"
        for first, last in pairwise(row_edges)
    ]
    return pd.DataFrame(shares.T, index=pd.Index(names, name="sensor"), columns=data.local_time[edges[:-1]])


def coverage(data: STData, theme: Theme, shares: pd.DataFrame | None = None) -> go.Figure:
    """Time across, sensors down: quiet where everything was measured, orange where readings are missing."""
    shares = observed_shares(data) if shares is None else shares
    figure = go.Figure(
        go.Heatmap(
            x=shares.columns,
            y=[name.replace("<", "&lt;") for name in shares.index],
            z=(100 * shares.to_numpy()).round(1),
            zmin=0,
            zmax=100,
            colorscale=[[0, theme.pruned], [1, theme.line]],
            hovertemplate="%{y}<br>%{x|%a %d %b %Y %H:%M}<br>%{z:.3g} % observed<extra></extra>",
            colorbar={
                "title": {"text": "observed", "side": "right"},
                "ticksuffix": " %",
                "thickness": 12,
                "outlinewidth": 0,
            },
        )
    )
    style_figure(figure, theme, 330)
    title = f"{sensor_word(data.ds)}s" if len(shares) == len(data.sensors) else f"runs of {sensor_word(data.ds)}s"
    figure.update_yaxes(
        title=f"{len(shares)} {title}", type="category", autorange="reversed", showticklabels=False, ticks=""
    )
    return figure.update_xaxes(showgrid=False).update_yaxes(showgrid=False)


def missing_shares(data: STData) -> np.ndarray:
    """[N] share of each sensor's readings that are missing."""
    return 1 - np.isfinite(data.values).mean(axis=(0, 2))


def ranked_shares(names: list[str], shares: np.ndarray, label: str, theme: Theme, word: str = "sensor") -> alt.Chart:
    """One bar per sensor, called ``word``, highest first; of very many sensors only some, at equal distances."""
    order = np.argsort(-shares, kind="stable")
    order = order[np.unique(np.linspace(0, len(order) - 1, min(len(order), MOST_BARS)).astype(int))]
    frame = pd.DataFrame(
        {"place": np.arange(1, len(order) + 1), "sensor": [names[place] for place in order], "share": shares[order]}
    )
    place = alt.X("place:Q", title=f"{word}s, highest first", scale=alt.Scale(domain=[0, len(frame) + 1], nice=False))
    return (
        alt.Chart(frame)
        .mark_bar(color=theme.pruned, width=max(1, min(12, 480 // max(len(frame), 1))))
        .encode(
            x=place,
            y=alt.Y("share:Q", title=label, axis=alt.Axis(format="~%"), scale=alt.Scale(domainMin=0)),
            tooltip=[alt.Tooltip("sensor:N", title=word), alt.Tooltip("share:Q", title=label, format=".3~%")],
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


def neighbour_histogram(counts: np.ndarray, theme: Theme, word: str = "sensor") -> alt.Chart:
    """How many sensors, each called ``word``, have how many neighbours."""
    width = max(1, -(-(int(counts.max(initial=0)) + 1) // 30))
    number, sensors = np.unique(counts // width * width, return_counts=True)
    every = np.arange(0, int(counts.max(initial=0)) + 1, width)
    words = [str(low) if width == 1 else f"{low} to {low + width - 1}" for low in every]
    found = dict(zip(number.tolist(), sensors.tolist(), strict=True))
    frame = pd.DataFrame({"neighbours": words, "sensors": [found.get(int(low), 0) for low in every]})
    axis = alt.Axis(labelAngle=0, labelOverlap=True)
    return (
        alt.Chart(frame)
        .mark_bar(color=theme.kept)
        .encode(
            x=alt.X("neighbours:O", title=f"neighbours of a {word}", sort=words, axis=axis),
            y=alt.Y("sensors:Q", title=f"{word}s", axis=alt.Axis(tickMinStep=1)),
            tooltip=["neighbours:N", alt.Tooltip("sensors:Q", title=f"{word}s")],
        )
        .properties(height=240)
    )


def by_sensor(data: STData, what: str) -> tuple[np.ndarray, str]:
    """[N] one number a sensor and its unit. ``what``: missing, zeros, neighbours, or a channel's name for its mean."""
    if what == "missing":
        return 100 * missing_shares(data), "%"
    if what == "zeros":
        return 100 * zero_share(data.ds).astype(float), "%"
    if what == "neighbours":
        return neighbour_counts(data).astype(float), ""
    values = data.values[:, :, data.channels.index(what)]
    seen = np.isfinite(values)
    total = np.where(seen, values, 0).sum(axis=0, dtype=np.float64)
    return np.where(seen.any(axis=0), total / np.maximum(seen.sum(axis=0), 1), np.nan), data.units[what]
