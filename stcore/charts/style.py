"""What all still and all live figures have in common."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from stcore.charts.theme import Theme


def plain(figure: go.Figure, theme: Theme, height: int) -> go.Figure:
    """A plotly figure in the theme's colours, without ornaments."""
    axis = {"gridcolor": theme.line, "linecolor": theme.line, "zeroline": False, "automargin": True}
    return figure.update_layout(
        template=None, paper_bgcolor=theme.background, plot_bgcolor=theme.background, height=height, font={"color": theme.text, "size": 12},
        margin={"l": 8, "r": 8, "t": 24, "b": 8}, hoverlabel={"bgcolor": theme.background, "font_color": theme.text, "bordercolor": theme.line},
        xaxis=axis, yaxis=axis,
    )  # fmt: skip


def quiet(chart: Any, theme: Theme) -> Any:
    """An Altair chart in the theme's colours."""
    axis = {"labelColor": theme.text, "titleColor": theme.text, "gridColor": theme.line, "domainColor": theme.line, "tickColor": theme.line}
    return (
        chart.configure(background=theme.background, font="inherit")
        .configure_view(stroke=None)
        .configure_axis(**axis, labelFontSize=11, titleFontSize=12, titleFontWeight="normal", gridOpacity=0.7)
        .configure_legend(labelColor=theme.text, titleColor=theme.text, labelFontSize=12, titleFontWeight="normal", symbolStrokeWidth=2)
    )


def words(moment: pd.Timestamp) -> str:
    """An instant as people write it: Mon 9 Mar 2026, 08:15."""
    return f"{moment:%a} {moment.day} {moment:%b %Y, %H:%M}"



