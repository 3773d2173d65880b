"""Sensors on a map, coloured and sized by a number each: for the page (pydeck) and, for files and notebooks, flat (plotly)."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pydeck

from stcore.charts.maps.flat import flat_sensor_map
from stcore.charts.maps.hatching import hatch_lines, line_spacing
from stcore.charts.maps.layers import map_style, straight_lines
from stcore.charts.maps.legend import sensor_map_legend
from stcore.charts.maps.meridian import eastward, turn_geometry
from stcore.charts.maps.overlays import Overlay
from stcore.charts.maps.sensors import SensorMap, clicked_sensor
from stcore.charts.scales import colour_limits, rgb, scale_colours
from stcore.charts.theme import Theme

__all__ = [
    "DOTS",
    "SensorMap",
    "clicked_area",
    "clicked_sensor",
    "colour_limits",
    "flat_sensor_map",
    "initial_view",
    "scale_colours",
    "sensor_map",
    "sensor_map_legend",
]

VIEW = (620, 490)  # a small page's map, from which the first zoom is computed
DOTS = "sensors"
EDGE = 1.1
PIXELS = pydeck.types.String("pixels")


class Compact(pydeck.Deck):
    """A deck that is sent without the blanks by which pydeck makes its JSON readable: a third of the size."""

    def to_json(self) -> str:
        """The deck as the page gets it."""
        return json.dumps(json.loads(super().to_json()), separators=(",", ":"))


def sensor_map(
    sensors: SensorMap,
    theme: Theme,
    chosen: int | None = None,
    marked: Sequence[int] = (),
    neighbours: Sequence[tuple[int, float]] = (),
) -> pydeck.Deck:
    """The map of the page. ``chosen``: position of a sensor to be ringed; ``marked``: of more, ringed thinly.

    ``neighbours`` (position, weight 0 to 1) get a line from the chosen one. Each dot is two points of one layer, its outline
    and itself, so that a dot covers the outline of the one before: see ``clicked`` for what a click's index means. The
    overlays are layers ``layer-0`` and so on: see ``area_of``.
    """
    overlays = [_overlay(number, part, sensors, theme) for number, part in enumerate(sensors.overlays)]
    main = _tiles(sensors, theme) if sensors.tiled else _dots(sensors, theme)
    rings = [
        _ring(sensors, _with_location(sensors, [chosen]), theme.background, 5),
        _ring(sensors, _with_location(sensors, [chosen]), theme.pruned, 2.5),
    ]
    many = _with_location(sensors, marked)
    rings = [_ring(sensors, many, theme.kept, 2, name="marked"), *rings] if many else rings
    overlays += _no_data(sensors, theme)
    tied = _ties(sensors, chosen, neighbours, theme) if neighbours and _with_location(sensors, [chosen]) else []
    look = {"backgroundColor": theme.background, "color": theme.text, "border": f"1px solid {theme.line}"}
    around = [main, *overlays, *tied] if sensors.tiled else [*overlays, *tied, main]
    return Compact(
        layers=[*around, *rings],
        initial_view_state=initial_view(sensors.locations),
        map_style=map_style(sensors.layers, theme, sensors.online),
        tooltip={"text": "{said}", "style": look},  # as text: a sensor's name may hold anything
    )


def clicked_area(sensors: SensorMap, layer: str, index: int) -> tuple[int, int] | None:
    """(overlay, feature) that a click on a layer of the map means, or None."""
    number = int(layer.removeprefix("layer-")) if layer.startswith("layer-") and layer[6:].isdecimal() else -1
    if not 0 <= number < len(sensors.overlays) or not 0 <= index < len(sensors.overlays[number].said):
        return None
    return number, index


def _with_location(sensors: SensorMap, places: Sequence[int | None]) -> list[int]:
    """Those of some sensors that have a location."""
    drawn = set(sensors.drawn.tolist())
    return [place for place in places if place is not None and place in drawn]


def _dots(sensors: SensorMap, theme: Theme) -> pydeck.Layer:
    """Full discs; their colour is told to the layer inside the layer, where Streamlit's paling does not reach it."""
    drawn, said, edge = sensors.drawn, sensors.said(), rgb(theme.background if sensors.areas else theme.text)
    inks = (
        sensors.colours(sensors.values[drawn], theme)
        if sensors.areas is None
        else [np.array(rgb(theme.text))] * len(drawn)
    )
    rows, spots = [], sensors.spots
    for place, ink, radius in zip(drawn, inks, sensors.radii[drawn].round(2).tolist(), strict=True):
        dot = {"colour": ink.tolist(), "radius": radius, "said": said[place]}
        spot = {"type": "Point", "coordinates": spots[place]}
        rim = [(spot, dot | {"colour": edge, "radius": round(radius + EDGE, 2)})] if sensors.outlined else []
        rows += [*rim, (spot, dot)]
    inner = {"points-circle": {"getFillColor": "@@=properties.colour"}}
    return _features(
        DOTS, sensors, rows, pickable=True, stroked=False, get_point_radius="properties.radius", _subLayerProps=inner
    )


def _tiles(sensors: SensorMap, theme: Theme) -> pydeck.Layer:
    """Cells without borders, so that a field looks like one."""
    assert sensors.cells is not None
    said, inks = sensors.said(), sensors.colours(sensors.values, theme).tolist()
    corners = sensors.cells.corners.round(5).tolist()
    rows = [
        ({"type": "Polygon", "coordinates": [corners[place]]}, {"colour": inks[place], "said": said[place]})
        for place in sensors.drawn
    ]
    inner = {"polygons-fill": {"getFillColor": "@@=properties.colour"}}
    return _features(DOTS, sensors, rows, pickable=True, stroked=False, _subLayerProps=inner)


def _overlay(number: int, part: Overlay, sensors: SensorMap, theme: Theme) -> pydeck.Layer:
    """A layer that answers to the pointer; over cells only its lines, since it would hide them."""
    features = part.collection["features"]
    if part.values is None:
        fills = [[*rgb(theme.muted), 26]] * len(features)
    else:
        inks = sensors.colours(part.values, theme)
        fills = [
            [*rgb(theme.muted), 10] if np.isnan(value) else [*ink.tolist(), 225]
            for ink, value in zip(inks, part.values, strict=True)
        ]
    rows = [
        (turn_geometry(feature.get("geometry"), sensors.locations), {"said": said, "colour": fill})
        for feature, said, fill in zip(features, part.said, fills, strict=True)
    ]
    line = [*rgb(theme.text if sensors.tiled else theme.muted), 255]
    inner = {
        "polygons-fill": {"getFillColor": "@@=properties.colour"},
        "polygons-stroke": {"getColor": line},
        "linestrings": {"getColor": line},
        "points-circle": {"getFillColor": line},
    }
    return _features(
        f"layer-{number}",
        sensors,
        rows,
        pickable=True,
        stroked=True,
        filled=not sensors.tiled,
        get_point_radius=3,
        line_width_units=PIXELS,
        get_line_width=1.2,
        _subLayerProps=inner,
    )


def _no_data(sensors: SensorMap, theme: Theme) -> list[pydeck.Layer]:
    """Hatching over the areas that have no number; the pointer goes through it."""
    if sensors.areas is None or sensors.areas.values is None or not sensors.gaps:
        return []
    gap, features = line_spacing(np.array(sensors.spots)), sensors.areas.collection["features"]
    empty = [features[place] for place in np.flatnonzero(np.isnan(sensors.areas.values))]
    found = [
        line for part in empty for line in hatch_lines(turn_geometry(part.get("geometry"), sensors.locations), gap)
    ]
    inner = {"linestrings": {"getColor": [*rgb(theme.muted), 255]}}
    shape = {"type": "MultiLineString", "coordinates": found}
    return [
        _features(
            "no-data",
            sensors,
            [(shape, {})],
            stroked=True,
            line_width_units=PIXELS,
            get_line_width=1,
            _subLayerProps=inner,
        )
    ]


def _ring(
    sensors: SensorMap, places: Sequence[int], colour: str, width: float, *, name: str = "chosen"
) -> pydeck.Layer:
    """A ring round each of some sensors, visible on whatever lies underneath."""
    radii, spots = sensors.radii, sensors.spots
    shapes: list[tuple[Any, dict[str, Any]]] = []
    for place in places:
        spot = {"type": "Point", "coordinates": spots[place]}
        if sensors.tiled and sensors.cells is not None:
            spot = {"type": "LineString", "coordinates": sensors.cells.corners[place].round(5).tolist()}
        shapes.append((spot, {"radius": round(float(radii[place]), 2)}))
    line = rgb(colour)
    inner = {"linestrings": {"getColor": line}, "points-circle": {"getLineColor": line}}
    return _features(
        f"{name}-{width}",
        sensors,
        shapes,
        filled=False,
        stroked=True,
        get_point_radius="properties.radius + 4.5",
        line_width_units=PIXELS,
        get_line_width=width,
        get_line_color=line,
        _subLayerProps=inner,
    )


def _ties(
    sensors: SensorMap, chosen: int | None, neighbours: Sequence[tuple[int, float]], theme: Theme
) -> list[pydeck.Layer]:
    """Lines from the chosen sensor to its neighbours, wider for a larger weight."""
    found = [(place, weight) for place, weight in neighbours if _with_location(sensors, [place])]
    ends = straight_lines(sensors.locations, np.full(len(found), chosen), np.array([place for place, _ in found], int))
    rows = [
        ({"type": "LineString", "coordinates": end}, {"width": round(1.5 + 3 * weight, 2)})
        for end, (_, weight) in zip(ends, found, strict=True)
    ]
    inner = {"linestrings": {"getColor": rgb(theme.pruned)}}
    return [
        _features(
            "neighbours",
            sensors,
            rows,
            stroked=True,
            line_width_units=PIXELS,
            get_line_width="properties.width",
            _subLayerProps=inner,
        )
    ]


def _features(name: str, sensors: SensorMap, rows: Sequence[tuple[Any, dict[str, Any]]], **look: Any) -> pydeck.Layer:
    features = [{"type": "Feature", "geometry": shape, "properties": held} for shape, held in rows]
    return pydeck.Layer("GeoJsonLayer", features, id=name, point_radius_units=PIXELS, **look)


def initial_view(places: np.ndarray, size: tuple[int, int] = VIEW) -> pydeck.ViewState:
    """The initial view of a map of locations [N, 2]: all of them in sight, at ``size`` pixels."""
    known = places[np.isfinite(places).all(axis=1)]
    if not len(known):
        return pydeck.ViewState(latitude=0, longitude=0, zoom=1)
    lat, lon = known[:, 0], eastward(known[:, 1], known)
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
