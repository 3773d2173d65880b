"""A deployment plan on a map: kept sensors as full discs, those that are off as small open rings, in two colours."""

from dataclasses import dataclass, field

import numpy as np
import plotly.graph_objects as go
import pydeck

from stcore.charts.cells import Cells
from stcore.charts.flat_maps import told
from stcore.charts.layers import Layers, ink, map_style, outlines
from stcore.charts.maps import view
from stcore.charts.meridian import eastward
from stcore.charts.sensor_map import rgb
from stcore.charts.theme import Theme
from stcore.charts.words import harmless, percent, short

SENSORS = "plan"
KEPT, OFF = 6.2, 4.2  # radii in pixels
PALE = 70  # opacity, of 255, of cells that are off
PIXELS = pydeck.types.String("pixels")


@dataclass(frozen=True)
class PlanMap:
    """N sensors at ``places`` [N, 2] (NaN: not drawn), which of them are in ``keep`` [N] bool, what a pointer is told in
    ``said`` [N]; ``cells`` where they are cells of a grid, ``layers`` underneath."""

    places: np.ndarray
    keep: np.ndarray
    said: list[str]
    layers: Layers = field(default_factory=dict)
    cells: Cells | None = None
    chosen: int | None = None
    online: bool = False

    @property
    def drawn(self) -> np.ndarray:
        """Positions of the sensors that have a place: those that are off first, so that the kept ones lie on top."""
        known = np.flatnonzero(np.isfinite(self.places).all(axis=1))
        return known[np.argsort(self.keep[known], kind="stable")]

    def sensor(self, index: int) -> int | None:
        """The sensor that a click's index on the map means, or None."""
        drawn = np.flatnonzero(np.isfinite(self.places).all(axis=1))  # in the data's order, whatever is kept
        return int(drawn[index]) if 0 <= index < len(drawn) else None

    @property
    def crowd(self) -> float:
        """How much smaller dots are where there are many."""
        return float(np.clip(np.sqrt(250 / max(len(self.drawn), 1)), 0.35, 1.15))


def said(names: list[str], keep: np.ndarray, error: np.ndarray, whole: np.ndarray, unit: str) -> list[str]:
    """[N] what a pointer over each sensor is told: whether it is on, its expected error, and the change by the plan."""
    told_all = []
    for name, kept, now, before in zip(names, keep, error, whole, strict=True):
        change = f" ({'+' if now >= before else ''}{percent(now / before - 1)})" if before > 0 else ""
        told_all.append(
            harmless(f"{name}\n{'kept' if kept else 'off'}\nexpected error: {short(float(now), unit)}{change}")
        )
    return told_all


def plan_map(plan: PlanMap, theme: Theme) -> pydeck.Deck:
    """The map of the page. All sensors are one layer in the data's order, so that a click's index stays when a plan changes."""
    look = {"backgroundColor": theme.background, "color": theme.text, "border": f"1px solid {theme.line}"}
    return pydeck.Deck(
        layers=[_cells(plan, theme) if plan.cells is not None else _dots(plan, theme), *_ring(plan, theme)],
        initial_view_state=view(plan.places),
        map_style=map_style(plan.layers, theme, plan.online),
        tooltip={"text": "{said}", "style": look},
    )


def _dots(plan: PlanMap, theme: Theme) -> pydeck.Layer:
    kept, off, paper = rgb(theme.kept), rgb(theme.pruned), rgb(theme.background)
    lons = eastward(plan.places[:, 1], plan.places)
    rows = []
    for place in np.flatnonzero(np.isfinite(plan.places).all(axis=1)):
        on = bool(plan.keep[place])
        colours = {"fill": kept if on else paper, "line": paper if on else off}
        radius = round(plan.crowd * (KEPT if on else OFF), 2)
        spot = {"type": "Point", "coordinates": [round(float(lons[place]), 6), round(float(plan.places[place, 0]), 6)]}
        held = {**colours, "radius": radius, "width": 1 if on else 2, "said": plan.said[place]}
        rows.append({"type": "Feature", "geometry": spot, "properties": held})
    inner = {"points-circle": {"getFillColor": "@@=properties.fill", "getLineColor": "@@=properties.line"}}
    return pydeck.Layer(
        "GeoJsonLayer", rows, id=SENSORS, pickable=True, stroked=True, filled=True, point_radius_units=PIXELS,
        get_point_radius="properties.radius", line_width_units=PIXELS, get_line_width="properties.width", _subLayerProps=inner,
    )  # fmt: skip


def _cells(plan: PlanMap, theme: Theme) -> pydeck.Layer:
    assert plan.cells is not None
    kept, off = [*rgb(theme.kept), 215], [*rgb(theme.pruned), PALE]
    corners = plan.cells.corners.round(5).tolist()
    rows = [
        {
            "type": "Feature",
            "geometry": {"type": "Polygon", "coordinates": [corners[place]]},
            "properties": {"fill": kept if plan.keep[place] else off, "said": plan.said[place]},
        }
        for place in np.flatnonzero(np.isfinite(plan.places).all(axis=1))
    ]
    inner = {
        "polygons-fill": {"getFillColor": "@@=properties.fill"},
        "polygons-stroke": {"getColor": rgb(theme.background)},
    }
    return pydeck.Layer(
        "GeoJsonLayer", rows, id=SENSORS, pickable=True, stroked=True, line_width_units=PIXELS, get_line_width=0.4,
        _subLayerProps=inner,
    )  # fmt: skip


def _ring(plan: PlanMap, theme: Theme) -> list[pydeck.Layer]:
    if plan.chosen is None or not np.isfinite(plan.places[plan.chosen]).all():
        return []
    lon = float(eastward(plan.places[[plan.chosen], 1], plan.places)[0])
    spot = {"type": "Point", "coordinates": [lon, float(plan.places[plan.chosen, 0])]}
    line = rgb(theme.text)
    return [
        pydeck.Layer(
            "GeoJsonLayer", [{"type": "Feature", "geometry": spot, "properties": {}}], id="plan-chosen", filled=False,
            stroked=True, point_radius_units=PIXELS, get_point_radius=11, line_width_units=PIXELS, get_line_width=2.5,
            _subLayerProps={"points-circle": {"getLineColor": line}},
        )
    ]  # fmt: skip


def flat_plan_map(plan: PlanMap, theme: Theme) -> go.Figure:
    """The same map drawn flat, for files and notebooks: discs and open diamonds."""
    figure = go.Figure()
    for name, collection in plan.layers.items():
        colours = ink(name, theme)
        for area, part in outlines(collection):
            x = eastward(part[:, 0], plan.places)
            fill = {"fill": "toself", "fillcolor": colours.fill} if area else {}
            line = {"color": colours.line, "width": colours.width}
            figure.add_scatter(x=x, y=part[:, 1], mode="lines", line=line, hoverinfo="skip", showlegend=False, **fill)
    lats, lons = plan.places[:, 0], eastward(plan.places[:, 1], plan.places)
    size = 2 * plan.crowd
    marks = {
        "off": {"symbol": "diamond-open", "size": size * OFF, "color": theme.pruned, "line": {"width": 1.8}},
        "kept": {
            "symbol": "circle",
            "size": size * KEPT,
            "color": theme.kept,
            "line": {"width": 1, "color": theme.background},
        },
    }
    for name, marker in marks.items():
        of = plan.drawn[plan.keep[plan.drawn] == (name == "kept")]
        texts = [told(plan.said[place]) for place in of]
        figure.add_scatter(
            x=lons[of],
            y=lats[of],
            mode="markers",
            marker=marker,
            text=texts,
            hoverinfo="text",
            name=f"{name} ({len(of)})",
        )
    known = lats[plan.drawn]
    ratio = 1 / max(np.cos(np.radians(known.mean())), 0.05) if len(known) else 1.0
    return figure.update_layout(
        template=None, paper_bgcolor=theme.background, plot_bgcolor=theme.background, font_color=theme.text,
        margin={"l": 8, "r": 8, "t": 30, "b": 8}, height=560, dragmode="pan", xaxis={"visible": False},
        yaxis={"visible": False, "scaleanchor": "x", "scaleratio": ratio},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
    )  # fmt: skip
