"""Charts of a dataset and of sensors through a run: the numbers in them are the data's."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as some
from tiny import tiny

from stcore.charts.coverage import (
    by_sensor,
    coverage,
    neighbour_counts,
    neighbour_histogram,
    observed_shares,
    ranked_shares,
)
from stcore.charts.sensors import epoch_chart, sensor_table
from stcore.charts.series import planted_near, profile_chart, readings_chart, thin_positions, usual_week
from stcore.charts.theme import DARK, LIGHT
from stcore.charts.words import axis_title, distinct_numbers, percent, short
from stcore.data import STData


def rows(chart) -> list[list[dict]]:
    return list(chart.to_dict()["datasets"].values())


@given(
    some.lists(some.one_of(some.floats(-1e6, 1e6), some.just(float("nan"))), min_size=1, max_size=400),
    some.integers(6, 60),
)
@settings(max_examples=60, deadline=None)
def test_a_thinned_curve_keeps_ends_extremes_and_the_budget(values: list[float], most: int) -> None:
    array = np.array(values)
    kept = thin_positions(array, most)
    assert len(kept) <= most + 2 and kept[0] == 0 and kept[-1] == len(array) - 1 and (np.diff(kept) > 0).all()
    if np.isfinite(array).any():
        assert np.nanmax(array[kept]) == np.nanmax(array) and np.nanmin(array[kept]) == np.nanmin(array)


def test_a_thinned_curve_keeps_its_gaps() -> None:
    values = np.sin(np.arange(100_000) / 50)
    values[40_000:40_005] = np.nan
    kept = thin_positions(values, 2000)
    assert np.isnan(values[kept]).any() and len(kept) <= 2002


def test_what_only_shades_is_not_read_out_as_a_picture_without_a_name() -> None:
    shade, line = readings_chart(tiny(), 0, 0, slice(0, 20), LIGHT).to_dict()["layer"]
    assert shade["mark"]["aria"] is False and "aria" not in line["mark"]


def test_series_shows_the_readings_and_leaves_gaps() -> None:
    data = tiny(missing=0.2)
    chart = readings_chart(data, 1, 0, slice(10, 60), LIGHT)
    values = next(part for part in rows(chart) if part and "value" in part[0])
    shown = np.array([row["value"] if row["value"] is not None else np.nan for row in values], np.float32)
    assert np.array_equal(shown, data.values[10:60, 1, 0], equal_nan=True) and np.isnan(shown).any()


def test_what_a_simulation_planted_is_shaded_where_it_was() -> None:
    ds = tiny().ds
    moments = ds["time"].values[[5, 9]]
    ds = ds.assign(
        fault_sensor=("fault", [2]),
        fault_kind=("fault", np.array(["stuck"], object)),
        fault_start=("fault", moments[:1]),
        fault_end=("fault", moments[1:]),
        incident_sensor=("incident", [2]),
        incident_start=("incident", moments[:1]),
        incident_end=("incident", moments[1:]),
    )
    data = STData(ds, [], {})
    assert planted_near(data, 2)["what"].tolist() == ["planted fault: stuck", "planted incident"]
    assert planted_near(data, 1).empty
    assert any(
        "planted" in str(row.get("what"))
        for part in rows(readings_chart(data, 2, 0, slice(0, 50), DARK))
        for row in part
    )
    assert not any("what" in row for part in rows(readings_chart(data, 2, 0, slice(20, 50), DARK)) for row in part)


def test_the_usual_week_of_daily_data_reaches_into_sunday() -> None:
    ds = tiny(steps=70).ds
    days = STData.of(ds.assign_coords(time=pd.date_range("2026-01-05", periods=70, freq="D").values))
    chart = profile_chart(days, 0, 0, LIGHT, usual_week(days, None, 0))
    hours = [[row["hour"] for row in part] for part in rows(chart) if part and "mean" in part[0]]
    assert hours == [list(range(12, 168, 24))] * 2
    names = {row["when"][:3] for part in rows(chart) for row in part if "when" in row}
    assert names == {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([50.2, 50.24, 50.3], ["50.20", "50.24", "50.30"]),
        ([1, 20, 300], ["1.00", "20.0", "300"]),
        ([5, 5], ["5.00", "5.00"]),
    ],
)
def test_numbers_beside_each_other_are_told_apart(values: list[float], said: list[str]) -> None:
    assert distinct_numbers(values) == said


def test_the_usual_week_is_the_mean_by_hour_of_the_local_week() -> None:
    data = tiny(steps=24 * 21, missing=0.1)
    week = usual_week(data, 0, 0).set_index("hour")
    thursday_six = data.values[(data.local_time.day_of_week == 3) & (data.local_time.hour == 6), 0, 0]
    assert week.loc[3 * 24 + 6, "mean"] == pytest.approx(np.nanmean(thursday_six), rel=1e-6)
    assert (week["low"] <= week["mean"]).all() and (week["mean"] <= week["high"]).all() and len(week) == 168
    assert len(profile_chart(data, 0, 0, LIGHT, usual_week(data, None, 0)).to_dict()["layer"]) == 4


def test_coverage_is_the_exact_share_in_every_bin() -> None:
    data = tiny(steps=1000, sensors=300, missing=0.3)
    shares = observed_shares(data)
    assert shares.shape == (240, 360)
    seen, steps = np.isfinite(data.values[:, :, 0]), np.linspace(0, 1000, 361).astype(int)
    sensors = np.linspace(0, 300, 241).astype(int)
    for row, column in ((0, 0), (100, 200), (239, 359)):
        part = seen[steps[column] : steps[column + 1], sensors[row] : sensors[row + 1]]
        assert shares.iloc[row, column] == pytest.approx(part.mean())
    assert "and 1 more" in shares.index[-1] + shares.index[1] + shares.index[4]
    assert coverage(data, LIGHT).data[0].z.shape == (240, 360)


def test_numbers_by_sensor() -> None:
    data = tiny(missing=0.25)
    missing, unit = by_sensor(data, "missing")
    assert unit == "%" and missing == pytest.approx(100 * np.isnan(data.values[:, :, 0]).mean(axis=0))
    mean, _ = by_sensor(data, "c0")
    assert mean == pytest.approx(np.nanmean(data.values[:, :, 0], axis=0), rel=1e-5)
    assert by_sensor(data, "zeros")[0].tolist() == [0, 0, 0, 0]
    assert by_sensor(data, "neighbours")[0].tolist() == neighbour_counts(data).tolist() == [3, 3, 3, 3]


def test_bars_are_sorted_and_bounded() -> None:
    shares = np.random.default_rng(0).random(5000)
    (bars,) = rows(ranked_shares([str(number) for number in range(5000)], shares, "zero", LIGHT))
    values = [row["share"] for row in bars]
    assert len(values) <= 400 and values == sorted(values, reverse=True) and values[0] == shares.max()


def test_the_histogram_counts_every_sensor() -> None:
    for counts in (np.array([0, 0, 3, 2, 3]), np.arange(500)):
        (bars,) = rows(neighbour_histogram(counts, LIGHT))
        assert sum(row["sensors"] for row in bars) == len(counts) and len(bars) <= 31


def test_the_sensor_table_and_courses_say_what_the_trace_says() -> None:
    error = np.array([[3.0, 4.0], [2.0, 4.5], [1.0, np.nan]])
    trace = xr.Dataset(
        {"sensor_error": (("epoch", "sensor"), error), "importance": (("epoch", "sensor"), error / 10)},
        {"epoch": [1, 2, 3], "sensor": ["a", "b"]},
    )
    table = sensor_table(trace, 2)
    assert table["error"].tolist() == [2.0, 4.5] and table["change"].tolist() == [-1.0, 0.5] and "test" not in table
    assert sensor_table(trace.assign(test_sensor_error=("sensor", [7.0, 8.0])), 3)["test"].tolist() == [7.0, 8.0]
    chart = epoch_chart(error, 0, ("error", "km/h"), LIGHT, 2)
    course = next(part for part in rows(chart) if "value" in part[0])
    assert [row["value"] for row in course] == [3.0, 2.0, 1.0] and course[0]["median"] == 3.5


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (3.456, "3.46"),
        (1234.5, "1,230"),
        (0.012345, "0.0123"),
        (-45.67, "-45.7"),
        (999.9, "1,000"),
        (1e-9, "1.00e-09"),
        (None, "–"),
    ],
)
def test_numbers_have_three_digits(value: float | None, text: str) -> None:
    assert short(value) == text


def test_units_and_shares_in_words() -> None:
    assert (
        short(3.456, "mph") == "3.46 mph"
        and axis_title("speed", "mph") == "speed (mph)"
        and axis_title("speed") == "speed"
    )
    assert percent(0.01234).startswith("1.23") and percent(None) == "–"
