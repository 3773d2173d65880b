"""Clusters of sensors on a map: a colour each, so that those beside each other differ, and larger dots in larger clusters."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

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
from stcore.charts.words import deck_text
from stcore.words import quantity

BESIDE = (500, 490)  # pixels of the map of a small page, where a list stands beside it
NEAR = 6  # sensors around each whose clusters should have other colours
COLOURS = 6  # of a theme
SMALL, LARGE, NOBODY = 3.2, 8.0, 2.4  # radii in pixels: of the smallest and the largest cluster, of sensors of none
PALE = 46  # opacity, of 255, of what is not of the chosen cluster
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "star", "hexagon", "triangle-down", "pentagon", "x")
PIXELS = pydeck.types.String("pixels")


@dataclass(frozen=True)
class ClusterMap:
    """N sensors ``names`` at ``locations`` [N, 2] (NaN: not drawn) in clusters ``label`` [N] (-1: none) of ``weight`` [K] each.

    ``cells``: the sensors are cells of a grid; ``layers``: what is drawn underneath; ``chosen``: the cluster that stands out.
    """

    names: list[str]
    locations: np.ndarray
    label: np.ndarray
    weight: np.ndarray
    layers: Layers = field(default_factory=dict)
    cells: Cells | None = None
    chosen: int | None = None

    @property
    def drawn(self) -> np.ndarray:
        """Positions of the sensors that have a place."""
        return np.flatnonzero(np.isfinite(self.locations).all(axis=1))

    @cached_property
    def colour(self) -> np.ndarray:
        """[K] which of the theme's colours each cluster has."""
        return cluster_colours(self.locations, self.label, len(self.weight))

    @property
    def radii(self) -> np.ndarray:
        """[N] pixels, the area growing with the members of a sensor's cluster; smaller where there are many sensors."""
        crowd = float(np.clip(np.sqrt(250 / max(len(self.drawn), 1)), 0.4, 1.15))
        share = np.sqrt(self.weight / max(self.weight.max(initial=1), 1))
        sizes = np.append(SMALL + (LARGE - SMALL) * share, NOBODY)
        return crowd * sizes[self.label]  # -1 is the last

    def said(self) -> list[str]:
        """[N] what a pointer over a sensor is told."""
        node = "sensor" if self.cells is None else "cell"
        words = [f"cluster {place + 1}, {quantity(int(many), node)}" for place, many in enumerate(self.weight)]
        words.append("of no cluster")
        return [deck_text(f"{name}\n{words[place]}") for name, place in zip(self.names, self.label, strict=True)]

    def sensor(self, index: int) -> int | None:
        """The sensor that a click's index on the map means, or None."""
        return int(self.drawn[index]) if 0 <= index < len(self.drawn) else None


def cluster_colours(places: np.ndarray, label: np.ndarray, count: int) -> np.ndarray:
    """[K] a colour of six for each cluster, so that clusters with sensors near each other differ where that can be."""
    from scipy.spatial import cKDTree

    known = np.flatnonzero(np.isfinite(places).all(axis=1) & (label >= 0))
    touching = np.zeros((count, count))
    if len(known) > 1:
        near = cKDTree(places[known]).query(places[known], min(NEAR + 1, len(known)))[1]
        pairs = label[known][near]
        np.add.at(touching, (np.repeat(pairs[:, 0], pairs.shape[1] - 1), pairs[:, 1:].ravel()), 1)
        touching += touching.T
    found, used = np.full(count, -1), np.zeros(COLOURS)
    for place in np.argsort(-np.bincount(label[label >= 0], minlength=count), kind="stable"):
        clash = np.array([touching[place][found == colour].sum() for colour in range(COLOURS)])
        found[place] = np.lexsort((used, clash))[0]
        used[found[place]] += 1
    return found


def cluster_map(clusters: ClusterMap, theme: Theme) -> pydeck.Deck:
    """The map of the page: one layer in the data's order, so that a click's index means a sensor."""
    look = {"backgroundColor": theme.background, "color": theme.text, "border": f"1px solid {theme.line}"}
    inner: dict[str, Any] = {
        "points-circle": {"getFillColor": "@@=properties.fill", "getLineColor": "@@=properties.line"},
        "polygons-fill": {"getFillColor": "@@=properties.fill"},
        "polygons-stroke": {"getColor": rgb(theme.background)},
    }
    dots = pydeck.Layer(
        "GeoJsonLayer",
        list(_rows(clusters, theme)),
        id="clusters",
        pickable=True,
        stroked=True,
        filled=True,
        point_radius_units=PIXELS,
        get_point_radius="properties.radius",
        line_width_units=PIXELS,
        get_line_width=0.4 if clusters.cells is not None else 1,
        _subLayerProps=inner,
    )
    return pydeck.Deck(
        layers=[dots],
        initial_view_state=initial_view(clusters.locations, BESIDE),
        map_style=map_style(clusters.layers, theme, False),
        tooltip={"text": "{said}", "style": look},
    )


def _rows(clusters: ClusterMap, theme: Theme) -> Iterator[dict[str, Any]]:
    """The sensors as features."""
    lons, radii, said = eastward(clusters.locations[:, 1], clusters.locations), clusters.radii, clusters.said()
    for place in clusters.drawn:
        mine = int(clusters.label[place])
        full = 255 if clusters.chosen in (None, mine) else PALE
        fill = [*rgb(theme.runs[clusters.colour[mine]]), full] if mine >= 0 else [*rgb(theme.background), 255]
        line = [*rgb(theme.muted if mine < 0 else theme.text), full]
        shape: dict[str, Any] = {
            "type": "Point",
            "coordinates": [round(float(lons[place]), 6), round(float(clusters.locations[place, 0]), 6)],
        }
        if clusters.cells is not None:
            shape = {"type": "Polygon", "coordinates": [clusters.cells.corners[place].round(5).tolist()]}
        held = {"fill": fill, "line": line, "radius": round(float(radii[place]), 2), "said": said[place]}
        yield {"type": "Feature", "geometry": shape, "properties": held}


def flat_cluster_map(clusters: ClusterMap, theme: Theme) -> go.Figure:
    """The same map drawn flat, for files and notebooks: there clusters of one colour have marks of different shapes."""
    figure = go.Figure()
    for name, collection in clusters.layers.items():
        colours = layer_ink(name, theme)
        for area, part in outlines(collection):
            fill = {"fill": "toself", "fillcolor": colours.fill} if area else {}
            figure.add_scatter(
                x=eastward(part[:, 0], clusters.locations),
                y=part[:, 1],
                mode="lines",
                hoverinfo="skip",
                showlegend=False,
                line={"color": colours.line, "width": colours.width},
                **fill,
            )
    shape, said = _shapes(clusters.colour), clusters.said()
    lons = eastward(clusters.locations[:, 1], clusters.locations)
    for place in range(-1, len(clusters.weight)):
        of = clusters.drawn[clusters.label[clusters.drawn] == place]
        if not len(of):
            continue
        none = place < 0
        marker = {
            "size": 2 * clusters.radii[of],
            "symbol": "circle-open" if none else SYMBOLS[shape[place]],
            "color": theme.muted if none else theme.runs[clusters.colour[place]],
            "line": {"width": 1, "color": theme.muted if none else theme.text},
            "opacity": 1.0 if clusters.chosen in (None, place) else PALE / 255,
        }
        figure.add_scatter(
            x=lons[of],
            y=clusters.locations[of, 0],
            mode="markers",
            marker=marker,
            hoverinfo="text",
            text=[hover_text(said[sensor]) for sensor in of],
            name="of no cluster" if none else f"cluster {place + 1}",
        )
    lats = clusters.locations[clusters.drawn, 0]
    ratio = 1 / max(np.cos(np.radians(lats.mean())), 0.05) if len(lats) else 1.0
    return figure.update_layout(
        template=None,
        paper_bgcolor=theme.background,
        plot_bgcolor=theme.background,
        font_color=theme.text,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        height=520,
        dragmode="pan",
        xaxis={"visible": False},
        yaxis={"visible": False, "scaleanchor": "x", "scaleratio": ratio},
    )


def _shapes(colour: np.ndarray) -> np.ndarray:
    """[K] a mark for each cluster: the next one whenever its colour is used again."""
    found = np.zeros(len(colour), int)
    for place, own in enumerate(colour):
        found[place] = int((colour[:place] == own).sum()) % len(SYMBOLS)
    return found
