"""The common style of all still figures, and how a time is written."""

from html import escape
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from stcore.charts.theme import Theme

FONT = "Source Sans, Segoe UI, Helvetica, Arial, sans-serif"  # the first is what the page brings


def style_figure(figure: go.Figure, theme: Theme, height: int) -> go.Figure:
    """A plotly figure in the theme's colours, without ornaments."""
    axis = {"gridcolor": theme.line, "linecolor": theme.line, "zeroline": False, "automargin": True}
    hover = {"bgcolor": theme.background, "font": {"color": theme.text, "family": FONT}, "bordercolor": theme.line}
    return figure.update_layout(
        template=None,
        paper_bgcolor=theme.background,
        plot_bgcolor=theme.background,
        height=height,
        font={"color": theme.text, "size": 12, "family": FONT},
        margin={"l": 8, "r": 8, "t": 24, "b": 8},
        hoverlabel=hover,
        xaxis=axis,
        yaxis=axis,
    )


def standalone_page(figure: go.Figure, title: str, config: dict[str, Any] | None = None) -> str:
    """A figure as one page that opens without internet, with its title on the page and in the browser tab."""
    said = escape(title, quote=False)
    margin = (figure.layout.margin.t or 24) + 34
    figure.update_layout(
        title={"text": said, "x": 0.01, "xanchor": "left", "y": 0.99, "yanchor": "top", "font": {"size": 14}},
        margin_t=margin,
        height=(figure.layout.height or 450) + 34,
    )
    page = figure.to_html(include_plotlyjs=True, config={"displaylogo": False} | (config or {}))
    return str(page).replace("<head>", f"<head><title>{said}</title>", 1)


def instant_text(moment: pd.Timestamp, by_day: bool = False) -> str:
    """A time in words: Mon 9 Mar 2026, 08:15; without the time of day where a step is a day or more."""
    return f"{moment:%a} {moment.day} {moment:%b %Y}" + ("" if by_day else f", {moment:%H:%M}")


def plotly_script() -> str:
    """The whole script of plotly, for one place in a page."""
    return str(get_plotlyjs())
