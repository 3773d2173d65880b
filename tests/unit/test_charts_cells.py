"""Grids on the map: cells as areas, land masked out, over the date line, and what a click on one means."""

import json

import numpy as np
import pytest
from tiny import tiny

from stcore.charts.maps.grid_cells import cells_at, cells_of
from stcore.charts.maps.page import DOTS, SensorMap, clicked_sensor, flat_sensor_map, sensor_map, sensor_map_legend
from stcore.charts.theme import DARK, LIGHT
from stcore.data import STData


def grid(lats: list[float], lons: list[float], kept: list[int] | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Places and cell numbers of a grid, of some of its cells."""
    places = np.stack(np.meshgrid(lats, lons, indexing="ij"), axis=2).reshape(-1, 2).astype(float)
    cell = np.arange(len(places)) if kept is None else np.array(kept)
    return places[cell], cell


def field(places: np.ndarray, cell: np.ndarray, shape: tuple[int, int], **more) -> SensorMap:
    names = [f"c{number}" for number in cell]
    return SensorMap(
        names, places, np.arange(len(cell), dtype=float), "error", "K", cells=cells_at(places, cell, shape), **more
    )


def test_cells_meet_without_gaps_and_reach_as_far_out_as_in() -> None:
    cells = cells_at(*grid([50.0, 51.0, 52.0], [0.0, 0.5]), (3, 2))
    assert (
        cells is not None
        and cells.lats.tolist() == [49.5, 50.5, 51.5, 52.5]
        and cells.lons.tolist() == [-0.25, 0.25, 0.75]
    )
    assert cells.corners[3].tolist() == [[0.25, 50.5], [0.75, 50.5], [0.75, 51.5], [0.25, 51.5], [0.25, 50.5]]


def test_rows_may_go_southwards_and_differ_in_height() -> None:
    cells = cells_at(*grid([60.0, 56.0, 54.0], [1.0, 2.0]), (3, 2))
    assert cells is not None and cells.lats.tolist() == [62.0, 58.0, 55.0, 53.0]
    assert (cells.corners[:, :, 1].min(axis=1) < cells.corners[:, :, 1].max(axis=1)).all()


def test_cells_without_neighbours_keep_their_place_in_a_masked_grid() -> None:
    lats, lons = [0.0, 1.0, 2.0, 3.0], [10.0, 11.0, 12.0, 13.0, 14.0]
    whole, masked = cells_at(*grid(lats, lons), (4, 5)), cells_at(*grid(lats, lons, [1, 8, 9, 18]), (4, 5))
    assert whole is not None and masked is not None
    assert np.allclose(masked.corners, whole.corners[[1, 8, 9, 18]])
    drawn = masked.field(np.array([1.0, 2.0, 3.0, 4.0]))
    assert drawn.shape == (4, 5) and np.isfinite(drawn).sum() == 4 and drawn[3, 3] == 4


def test_one_row_one_cell_and_no_grid() -> None:
    row = cells_at(*grid([5.0], [1.0, 3.0]), (1, 2))
    assert row is not None and row.lats.tolist() == [4.0, 6.0] and row.lons.tolist() == [0.0, 2.0, 4.0]
    one = cells_at(*grid([5.0], [1.0]), (1, 1))
    assert one is not None and one.corners[0].tolist()[0] == [0.5, 4.5]
    curved = np.array([[0.0, 0.0], [0.1, 1.0], [1.0, 0.0], [1.2, 1.0]])
    assert cells_at(curved, np.arange(4), (2, 2)) is None
    assert cells_at(np.array([[np.nan, 0.0]]), np.arange(1), (1, 1)) is None


def test_over_the_date_line_and_round_the_world() -> None:
    cells = cells_at(*grid([0.0, 1.0], [178.0, 179.0, -180.0, -179.0]), (2, 4))
    assert cells is not None and cells.lons.tolist() == [177.5, 178.5, 179.5, 180.5, 181.5]
    lons = [(10.0 * step + 180) % 360 - 180 for step in range(36)]  # stored from 0 to 350
    world = cells_at(*grid([0.0, 10.0], lons), (2, 36))
    assert world is not None and np.allclose(np.ptp(world.corners[:, :, 0], axis=1), 10)
    middle = world.corners[:, :4, 0].mean(axis=1)
    assert np.allclose((middle - grid([0.0, 10.0], lons)[0][:, 1] + 180) % 360 - 180, 0) and np.abs(middle).max() <= 180


def test_a_dataset_on_a_grid_has_cells_and_another_has_none() -> None:
    assert cells_of(tiny(sensors=6)) is None and cells_of(None) is None
    places, cell = grid([50.0, 51.0], [0.0, 1.0, 2.0])
    columns = {"lat": ("sensor", places[:, 0]), "lon": ("sensor", places[:, 1]), "cell": ("sensor", cell)}
    found = cells_of(STData.of(tiny(sensors=6).ds.assign(columns).assign_attrs(grid=[2, 3])))
    assert found is not None and found.corners.shape == (6, 5, 2) and len(np.unique(found.rows)) == 2


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_the_map_draws_areas_and_a_click_means_its_cell(theme) -> None:
    places, cell = grid([50.0, 51.0, 52.0], [0.0, 1.0], [0, 1, 2, 5])
    sensors = field(places, cell, (3, 2))
    layers = {layer["id"]: layer for layer in json.loads(sensor_map(sensors, theme, chosen=3).to_json())["layers"]}
    shapes = layers[DOTS]["data"]
    assert [shape["geometry"]["type"] for shape in shapes] == ["Polygon"] * 4
    assert len({tuple(shape["properties"]["colour"]) for shape in shapes}) == 4
    assert shapes[3]["properties"]["said"] == "c5\nerror: 3.00 K"
    assert [clicked_sensor(sensors, index) for index in (0, 3, 4, -1)] == [0, 3, None, None]
    ring = layers["chosen-2.5"]["data"][0]["geometry"]
    assert ring["type"] == "LineString" and ring["coordinates"] == shapes[3]["geometry"]["coordinates"][0]


def test_the_flat_map_draws_a_field_and_points_for_the_pointer() -> None:
    places, cell = grid([50.0, 51.0, 52.0], [0.0, 1.0], [0, 1, 2, 5])
    figure = flat_sensor_map(field(places, cell, (3, 2)), LIGHT)
    heat, dots = figure.data
    assert (
        heat.type == "heatmap"
        and np.isnan(heat.z[2][0])
        and heat.z[2][1] == 3
        and list(heat.y) == [49.5, 50.5, 51.5, 52.5]
    )
    assert list(dots.customdata) == [0, 1, 2, 3] and list(dots.marker.opacity) == [0, 0, 0, 0]


def test_the_legend_of_a_field_is_a_bar_with_its_unit() -> None:
    places, cell = grid([50.0, 51.0], [0.0, 1.0])
    legend = sensor_map_legend(field(places, cell, (2, 2)), LIGHT).to_dict()
    assert {layer["mark"]["type"] for layer in legend["layer"]} == {"rect", "text"} and legend["title"][
        "text"
    ] == "error (K)"


def test_a_field_of_many_cells_is_sent_in_few_bytes() -> None:
    places, cell = grid(np.linspace(50, 58, 33).tolist(), np.linspace(-10, 2, 49).tolist())
    assert len(sensor_map(field(places, cell, (33, 49)), LIGHT).to_json()) < 600_000
