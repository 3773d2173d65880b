"""A deployment plan on a map: kept sensors as full discs, those that are off as small open rings, in two colours."""

from dataclasses import dataclass, field

import numpy as np
import plotly.graph_objects as go
import pydeck

from stcore.charts.maps.flat import hover_text
from stcore.charts.maps.grid_cells import Cells
from stcore.charts.maps.layers import Layers, layer_ink, map_style, outlines
from stcore.charts.maps.meridian import eastward
from stcore.charts.maps.page import initial_view
from stcore.charts.scales import rgb
from stcore.charts.theme import Theme
from stcore.charts.words import deck_text, short, signed

SENSORS = "plan"
KEPT, OFF = 6.2, 4.2  # radii in pixels
PALE = 70  # opacity, of 255, of cells that are off
PIXELS = pydeck.types.String("pixels")


@dataclass(frozen=True)
class PlanMap:
    """N sensors at ``locations`` [N, 2] (NaN: not drawn), which of them are in ``keep`` [N] bool, what a pointer is told in
    ``said`` [N]; ``cells`` where they are cells of a grid, ``layers`` underneath."""

    locations: np.ndarray
    keep: np.ndarray
    said: list[str]
    layers: Layers = field(default_factory=dict)
    cells: Cells | None = None
    chosen: int | None = None
    online: bool = False

    @property
    def drawn(self) -> np.ndarray:
        """Positions of the sensors that have a place: those that are off first, so that the kept ones lie on top."""
        known = np.flatnonzero(np.isfinite(self.locations).all(axis=1))
        return known[np.argsort(self.keep[known], kind="stable")]

    def sensor(self, index: int) -> int | None:
        """The sensor that a click's index on the map means, or None."""
        drawn = np.flatnonzero(np.isfinite(self.locations).all(axis=1))  # in the data's order, whatever is kept
        return int(drawn[index]) if 0 <= index < len(drawn) else None

    def legend(self, on: bool, count: int) -> str:
        """What stands beside the mark of those that are kept, or off."""
        return f"{'kept' if on else 'off'} ({count:,}{' cells' if self.cells is not None else ''})"

    @property
    def crowd(self) -> float:
        """How much smaller dots are where there are many."""
        return float(np.clip(np.sqrt(250 / max(len(self.drawn), 1)), 0.35, 1.15))


def plan_texts(
    names: list[str],
    keep: np.ndarray,
    error: np.ndarray,
    whole: np.ndarray,
    unit: str,
    *,
    part: str,
    still: bool = True,
) -> list[str]:
    """[N] what a pointer over each sensor is told: whether it is on, its error in a part, and the change by the plan.

    Not ``still``: on a map whose clicks switch sensors, not whether it is on: words under a resting pointer stay as they were.
    """
    told_all = []
    for name, kept, now, before in zip(names, keep, error, whole, strict=True):
        change = f" ({signed(float(now / before - 1))} to all on)" if before > 0 else ""
        state = f"\n{'kept' if kept else 'off'}" if still else ""
        told_all.append(deck_text(f"{name}{state}\n{part} error: {short(float(now), unit)}{change}"))
    return told_all


def plan_map(plan: PlanMap, theme: Theme) -> pydeck.Deck:
    """The map of the page. All sensors are one layer in the data's order, so that a click's index stays when a plan changes."""
    look = {"backgroundColor": theme.background, "color": theme.text, "border": f"1px solid {theme.line}"}
    return pydeck.Deck(
        layers=[_cells(plan, theme) if plan.cells is not None else _dots(plan, theme), *_ring(plan, theme)],
        initial_view_state=initial_view(plan.locations),
        map_style=map_style(plan.layers, theme, plan.online),
        tooltip={"text": "{said}", "style": look},
    )


def _dots(plan: PlanMap, theme: Theme) -> pydeck.Layer:
    kept, off, paper = rgb(theme.kept), rgb(theme.pruned), rgb(theme.background)
    lons = eastward(plan.locations[:, 1], plan.locations)
    rows = []
    for place in np.flatnonzero(np.isfinite(plan.locations).all(axis=1)):
        on = bool(plan.keep[place])
        colours = {"fill": kept if on else paper, "line": paper if on else off}
        radius = round(plan.crowd * (KEPT if on else OFF), 2)
        spot = {
            "type": "Point",
            "coordinates": [round(float(lons[place]), 6), round(float(plan.locations[place, 0]), 6)],
        }
        held = {**colours, "radius": radius, "width": 1 if on else 2, "said": plan.said[place]}
        rows.append({"type": "Feature", "geometry": spot, "properties": held})
    inner = {"points-circle": {"getFillColor": "@@=properties.fill", "getLineColor": "@@=properties.line"}}
    return pydeck.Layer(
        "GeoJsonLayer",
        rows,
        id=SENSORS,
        pickable=True,
        stroked=True,
        filled=True,
        point_radius_units=PIXELS,
        get_point_radius="properties.radius",
        line_width_units=PIXELS,
        get_line_width="properties.width",
        _subLayerProps=inner,
    )


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
        for place in np.flatnonzero(np.isfinite(plan.locations).all(axis=1))
    ]
    inner = {
        "polygons-fill": {"getFillColor": "@@=properties.fill"},
        "polygons-stroke": {"getColor": rgb(theme.background)},
    }
    return pydeck.Layer(
        "GeoJsonLayer",
        rows,
        id=SENSORS,
        pickable=True,
        stroked=True,
        line_width_units=PIXELS,
        get_line_width=0.4,
        _subLayerProps=inner,
    )


def _ring(plan: PlanMap, theme: Theme) -> list[pydeck.Layer]:
    if plan.chosen is None or not np.isfinite(plan.locations[plan.chosen]).all():
        return []
    lon = float(eastward(plan.locations[[plan.chosen], 1], plan.locations)[0])
    spot = {"type": "Point", "coordinates": [lon, float(plan.locations[plan.chosen, 0])]}
    line = rgb(theme.text)
    return [
        pydeck.Layer(
            "GeoJsonLayer",
            [{"type": "Feature", "geometry": spot, "properties": {}}],
            id="plan-chosen",
            filled=False,
            stroked=True,
            point_radius_units=PIXELS,
            get_point_radius=11,
            line_width_units=PIXELS,
            get_line_width=2.5,
            _subLayerProps={"points-circle": {"getLineColor": line}},
        )
    ]


def flat_plan_map(plan: PlanMap, theme: Theme) -> go.Figure:
    """The same map drawn flat, for files and notebooks: discs and open diamonds, or the cells of a grid as areas."""
    figure = go.Figure()
    for name, collection in plan.layers.items():
        colours = layer_ink(name, theme)
        for area, part in outlines(collection):
            x = eastward(part[:, 0], plan.locations)
            fill = {"fill": "toself", "fillcolor": colours.fill} if area else {}
            line = {"color": colours.line, "width": colours.width}
            figure.add_scatter(x=x, y=part[:, 1], mode="lines", line=line, hoverinfo="skip", showlegend=False, **fill)
    for on in (False, True):
        of = plan.drawn[plan.keep[plan.drawn] == on]
        (_flat_cells if plan.cells is not None else _flat_dots)(figure, plan, of, on, theme)
    lats = plan.locations[:, 0]
    known = lats[plan.drawn]
    ratio = 1 / max(np.cos(np.radians(known.mean())), 0.05) if len(known) else 1.0
    return figure.update_layout(
        template=None,
        paper_bgcolor=theme.background,
        plot_bgcolor=theme.background,
        font_color=theme.text,
        margin={"l": 8, "r": 8, "t": 30, "b": 8},
        height=560,
        dragmode="pan",
        xaxis={"visible": False},
        yaxis={"visible": False, "scaleanchor": "x", "scaleratio": ratio},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
    )


def _flat_dots(figure: go.Figure, plan: PlanMap, of: np.ndarray, on: bool, theme: Theme) -> None:
    size = 2 * plan.crowd
    kept = {
        "symbol": "circle",
        "size": size * KEPT,
        "color": theme.kept,
        "line": {"width": 1, "color": theme.background},
    }
    off = {"symbol": "diamond-open", "size": size * OFF, "color": theme.pruned, "line": {"width": 1.8}}
    figure.add_scatter(
        x=eastward(plan.locations[:, 1], plan.locations)[of],
        y=plan.locations[of, 0],
        mode="markers",
        marker=kept if on else off,
        text=[hover_text(plan.said[place]) for place in of],
        hoverinfo="text",
        name=plan.legend(on, len(of)),
    )


def _flat_cells(figure: go.Figure, plan: PlanMap, of: np.ndarray, on: bool, theme: Theme) -> None:
    """The cells as one outline with gaps, and a point in the middle of each for the pointer."""
    assert plan.cells is not None
    gap = np.full((len(of), 1, 2), np.nan)
    ring = np.concatenate([plan.cells.corners[of], gap], axis=1).reshape(-1, 2)
    colour, opacity = (theme.kept, 215 / 255) if on else (theme.pruned, PALE / 255)
    red, green, blue = rgb(colour)
    name = plan.legend(on, len(of))
    figure.add_scatter(
        x=ring[:, 0],
        y=ring[:, 1],
        mode="lines",
        fill="toself",
        fillcolor=f"rgba({red},{green},{blue},{opacity:.2f})",
        line={"color": theme.background, "width": 0.5},
        hoverinfo="skip",
        name=name,
        legendgroup=name,
    )
    lats, lons = plan.cells.centres.T
    figure.add_scatter(
        x=lons[of],
        y=lats[of],
        mode="markers",
        marker={"size": 9, "opacity": 0},
        hoverinfo="text",
        text=[hover_text(plan.said[place]) for place in of],
        showlegend=False,
        legendgroup=name,
    )
