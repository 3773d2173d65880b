"""What the figures of samples are made of: tables, grids, shares; and that every figure draws what the numbers say."""

import base64
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scored import trace_of
from tiny import tiny

from stcore.charts import grid
from stcore.charts.data_map import data_map
from stcore.charts.grid import kept_scale, scale_around, stretch_colours
from stcore.charts.raster import drawing_order, group_shares, raster_figure, raster_picture
from stcore.charts.sample_table import overlaps_incident, planted_incidents, sample_table
from stcore.charts.samples import incident_boxes
from stcore.charts.scales import colour_limits
from stcore.charts.theme import LIGHT
from stcore.data import STData


# ---- the table -----------------------------------------------------------------------------------------------------
def test_mean_and_variability_are_those_of_the_epochs_that_scored_the_sample() -> None:
    trace = trace_of()
    table, score, kept = sample_table(trace), trace["score"].values.astype(float), trace["kept"].values
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
    table = sample_table(trace)
    assert table["scored"].tolist() == [2, 1] and table.at[0, "mean"] == 2


@given(epoch=st.integers(1, 6))
def test_an_earlier_epoch_is_seen_as_it_was_then(epoch: int) -> None:
    trace = trace_of()
    then = sample_table(trace.isel(epoch=slice(0, epoch)))
    pd.testing.assert_frame_equal(sample_table(trace, epoch), then)


def test_regions_are_thirds() -> None:
    table = sample_table(trace_of(epochs=12, count=900))
    known = table.dropna(subset=["variability"])
    counts = known["region"].value_counts()
    assert abs(counts["ambiguous"] - len(known) / 3) < 3
    rest = known[known["region"] != "ambiguous"]
    assert rest.loc[rest["region"] == "hard", "mean"].min() > rest.loc[rest["region"] == "easy", "mean"].max()
    assert table.loc[table["variability"].isna(), "region"].isna().all()


def test_before_two_epochs_there_are_no_regions_and_before_the_first_no_scores() -> None:
    trace = trace_of(epochs=1)
    assert sample_table(trace)["region"].isna().all() and sample_table(trace)["score"].notna().all()
    assert sample_table(trace, 0)["score"].isna().all()


def with_incidents() -> STData:
    data = tiny(steps=100)
    hour = data.ds["time"].values
    ds = data.ds.assign(incident_start=("incident", hour[[20, 47]]), incident_end=("incident", hour[[22, 49]]))
    return STData.of(ds)


def test_windows_overlap_an_incident_when_they_share_a_step_with_it() -> None:
    planted = planted_incidents(with_incidents())
    assert planted is not None and planted["first"].tolist() == [20, 47]
    starts = np.arange(80)
    steps = [set(range(start, start + 5)) for start in starts]
    expected = [bool(step & {20, 21, 22} or step & {47, 48, 49}) for step in steps]
    assert overlaps_incident(planted, starts, 5).tolist() == expected
    assert planted_incidents(tiny(steps=100)) is None


# ---- the calendar --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("freq", "seconds"), [("5min", 300), ("15min", 900), ("1h", 3600), ("6h", 21_600), ("1D", 86_400)]
)
def test_every_sample_has_its_place_in_the_calendar(freq: str, seconds: float) -> None:
    table = sample_table(trace_of(freq=freq))
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
    assert incident_boxes(planted, days, 3600) == [(0, pytest.approx(23), 24), (1, 0, pytest.approx(1))]


def test_a_few_extremes_do_not_take_the_colour_scale() -> None:
    low, high = colour_limits(np.append(np.linspace(0, 1, 1000), [1e6, np.nan]))
    assert low < 0.05 and 0.9 < high < 1.1
    assert colour_limits(np.array([np.nan])) == (0.0, 1.0) and colour_limits(np.ones(5)) == (1.0, 2.0)


# ---- the raster ----------------------------------------------------------------------------------------------------
@given(count=st.integers(1, 200), epochs=st.integers(1, 5), rows=st.integers(1, 90), seed=st.integers(0, 9))
def test_shares_are_exact(count: int, epochs: int, rows: int, seed: int) -> None:
    kept = np.random.default_rng(seed).random((count, epochs)) < 0.4
    found = group_shares(kept, rows)
    parts = np.array_split(kept, len(found)) if count % len(found) == 0 else None
    edges = np.linspace(0, count, len(found) + 1).astype(int)
    expected = [kept[first:last].mean(axis=0) for first, last in pairwise(edges)]
    assert found == pytest.approx(np.array(expected), abs=1e-6)
    assert parts is None or found == pytest.approx(np.array([part.mean(axis=0) for part in parts]), abs=1e-6)
    sizes = np.diff(edges)
    assert (found * sizes[:, None]).sum() == pytest.approx(kept.sum(), rel=1e-5)


def test_rows_are_in_the_order_asked_for() -> None:
    table = sample_table(trace_of())
    assert (np.diff(table["time"].to_numpy()[drawing_order(table, "time")]).astype(int) > 0).all()
    assert (np.diff(table["score"].to_numpy()[drawing_order(table, "score")]) <= 0).all()


def test_a_canvas_gets_every_bit() -> None:
    trace = trace_of(epochs=3, count=77)
    table = sample_table(trace)
    order = drawing_order(table, "score")
    sent = grid.pack(raster_picture(trace, table, order, "score"), LIGHT)
    bits = np.frombuffer(base64.b64decode(sent["content"]), np.uint8).reshape(3, -1)
    assert (np.unpackbits(bits, axis=1, count=77).astype(bool) == trace["kept"].values[:, order]).all()
    assert sent["rows"] == sent["samples"] == 77 and sent["names"] == ["1", "2", "3"]


def test_too_many_samples_are_sent_as_exact_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stcore.charts.raster.MOST_BITS", 100)
    monkeypatch.setattr("stcore.charts.raster.MOST_SHARES", 90)
    trace = trace_of(epochs=3, count=300)
    table = sample_table(trace)
    picture = raster_picture(trace, table, drawing_order(table), "time")
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
    assert scale_around(0.15).words == ["0 %", "15 % (mean)", "30 % and more"]  # type: ignore[union-attr]
    assert scale_around(0.8).words == ["60 % or less", "80 % (mean)", "100 %"]  # type: ignore[union-attr]
    assert scale_around(1.0) is None and scale_around(0.0) is None and kept_scale(trace_of()) is None


@given(mean=st.floats(0.02, 0.98))
def test_stretched_colours_have_their_ends_at_the_ends_of_the_scale(mean: float) -> None:
    scale = scale_around(mean)
    assert scale is not None
    found = stretch_colours(["#000000", "#808080", "#ffffff"], scale, 255)
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
    table = sample_table(trace)
    picture = raster_picture(trace, table, drawing_order(table))
    sent = grid.pack(picture, LIGHT)
    told = np.frombuffer(base64.b64decode(sent["content"]), np.uint8).reshape(6, -1) / grid.FULL
    assert told == pytest.approx(trace["kept"].values, abs=0.003)  # none is cut at the end of the colours
    assert len(sent["colours"]) == 255 and sent["colours"][0] == LIGHT.pruned.lower()
    assert sent["colours"][round(0.32 * 254)] == sent["colours"][-1] == LIGHT.kept.lower()
    assert sent["legend"] == grid.kept_ramp(LIGHT) and sent["ends"][1].endswith("and more")
    assert "mean of 1" in sent["titles"]["value"]


def test_where_samples_are_kept_whole_colours_run_from_none_to_all() -> None:
    trace = trace_of()
    table = sample_table(trace)
    sent = grid.pack(raster_picture(trace, table, drawing_order(table)), LIGHT)
    assert sent["colours"] == sent["legend"] == grid.kept_ramp(LIGHT) and sent["ends"] == ["pruned", "kept"]
    still, points = raster_figure(trace, table).data[0], data_map(table).data[0].marker
    assert (still.zmin, still.zmax, points.cmin, points.cmax) == (0, 100, 0, 100)


def test_still_figures_of_shares_say_the_mean_in_their_legend() -> None:
    trace = of_cells()
    table = sample_table(trace)
    still = raster_figure(trace, table).data[0]
    assert still.zmin == 0 and still.zmax == pytest.approx(30, abs=2) and still.colorbar.ticktext[2].startswith("≥ ")
    marker = data_map(table).data[0].marker
    mean = 100 * table["kept_share"].mean()  # the map shows shares over all epochs, the first one included
    assert (marker.cmin, marker.cmax) == pytest.approx((0, 2 * mean)) and "(mean)" in marker.colorbar.ticktext[1]
