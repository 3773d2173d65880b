"""What a map draws underneath: the dataset's own layers, or roads from its graph, without asking anybody on the internet."""

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from stcore.charts.maps.meridian import eastward
from stcore.charts.theme import Theme

Layers = Mapping[str, Mapping[str, Any]]
Edges = tuple[np.ndarray, np.ndarray, np.ndarray]
WATER = ("river", "water", "lake", "sea", "coast", "ocean", "harbour")
MOST_ROADS = 4000
GRAPH = "links"
TILE_SERVER = "tile.openstreetmap.org"
CREDIT = '© <a href="https://www.openstreetmap.org/copyright" target="_blank">OpenStreetMap contributors</a>'
TILES = {
    "type": "raster",
    "tiles": [f"https://{TILE_SERVER}/{{z}}/{{x}}/{{y}}.png"],
    "tileSize": 256,
    "maxzoom": 19,
    "attribution": CREDIT,
}
AREAS, LINES = ("Polygon", "MultiPolygon"), ("LineString", "MultiLineString")


class Ink(NamedTuple):
    """How a layer is drawn: ``fill`` of areas, ``line`` and ``width`` in pixels of borders and lines."""

    fill: str
    line: str
    width: float


def layer_ink(name: str, theme: Theme) -> Ink:
    """The colours of a layer, by what its name says it holds."""
    if is_water(name):
        return Ink(theme.sea, theme.line, 1.0)
    if name == GRAPH:
        return Ink(theme.land, theme.road, 1.0)
    return Ink(theme.land, theme.road if "road" in name.lower() else theme.line, 1.6 if "road" in name.lower() else 1.0)


def is_water(name: str) -> bool:
    """Whether a layer's name says that it holds water."""
    return any(word in name.lower() for word in WATER)


def graph_lines(places: np.ndarray, edges: Edges | None) -> dict[str, Any]:
    """The graph as lines between ``places`` [N, 2] (latitude, longitude), each pair once, the strongest where many."""
    if edges is None or not len(edges[0]):
        return {"type": "FeatureCollection", "features": []}
    low, high = np.minimum(edges[0], edges[1]), np.maximum(edges[0], edges[1])
    seen = (low != high) & np.isfinite(places[low]).all(axis=1) & np.isfinite(places[high]).all(axis=1)
    order = np.flatnonzero(seen)[np.argsort(-edges[2][seen], kind="stable")]
    _, first = np.unique(low[order] * len(places) + high[order], return_index=True)
    taken = order[np.sort(first)][:MOST_ROADS]
    geometry = {"type": "MultiLineString", "coordinates": straight_lines(places, low[taken], high[taken])}
    return {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": geometry}]}


def straight_lines(places: np.ndarray, start: np.ndarray, end: np.ndarray) -> list[list[list[float]]]:
    """Straight lines between sensors as GeoJSON, the shorter way round the world."""
    turned = np.stack([eastward(places[:, 1], places), places[:, 0]], axis=1)
    return np.round(np.stack([turned[start], turned[end]], axis=1), 5).tolist()


def base_layers(layers: Layers, places: np.ndarray, edges: Edges | None) -> Layers:
    """The layers to draw: the dataset's own where it brings any, else the links of its graph."""
    return layers or {GRAPH: graph_lines(places, edges)}


def map_style(layers: Layers, theme: Theme, online: bool = False) -> str:
    """A MapLibre style as a ``data:`` address, layers inside: a map that needs no network and no second file.

    ``online``: with the tiles of OpenStreetMap underneath, which tells that service where one looks; where they do not
    come, what is drawn is the same as without.
    """
    style: dict[str, Any] = {"version": 8, "name": f"Winnow {theme.name}", "sources": {}, "layers": []}
    style["layers"].append({"id": "land", "type": "background", "paint": {"background-color": theme.background}})
    if online:
        style["sources"]["tiles"] = TILES
        style["layers"].append({"id": "tiles", "type": "raster", "source": "tiles", "paint": _dim(theme)})
    for number, (name, collection) in enumerate(layers.items()):
        source, colours = f"layer-{number}", layer_ink(name, theme)
        style["sources"][source] = {"type": "geojson", "data": collection}
        area: dict[str, Any] = {"fill-color": colours.fill, "fill-outline-color": colours.line}
        if online:
            area["fill-opacity"] = 0.15
        line = {"line-color": colours.line, "line-width": _width(colours.width)}
        joined = {"line-cap": "round", "line-join": "round"}
        common = {"source": source}
        style["layers"] += [
            {"id": f"{source}-area", "type": "fill", "filter": _only(AREAS), "paint": area, **common},
            {"id": f"{source}-line", "type": "line", "filter": _only(LINES), "paint": line, "layout": joined, **common},
        ]
    packed = base64.b64encode(json.dumps(style, separators=(",", ":")).encode()).decode()
    return f"data:application/json;base64,{packed}"


def _dim(theme: Theme) -> dict[str, float]:
    """Tiles are a ground, not the picture: paler, and on a dark page light and dark changed for each other."""
    if theme.name == "dark":
        turned = {"raster-brightness-min": 0.75, "raster-brightness-max": 0.1, "raster-hue-rotate": 180.0}
        return {"raster-saturation": -0.6, **turned}
    return {"raster-saturation": -0.7, "raster-opacity": 0.75}


def _only(kinds: tuple[str, ...]) -> list[Any]:
    return ["match", ["geometry-type"], list(kinds), True, False]


def _width(pixels: float) -> list[Any]:
    """Small streets thinner than roads, all of them wider when one looks closer."""
    there = ["match", ["coalesce", ["get", "kind"], ""], "street", 0.6 * pixels, pixels]
    near = ["match", ["coalesce", ["get", "kind"], ""], "street", 2 * pixels, 3.5 * pixels]
    return ["interpolate", ["linear"], ["zoom"], 10, there, 15, near]


def outlines(collection: Mapping[str, Any]) -> Iterator[tuple[bool, np.ndarray]]:
    """(whether it is an area, [P, 2] longitude and latitude) of every line and ring of a GeoJSON collection."""
    for feature in collection.get("features", ()):
        geometry = feature.get("geometry") or {}
        kind, parts = geometry.get("type"), geometry.get("coordinates", [])
        if kind == "LineString":
            yield False, np.array(parts, float)[:, :2]
        elif kind == "MultiLineString":
            yield from ((False, np.array(part, float)[:, :2]) for part in parts)
        elif kind == "Polygon":
            yield from ((True, np.array(ring, float)[:, :2]) for ring in parts)
        elif kind == "MultiPolygon":
            yield from ((True, np.array(ring, float)[:, :2]) for polygon in parts for ring in polygon)
