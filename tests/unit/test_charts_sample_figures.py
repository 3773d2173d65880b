"""Figures of many samples and of one: they draw in both themes and hold every step."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scored import THEMES, trace_of
from tiny import tiny

from stcore.charts import window
from stcore.charts.data_map import data_map, stratified
from stcore.charts.raster import raster_figure
from stcore.charts.sample_table import sample_table
from stcore.charts.samples import calendar_figure, calendar_picture, complexity_curve, decimate
from stcore.charts.style import instant_text
from stcore.charts.theme import LIGHT
from stcore.data.windows import Windows
from stcore.models import naive


# ---- figures -------------------------------------------------------------------------------------------------------
def test_a_decimated_curve_keeps_its_extremes() -> None:
    table = sample_table(trace_of(count=5000))
    thin = decimate(table, points=500)
    assert len(thin) <= 500 and thin["time"].is_monotonic_increasing
    assert thin["score"].max() == table["score"].max() and thin["score"].min() == table["score"].min()
    assert decimate(table, points=10_000).index.tolist() == table.index.tolist()


@THEMES
def test_every_figure_of_many_samples_draws(theme: Any) -> None:
    trace = trace_of()
    table = sample_table(trace, incident=np.arange(300) % 7 == 0)
    planted = pd.DataFrame({"start": [pd.Timestamp("2026-03-02 05:00")], "end": [pd.Timestamp("2026-03-02 06:00")]})
    still = calendar_figure(table, 300, theme, planted=planted)
    assert len(still.layout.shapes) == 1 and still.layout.paper_bgcolor == theme.background
    chart = complexity_curve(table, theme, picked=5, planted=planted).to_dict()
    assert any(layer["mark"]["type"] == "rect" for layer in chart["layer"])
    share = raster_figure(trace, table, theme).data[0].z
    assert np.asarray(share) == pytest.approx(100 * trace["kept"].values.T)
    points = data_map(table, theme, picked=5, inside=np.array([1, 2])).data
    drawn = np.concatenate([np.asarray(part.customdata) for part in points if part.type == "scattergl"])
    assert sorted(drawn) == table.index[(table["variability"] > 0)].tolist()
    assert calendar_picture(table, 300, "kept_share").high > 0


def test_a_map_of_very_many_samples_is_a_density_with_some_of_every_region(monkeypatch: Any) -> None:
    monkeypatch.setattr("stcore.charts.data_map.MOST_POINTS", 500)
    table = sample_table(trace_of(epochs=8, count=2_000))
    kinds = [part.type for part in data_map(table).data]
    assert kinds[0] == "heatmap" and "scattergl" in kinds
    some = stratified(table.dropna(subset=["variability"]), 300)
    assert set(some["region"]) == {"easy", "ambiguous", "hard"} and len(some) <= 300


def test_without_pruning_the_map_does_not_colour_what_does_not_differ() -> None:
    trace = trace_of()
    trace["kept"].values[:] = True
    assert data_map(sample_table(trace)).data[0].marker.color == LIGHT.accent


def test_a_logarithmic_axis_has_whole_numbers_at_its_ticks() -> None:
    figure = data_map(sample_table(trace_of()))
    for axis in (figure.layout.xaxis, figure.layout.yaxis):
        assert [float(text.replace(",", "")) for text in axis.ticktext] == list(axis.tickvals) == sorted(axis.tickvals)


def test_a_moment_is_written_as_people_write_it() -> None:
    moment = pd.Timestamp("2026-03-09 08:15")
    assert instant_text(moment) == "Mon 9 Mar 2026, 08:15" and instant_text(moment, by_day=True) == "Mon 9 Mar 2026"


def test_a_missing_input_has_words_in_the_place_of_its_line() -> None:
    whole = one_window()
    empty = replace(whole, observed=np.where(np.arange(18)[:, None] < 12, np.nan, whole.observed))
    said = [row.get("text") for part in window.window_chart(empty, 0).to_dict()["datasets"].values() for row in part]
    assert "input missing here" in said
    colours = window.window_chart(empty, 0).to_dict()["layer"][1]["encoding"]["color"]["scale"]["domain"]
    assert colours == ["truth", "forecast", "persistence"], "no legend for a line that is not there"
    assert "missing" not in str(window.window_chart(whole, 0).to_dict())


# ---- one sample ----------------------------------------------------------------------------------------------------
def one_window(made: bool = True) -> window.Window:
    data = tiny(steps=200, missing=0.1)
    windows = Windows(np.array([50]), 12, 6)
    repeated = naive.persistence(data.values, np.arange(200) < 120, data.step_seconds)
    forecast = np.random.default_rng(1).normal(50, 5, (6, 4)) if made else None
    return window.window_of(data, windows, "c0", repeated, forecast)


def test_errors_are_over_observed_steps_only() -> None:
    shown = one_window()
    assert shown.forecast is not None
    for sensor in range(4):
        truth = shown.truth[:, sensor]
        seen = np.isfinite(truth)
        assert shown.errors[sensor] == pytest.approx(np.abs(shown.forecast[seen, sensor] - truth[seen]).mean())
    assert shown.errors[shown.worst_first[0]] == shown.errors.max()
    rows = window.error_rows(shown)
    assert rows["error"].is_monotonic_decreasing and rows.index.tolist() == shown.worst_first.tolist()


def test_persistence_repeats_what_the_model_saw_last() -> None:
    shown = one_window()
    for sensor in range(4):
        seen = shown.observed[: shown.lookback, sensor]
        assert (shown.persistence[:, sensor] == seen[np.isfinite(seen)][-1]).all()


def test_without_a_forecast_persistence_says_which_sensor_is_worst() -> None:
    shown = one_window(made=False)
    assert np.isnan(shown.errors).all()
    assert shown.worst_first[0] == shown.naive_errors.argmax()
    assert "forecast" not in set(window.window_rows(shown, 0)["line"])


def test_the_file_of_a_window_holds_every_step_of_every_sensor() -> None:
    shown = one_window()
    rows = window.all_rows(shown)
    assert len(rows) == 18 * 4 and (rows["part"] == "target").sum() == 6 * 4
    one = rows[rows["sensor"] == "s2"]
    assert one["observed"].to_numpy() == pytest.approx(shown.observed[:, 2], nan_ok=True)
    assert one["forecast"].isna().sum() == 12


@THEMES
def test_every_figure_of_one_sample_draws(theme: Any) -> None:
    shown, trace = one_window(), trace_of()
    assert len(window.window_chart(shown, 1, theme).to_dict()["layer"]) == 2
    assert window.worst_sensors(shown, theme, chosen=1).to_dict()["height"] > 0
    rows = window.history_rows(trace, 3, 4)
    assert rows["epoch"].tolist() == [1, 2, 3, 4]
    assert (rows["kept"] == np.where(trace["kept"].values[:4, 3], "kept", "pruned")).all()
    assert rows["middle"].to_numpy() == pytest.approx(np.median(trace["score"].values[:4].astype(np.float32), axis=1))
    assert window.history_chart(trace, 3, 4, theme).to_dict()["height"] > 0
