"""The map of sensors without WebGL or a map engine: for pictures, files, notebooks, and for choosing many by a lasso."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from stcore.charts.maps.hatching import NO_DATA
from stcore.charts.maps.layers import layer_ink, outlines
from stcore.charts.maps.meridian import eastward
from stcore.charts.maps.overlays import Overlay
from stcore.charts.maps.sensors import SensorMap
from stcore.charts.scales import rgb
from stcore.charts.theme import Theme

HATCHED = "hatched"
MOST_FILLED = 300  # areas, beyond which only their borders are drawn: each one is a curve of its own


def flat_sensor_map(
    sensors: SensorMap, theme: Theme, chosen: int | None = None, marked: Sequence[int] = ()
) -> go.Figure:
    """The same map as the page's, drawn flat. ``marked`` sensors stand out, all others are pale."""
    figure, drawn = go.Figure(), sensors.drawn
    lats, lons = sensors.locations[:, 0], eastward(sensors.locations[:, 1], sensors.locations)
    for name, collection in sensors.layers.items():
        colours = layer_ink(name, theme)
        _draw(figure, name, collection, {"fill": colours.fill, "line": colours.line, "width": colours.width}, sensors)
    if sensors.tiled and sensors.cells is not None:
        lats, lons = sensors.cells.centres.T
        figure.add_heatmap(
            x=sensors.cells.lons,
            y=sensors.cells.lats,
            z=sensors.cells.field(sensors.values),
            hoverinfo="skip",
            **_scale(sensors, theme, "z"),
        )
    for part in sensors.overlays:
        _draw_overlay(figure, part, sensors, theme)
    figure.add_scatter(
        x=lons[drawn],
        y=lats[drawn],
        mode="markers",
        marker=_marker(sensors, theme, chosen),
        text=[hover_text(sensors.said()[place]) for place in drawn],
        hoverinfo="text",
        customdata=drawn,
        name=sensors.label,
        showlegend=False,
        selectedpoints=_positions(drawn, marked) if len(marked) else None,
        unselected={"marker": {"opacity": 0.0 if sensors.tiled else 0.25}},
        selected={"marker": {"opacity": 0.8 if sensors.tiled else 1.0}},
    )
    known = lats[drawn]
    ratio = 1 / max(np.cos(np.radians(known.mean())), 0.05) if len(known) else 1.0
    figure.update_layout(
        template=None,
        paper_bgcolor=theme.background,
        plot_bgcolor=theme.background,
        font_color=theme.text,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        height=520,
        dragmode="pan",
        xaxis={"visible": False},
        yaxis={"visible": False, "scaleanchor": "x", "scaleratio": ratio},
        legend={"x": 0.01, "y": 0.01, "xanchor": "left", "yanchor": "bottom", "bgcolor": _pale(theme.background, 0.8)},
    )
    return figure


def hover_text(text: str) -> str:
    """A text for a plotly hover label: letter for letter, its lines kept."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("\n", "<br>")


def _positions(drawn: np.ndarray, marked: Sequence[int]) -> list[int]:
    return np.flatnonzero(np.isin(drawn, np.asarray(marked, int))).tolist()


def _scale(sensors: SensorMap, theme: Theme, what: str) -> dict[str, Any]:
    """The colour scale of plotly's marker (``c``) or heatmap (``z``) with its bar."""
    low, high = sensors.range
    title = {"text": sensors.title.replace("<", "&lt;"), "side": "right"}
    return {
        "colorscale": list(theme.diverging if sensors.diverging else theme.sequential),
        f"{what}min": low,
        f"{what}max": high,
        "colorbar": {"title": title, "outlinewidth": 0, "thickness": 12},
    }


def _marker(sensors: SensorMap, theme: Theme, chosen: int | None) -> dict[str, Any]:
    """Dots by value; over cells they are there for the pointer and the lasso only, over areas they only mark."""
    drawn = sensors.drawn
    line = {"width": [3 if place == chosen else 1 for place in drawn], "color": theme.text}
    if sensors.tiled:
        seen = [1.0 if place == chosen else 0.0 for place in drawn]
        return {"size": 9, "symbol": "square-open", "color": theme.pruned, "opacity": seen, "line": {"width": 3}}
    size, values = 2 * sensors.radii[drawn], sensors.values[drawn]
    if sensors.areas is not None:  # an area's colour has the scale; the bar hangs on a dot without a place
        return {"size": size, "color": theme.text, "opacity": 1, "line": line | {"color": theme.background}}
    return {"size": size, "color": values, "opacity": 1, "line": line, **_scale(sensors, theme, "c")}


def _draw_overlay(figure: go.Figure, part: Overlay, sensors: SensorMap, theme: Theme) -> None:
    """A layer that can be pointed at; areas in the colours of their numbers, with the bar that explains them."""
    look: dict[str, Any] = {"line": theme.text if sensors.tiled else theme.muted, "width": 1.2}
    clear = "rgba(0,0,0,0)" if sensors.tiled else _pale(theme.muted, 0.1)
    if part.values is None and len(part.said) > MOST_FILLED:
        _draw(figure, part.name, part.collection, look | {"fill": clear}, sensors)
        return
    fills = [clear] * len(part.said)
    if part.values is not None:
        inks = sensors.colours(part.values, theme)
        if sensors.gaps:
            figure.add_scatter(
                x=[None],
                y=[None],
                mode="lines",
                fill="toself",
                name=NO_DATA,
                showlegend=True,
                hoverinfo="skip",
                line={"color": theme.muted, "width": 1.2},
                fillpattern=_pattern(theme),
            )
        fills = [
            HATCHED if np.isnan(value) else f"rgb({','.join(map(str, colour))})"
            for colour, value in zip(inks, part.values, strict=True)
        ]
        marker = {"color": [sensors.range[0]], "size": 0.1, "opacity": 0, **_scale(sensors, theme, "c")}
        figure.add_scatter(x=[None], y=[None], mode="markers", marker=marker, hoverinfo="skip", showlegend=False)
    for feature, said, fill in zip(part.collection["features"], part.said, fills, strict=True):
        own = {"fill": fill, "said": hover_text(said)} | ({"pattern": _pattern(theme)} if fill == HATCHED else {})
        _draw(figure, part.name, {"features": [feature]}, look | own, sensors)


def _pattern(theme: Theme) -> dict[str, Any]:
    """What areas without a number are filled with."""
    return {"shape": "/", "fgcolor": theme.muted, "bgcolor": "rgba(0,0,0,0)", "size": 9, "solidity": 0.2}


def _pale(colour: str, opacity: float) -> str:
    return f"rgba({','.join(map(str, rgb(colour)))},{opacity})"


def _draw(figure: go.Figure, name: str, collection: Any, look: dict[str, Any], sensors: SensorMap) -> None:
    """Areas one by one, since one outline with holes would fill what lies between; lines all at once."""
    gap, line = np.full((1, 2), np.nan), {"color": look["line"], "width": look["width"]}
    plain = {"line": line, "mode": "lines", "showlegend": False, "name": hover_text(name)}
    hover = {"hoverinfo": "text", "text": look["said"]} if "said" in look else {"hoverinfo": "skip"}
    parts = [
        (area, np.stack([eastward(part[:, 0], sensors.locations), part[:, 1]], axis=1))
        for area, part in outlines(collection)
    ]
    areas = [part for area, part in parts if area]
    if len(areas) <= MOST_FILLED:
        for ring in areas:
            filled = {"fillpattern": look["pattern"]} if "pattern" in look else {"fillcolor": look["fill"]}
            figure.add_scatter(x=ring[:, 0], y=ring[:, 1], fill="toself", hoveron="fills", **filled, **plain, **hover)
        areas = []
    lines = [piece for part in (*areas, *(part for area, part in parts if not area)) for piece in (part, gap)]
    if lines:
        points = np.concatenate(lines)
        figure.add_scatter(x=points[:, 0], y=points[:, 1], **plain, **hover)
