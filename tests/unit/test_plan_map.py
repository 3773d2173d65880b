"""The plan's map in files: cells of a grid are areas, sensors are dots."""

import numpy as np
from tiny import tiny

from stcore.charts.maps.grid_cells import cells_at
from stcore.charts.maps.plan import PlanMap, flat_plan_map
from stcore.charts.theme import LIGHT


def test_cells_of_a_grid_are_areas_that_cover_each_cell_once() -> None:
    row, column = np.divmod(np.arange(21), 6)  # of a grid of 4 x 6 the last three cells are missing
    places, keep = np.stack([50 + row / 2, 3 + column / 4], axis=1), np.arange(21) < 8
    cells, names = cells_at(places, np.arange(21), (4, 6)), [f"c{place}" for place in range(21)]
    assert cells is not None
    figure = flat_plan_map(PlanMap(places, keep, names, {}, cells), LIGHT)
    areas = [part for part in figure.data if part.fill == "toself"]
    assert [part.name for part in areas] == ["off (13 cells)", "kept (8 cells)"]
    for part, of in zip(areas, (~keep, keep), strict=True):
        rings = np.stack([part.x, part.y], axis=1).reshape(-1, 6, 2)
        np.testing.assert_allclose(rings[:, :5], cells.corners[of])
        assert np.isnan(rings[:, 5].astype(float)).all()
    told = [text for part in figure.data if part.mode == "markers" for text in part.text]
    assert sorted(told) == sorted(names)


def test_sensors_are_discs_and_open_diamonds() -> None:
    data = tiny(60, 8)
    assert data.locations is not None
    figure = flat_plan_map(PlanMap(data.locations, np.arange(8) < 3, data.sensors), LIGHT)
    assert {part.name: part.marker.symbol for part in figure.data} == {"off (5)": "diamond-open", "kept (3)": "circle"}
