"""What the figures of samples are made of: tables, grids, shares; and that every figure draws what the numbers say."""

import base64
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from tiny import tiny

from stcore.charts import grid, window
from stcore.charts.data_map import data_map, stratified
from stcore.charts.kept_scale import around, kept_scale, stretched
from stcore.charts.raster import order_of, raster, raster_picture, shares
from stcore.charts.sample_table import incidents, overlapping, samples
from stcore.charts.samples import boxes, calendar, calendar_picture, curve, decimated, limits
from stcore.charts.style import instant
from stcore.charts.theme import DARK, LIGHT
from stcore.data import STData
from stcore.models import naive
from stcore.windows import Windows

THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)


def trace_of(epochs: int = 6, count: int = 300, seed: int = 0, freq: str = "5min") -> xr.Dataset:
    """A trace of samples of which some are always kept; the score of a pruned one is carried over."""
    rng = np.random.default_rng(seed)
    level = np.exp(rng.normal(size=count))
    kept = rng.random((epochs, count)) < np.clip(level / 2, 0.1, 1)
    kept[0] = True
    score = (level * np.exp(0.1 * rng.normal(size=(epochs, count)))).astype(np.float16)
    for epoch in range(1, epochs):
        score[epoch] = np.where(kept[epoch], score[epoch], score[epoch - 1])
    coords: dict[str, Any] = {
        "epoch": np.arange(1, epochs + 1),
        "sample": np.arange(count),
        "start": ("sample", np.arange(count)),
        "time": ("sample", pd.date_range("2026-03-02 01:00", periods=count, freq=freq).to_numpy()),
    }
    weight = np.where(kept, 1.5, 0).astype(np.float16)
    names = {"score": score, "kept": kept, "weight": weight}
    return xr.Dataset({name: (("epoch", "sample"), array) for name, array in names.items()}, coords)


# ---- the table -----------------------------------------------------------------------------------------------------
def test_mean_and_variability_are_those_of_the_epochs_that_scored_the_sample() -> None:
    trace = trace_of()
    table, score, kept = samples(trace), trace["score"].values.astype(float), trace["kept"].values
    for sample in range(0, 300, 17):
        known = score[1:, sample][kept[1:, sample]]  # the first epoch is left out
        assert table.at[sample, "scored"] == len(known)
        assert table.at[sample, "mean"] == pytest.approx(known.mean(), nan_ok=True) if len(known) else True
        assert np.isnan(table.at[sample, "variability"]) if len(known) < 2 else True
        if len(known) > 1:
            assert table.at[sample, "variability"] == pytest.approx(known.std() / known.mean())
    assert table["kept_share"].to_numpy() == pytest.approx(kept.mean(axis=0))


def test_a_sample_scored_without_being_kept_counts_as_scored() -> None:
    trace = trace_of(epochs=2, count=2)
    trace["kept"].values[1] = False
    trace["score"].values[:] = [[1, 1], [3, 1]]
    table = samples(trace)
    assert table["scored"].tolist() == [2, 1] and table.at[0, "mean"] == 2


@given(epoch=st.integers(1, 6))
def test_an_earlier_epoch_is_seen_as_it_was_then(epoch: int) -> None:
    trace = trace_of()
    then = samples(trace.isel(epoch=slice(0, epoch)))
    pd.testing.assert_frame_equal(samples(trace, epoch), then)


def test_regions_are_thirds() -> None:
    table = samples(trace_of(epochs=12, count=900))
    known = table.dropna(subset=["variability"])
    counts = known["region"].value_counts()
    assert abs(counts["ambiguous"] - len(known) / 3) < 3
    rest = known[known["region"] != "ambiguous"]
    assert rest.loc[rest["region"] == "hard", "mean"].min() > rest.loc[rest["region"] == "easy", "mean"].max()
    assert table.loc[table["variability"].isna(), "region"].isna().all()


def test_before_two_epochs_there_are_no_regions_and_before_the_first_no_scores() -> None:
    trace = trace_of(epochs=1)
    assert samples(trace)["region"].isna().all() and samples(trace)["score"].notna().all()
    assert samples(trace, 0)["score"].isna().all()


def with_incidents() -> STData:
    data = tiny(steps=100)
    hour = data.ds["time"].values
    ds = data.ds.assign(incident_start=("incident", hour[[20, 47]]), incident_end=("incident", hour[[22, 49]]))
    return STData.of(ds)


def test_windows_overlap_an_incident_when_they_share_a_step_with_it() -> None:
    planted = incidents(with_incidents())
    assert planted is not None and planted["first"].tolist() == [20, 47]
    starts = np.arange(80)
    steps = [set(range(start, start + 5)) for start in starts]
    expected = [bool(step & {20, 21, 22} or step & {47, 48, 49}) for step in steps]
    assert overlapping(planted, starts, 5).tolist() == expected
    assert incidents(tiny(steps=100)) is None


# ---- the calendar --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("freq", "seconds"), [("5min", 300), ("15min", 900), ("1h", 3600), ("6h", 21_600), ("1D", 86_400)]
)
def test_every_sample_has_its_place_in_the_calendar(freq: str, seconds: float) -> None:
    table = samples(trace_of(freq=freq))
    found = grid.calendar_grid(table, seconds)
    assert sorted(found.sample[found.sample >= 0]) == list(range(300))
    for sample in (0, 7, 299):
        row, column = np.argwhere(found.sample == sample)[0]
        time = table.at[sample, "time"]
        assert found.values[row, column] == table.at[sample, "score"]
        if found.by_week:
            assert found.row_names[row] == f"{time:%a}" and found.days[column] <= time < found.days[
                column
            ] + pd.Timedelta(7, "D")
        else:
            assert (
                found.column_names[column] == f"{time:%H:%M}"
                and found.row_names[row] == f"{time:%a} {time.day} {time:%b}"
            )


def test_an_incident_over_midnight_is_outlined_on_both_days() -> None:
    days = pd.date_range("2026-03-02", periods=2, freq="D")
    planted = pd.DataFrame({"start": [pd.Timestamp("2026-03-02 23:00")], "end": [pd.Timestamp("2026-03-03 01:00")]})
    assert boxes(planted, days, 3600) == [(0, pytest.approx(23), 24), (1, 0, pytest.approx(1))]


def test_a_few_extremes_do_not_take_the_colour_scale() -> None:
    low, high = limits(np.append(np.linspace(0, 1, 1000), [1e6, np.nan]))
    assert low < 0.05 and 0.9 < high < 1.1
    assert limits(np.array([np.nan])) == (0.0, 1.0) and limits(np.ones(5)) == (1.0, 2.0)


# ---- the raster ----------------------------------------------------------------------------------------------------
@given(count=st.integers(1, 200), epochs=st.integers(1, 5), rows=st.integers(1, 90), seed=st.integers(0, 9))
def test_shares_are_exact(count: int, epochs: int, rows: int, seed: int) -> None:
    kept = np.random.default_rng(seed).random((count, epochs)) < 0.4
    found = shares(kept, rows)
    parts = np.array_split(kept, len(found)) if count % len(found) == 0 else None
    edges = np.linspace(0, count, len(found) + 1).astype(int)
    expected = [kept[first:last].mean(axis=0) for first, last in pairwise(edges)]
    assert found == pytest.approx(np.array(expected), abs=1e-6)
    assert parts is None or found == pytest.approx(np.array([part.mean(axis=0) for part in parts]), abs=1e-6)
    sizes = np.diff(edges)
    assert (found * sizes[:, None]).sum() == pytest.approx(kept.sum(), rel=1e-5)


def test_rows_are_in_the_order_asked_for() -> None:
    table = samples(trace_of())
    assert (np.diff(table["time"].to_numpy()[order_of(table, "time")]).astype(int) > 0).all()
    assert (np.diff(table["score"].to_numpy()[order_of(table, "score")]) <= 0).all()


def test_a_canvas_gets_every_bit() -> None:
    trace = trace_of(epochs=3, count=77)
    table = samples(trace)
    order = order_of(table, "score")
    sent = grid.packed(raster_picture(trace, table, order, "score"), LIGHT)
    bits = np.frombuffer(base64.b64decode(sent["content"]), np.uint8).reshape(3, -1)
    assert (np.unpackbits(bits, axis=1, count=77).astype(bool) == trace["kept"].values[:, order]).all()
    assert sent["rows"] == sent["samples"] == 77 and sent["names"] == ["1", "2", "3"]


def test_too_many_samples_are_sent_as_exact_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stcore.charts.raster.MOST_BITS", 100)
    monkeypatch.setattr("stcore.charts.raster.MOST_SHARES", 90)
    trace = trace_of(epochs=3, count=300)
    table = samples(trace)
    picture = raster_picture(trace, table, order_of(table), "time")
    assert picture.cells.shape == (30, 3) and picture.samples == 300
    assert picture.cells == pytest.approx(trace["kept"].values.T.reshape(30, 10, 3).mean(axis=1))


def test_levels_keep_ends_and_gaps() -> None:
    assert grid.levels(np.array([0.0, 1.0, 0.5, 9.0, np.nan]), 0.0, 1.0).tolist() == [0, 254, 127, 254, 255]


# ---- kept shares of samples that are kept in part ------------------------------------------------------------------
def of_cells(share: float = 0.15) -> xr.Dataset:
    """A trace of windows of which each epoch but the first keeps about ``share`` of the cells."""
    trace = trace_of()
    kept = np.random.default_rng(1).binomial(100, share, trace["kept"].shape) / 100
    kept[0] = 1
    return trace.assign(kept=(("epoch", "sample"), kept.astype(np.float16)))


def test_colours_run_around_the_mean_share_of_the_pruned_epochs() -> None:
    scale = kept_scale(of_cells())
    assert scale is not None and scale.mean == pytest.approx(0.15, abs=0.01)
    assert scale.low == 0 and scale.high == pytest.approx(2 * scale.mean)
    assert around(0.15).words == ["0 %", "15 % (mean)", "30 % and more"]  # type: ignore[union-attr]
    assert around(0.8).words == ["60 % or less", "80 % (mean)", "100 %"]  # type: ignore[union-attr]
    assert around(1.0) is None and around(0.0) is None and kept_scale(trace_of()) is None


@given(mean=st.floats(0.02, 0.98))
def test_stretched_colours_have_their_ends_at_the_ends_of_the_scale(mean: float) -> None:
    scale = around(mean)
    assert scale is not None
    found = stretched(["#000000", "#808080", "#ffffff"], scale, 255)
    share = np.linspace(0, 1, 255)
    grey = np.array([int(colour[1:3], 16) for colour in found])
    assert (
        (np.diff(grey) >= 0).all()
        and (grey[share <= scale.low] == 0).all()
        and (grey[share >= scale.high] == 255).all()
    )
    assert grey == pytest.approx(np.clip((share - scale.low) / (scale.high - scale.low), 0, 1) * 255, abs=2)


def test_a_canvas_of_shares_gets_true_shares_and_colours_around_their_mean() -> None:
    trace = of_cells()
    table = samples(trace)
    picture = raster_picture(trace, table, order_of(table))
    sent = grid.packed(picture, LIGHT)
    told = np.frombuffer(base64.b64decode(sent["content"]), np.uint8).reshape(6, -1) / grid.FULL
    assert told == pytest.approx(trace["kept"].values, abs=0.003)  # none is cut at the end of the colours
    assert len(sent["colours"]) == 255 and sent["colours"][0] == LIGHT.pruned.lower()
    assert sent["colours"][round(0.32 * 254)] == sent["colours"][-1] == LIGHT.kept.lower()
    assert sent["legend"] == grid.kept_ramp(LIGHT) and sent["ends"][1].endswith("and more")
    assert "mean of 1" in sent["titles"]["value"]


def test_where_samples_are_kept_whole_colours_run_from_none_to_all() -> None:
    trace = trace_of()
    table = samples(trace)
    sent = grid.packed(raster_picture(trace, table, order_of(table)), LIGHT)
    assert sent["colours"] == sent["legend"] == grid.kept_ramp(LIGHT) and sent["ends"] == ["pruned", "kept"]
    still, points = raster(trace, table).data[0], data_map(table).data[0].marker
    assert (still.zmin, still.zmax, points.cmin, points.cmax) == (0, 100, 0, 100)


def test_still_figures_of_shares_say_the_mean_in_their_legend() -> None:
    trace = of_cells()
    table = samples(trace)
    still = raster(trace, table).data[0]
    assert still.zmin == 0 and still.zmax == pytest.approx(30, abs=2) and still.colorbar.ticktext[2].startswith("≥ ")
    marker = data_map(table).data[0].marker
    mean = 100 * table["kept_share"].mean()  # the map shows shares over all epochs, the first one included
    assert (marker.cmin, marker.cmax) == pytest.approx((0, 2 * mean)) and "(mean)" in marker.colorbar.ticktext[1]


# ---- figures -------------------------------------------------------------------------------------------------------
def test_a_decimated_curve_keeps_its_extremes() -> None:
    table = samples(trace_of(count=5000))
    thin = decimated(table, points=500)
    assert len(thin) <= 500 and thin["time"].is_monotonic_increasing
    assert thin["score"].max() == table["score"].max() and thin["score"].min() == table["score"].min()
    assert decimated(table, points=10_000).index.tolist() == table.index.tolist()


@THEMES
def test_every_figure_of_many_samples_draws(theme: Any) -> None:
    trace = trace_of()
    table = samples(trace, incident=np.arange(300) % 7 == 0)
    planted = pd.DataFrame({"start": [pd.Timestamp("2026-03-02 05:00")], "end": [pd.Timestamp("2026-03-02 06:00")]})
    still = calendar(table, 300, theme, planted=planted)
    assert len(still.layout.shapes) == 1 and still.layout.paper_bgcolor == theme.background
    chart = curve(table, theme, picked=5, planted=planted).to_dict()
    assert any(layer["mark"]["type"] == "rect" for layer in chart["layer"])
    share = raster(trace, table, theme).data[0].z
    assert np.asarray(share) == pytest.approx(100 * trace["kept"].values.T)
    points = data_map(table, theme, picked=5, inside=np.array([1, 2])).data
    drawn = np.concatenate([np.asarray(part.customdata) for part in points if part.type == "scattergl"])
    assert sorted(drawn) == table.index[(table["variability"] > 0)].tolist()
    assert calendar_picture(table, 300, "kept_share").high > 0


def test_a_map_of_very_many_samples_is_a_density_with_some_of_every_region(monkeypatch: Any) -> None:
    monkeypatch.setattr("stcore.charts.data_map.MOST_POINTS", 500)
    table = samples(trace_of(epochs=8, count=2_000))
    kinds = [part.type for part in data_map(table).data]
    assert kinds[0] == "heatmap" and "scattergl" in kinds
    some = stratified(table.dropna(subset=["variability"]), 300)
    assert set(some["region"]) == {"easy", "ambiguous", "hard"} and len(some) <= 300


def test_without_pruning_the_map_does_not_colour_what_does_not_differ() -> None:
    trace = trace_of()
    trace["kept"].values[:] = True
    assert data_map(samples(trace)).data[0].marker.color == LIGHT.accent


def test_a_moment_is_written_as_people_write_it() -> None:
    moment = pd.Timestamp("2026-03-09 08:15")
    assert instant(moment) == "Mon 9 Mar 2026, 08:15" and instant(moment, by_day=True) == "Mon 9 Mar 2026"


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
    assert window.history(trace, 3, 4, theme).to_dict()["height"] > 0
