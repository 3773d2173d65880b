"""Maps: what is drawn where, what a click means, and that nobody on the internet is asked."""

import base64
import json

import numpy as np
import pytest

from stcore.charts.maps.layers import GRAPH, base_layers, graph_lines, map_style, outlines
from stcore.charts.maps.layout import layout_locations
from stcore.charts.maps.page import (
    SensorMap,
    clicked_sensor,
    colour_limits,
    flat_sensor_map,
    initial_view,
    scale_colours,
    sensor_map,
    sensor_map_legend,
)
from stcore.charts.maps.sensors import MOST_OUTLINED
from stcore.charts.theme import DARK, LIGHT
from stcore.simulate import city

PLACES = np.array([[48.0, 11.0], [48.1, 11.2], [np.nan, np.nan], [48.2, 11.1]])


def small_map(**other) -> SensorMap:
    about = {
        "names": ["a", "b", "c", "d"],
        "locations": PLACES,
        "values": np.array([1.0, 2.0, 3.0, np.nan]),
        "label": "error",
    }
    return SensorMap(**{**about, "unit": "km/h", "limits": (1.0, 3.0), **other})


def drawn(deck) -> list[dict]:
    """The dots of a deck, without their outlines."""
    return json.loads(deck.to_json())["layers"][0]["data"][1::2]


def test_dots_stand_where_the_sensors_are_and_say_their_number() -> None:
    dots = drawn(sensor_map(small_map(), LIGHT))
    assert [dot["geometry"]["coordinates"] for dot in dots] == [[11.0, 48.0], [11.2, 48.1], [11.1, 48.2]]
    assert dots[0]["properties"]["said"] == "a\nerror: 1.00 km/h" and dots[2]["properties"]["said"] == "d\nerror: –"


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_value_is_told_by_size_too_not_by_colour_alone(theme) -> None:
    dots = drawn(sensor_map(small_map(values=np.array([1.0, 3.0, 2.0, 2.0])), theme))
    radii, colour = [dot["properties"]["radius"] for dot in dots], [tuple(dot["properties"]["colour"]) for dot in dots]
    assert radii[0] < radii[2] < radii[1]
    assert len(set(colour)) == 3 and sum(colour[0]) < sum(colour[2]) < sum(colour[1])


def test_a_click_means_the_sensor_whose_dot_or_outline_was_hit() -> None:
    sensors = small_map()
    assert [clicked_sensor(sensors, index) for index in range(6)] == [0, 0, 1, 1, 3, 3]
    assert clicked_sensor(sensors, 6) is None and clicked_sensor(sensors, -1) is None


def test_very_many_dots_have_no_outline_and_clicks_still_count() -> None:
    many = MOST_OUTLINED + 1
    places = np.stack([np.linspace(0, 1, many), np.linspace(0, 1, many)], axis=1)
    sensors = SensorMap([str(number) for number in range(many)], places, np.zeros(many), "x")
    assert len(json.loads(sensor_map(sensors, LIGHT).to_json())["layers"][0]["data"]) == many
    assert clicked_sensor(sensors, 17) == 17


def test_the_chosen_sensor_is_ringed() -> None:
    layers = json.loads(sensor_map(small_map(), LIGHT, chosen=3).to_json())["layers"]
    rings = [layer for layer in layers if layer["id"].startswith("chosen")]
    assert len(rings) == 2 and all(ring["data"][0]["geometry"]["coordinates"] == [11.1, 48.2] for ring in rings)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_no_address_but_data_stands_in_a_map(theme) -> None:
    deck = json.loads(sensor_map(small_map(layers=city.layers()), theme).to_json())
    kind, packed = deck.pop("mapStyle").split(",", 1)
    assert kind == "data:application/json;base64"
    style = base64.b64decode(packed).decode()
    assert "http" not in style and "http" not in json.dumps(deck)
    names = {json.loads(style)["sources"][f"layer-{number}"]["type"] for number in range(3)}
    assert names == {"geojson"} and json.loads(style)["sources"]["layer-1"]["data"] == city.layers()["river"]


def test_rivers_are_water_and_land_is_land() -> None:
    style = json.loads(base64.b64decode(map_style(city.layers(), LIGHT).split(",", 1)[1]))
    fills = {layer["source"]: layer["paint"]["fill-color"] for layer in style["layers"] if layer["type"] == "fill"}
    assert fills["layer-0"] == LIGHT.land and fills["layer-1"] == LIGHT.sea


def test_names_cannot_bring_markup_onto_the_page() -> None:
    name = "<img src=x onerror=alert(1)>"
    sensors = small_map(names=[name, "b", "c", "d"])
    assert set(sensor_map(sensors, LIGHT)._tooltip) == {"text", "style"}  # as html it would be run
    assert "<img" not in flat_sensor_map(sensors, LIGHT).to_json()


def test_roads_of_a_graph_are_drawn_once_for_both_directions_and_not_to_nowhere() -> None:
    edges = np.array([0, 1, 0, 2, 3]), np.array([1, 0, 2, 0, 3]), np.array([0.5, 0.9, 1.0, 1.0, 1.0])
    (feature,) = graph_lines(PLACES, edges)["features"]
    assert feature["geometry"]["coordinates"] == [[[11.0, 48.0], [11.2, 48.1]]]
    assert base_layers({}, PLACES, edges).keys() == {GRAPH}
    assert base_layers(city.layers(), PLACES, edges) == city.layers()
    assert graph_lines(PLACES, None)["features"] == []


def test_outlines_of_every_geometry() -> None:
    ring = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]
    kinds = {"LineString": ring, "MultiLineString": [ring, ring], "Polygon": [ring], "MultiPolygon": [[ring], [ring]]}
    kinds["Point"] = [0, 0]
    features = [{"geometry": {"type": kind, "coordinates": part}} for kind, part in kinds.items()]
    found = list(outlines({"features": features}))
    assert [area for area, _ in found] == [False] * 3 + [True] * 3 and all(part.shape == (4, 2) for _, part in found)


def test_the_first_view_holds_all_sensors() -> None:
    far, wide, one = [[-17.0, 179.0], [-18.0, -179.0]], [[60.0, -170.0], [-60.0, 170.0]], [[5.0, 5.0]]
    for places in (PLACES, np.array(far), np.array(wide), np.array(one)):
        start = initial_view(places, (600, 500))
        known = places[np.isfinite(places).all(axis=1)]
        world = 512 * 2**start.zoom
        across = np.abs((known[:, 1] - start.longitude + 180) % 360 - 180) / 360 * world
        height = np.arcsinh(np.tan(np.radians(known[:, 0]))) - np.arcsinh(np.tan(np.radians(start.latitude)))
        assert across.max() <= 300 and np.abs(height).max() / (2 * np.pi) * world <= 250
    assert initial_view(np.full((3, 2), np.nan)).zoom == 1


def test_scale_goes_from_dark_to_light_and_leaves_out_strays() -> None:
    light = scale_colours(np.linspace(0, 1, 20), LIGHT).sum(axis=1)
    assert (np.diff(light) > 0).all()
    assert (scale_colours(np.array([np.nan]), DARK)[0] == [15, 23, 32]).all()
    low, high = colour_limits(np.r_[np.linspace(0, 1, 1000), 1e9, np.nan])
    assert 0 <= low < 0.05 and 0.95 < high <= 1
    assert colour_limits(np.array([np.nan])) == (0.0, 1.0)


def test_the_legend_says_what_and_in_which_unit() -> None:
    legend = sensor_map_legend(small_map(), LIGHT).to_dict()
    texts = [row["text"] for rows in legend["datasets"].values() for row in rows]
    assert legend["title"]["text"] == "error (km/h)" and texts == ["≤ 1.00", "1.50", "2.00", "2.50", "≥ 3.00"]


def test_the_flat_map_shows_the_same_sensors_on_the_same_ground() -> None:
    figure = flat_sensor_map(small_map(layers=city.layers()), LIGHT, chosen=1)
    dots = figure.data[-1]
    assert list(dots.x) == [11.0, 11.2, 11.1] and list(dots.customdata) == [0, 1, 3]
    assert list(dots.marker.line.width) == [1, 3, 1]
    assert {part.name for part in figure.data[:-1]} == {"districts", "river", "roads"}
    assert figure.layout.yaxis.scaleratio == pytest.approx(1 / np.cos(np.radians(48.1)), rel=1e-3)


def test_a_graph_without_places_is_drawn_with_neighbours_near_each_other() -> None:
    rng = np.random.default_rng(0)
    ring = np.arange(30)
    shuffled = rng.permutation(30)
    edges = shuffled[ring], shuffled[(ring + 1) % 30], np.ones(30)
    places = layout_locations(30, edges)
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    assert apart[edges[0], edges[1]].mean() < 0.4 * apart[np.triu_indices(30, 1)].mean()
    assert np.isfinite(places).all() and np.abs(places).max() == pytest.approx(0.1)


@pytest.mark.parametrize("count", [1, 2, 7, 2000])
def test_without_a_graph_sensors_stand_in_rows(count: int) -> None:
    places = layout_locations(count, None)
    assert places.shape == (count, 2) and np.isfinite(places).all()
    assert len(np.unique(places.round(9), axis=0)) == count
