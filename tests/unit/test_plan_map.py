"""The plan's map in files: cells of a grid are areas, sensors are dots."""

import numpy as np
from tiny import tiny

from stcore.charts.cells import cells_of
from stcore.charts.plan_map import PlanMap, flat_plan_map
from stcore.charts.theme import LIGHT


def test_cells_of_a_grid_are_areas_that_cover_each_cell_once() -> None:
    data = tiny(60, 21, grid=(4, 6))
    cells, keep = cells_of(data), np.arange(21) < 8
    assert cells is not None and data.places is not None
    figure = flat_plan_map(PlanMap(data.places, keep, data.sensors, {}, cells), LIGHT)
    areas = [part for part in figure.data if part.fill == "toself"]
    assert [part.name for part in areas] == ["off (13 cells)", "kept (8 cells)"]
    for part, of in zip(areas, (~keep, keep), strict=True):
        rings = np.stack([part.x, part.y], axis=1).reshape(-1, 6, 2)
        np.testing.assert_allclose(rings[:, :5], cells.corners[of])
        assert np.isnan(rings[:, 5].astype(float)).all()
    told = [text for part in figure.data if part.mode == "markers" for text in part.text]
    assert sorted(told) == sorted(data.sensors)


def test_sensors_are_discs_and_open_diamonds() -> None:
    data = tiny(60, 8)
    assert data.places is not None
    figure = flat_plan_map(PlanMap(data.places, np.arange(8) < 3, data.sensors), LIGHT)
    assert {part.name: part.marker.symbol for part in figure.data} == {"off (5)": "diamond-open", "kept (3)": "circle"}
