"""Per-sample columns and features against plain loops."""

import numpy as np
import pytest
import torch
from tiny import tiny

from stcore import scores
from stcore.ranks import Ranks
from stcore.scale import fit
from stcore.windows import Windows


def average(values: np.ndarray, otherwise: float) -> float:
    """The mean of what was observed."""
    return float(np.nanmean(values)) if np.isfinite(values).any() else otherwise


def test_columns_equal_plain_loops() -> None:
    rng = np.random.default_rng(0)
    mask = (rng.random((9, 4, 5, 1)) < 0.7).astype(np.float32)
    mask[0, :, 2] = 0  # a sensor that a window never saw
    error = rng.random((9, 4, 5, 1)).astype(np.float32) * mask
    columns = scores.Columns(4, ("sensor_spread", "horizon_spread"), "cpu")
    ids = np.array([3, 0, 5, 1, 9, 10, 11, 7, 8])
    for part in np.array_split(np.arange(9), 4):
        columns.take(torch.from_numpy(ids[part]), torch.from_numpy(error[part]), torch.from_numpy(mask[part]))
    columns.merge(Ranks())
    indices, found = columns.columns()
    np.testing.assert_array_equal(indices, np.sort(ids))
    seen = np.where(mask > 0, error, np.nan)[..., 0]
    order = np.argsort(ids)
    np.testing.assert_allclose(found["level"], np.nanmean(seen, axis=(1, 2))[order], rtol=1e-5)
    by_sensor = np.array([[average(seen[b, :, n], np.nan) for n in range(5)] for b in range(9)])
    np.testing.assert_allclose(found["sensor_spread"], np.nanstd(by_sensor, axis=1)[order], rtol=1e-4)
    by_step = np.array([[average(seen[b, h], 0.0) for h in range(4)] for b in range(9)])
    usual = by_step.mean(axis=0)
    np.testing.assert_allclose(found["horizon_spread"], (by_step * usual.mean() / usual).std(axis=1)[order], rtol=1e-4)


def test_growth_with_the_horizon_is_no_spread() -> None:
    error = torch.arange(1.0, 5).view(1, 4, 1, 1).expand(6, 4, 3, 1)
    columns = scores.Columns(4, ("horizon_spread",), "cpu")
    columns.take(torch.arange(6), error, torch.ones_like(error))
    np.testing.assert_allclose(columns.columns()[1]["horizon_spread"], 0, atol=1e-6)


def test_a_step_without_readings_is_no_spread() -> None:
    error = torch.ones(3, 4, 2, 1)
    mask = torch.ones_like(error)
    mask[0, 1:3] = 0
    columns = scores.Columns(4, ("horizon_spread",), "cpu")
    columns.take(torch.arange(3), error * mask, mask)
    np.testing.assert_array_equal(columns.columns()[1]["horizon_spread"], 0)


def test_stationarity_ranks_calm_windows_high() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(0, 0.1, (400, 3, 1))
    values[200:212] += 5  # a jump
    calm = scores.stationarity(values, Windows(np.arange(380), 8, 8))
    assert calm.min() == 0 and calm.max() == 1
    assert calm[190:210].mean() < 0.2 < calm[:150].mean()


def test_stationarity_survives_missing_values() -> None:
    values = tiny(200, 3, 1, missing=0.6).values
    values[20:60] = np.nan
    assert np.isfinite(scores.stationarity(values, Windows(np.arange(150), 6, 6))).all()


def test_an_unknown_feature_is_answered_with_the_known() -> None:
    with pytest.raises(ValueError, match="cell, stationarity"):
        scores.feature("colour", tiny(), Windows(np.arange(3), 2, 2), [0], fit(tiny().values))
