"""Sensors by district, layers that answer to the pointer, differences on one scale, and the map from the internet."""

import base64
import json
from typing import Any

import geopandas
import numpy as np
import pytest
from shapely.geometry import Point, Polygon, box, mapping

from stcore.charts.maps.districts import district_means, district_names, district_of, district_overlay
from stcore.charts.maps.hatching import hatch_lines
from stcore.charts.maps.layers import CREDIT, TILE_SERVER, graph_lines, map_style
from stcore.charts.maps.meridian import eastward, middle_longitude
from stcore.charts.maps.overlays import plain_overlay
from stcore.charts.maps.page import (
    SensorMap,
    clicked_area,
    flat_sensor_map,
    initial_view,
    sensor_map,
    sensor_map_legend,
)
from stcore.charts.scales import scale_colours
from stcore.charts.theme import DARK, LIGHT
from stcore.simulate import city

PLACES = np.array([[48.0, 11.0], [48.1, 11.2], [np.nan, np.nan], [48.2, 11.1]])


def layer(*shapes: Any, **properties: list[Any]) -> dict[str, Any]:
    features = [
        {
            "type": "Feature",
            "geometry": mapping(shape),
            "properties": {key: words[place] for key, words in properties.items()},
        }
        for place, shape in enumerate(shapes)
    ]
    return {"type": "FeatureCollection", "features": features}


HALVES = layer(
    box(10.9, 47.9, 11.15, 48.3), box(11.15, 47.9, 11.3, 48.3), box(20, 20, 21, 21), name=["West", "East", "Far"]
)


def small_map(**other: Any) -> SensorMap:
    values = np.array([1.0, 2.0, 3.0, 5.0])
    about = {"names": list("abcd"), "locations": PLACES, "values": values, "label": "error", "unit": "km/h"}
    return SensorMap(**{**about, **other})


def drawn(sensors: SensorMap, theme=LIGHT, **more: Any) -> dict[str, Any]:
    return {part["id"]: part for part in json.loads(sensor_map(sensors, theme, **more).to_json())["layers"]}


# ---- which district --------------------------------------------------------------------------------------------------
def test_the_district_of_a_sensor_is_the_one_that_geopandas_finds() -> None:
    rng = np.random.default_rng(3)
    districts = city.layers()["districts"]
    places = np.stack([rng.uniform(45.85, 46.15, 3000), rng.uniform(-30.2, -29.8, 3000)], axis=1)
    frame = geopandas.GeoDataFrame.from_features(districts, crs=4326)
    points = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(places[:, 1], places[:, 0]), crs=4326)
    joined = geopandas.sjoin(points, frame, predicate="within", how="left")
    expected = joined[~joined.index.duplicated()]["index_right"].fillna(-1).astype(int).to_numpy()
    assert len(np.unique(expected)) == 16 and (district_of(districts, places) == expected).all()


def test_holes_are_outside_borders_belong_to_one_and_places_unknown_to_none() -> None:
    ring = Polygon(box(0, 0, 4, 4).exterior.coords, [box(1, 1, 2, 2).exterior.coords])
    found = district_of(layer(ring, box(4, 0, 8, 4)), np.array([[3, 3], [1.5, 1.5], [2, 4], [np.nan, 1], [2, 9]]))
    assert found.tolist() == [0, -1, 1, -1, -1]


def test_areas_past_the_date_line_hold_their_sensors() -> None:
    east, west = layer(box(178, -20, 182, -10)), layer(box(-182, -20, -178, -10))
    for areas in (east, west):
        assert district_of(areas, np.array([[-15.0, 179.0], [-15.0, -179.0], [-15.0, 0.0]])).tolist() == [0, 0, -1]


def test_means_by_district_leave_out_what_is_missing() -> None:
    member = district_of(HALVES, PLACES)
    table = district_means(HALVES, member, {"error": np.array([1.0, np.nan, 9.0, 5.0]), "importance": np.ones(4)})
    assert member.tolist() == [0, 1, -1, 0]
    assert table["district"].tolist() == ["West", "East", "Far"] and table["sensors"].tolist() == [2, 1, 0]
    assert table["error"][0] == 3 and np.isnan(table["error"][1:]).all() and np.isnan(table["importance"][2])


def test_lines_have_no_row_and_names_are_found_and_distinct() -> None:
    roads = layer(box(0, 0, 1, 1).exterior, box(0, 0, 1, 1), kind=["road", "park"])
    assert district_means(roads, np.array([1]), {"error": np.ones(1)})["district"].tolist() == ["park"]
    assert district_names(layer(box(0, 0, 1, 1), box(0, 0, 1, 1), id=[1, 2], Town_NAME=["A", "A"])) == [
        "A (1)",
        "A (2)",
    ]
    assert district_names(layer(box(0, 0, 1, 1))) == ["area 1"]


# ---- on the map ------------------------------------------------------------------------------------------------------
def by_halves(**other: Any) -> SensorMap:
    sensors = small_map(**other)
    table = district_means(HALVES, district_of(HALVES, PLACES), {"shown": sensors.values})
    return small_map(overlays=[district_overlay("halves", HALVES, table, "shown", ("error", "km/h"))], **other)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_districts_have_the_colours_of_their_means_and_the_empty_ones_are_hatched(theme) -> None:
    sensors = by_halves()
    parts = drawn(sensors, theme)["layer-0"]["data"]
    inks = [part["properties"]["colour"][:3] for part in parts]
    assert inks[:2] == scale_colours(np.array([1.0, 0.0]), theme).tolist()
    assert "no sensors" in parts[2]["properties"]["said"] and parts[2]["properties"]["colour"][3] <= 10
    hatching = drawn(sensors, theme)["no-data"]["data"][0]["geometry"]["coordinates"]
    assert (
        hatching
        and (np.array(hatching).min(axis=(0, 1)) >= 20).all()
        and not drawn(sensors, theme)["no-data"].get("pickable")
    )
    assert parts[0]["properties"]["said"].startswith("West\nmean error: 3.00 km/h (2 sensors)")
    legend = sensor_map_legend(sensors, theme).to_dict()
    assert legend["title"]["text"] == "mean error (km/h)" and legend["layer"][0]["mark"]["type"] == "rect"
    assert "no data" in json.dumps(legend)


def test_without_empty_districts_there_is_no_hatching_and_no_word_of_it() -> None:
    halves = layer(box(10.9, 47.9, 11.15, 48.3), box(11.15, 47.9, 11.3, 48.3))
    table = district_means(halves, district_of(halves, PLACES), {"shown": small_map().values})
    sensors = small_map(overlays=[district_overlay("halves", halves, table, "shown", ("error", "km/h"))])
    assert "no-data" not in drawn(sensors) and "no data" not in json.dumps(sensor_map_legend(sensors, LIGHT).to_dict())
    assert not any(part.fillpattern.shape for part in flat_sensor_map(sensors, LIGHT).data if part.type == "scatter")


def test_hatching_is_inside_and_leaves_out_holes() -> None:
    ring = Polygon([(0, 0), (4, 0), (4, 4), (0, 4)], [[(1, 1), (3, 1), (3, 3), (1, 3)]])
    lines = hatch_lines(mapping(ring), 0.5)
    middles = [Point(np.mean(line, axis=0)) for line in lines]
    assert len(lines) > 10 and all(ring.buffer(1e-3).contains(point) for point in middles)
    length = sum(np.hypot(*np.diff(line, axis=0)[0]) for line in lines)
    assert length == pytest.approx(ring.area / 0.5 * np.sqrt(2), rel=0.2)
    assert (
        hatch_lines(mapping(box(-180, -80, 180, 80)), 1e-4)
        and len(hatch_lines(mapping(box(-180, -80, 180, 80)), 1e-4)) <= 201
    )
    assert hatch_lines(None, 1.0) == hatch_lines(mapping(Point(0, 0)), 1.0) == []


def test_a_click_on_an_area_means_its_overlay_and_feature() -> None:
    sensors = by_halves()
    assert clicked_area(sensors, "layer-0", 2) == (0, 2)
    for name, index in (("layer-0", 3), ("layer-1", 0), ("sensors", 0), ("layer-x", 0), ("layer-0", -1)):
        assert clicked_area(sensors, name, index) is None


def test_a_layer_lies_under_dots_and_its_lines_over_cells() -> None:
    part = plain_overlay("roads", layer(box(0, 0, 1, 1), name=["A"]))
    assert part.said == ["roads\nname: A"]
    assert list(drawn(small_map(overlays=[part])))[:2] == ["layer-0", "sensors"]
    flat = flat_sensor_map(small_map(overlays=[part]), LIGHT)
    assert "roads<br>name: A" in [part.text for part in flat.data]


def test_the_flat_map_has_districts_and_their_bar_too() -> None:
    figure = flat_sensor_map(by_halves(), LIGHT)
    bars = [part for part in figure.data if part.marker and part.marker.colorbar.title.text]
    assert len(bars) == 1 and bars[0].marker.colorbar.title.text == "mean error (km/h)"
    assert (bars[0].marker.cmin, bars[0].marker.cmax) == (2, 3)
    hatched_ones = [part for part in figure.data if part.type == "scatter" and part.fillpattern.shape]
    assert [part.name for part in hatched_ones if part.showlegend] == ["no data"] and len(hatched_ones) == 2


def test_neighbours_are_tied_to_the_chosen_sensor_and_marked_ones_are_ringed() -> None:
    parts = drawn(small_map(), chosen=0, neighbours=[(1, 1.0), (2, 0.9), (3, 0.0)], marked=[1, 2, 3])
    tied = parts["neighbours"]["data"]
    assert [part["geometry"]["coordinates"][1] for part in tied] == [[11.2, 48.1], [11.1, 48.2]]
    assert tied[0]["properties"]["width"] > tied[1]["properties"]["width"]
    assert len(parts["marked-2"]["data"]) == 2
    assert "neighbours" not in drawn(small_map(), chosen=2, neighbours=[(1, 1.0)])


# ---- differences -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_differences_are_symmetric_around_a_quiet_middle(theme) -> None:
    sensors = small_map(values=np.array([-2.0, 1.0, np.nan, 0.0]), diverging=True)
    low, high = sensors.range
    assert low == -high and 1 < high <= 2
    ends = scale_colours(np.array([0.0, 0.5, 1.0]), theme, diverging=True)
    ground = np.array([int(theme.background[at : at + 2], 16) for at in (1, 3, 5)])
    away = np.abs(ends - ground).sum(axis=1)
    assert away[1] < 0.5 * min(away[0], away[2]), "what hardly differs should be near the background"
    assert ends[0, 2] > ends[0, 1] and ends[2, 0] > ends[2, 2] + 60, "purple below, orange above"
    radii = sensors.radii
    assert radii[0] > radii[1] > radii[3]
    said = sensors.said()
    assert said[1].endswith("+1.00 km/h") and said[0].endswith("-2.00 km/h")
    texts = [
        row.get("text") for rows in sensor_map_legend(sensors, theme).to_dict()["datasets"].values() for row in rows
    ]
    assert texts[2] == "0" and texts[4].startswith("≥ +") and texts[0].startswith("≤ -")


# ---- the internet, the date line -------------------------------------------------------------------------------------
def style_of(online: bool) -> dict[str, Any]:
    return json.loads(base64.b64decode(map_style(city.layers(), LIGHT, online).split(",", 1)[1]))


def test_tiles_are_asked_for_only_when_wanted_and_lie_under_everything() -> None:
    assert "http" not in json.dumps(style_of(False))
    style = style_of(True)
    assert style["layers"][1]["source"] == "tiles" and style["sources"]["tiles"]["attribution"] == CREDIT
    (address,) = style["sources"]["tiles"]["tiles"]
    assert (
        address.startswith(f"https://{TILE_SERVER}/") and json.dumps(style).count("http") == 2
    )  # the tiles, and the link in the credit
    assert "http" not in json.dumps(json.loads(small_map_json(False))) and TILE_SERVER in decoded(small_map_json(True))


def small_map_json(online: bool) -> str:
    return sensor_map(small_map(online=online), LIGHT).to_json()


def decoded(deck: str) -> str:
    return base64.b64decode(json.loads(deck)["mapStyle"].split(",", 1)[1]).decode()


def test_over_the_date_line_everything_goes_on_past_180() -> None:
    places = np.array([[-17.0, 179.0], [-18.0, -179.0], [-16.0, 178.0]])
    assert middle_longitude(places) == 179.5 and eastward(places[:, 1], places).tolist() == [179, 181, 178]
    (line,) = graph_lines(places, (np.array([0]), np.array([1]), np.ones(1)))["features"][0]["geometry"]["coordinates"]
    assert line == [[179.0, -17.0], [181.0, -18.0]]
    assert initial_view(places).longitude == 179.5 and initial_view(places).zoom > 5
    part = plain_overlay("sea", layer(box(177, -19, 180, -16), box(-180, -19, -178, -16), Point(-179, -17)))
    sensors = small_map(names=list("abc"), locations=places, values=np.ones(3), overlays=[part])
    parts = drawn(sensors)
    assert [dot["geometry"]["coordinates"][0] for dot in parts["sensors"]["data"][1::2]] == [179, 181, 178]
    corners = [np.array(held["geometry"]["coordinates"][0])[:, 0] for held in parts["layer-0"]["data"][:2]]
    assert (
        corners[0].max() == corners[1].min() == 180 and parts["layer-0"]["data"][2]["geometry"]["coordinates"][0] == 181
    )
    assert list(flat_sensor_map(sensors, LIGHT).data[-1].x) == [179, 181, 178]


def test_places_mostly_east_of_the_date_line_are_counted_from_there() -> None:
    places = np.array([[0.0, 179.0], [0.0, -175.0], [0.0, -170.0]])
    assert eastward(places[:, 1], places).tolist() == [-181, -175, -170] and initial_view(places).longitude == -175.5


def test_elsewhere_longitudes_stay_as_they_are() -> None:
    world = np.stack([np.zeros(36), np.arange(-180, 180, 10.0)], axis=1)
    for places in (PLACES, world, np.array([[0.0, 5.0]]), np.full((2, 2), np.nan)):
        assert middle_longitude(places) is None and (eastward(np.array([-170.0, 170.0]), places) == [-170, 170]).all()
