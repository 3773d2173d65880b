"""What is known of samples before training, of windows and of cells."""

import numpy as np
import pytest
from tiny import tiny

from stcore.data import STData
from stcore.data.scale import fit
from stcore.data.windows import Windows, observed_cells
from stcore.training.features import Features, calmness, projection, restlessness


def features(data: STData, count: int = 300, cells: bool = False) -> Features:
    windows = Windows(np.arange(count), 6, 6)
    chosen = observed_cells(data, windows, [0]) if cells else None
    return Features(data, windows, [0], fit(data.values).only([0]), chosen)


def test_stationarity_ranks_calm_windows_high() -> None:
    values = np.random.default_rng(1).normal(0, 0.1, (400, 3, 1))
    values[200:212] += 5  # a jump
    change, seen = restlessness(values, Windows(np.arange(380), 8, 8))
    calm = calmness(np.where(seen, change, 0).mean(axis=1))
    assert calm.min() == 0 and calm.max() == 1
    assert calm[190:210].mean() < 0.2 < calm[:150].mean()


@pytest.mark.parametrize("cells", [False, True])
@pytest.mark.parametrize("name", Features.NAMES)
def test_features_survive_missing_values(name: str, cells: bool) -> None:
    holed = tiny(400, 3, 1, missing=0.6)
    values = holed.ds["value"].values.copy()
    values[20:60] = np.nan
    known = features(STData.of(holed.ds.assign(value=(holed.ds["value"].dims, values))), cells=cells)
    found = known(name)
    assert np.isfinite(found).all()
    assert len(found) == len(known("window"))


def test_a_cell_has_its_window_and_sensor() -> None:
    known = features(tiny(400, 3), cells=True)
    np.testing.assert_array_equal(known("window")[:4], [0, 0, 0, 1])
    np.testing.assert_array_equal(known("sensor")[:4], [0, 1, 2, 0])
    np.testing.assert_array_equal(known("hour"), features(tiny(400, 3))("hour").repeat(3))


def test_the_cells_of_a_window_say_together_what_the_window_says() -> None:
    windows, cells = features(tiny(400, 3)), features(tiny(400, 3), cells=True)
    np.testing.assert_allclose(cells("naive").reshape(-1, 3).mean(axis=1), windows("naive"), rtol=1e-5)


def test_a_copy_has_the_series_of_its_original() -> None:
    data = tiny(400, 2)
    values = data.ds["value"].values.copy()
    values[200:224] = values[50:74]
    known = features(STData.of(data.ds.assign(value=(data.ds["value"].dims, values))))
    series = known("series")
    np.testing.assert_allclose(series[200], series[50], rtol=1e-5)
    assert np.linalg.norm(series[201] - series[50]) > 0.5


def test_a_projection_keeps_distances_about() -> None:
    rows = np.random.default_rng(0).normal(size=(100, 500)).astype(np.float32)
    share = np.linalg.norm(rows @ projection(500), axis=1) / np.linalg.norm(rows, axis=1)
    assert share.mean() == pytest.approx(1, abs=0.03) and share.std() < 0.15


def test_an_unknown_feature_is_answered_with_the_known() -> None:
    with pytest.raises(ValueError, match="hour, stationarity"):
        features(tiny())("colour")
