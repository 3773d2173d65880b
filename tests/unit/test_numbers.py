"""Scale, metrics, recipe, naive forecasts: numbers against numbers worked out another way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stcore.data.metrics import METRICS, Errors, all_metrics, rule, seasonal_scale
from stcore.data.scale import fit
from stcore.data.windows import Windows
from stcore.models.naive import fill_gaps, persistence, seasonal_naive
from stcore.options import TrainOptions
from stcore.training import recipe


def test_scale_uses_observed_values_only() -> None:
    values = np.array([[[1.0, 5.0]], [[3.0, 5.0]], [[np.nan, 5.0]]])
    scale = fit(values)
    np.testing.assert_allclose(scale.mean, [2, 5])
    np.testing.assert_allclose(scale.spread, [1, 1])  # a constant channel has spread 1
    scaled = scale.apply(values)
    assert np.isnan(scaled[2, 0, 0])
    np.testing.assert_allclose(scale.undo(scaled)[:2], values[:2])


def test_scale_of_nothing_observed() -> None:
    scale = fit(np.full((3, 2, 1), np.nan))
    assert scale.mean == [0] and scale.spread == [1]


@given(st.integers(0, 1000))
def test_metrics_equal_the_plain_formulas(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.normal(10, 3, (7, 4, 3, 1))
    truth[rng.random(truth.shape) < 0.3] = np.nan
    truth[0, 0, 0, 0] = 0.0
    forecast = truth + rng.normal(size=truth.shape)
    forecast = np.where(np.isfinite(truth), forecast, 99)
    scale = np.array([[2.0], [0.0], [4.0]])  # the second sensor has none
    errors = Errors((4, 3, 1), scale=scale)
    errors.add(forecast[:3], truth[:3])
    errors.add(forecast[3:], truth[3:])
    found = errors.metrics(["x"], np.ones(1))
    error = np.abs(forecast - truth)
    assert found["mae"] == pytest.approx(np.nanmean(error))
    assert found["rmse"] == pytest.approx(np.sqrt(np.nanmean(error**2)))
    large = np.isfinite(truth) & (truth != 0)
    assert found["mape"] == pytest.approx(100 * np.mean(error[large] / np.abs(truth[large])))
    assert found["wape"] == pytest.approx(100 * np.nansum(error) / np.nansum(np.abs(truth)))
    assert found["mase"] == pytest.approx(np.nanmean(error[:, :, [0, 2]] / scale[[0, 2]]))
    assert found.keys() - METRICS.keys() == {"by_horizon", "rule", "unit"}
    assert all(step.keys() == {"horizon", *METRICS} for step in found["by_horizon"])
    assert found["by_horizon"][2]["mae"] == pytest.approx(np.nanmean(error[:, 2]))
    assert errors.by_sensor()[1] == pytest.approx(np.nanmean(error[:, :, 1]))


def test_metrics_of_nothing_are_none() -> None:
    errors = Errors((2, 1, 1))
    errors.add(np.zeros((3, 2, 1, 1)), np.full((3, 2, 1, 1), np.nan))
    found = errors.metrics(["x"], np.ones(1))
    assert all(found[name] is None for name in METRICS) and np.isnan(errors.by_sensor()[0])


def test_several_targets_are_pooled_in_spreads() -> None:
    errors = Errors((1, 1, 2))
    errors.add(np.array([[[[1.0, 100.0]]]]), np.zeros((1, 1, 1, 2)))
    found = errors.metrics(["speed", "flow"], np.array([1.0, 100.0]))
    assert found["mae"] == 1 and found["unit"] == "training spread"
    assert found["by_target"]["flow"]["mae"] == 100


def test_percentages_of_several_targets_have_no_unit() -> None:
    errors = Errors((1, 1, 2))
    errors.add(np.array([[[[11.0, 1100.0]]]]), np.array([[[[10.0, 1000.0]]]]))
    found = errors.metrics(["speed", "flow"], np.array([1.0, 100.0]))
    assert found["mape"] == pytest.approx(10) and found["wape"] == pytest.approx(10) and found["mase"] is None
    assert found["by_target"]["flow"]["wape"] == pytest.approx(10)


def test_mase_is_1_for_what_it_is_scaled_by() -> None:
    """The forecast of the day before, on the steps of training, has the scale's own error."""
    rng = np.random.default_rng(0)
    values = rng.normal(10, 3, (96, 4, 1))
    values[rng.random(values.shape) < 0.2] = np.nan
    scale = seasonal_scale(values, np.ones(96, bool), 3600)
    errors = Errors((1, 4, 1), scale=scale)
    errors.add(values[:-24, None], np.where(np.isfinite(values[:-24]), values[24:], np.nan)[:, None])
    by_sensor = [errors.sums[..., sensor, 0].sum(axis=1) for sensor in range(4)]
    assert [all_metrics(sums)["mase"] for sums in by_sensor] == pytest.approx([1.0] * 4)


@pytest.mark.parametrize(("seconds", "season"), [(3600, 24), (86_400, 1), (604_800, 1), (7 * 3600, 1), (60, 1)])
def test_the_season_of_mase_is_a_day_where_there_is_one(seconds: float, season: int) -> None:
    """Of weeks, of steps that do not fit into a day and of data shorter than a day it is a step."""
    values = np.random.default_rng(1).normal(size=(100, 2, 1))
    train = np.arange(100) < 60
    change = np.abs(values[season:60] - values[: 60 - season]).mean(axis=0)
    np.testing.assert_allclose(seasonal_scale(values, train, seconds), change)


def test_a_sensor_that_never_changes_has_no_mase() -> None:
    errors = Errors((1, 1, 1), scale=seasonal_scale(np.full((60, 1, 1), 5.0), np.ones(60, bool), 3600))
    errors.add(np.full((2, 1, 1, 1), 6.0), np.full((2, 1, 1, 1), 5.0))
    assert errors.metrics(["x"], np.ones(1))["mase"] is None


def test_the_rule_stands_beside_the_numbers() -> None:
    assert "truth = 0" in rule(0) and "|truth| <= 2" in rule(2)


def test_the_cosine_is_fitted_to_the_visits() -> None:
    options, plan = TrainOptions(), np.array([100, 20, 20, 100])
    rates = [recipe.learning_rate(options, 1.0, plan, epoch, done) for epoch in range(4) for done in (0, 0.5)]
    assert rates[0] == 1 and (np.diff(rates) < 0).all()
    assert recipe.learning_rate(options, 1.0, plan, 2, 0) == pytest.approx(0.5)
    assert recipe.learning_rate(options, 1.0, plan, 3, 1) == pytest.approx(0)


def test_milestones_halve() -> None:
    options = TrainOptions(milestones=[1, 3], epochs=5)
    assert [recipe.learning_rate(options, 1.0, np.ones(5), epoch, 0.3) for epoch in range(5)] == [
        1,
        0.5,
        0.5,
        0.25,
        0.25,
    ]


def test_milestones_are_fitted_to_the_visits() -> None:
    """Full training at equal visits has fewer epochs than were asked for, rounds are more: the rate falls at the same share."""
    options = TrainOptions(milestones=[4, 8], epochs=10)
    for epochs in (5, 10, 20):
        rates = [recipe.learning_rate(options, 1.0, np.ones(epochs), epoch, 0.0) for epoch in range(epochs)]
        assert [rates.count(rate) / epochs for rate in (1, 0.5, 0.25)] == [0.4, 0.4, 0.2]


def test_batch_counts_cells() -> None:
    assert recipe.batch_size(TrainOptions(), 207, 5000) == round(recipe.CELLS / 207)
    assert recipe.batch_size(TrainOptions(), 5000, 5000) == 1
    assert recipe.batch_size(TrainOptions(batch=64), 207, 10) == 10
    assert recipe.base_rate(TrainOptions(lr=0.3), 7, 207) == 0.3
    assert recipe.base_rate(TrainOptions(), 64, 1000) == 1e-2 and recipe.base_rate(TrainOptions(), 1, 1) == 1e-3


def test_gaps_are_filled_from_before() -> None:
    values = np.array([np.nan, 2, np.nan, 4, np.nan])[:, None, None]
    train = np.array([True, True, True, True, False])
    np.testing.assert_allclose(fill_gaps(values, train)[:, 0, 0], [3, 2, 2, 4, 4])


def test_persistence_repeats_the_origin() -> None:
    values = np.arange(10.0)[:, None, None]
    forecast = persistence(values, np.ones(10, bool), 3600).forecast(Windows(np.array([0, 4]), 3, 2), np.arange(2))
    np.testing.assert_allclose(forecast[:, :, 0, 0], [[2, 2], [6, 6]])


@pytest.mark.parametrize(("days", "back"), [(20, 168), (5, 24), (1, 0)])
def test_the_seasonal_naive_reads_a_week_a_day_or_nothing_back(days: int, back: int) -> None:
    values = np.arange(days * 24.0)[:, None, None]
    naive = seasonal_naive(values, np.ones(len(values), bool), 3600)
    assert naive.back == back
    assert {168: "week", 24: "day", 0: "neither"}[back] in naive.note


@pytest.mark.parametrize("horizon", [3, 24, 60])
def test_the_seasonal_naive_never_looks_ahead(horizon: int) -> None:
    values = np.arange(240.0)[:, None, None]
    windows = Windows(np.arange(100, 110), 12, horizon)
    forecast = seasonal_naive(values, np.arange(240) < 120, 3600).forecast(windows, np.arange(10))
    ahead = windows.origins[:, None] + np.arange(1, horizon + 1)
    assert (forecast[:, :, 0, 0] <= windows.origins[:, None]).all()
    assert ((ahead - forecast[:, :, 0, 0]) % 24 == 0).all()
