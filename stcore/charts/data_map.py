"""The data map: mean against variability of each sample's complexity over the epochs, with its regions."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from stcore.charts.grid import WHOLE, KeptScale, colour_bar, scale_around
from stcore.charts.sample_table import borders
from stcore.charts.style import instant_text, style_figure
from stcore.charts.theme import LIGHT, Theme
from stcore.charts.words import short

MOST_POINTS = 20_000  # more are drawn as counts, with some of the samples on top
OVERLAY = 4_000
BINS = 120
HOVER = "%{text} (sample %{customdata})<br>mean %{x:.3g}, variability %{y:.3g} %"
HOVER_KEPT = "<br>kept in %{marker.color:.3g} % of the epochs"
HOVER_CELLS = "<br>%{marker.color:.3g} % of its cells kept"


def data_map(
    table: pd.DataFrame,
    theme: Theme = LIGHT,
    *,
    picked: int | None = None,
    inside: np.ndarray | None = None,
    seed: int = 0,
) -> go.Figure:
    """Mean against variability (as a share of the mean) of each sample's complexity, with its region.

    After Dataset Cartography (Swayamdipta et al. 2020), read for regression. Colour is the kept share, around the mean of all
    where samples are kept in part. Above 20,000 samples their density is drawn, with some of every region on top.
    ``customdata`` of a point is its sample. Those not ``inside`` are paled.
    """
    known = table.dropna(subset=["mean", "variability"])
    known = known[(known["mean"] > 0) & (known["variability"] > 0)]
    figure = go.Figure()
    shown, scale = known, shares(table)
    if len(known) > MOST_POINTS:
        _density(figure, known, theme)
        shown = stratified(known, OVERLAY, seed)
    planted = shown["incident"] if "incident" in shown else pd.Series(False, shown.index)
    for symbol, name, part in (
        ("circle", "sample", shown[~planted]),
        ("diamond", "overlaps a planted incident", shown[planted]),
    ):
        if len(part):
            trace = _points(part, symbol, name, theme, scale)
            if inside is not None:
                trace.selectedpoints = np.flatnonzero(part.index.isin(inside))
            figure.add_trace(trace)
    _regions(figure, known, theme)
    if picked is not None and picked in known.index:
        marker = {"size": 15, "symbol": "circle-open", "color": theme.text, "line": {"width": 3}}
        figure.add_scatter(
            x=[known.at[picked, "mean"]],
            y=[100 * known.at[picked, "variability"]],
            mode="markers",
            marker=marker,
            hoverinfo="skip",
            showlegend=False,
            name="picked",
        )
    figure.update_xaxes(title="mean complexity", type="log", **_ticks(known["mean"]))
    figure.update_yaxes(title="variability (% of the mean)", type="log", **_ticks(100 * known["variability"]))
    figure.update_layout(
        dragmode="pan",
        hovermode="closest",
        legend={"orientation": "h", "y": -0.2, "yanchor": "top", "x": 0, "itemsizing": "constant"},
        showlegend=bool(planted.any()),
    )
    return style_figure(figure, theme, 440)


def shares(table: pd.DataFrame) -> KeptScale | None:
    """Which kept shares the colours run over, where samples are kept in part."""
    return None if table["kept"].dtype == bool else scale_around(float(table["kept_share"].mean()))


def _ticks(values: pd.Series) -> dict[str, list[Any]]:
    """Where a logarithmic axis has labels, each a whole number: every power of ten, or 2 and 5 as well, or every digit."""
    low, high = (float(values.min()), float(values.max())) if len(values) else (1.0, 1.0)
    digits = (1,) if high > 1000 * low else (1, 2, 5) if high > 5 * low else range(1, 10)
    powers = range(int(np.floor(np.log10(low))) - 1, int(np.ceil(np.log10(high))) + 2)
    ticks = [float(f"{digit}e{power}") for power in powers for digit in digits]
    return {"tickvals": ticks, "ticktext": [f"{tick:,.15g}" if tick < 1e6 else f"{tick:g}" for tick in ticks]}


def stratified(table: pd.DataFrame, count: int, seed: int = 0) -> pd.DataFrame:
    """About ``count`` rows, as many of each region, drawn at random."""
    rng = np.random.default_rng([seed, 7])
    order = rng.permutation(len(table))
    rank = table.iloc[order].groupby("region", observed=True).cumcount()
    return table.iloc[np.sort(order[(rank < count // max(table["region"].nunique(), 1)).to_numpy()])]


def _points(part: pd.DataFrame, symbol: str, name: str, theme: Theme, scale: KeptScale | None) -> go.Scattergl:
    kept = 100 * part["kept_share"].to_numpy(np.float32)
    marker: dict[str, Any] = {
        "size": 6 if symbol == "circle" else 8,
        "symbol": symbol,
        "color": theme.accent,
        "line": {"width": 0.5, "color": theme.muted},
        "opacity": 0.9,
    }
    said = HOVER_KEPT if part["kept"].dtype == bool else HOVER_CELLS
    if np.ptp(kept):
        ends = scale or WHOLE
        marker |= {"color": kept, "cmin": 100 * ends.low, "cmax": 100 * ends.high}
        marker |= {"colorscale": list(theme.sequential), "colorbar": colour_bar(scale, 10)}
    return go.Scattergl(
        x=part["mean"].to_numpy(np.float32),
        y=100 * part["variability"].to_numpy(np.float32),
        mode="markers",
        marker=marker,
        name=name,
        customdata=part.index.to_numpy(np.int32),
        text=[instant_text(moment) for moment in part["time"]],
        hovertemplate=HOVER + (said if np.ptp(kept) else "") + "<extra></extra>",
        unselected={"marker": {"opacity": 0.12}},
    )


def _density(figure: go.Figure, known: pd.DataFrame, theme: Theme) -> None:
    """How many samples lie where, by squares of the logarithmic plane."""
    x, y = np.log10(known["mean"].to_numpy()), np.log10(100 * known["variability"].to_numpy())
    count, across, up = np.histogram2d(x, y, BINS)
    shade = np.where(count > 0, np.log10(np.maximum(count, 1)), np.nan)
    middle = [10 ** ((edges[1:] + edges[:-1]) / 2) for edges in (across, up)]
    figure.add_heatmap(
        x=middle[0],
        y=middle[1],
        z=shade.T,
        customdata=count.T,
        colorscale=[theme.line, theme.muted],
        showscale=False,
        name="density",
        hovertemplate="%{customdata:,.0f} samples<extra></extra>",
    )


def _regions(figure: go.Figure, known: pd.DataFrame, theme: Theme) -> None:
    """The borders between the regions, and their names with how many lie in each."""
    hard, ambiguous = borders(known)
    ambiguous *= 100
    if not np.isfinite(hard):
        return
    counts = known["region"].value_counts()
    line = {"color": theme.text, "width": 1, "dash": "dot"}
    low, high = known["mean"].min() / 1.15, known["mean"].max() * 1.15
    bottom = 100 * known["variability"].min() / 1.15
    figure.add_scatter(
        x=[low, high], y=[ambiguous] * 2, mode="lines", line=line, hoverinfo="skip", showlegend=False, name="border"
    )
    figure.add_scatter(
        x=[hard] * 2, y=[bottom, ambiguous], mode="lines", line=line, hoverinfo="skip", showlegend=False, name="border"
    )
    for region, x, y, anchor in (
        ("ambiguous", 0.02, 0.98, "left"),
        ("easy", 0.02, 0.02, "left"),
        ("hard", 0.98, 0.02, "right"),
    ):
        figure.add_annotation(
            text=f"<b>{region}</b> {short(counts.get(region, 0))}",
            x=x,
            y=y,
            xref="x domain",
            yref="y domain",
            xanchor=anchor,
            yanchor="top" if y > 0.5 else "bottom",
            showarrow=False,
            bgcolor=theme.background,
            bordercolor=theme.line,
            borderpad=3,
            opacity=0.92,
        )
