"""The raster: which samples were kept in which epoch. Rows are samples, columns epochs, and each pixel a true share."""

from itertools import pairwise

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import xarray as xr

from stcore.charts.grid import MOST_BITS, MOST_SHARES, WHOLE, Picture, colour_bar, kept_ramp, kept_scale
from stcore.charts.style import instant_text, style_figure
from stcore.charts.theme import LIGHT, Theme

SORTS = {"time": "in order of time", "score": "most complex at the top", "kept_share": "most often kept at the top"}
STILL_ROWS = 500


def drawing_order(table: pd.DataFrame, by: str = "time") -> np.ndarray:
    """Positions of samples in drawing order: by ``time``, or by ``score`` or ``kept_share`` from high to low."""
    if by == "time":
        return np.argsort(table["time"].to_numpy(), kind="stable")
    return np.argsort(-np.nan_to_num(table[by].to_numpy(), nan=-np.inf), kind="stable")


def raster_picture(trace: xr.Dataset, table: pd.DataFrame, order: np.ndarray, by: str = "time") -> Picture:
    """What a canvas draws of the epochs so far for the samples ``order``; grouped rows where there are too many cells."""
    epochs = trace.sizes["epoch"]
    kept = trace["kept"].values[:, order].T  # [K, E]
    most = max(1, MOST_SHARES // max(epochs, 1))
    scale = kept_scale(trace)
    grouped = kept.size > MOST_BITS and len(order) > most
    return Picture(
        cells=group_shares(kept, most) if grouped else kept,
        parts="" if kept.dtype == bool else "cells",
        row_time=pd.DatetimeIndex(table["time"].to_numpy()[order]),
        column_names=[str(epoch) for epoch in trace["epoch"].values],
        samples=len(order),
        low=0.0,
        high=1.0,
        x_title="epoch",
        y_title=f"samples, {SORTS[by]}",
        value_title="kept share" if scale is None else f"kept share around its mean of {100 * scale.mean:.3g} %",
        by_time=by == "time",
        labels=("pruned", "kept") if scale is None else (scale.words[0], scale.words[2]),
        shares=scale,
    )


def group_shares(kept: np.ndarray, rows: int) -> np.ndarray:
    """The kept share [rows, E] of nearly equal groups of successive samples, exact: ``kept`` [K, E] bool, or shares."""
    rows = min(rows, len(kept))
    edges = np.linspace(0, len(kept), rows + 1).astype(int)
    total = np.concatenate([np.zeros((1, kept.shape[1])), np.cumsum(kept, axis=0, dtype=np.float64)])
    return ((total[edges[1:]] - total[edges[:-1]]) / np.diff(edges)[:, None]).astype(np.float32)


def raster_figure(
    trace: xr.Dataset,
    table: pd.DataFrame,
    theme: Theme = LIGHT,
    by: str = "time",
    *,
    inside: np.ndarray | None = None,
) -> go.Figure:
    """The same as a still figure: at most 500 rows, each the kept share of its samples. For notebooks and files.

    Of the samples that are ``inside`` [W] bool only, where that is given.
    """
    order = drawing_order(table, by)
    order = order if inside is None else order[inside[order]]
    share = group_shares(trace["kept"].values[:, order].T, STILL_ROWS)
    edges = np.linspace(0, len(order), len(share) + 1).astype(int)
    scale = kept_scale(trace)
    ends = scale or WHOLE
    said = [_row(table, order[first:last], by) for first, last in pairwise(edges)]
    figure = go.Figure(
        go.Heatmap(
            z=100 * share,
            x=trace["epoch"].values,
            y=edges[:-1],
            customdata=np.repeat(np.array(said, object)[:, None], share.shape[1], 1),
            zmin=100 * ends.low,
            zmax=100 * ends.high,
            colorscale=kept_ramp(theme),
            hovertemplate="epoch %{x}<br>%{customdata}<br>%{z:.0f} % kept<extra></extra>",
            colorbar=colour_bar(scale, 12),
        )
    )
    figure.update_xaxes(title="epoch", dtick=max(1, share.shape[1] // 12))
    figure.update_yaxes(title=f"samples, {SORTS[by]}", autorange="reversed", showgrid=False)
    return style_figure(figure, theme, 420)


def _row(table: pd.DataFrame, group: np.ndarray, by: str) -> str:
    times = table["time"].iloc[group]
    if len(group) == 1:
        return instant_text(times.iloc[0])
    return f"{len(group)} samples" + (
        f", {instant_text(times.min())} to {instant_text(times.max())}" if by == "time" else ""
    )
