"""What a map draws underneath: the dataset's own layers, or roads from its graph, without asking anybody on the internet."""

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from stcore.charts.theme import Theme

Layers = Mapping[str, Mapping[str, Any]]
Edges = tuple[np.ndarray, np.ndarray, np.ndarray]
WATER = ("river", "water", "lake", "sea", "coast", "ocean", "harbour")
MOST_ROADS = 4000
GRAPH = "links"
AREAS, LINES = ("Polygon", "MultiPolygon"), ("LineString", "MultiLineString")


class Ink(NamedTuple):
    """How a layer is drawn: ``fill`` of areas, ``line`` and ``width`` in pixels of borders and lines."""

    fill: str
    line: str
    width: float


def ink(name: str, theme: Theme) -> Ink:
    """The colours of a layer, by what its name says it holds."""
    if any(word in name.lower() for word in WATER):
        return Ink(theme.sea, theme.line, 1.0)
    if name == GRAPH:
        return Ink(theme.land, theme.road, 1.0)
    return Ink(theme.land, theme.road if "road" in name.lower() else theme.line, 1.6 if "road" in name.lower() else 1.0)


def links(places: np.ndarray, edges: Edges | None) -> dict[str, Any]:
    """The graph as lines between ``places`` [N, 2] (latitude, longitude), each pair once, the strongest where many."""
    if edges is None or not len(edges[0]):
        return {"type": "FeatureCollection", "features": []}
    low, high = np.minimum(edges[0], edges[1]), np.maximum(edges[0], edges[1])
    seen = (low != high) & np.isfinite(places[low]).all(axis=1) & np.isfinite(places[high]).all(axis=1)
    order = np.flatnonzero(seen)[np.argsort(-edges[2][seen], kind="stable")]
    _, first = np.unique(low[order] * len(places) + high[order], return_index=True)
    taken = order[np.sort(first)][:MOST_ROADS]
    ends = np.round(np.stack([places[low[taken]], places[high[taken]]], axis=1)[:, :, ::-1], 5)
    geometry = {"type": "MultiLineString", "coordinates": ends.tolist()}
    return {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": geometry}]}


def underneath(layers: Layers, places: np.ndarray, edges: Edges | None) -> Layers:
    """The layers to draw: the dataset's own where it brings any, else the links of its graph."""
    return layers or {GRAPH: links(places, edges)}


def map_style(layers: Layers, theme: Theme) -> str:
    """A MapLibre style as a ``data:`` address, layers inside: a map that needs no network and no second file."""
    style: dict[str, Any] = {"version": 8, "name": f"Winnow {theme.name}", "sources": {}, "layers": []}
    style["layers"].append({"id": "land", "type": "background", "paint": {"background-color": theme.background}})
    for number, (name, collection) in enumerate(layers.items()):
        source, colours = f"layer-{number}", ink(name, theme)
        style["sources"][source] = {"type": "geojson", "data": collection}
        area = {"fill-color": colours.fill, "fill-outline-color": colours.line}
        line = {"line-color": colours.line, "line-width": _width(colours.width)}
        joined = {"line-cap": "round", "line-join": "round"}
        common = {"source": source}
        style["layers"] += [
            {"id": f"{source}-area", "type": "fill", "filter": _only(AREAS), "paint": area, **common},
            {"id": f"{source}-line", "type": "line", "filter": _only(LINES), "paint": line, "layout": joined, **common},
        ]
    packed = base64.b64encode(json.dumps(style, separators=(",", ":")).encode()).decode()
    return f"data:application/json;base64,{packed}"


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
