"""Sensors on a map, coloured and sized by a number each: for the page (pydeck) and, for files and notebooks, flat (plotly)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pydeck

from stcore.charts.layers import Layers, ink, map_style, outlines
from stcore.charts.theme import Theme
from stcore.charts.words import short

SMALL, LARGE = 3.2, 7.6  # radius in pixels of the lowest and the highest value
VIEW = (620, 490)  # a small page's map, from which the first zoom is computed
DOTS = "sensors"
EDGE = 1.1
MOST_OUTLINED = 2000
PIXELS = pydeck.types.String("pixels")


@dataclass(frozen=True)
class SensorMap:
    """N sensors at ``places`` [N, 2] (latitude, longitude; NaN: not drawn) with ``values`` [N] (NaN: none).

    ``label`` and ``unit`` say what the values are, ``limits`` which of them get the ends of the colour scale (default:
    the middle 96 %), ``layers`` what is drawn underneath.
    """

    names: Sequence[str]
    places: np.ndarray
    values: np.ndarray
    label: str
    unit: str = ""
    limits: tuple[float, float] | None = None
    layers: Layers = field(default_factory=dict)

    @property
    def drawn(self) -> np.ndarray:
        """Positions of the sensors that have a place, in drawing order."""
        return np.flatnonzero(np.isfinite(self.places).all(axis=1))

    @property
    def outlined(self) -> bool:
        """Whether dots get an outline: not where they are so many that it would be all one sees."""
        return len(self.drawn) <= MOST_OUTLINED

    @property
    def range(self) -> tuple[float, float]:
        """The values at the ends of the colour scale."""
        return self.limits or spread(self.values)

    @property
    def shares(self) -> np.ndarray:
        """[N] place of each value on the colour scale, 0 to 1, NaN for none."""
        low, high = self.range
        return np.clip((self.values - low) / ((high - low) or 1.0), 0, 1)

    @property
    def radii(self) -> np.ndarray:
        """[N] radius in pixels, growing with the value; smaller where there are many sensors."""
        crowd = np.clip(np.sqrt(250 / max(len(self.drawn), 1)), 0.3, 1.15)
        return crowd * (SMALL + (LARGE - SMALL) * np.nan_to_num(self.shares))

    def said(self) -> list[str]:
        """[N] what a pointer over the sensor is told."""
        return [
            f"{name}\n{self.label}: {short(value, self.unit)}"
            for name, value in zip(self.names, self.values, strict=True)
        ]


def clicked(sensors: SensorMap, index: int) -> int | None:
    """The position of the sensor that a click's index on the map means, or None."""
    drawn, points = sensors.drawn, 2 if sensors.outlined else 1
    return int(drawn[index // points]) if 0 <= index < points * len(drawn) else None


def spread(values: np.ndarray) -> tuple[float, float]:
    """The middle 96 % of what is finite, so that one strange sensor does not hide all others."""
    finite = np.asarray(values)[np.isfinite(values)]
    return (float(np.quantile(finite, 0.02)), float(np.quantile(finite, 0.98))) if len(finite) else (0.0, 1.0)


def colours(shares: np.ndarray, theme: Theme) -> np.ndarray:
    """[N, 3] red, green and blue of places on the theme's sequential scale; its background where there is no value."""
    scale = np.array([_rgb(colour) for colour in theme.sequential], float)
    place = np.nan_to_num(shares) * (len(scale) - 1)
    mixed = np.stack([np.interp(place, np.arange(len(scale)), scale[:, part]) for part in range(3)], axis=1)
    return np.where(np.isnan(shares)[:, None], _rgb(theme.background), mixed).round().astype(int)


def sensor_map(sensors: SensorMap, theme: Theme, chosen: int | None = None) -> pydeck.Deck:
    """The map of the page. ``chosen``: position of a sensor to be ringed.

    Each dot is two points of one layer, its outline and itself, so that a dot covers the outline of the one before: see
    ``clicked`` for what a click's index means.
    """
    drawn, edge, said = sensors.drawn, _rgb(theme.text), sensors.said()
    frame = {
        "spot": np.round(sensors.places[drawn][:, ::-1], 6).tolist(),
        "colour": colours(sensors.shares[drawn], theme).tolist(),
        "radius": np.round(sensors.radii[drawn], 2).tolist(),
        "said": [said[place] for place in drawn],
    }
    dots = [dict(zip(frame, row, strict=True)) for row in zip(*frame.values(), strict=True)]
    rows = [row for dot in dots for row in (dot | {"colour": edge, "radius": dot["radius"] + EDGE}, dot)]
    ring = [dot for dot, place in zip(dots, drawn, strict=True) if place == chosen]
    layers = [_discs(rows if sensors.outlined else dots), *_ring(ring, theme)]
    look = {"backgroundColor": theme.background, "color": theme.text, "border": f"1px solid {theme.line}"}
    return pydeck.Deck(
        layers=layers,
        initial_view_state=view(sensors.places),
        map_style=map_style(sensors.layers, theme),
        tooltip={"text": "{said}", "style": look},  # as text: a sensor's name may hold anything
    )


def _discs(rows: list[dict[str, Any]]) -> pydeck.Layer:
    """Full discs; their colour is told to the layer inside the layer, where Streamlit's paling does not reach it."""
    inner = {"points-circle": {"getFillColor": "@@=properties.colour"}}
    return _points(DOTS, rows, pickable=True, stroked=False, get_point_radius="properties.radius", _subLayerProps=inner)


def _ring(rows: list[dict[str, Any]], theme: Theme) -> list[pydeck.Layer]:
    """Two rings round the chosen sensor, one of them visible on whatever lies underneath."""
    return [
        _points(
            f"chosen-{width}", rows, filled=False, stroked=True, get_point_radius="properties.radius + 4.5",
            line_width_units=PIXELS, get_line_width=width, get_line_color=_rgb(colour),
        )
        for width, colour in ((5, theme.background), (2.5, theme.pruned))
    ]  # fmt: skip


def _points(name: str, rows: list[dict[str, Any]], **look: Any) -> pydeck.Layer:
    features = [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": row.pop("spot")}, "properties": row}
        for row in map(dict, rows)
    ]
    return pydeck.Layer("GeoJsonLayer", features, id=name, point_radius_units=PIXELS, **look)


def view(places: np.ndarray, size: tuple[int, int] = VIEW) -> pydeck.ViewState:
    """Where a map of these places [N, 2] begins: all of them in sight, at ``size`` pixels."""
    known = places[np.isfinite(places).all(axis=1)]
    if not len(known):
        return pydeck.ViewState(latitude=0, longitude=0, zoom=1)
    lat, lon = known[:, 0], known[:, 1]
    if np.ptp(lon) > 180:  # over the date line
        lon = np.where(lon < 0, lon + 360, lon)
    north = _mercator(np.array([lat.min(), lat.max()]))
    across, up = max(np.ptp(lon) / 360, 1e-5), max(np.ptp(north), 1e-5)
    zoom = np.log2(min(0.86 * size[0] / 512 / across, 0.86 * size[1] / 512 / up))
    middle = np.degrees(np.arctan(np.sinh(2 * np.pi * north.mean())))
    return pydeck.ViewState(
        latitude=round(float(middle), 5),
        longitude=round(float((lon.min() + lon.max()) / 2 + 180) % 360 - 180, 5),
        zoom=round(float(np.clip(zoom, 0, 15)), 2),
    )


def _mercator(lat: np.ndarray) -> np.ndarray:
    """Height on the unit square of web maps, 0 at the equator, growing northwards."""
    return np.arcsinh(np.tan(np.radians(np.clip(lat, -85, 85)))) / (2 * np.pi)


def sensor_map_legend(sensors: SensorMap, theme: Theme) -> alt.LayerChart:
    """What colour and size mean: five dots from the lowest to the highest, with their values."""
    low, high = sensors.range
    shares = np.linspace(0, 1, 5)
    values = low + shares * (high - low)
    marks = ["≤ ", "", "", "", "≥ "] if high > low else [""] * 5
    dots = pd.DataFrame(
        {
            "place": np.arange(5),
            "area": np.pi * (SMALL + (LARGE - SMALL) * shares) ** 2,
            "colour": [f"#{bytes(colour.tolist()).hex()}" for colour in colours(shares, theme)],
            "text": [mark + short(value) for mark, value in zip(marks, values, strict=True)],
        }
    )
    base = alt.Chart(dots).encode(x=alt.X("place:Q", axis=None, scale=alt.Scale(domain=[-0.5, 4.5])))
    circles = base.mark_circle(opacity=1, stroke=theme.text, strokeWidth=1).encode(
        y=alt.value(10), size=alt.Size("area:Q", scale=None, legend=None), color=alt.Color("colour:N", scale=None)
    )
    texts = base.mark_text(color=theme.text, fontSize=12).encode(y=alt.value(32), text="text:N")
    title = sensors.label + (f" ({sensors.unit})" if sensors.unit else "")
    head = alt.TitleParams(title, fontSize=12, anchor="start", color=theme.text, fontWeight="normal", offset=2)
    return alt.LayerChart(layer=[circles, texts], height=64, width=330, title=head).configure_view(stroke=None)


def flat_sensor_map(sensors: SensorMap, theme: Theme, chosen: int | None = None) -> go.Figure:
    """The same map without WebGL or a map engine: for pictures, files and notebooks."""
    figure, drawn = go.Figure(), sensors.drawn
    for name, collection in sensors.layers.items():
        _draw_layer(figure, name, collection, theme)
    places, (low, high) = sensors.places[drawn], sensors.range
    title = (sensors.label + (f" ({sensors.unit})" if sensors.unit else "")).replace("<", "&lt;")
    marker = {
        "size": 2 * sensors.radii[drawn],
        "color": sensors.values[drawn],
        "opacity": 1,
        "colorscale": list(theme.sequential),
        "cmin": low,
        "cmax": high,
        "colorbar": {"title": {"text": title, "side": "right"}, "outlinewidth": 0, "thickness": 12},
        "line": {"width": [3 if place == chosen else 1 for place in drawn], "color": theme.text},
    }
    said = [sensors.said()[place].replace("<", "&lt;").replace("\n", "<br>") for place in drawn]
    figure.add_scatter(
        x=places[:, 1], y=places[:, 0], mode="markers", marker=marker, text=said, hoverinfo="text",
        customdata=drawn, name=sensors.label, showlegend=False,
    )  # fmt: skip
    ratio = 1 / max(np.cos(np.radians(np.nanmean(places[:, 0]))), 0.05) if len(places) else 1.0
    figure.update_layout(
        template=None, paper_bgcolor=theme.background, plot_bgcolor=theme.background, font_color=theme.text,
        margin={"l": 8, "r": 8, "t": 8, "b": 8}, height=520, dragmode="pan",
        xaxis={"visible": False}, yaxis={"visible": False, "scaleanchor": "x", "scaleratio": ratio},
    )  # fmt: skip
    return figure


def _draw_layer(figure: go.Figure, name: str, collection: Any, theme: Theme) -> None:
    """Areas one by one, since one outline with holes would fill what lies between; lines all at once."""
    colours, gap = ink(name, theme), np.full((1, 2), np.nan)
    parts = list(outlines(collection))
    line = {"color": colours.line, "width": colours.width}
    for ring in (part for area, part in parts if area):
        figure.add_scatter(
            x=ring[:, 0], y=ring[:, 1], mode="lines", fill="toself", fillcolor=colours.fill, line=line,
            hoverinfo="skip", showlegend=False, name=name,
        )  # fmt: skip
    lines = [piece for area, part in parts if not area for piece in (part, gap)]
    if lines:
        points = np.concatenate(lines)
        figure.add_scatter(
            x=points[:, 0], y=points[:, 1], mode="lines", line=line, hoverinfo="skip", showlegend=False, name=name
        )


def _rgb(colour: str) -> list[int]:
    return [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
