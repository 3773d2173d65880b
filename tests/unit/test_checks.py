"""Every check of the door: what it finds, what it changes, what it asks, each with count and place."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from stcore import checks
from stcore.data import STData
from stcore.findings import DataError, Finding

T, N = 60, 4
ROWS = np.arange(T)


def sample(value: np.ndarray | None = None, time: Any = None, **more: Any) -> xr.Dataset:
    """A raw dataset of T steps x N sensors, nothing wrong with it."""
    rng = np.random.default_rng(1)
    value = rng.uniform(20, 80, (T, N)).round(1) if value is None else value
    time = pd.date_range("2024-03-04", periods=len(value), freq="5min") if time is None else time
    sensors = [f"s{number}" for number in range(value.shape[1])]
    ds = xr.Dataset(
        {"value": (("time", "sensor", "channel"), value.reshape(*value.shape[:2], -1)), **more},
        coords={"time": time, "sensor": sensors, "channel": ["speed", "flow"][: value[0, :1].size]},
    )
    return ds


def found(data: STData, code: str) -> Finding:
    return next(finding for finding in data.findings if finding.code == code)


def codes(data: STData) -> set[str]:
    return {finding.code for finding in data.findings}


def refused(ds: xr.Dataset, code: str, **answers: str) -> str:
    with pytest.raises(DataError) as caught:
        STData.of(ds, answers=answers)
    assert caught.value.findings[0].code == code, str(caught.value)
    assert caught.value.findings[0].level == "error"
    return str(caught.value)


def test_nothing_wrong_nothing_said() -> None:
    assert codes(STData.of(sample())) == {"zone", "no-coordinates", "graph"}
    assert codes(STData.of(sample().assign_attrs(zone="UTC"))) == {"no-coordinates", "graph"}


# ---- shape ---------------------------------------------------------------------------------------------------------
def test_any_order_of_dims_and_no_channel() -> None:
    ds = sample()
    turned = ds.transpose("channel", "sensor", "time")
    np.testing.assert_array_equal(STData.of(turned).values, STData.of(ds).values)
    assert STData.of(ds.isel(channel=0, drop=True)).channels == ["value"]


def test_unnamed_dims_are_refused_with_the_order_that_fits() -> None:
    ds = xr.Dataset(
        {"value": (("x", "y"), np.ones((N, T)))},
        coords={"time": pd.date_range("2024", periods=T), "sensor": list("abcd")},
    )
    assert "(sensor, time)" in refused(ds, "dims")
    refused(xr.Dataset({"other": (("time",), np.ones(3))}), "value")


def test_one_sensor_is_fine_one_step_is_not() -> None:
    assert STData.of(sample(np.arange(T, dtype=float)[:, None])).values.shape == (T, 1, 1)
    refused(sample().isel(time=[0]), "too-short")
    refused(sample().isel(sensor=[]), "empty")


@pytest.mark.parametrize("kind", ["U2", complex, object])
def test_values_that_are_no_numbers(kind: Any) -> None:
    refused(sample(np.ones((T, N)).astype(kind)), "not-numbers")


def test_truths_and_large_whole_numbers_are_told() -> None:
    assert "true-false" in codes(STData.of(sample(np.random.default_rng(0).random((T, N)) < 0.5)))
    whole = np.arange(T * N).reshape(T, N) + 16_777_216
    assert "16777455" in found(STData.of(sample(whole)), "rounded").text


def test_names_are_unique_text() -> None:
    ds = sample().assign_coords(sensor=["a", "b", "a", "c"])
    assert "more than once: a" in refused(ds, "duplicate-sensors")
    refused(sample().assign_coords(sensor=["a", " ", "b", "c"]), "sensor-names")
    odd = STData.of(sample().assign_coords(sensor=["a\nb", "<b>", "c", "d"]))
    assert odd.sensors[:2] == ["a b", "<b>"]
    assert STData.of(sample().assign_coords(sensor=[3, 1, 2, 10])).sensors == ["3", "1", "2", "10"]


# ---- time ----------------------------------------------------------------------------------------------------------
def test_unsorted_rows_are_sorted() -> None:
    ds, order = sample(), np.random.default_rng(0).permutation(T)
    data = STData.of(ds.isel(time=order))
    np.testing.assert_array_equal(data.values, STData.of(ds).values)
    assert found(data, "unsorted").level == "repaired"


def test_times_twice() -> None:
    ds = sample()
    twice = ds.isel(time=[0, 1, 2, 2, 3, 4, *range(5, T)])
    data = STData.of(twice)
    np.testing.assert_array_equal(data.values, STData.of(ds).values)
    assert "1 time appeared more than once, the first is 2024-03-04 00:10" in found(data, "duplicate-times").text
    twice["value"] = twice["value"].copy()
    twice["value"][3] = 7.0
    assert "2024-03-04 00:10" in refused(twice, "duplicate-times")
    assert STData.of(twice, answers={"duplicate-times": "first"}).values[2, 0, 0] == ds["value"].values[2, 0, 0].astype(
        np.float32
    )
    mean = STData.of(twice, answers={"duplicate-times": "mean"})
    assert mean.values[2, 0, 0] == pytest.approx((ds["value"].values[2, 0, 0] + 7) / 2)
    assert mean.answers["duplicate-times"] == "mean"


def test_gaps_become_missing() -> None:
    ds = sample()
    data = STData.of(ds.isel(time=[number for number in range(T) if number not in (7, 8, 9, 30)]))
    assert data.values.shape == (T, N, 1)
    assert np.isnan(data.values[[7, 8, 9, 30]]).all()
    assert np.isfinite(data.values).sum() == (T - 4) * N
    text = found(data, "gaps").text
    assert "4 time steps of 60" in text
    assert "2 gaps" in text
    assert "3 steps after 2024-03-04 00:30" in text


def test_too_many_gaps_are_refused() -> None:
    first = pd.date_range("2024-01-01", periods=30, freq="5min")
    assert "too sparse" in refused(sample(time=[*first, *(first + pd.Timedelta("365D"))]), "gaps")


def test_an_irregular_step_is_asked() -> None:
    rng = np.random.default_rng(5)
    stamps = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.cumsum(rng.integers(30, 400, T)), unit="s")
    ds = sample(time=stamps)
    assert "irregular" in refused(ds, "step")
    data = STData.of(ds, answers={"step": "10min"})
    assert data.step_seconds == 600
    assert np.nanmean(data.values) == pytest.approx(ds["value"].values.mean(), rel=0.1)
    inside = (stamps >= data.time[3]) & (stamps < data.time[4])
    assert data.values[3, 0, 0] == pytest.approx(ds["value"].values[inside, 0, 0].mean(), rel=1e-5)
    refused(ds, "step", step="often")
    refused(ds, "step", step="1s")


def test_epochs_years_and_what_is_no_time() -> None:
    seconds = 1_700_000_000 + 300 * ROWS
    assert STData.of(sample(time=seconds)).time[0] == pd.Timestamp("2023-11-14 22:13:20")
    assert "no times since 1970" in refused(sample(time=ROWS), "time")
    refused(sample(time=[f"row {number}" for number in ROWS]), "time")
    refused(sample(time=np.datetime64("1800-01-01", "s") + ROWS * np.timedelta64(1, "D")), "time-range")
    refused(sample(time=np.datetime64("2300-01-01", "s") + ROWS * np.timedelta64(1, "D")), "time-range")
    refused(sample(time=[*pd.date_range("2024", periods=T - 1), pd.NaT]), "time")
    seventy = sample(time=pd.date_range("1970-01-01", periods=T, freq="h"))
    assert "1970" in refused(seventy, "year-1970")
    answered = STData.of(seventy, answers={"year-1970": "real"})
    assert answered.time[0].year == 1970
    assert answered.answers["year-1970"] == "real"


def test_instants_with_a_zone_become_utc_and_calendars_stay_local() -> None:
    local = pd.date_range("2024-03-30 12:00", periods=T, freq="h", tz="Europe/Berlin")
    data = STData.of(sample(time=local))
    assert data.zone == "UTC"
    assert data.time[0] == pd.Timestamp("2024-03-30 11:00")
    assert (data.local_time == local.tz_localize(None)).all()
    assert data.step_seconds == 3600


def test_the_doubled_hour_is_resolved_by_order_where_the_zone_is_known() -> None:
    wall = pd.date_range("2024-10-26 20:00", periods=T, freq="15min", tz="Europe/Berlin").tz_localize(None)
    assert not wall.is_monotonic_increasing
    data = STData.of(sample(time=wall).assign_attrs(zone="Europe/Berlin"))
    assert data.step_seconds == 900
    assert (data.local_time == wall).all()
    assert "duplicate-times" in codes(data)
    assert "daylight saving" in refused(sample(time=wall), "duplicate-times")


@pytest.mark.parametrize("step", ["15min", "30min", "1h"])
def test_the_doubled_hour_is_resolved_by_the_zone_that_was_answered(step: str) -> None:
    wall = pd.date_range("2024-10-26 20:00", periods=T, freq=step, tz="Europe/Berlin").tz_localize(None)
    asked = sample(time=wall)
    with pytest.raises(DataError) as caught:
        STData.of(asked)
    assert [finding.code for finding in caught.value.findings] == ["duplicate-times", "zone"]
    assert "<zone>" in caught.value.findings[1].choices
    data = STData.of(asked, answers={"zone": "Europe/Berlin"})
    assert (data.local_time == wall).all()
    assert (data.zone, data.answers["zone"]) == ("UTC", "Europe/Berlin")


def test_the_zone_is_asked_and_a_known_one_offered() -> None:
    wall = pd.date_range("2024-03-31 00:00", periods=T, freq="15min")
    data = STData.of(sample(time=wall).assign_attrs(likely_zone="America/Los_Angeles"))
    question = found(data, "zone")
    assert list(question.choices) == ["unknown", "America/Los_Angeles", "<zone>"]
    assert (question.level, question.chosen, data.zone) == ("note", "unknown", "unknown")
    assert "zone" not in codes(STData.of(sample(time=wall).assign_attrs(zone="UTC")))
    assert "2024-03-31 02:00" in refused(sample(time=wall), "clock-change", zone="Europe/Berlin")
    answered = STData.of(sample(time=wall), answers={"zone": "America/New_York"})
    assert answered.zone == "America/New_York"
    assert answered.fingerprint != data.fingerprint


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [("Europe/Munster", "Europe/"), ("los angeles", "America/Los_Angeles"), ("berlin", "Europe/Berlin"),
     ("../../etc/passwd", "Zones are named"), ("UTC+1", "Zones are named")],
)  # fmt: skip
def test_an_unknown_zone_is_refused_with_those_like_it(wrong: str, meant: str) -> None:
    assert meant in refused(sample(), "zone", zone=wrong)


def test_a_local_axis_through_the_spring() -> None:
    wall = pd.date_range("2024-03-31 00:00", periods=T, freq="15min")
    never = np.flatnonzero(wall.hour == 2)
    value = np.random.default_rng(0).random((T, N))
    text = refused(sample(value, wall).assign_attrs(zone="Europe/Berlin"), "clock-change")
    assert "2024-03-31 02:00" in text
    value[never] = np.nan
    data = STData.of(sample(value, wall).assign_attrs(zone="Europe/Berlin"))
    assert "4 rows" in found(data, "clock-change").text
    assert data.values.shape[0] == T
    assert "clock-change" not in codes(STData.of(sample(value, wall)))


def test_a_local_axis_through_the_autumn_is_told() -> None:
    data = STData.of(
        sample(time=pd.date_range("2024-10-27", periods=T, freq="15min")).assign_attrs(zone="Europe/Berlin")
    )
    assert "4 rows" in found(data, "doubled-hour").text


# ---- values --------------------------------------------------------------------------------------------------------
def test_missing_stays_missing_and_is_told_by_sensor() -> None:
    value = sample()["value"].values[:, :, 0].copy()
    value[:15, 2] = np.nan
    data = STData.of(sample(value))
    assert np.isnan(data.values[:15, 2]).all()
    assert "6.25 %" in found(data, "missing").text
    assert "s2 (25 %)" in found(data, "missing").text


def test_a_sensor_without_readings_leaves_with_its_edges() -> None:
    value = sample()["value"].values[:, :, 0].copy()
    value[:, 1] = np.nan
    edges = {
        "edge_from": ("edge", [0, 1, 2, 3]),
        "edge_to": ("edge", [1, 2, 3, 0]),
        "edge_weight": ("edge", [1.0, 2.0, 3.0, 4.0]),
    }
    data = STData.of(sample(value, **edges, lat=("sensor", np.arange(50.0, 54))))
    assert data.sensors == ["s0", "s2", "s3"]
    assert "s1" in found(data, "all-missing").text
    assert found(data, "all-missing").level == "repaired"
    assert data.edges is not None
    assert [part.tolist() for part in data.edges] == [[1, 2], [2, 0], [3.0, 4.0]]
    refused(sample(np.full((T, N), np.nan)), "all-missing")


def test_empty_cells_leave_and_the_rest_keep_their_place() -> None:
    value = sample()["value"].values[:, :, 0].copy()
    value[:, [0, 2]] = np.nan
    data = STData.of(sample(value, cell=("sensor", np.arange(N))).assign_attrs(grid=[2, 2]))
    assert data.ds["cell"].values.tolist() == [1, 3]
    assert "2 of 4 cells" in found(data, "all-missing").text


def test_infinite_becomes_missing() -> None:
    value = sample()["value"].values[:, :, 0].copy()
    value[3, 1], value[4, 1], value[9, 2] = np.inf, -np.inf, 1e300
    data = STData.of(sample(value))
    assert np.isnan(data.values[[3, 4, 9], [1, 1, 2], 0]).all()
    text = found(data, "infinite").text
    assert "3 readings" in text
    assert "2024-03-04 00:15 on s1" in text


@pytest.mark.parametrize("mark", [-9999.0, -1.0, 65535.0, 9.96921e36])
def test_sentinels_are_asked(mark: float) -> None:
    value = sample()["value"].values[:, :, 0].copy()
    value[::7, 1] = mark
    data = STData.of(sample(value))
    assert found(data, "sentinel").chosen == "keep"
    assert data.values[0, 1, 0] == np.float32(mark)
    answered = STData.of(sample(value), answers={"sentinel": "missing"})
    assert np.isnan(answered.values[::7, 1]).all()
    assert np.isfinite(answered.values).sum() == T * N - len(value[::7])


def test_what_looks_like_a_sentinel_and_is_none() -> None:
    assert "sentinel" not in codes(STData.of(sample(np.random.default_rng(0).integers(-3, 4, (T, N)).astype(float))))
    assert "sentinel" not in codes(STData.of(sample(np.linspace(0, 999, T * N).reshape(T, N))))


def test_zeros_are_asked_and_kept_until_answered() -> None:
    value = sample()["value"].values[:, :, 0].copy()
    value[:30, 1] = 0
    ds = sample(value)
    data = STData.of(ds)
    question = found(data, "zeros")
    assert (question.level, question.chosen, set(question.choices)) == ("note", "keep", {"keep", "missing"})
    assert "12.5 %" in question.text
    assert "s1 (50 %)" in question.text
    assert (data.values[:30, 1] == 0).all()
    np.testing.assert_allclose(checks.zero_share(data.ds), [0, 0.5, 0, 0])
    answered = STData.of(ds, answers={"zeros": "missing"})
    assert np.isnan(answered.values[:30, 1]).all()
    assert np.isfinite(answered.values).sum() == T * N - 30
    np.testing.assert_allclose(checks.zero_share(answered.ds), [0, 0.5, 0, 0])
    assert len({data.fingerprint, answered.fingerprint}) == 2
    refused(ds, "zeros", zeros="perhaps")


def test_zeros_of_one_channel() -> None:
    value = np.random.default_rng(0).uniform(1, 9, (T, N, 2))
    value[:6] = 0
    data = STData.of(sample(value), answers={"zeros": "flow"})
    assert (data.values[:6, :, 0] == 0).all()
    assert np.isnan(data.values[:6, :, 1]).all()
    refused(sample(value), "zeros", zeros="flow,pace")


def test_negative_readings_of_what_cannot_be() -> None:
    value = sample()["value"].values[:, :, 0].copy()
    value[5, 2] = -3
    data = STData.of(sample(value).assign_attrs(units={"speed": "mph"}))
    assert "1 reading of speed" in found(data, "negative").text
    assert "2024-03-04 00:25 on s2" in found(data, "negative").text
    assert "negative" not in codes(STData.of(sample(value).assign_attrs(units={"speed": "°C"})))
    refused(sample(-value).assign_attrs(units={"speed": "km/h"}), "negative")


def test_a_sensor_that_never_moves_is_told() -> None:
    value = sample()["value"].values[:, :, 0].copy()
    value[:, 3] = 42
    value[7, 3] = np.nan
    data = STData.of(sample(value))
    assert "s3" in found(data, "constant").text
    assert data.sensors == ["s0", "s1", "s2", "s3"]


# ---- places and edges ----------------------------------------------------------------------------------------------
LAT, LON = np.array([34.1, 34.2, 34.15, 34.3]), np.array([-118.3, -118.2, -118.4, -118.25])


def placed(lat: np.ndarray, lon: np.ndarray, **answers: str) -> STData:
    return STData.of(sample(lat=("sensor", lat), lon=("sensor", lon)), answers=answers)


def test_places_in_order() -> None:
    assert codes(placed(LAT, LON)) == {"zone", "graph"}
    np.testing.assert_array_equal(placed(LAT, LON).places, np.stack([LAT, LON], axis=1))


def test_swapped_places_are_put_right() -> None:
    data = placed(LON, LAT)
    np.testing.assert_array_equal(data.places, np.stack([LAT, LON], axis=1))
    assert found(data, "swapped").level == "repaired"


def test_longitudes_round_the_world() -> None:
    data = placed(LAT, LON + 360)
    assert data.places is not None
    np.testing.assert_allclose(data.places[:, 1], LON)
    assert "longitude" in codes(data)


def test_projected_places_are_asked() -> None:
    north, east = np.array([5757000.0, 5757500, 5758000, 5758500]), np.array([405000.0, 405500, 406000, 406500])
    with pytest.raises(DataError, match="coordinate system"):
        placed(north, east)
    data = placed(north, east, projected="EPSG:25832")
    assert data.places is not None
    assert data.places[0] == pytest.approx([51.955, 7.617], abs=0.01)
    with pytest.raises(DataError, match="no coordinate system"):
        placed(north, east, projected="EPSG:999999")


def test_odd_places_are_told() -> None:
    data = placed(np.array([0.0, 34.2, 34.2, np.nan]), np.array([0.0, -118.2, -118.2, -118.0]))
    assert {"zero-coordinates", "same-place", "no-place"} <= codes(data)
    assert "s0" in found(data, "zero-coordinates").text
    assert "s3" in found(data, "no-place").text
    many = np.random.default_rng(0).normal(0, 0.1, (2, 40))
    value = np.random.default_rng(0).random((T, 40))
    many[:, 7] += 30
    ds = sample(value, lat=("sensor", 50 + many[0]), lon=("sensor", 8 + many[1]))
    assert "s7" in found(STData.of(ds), "far-away").text
    assert "no-coordinates" in codes(placed(np.full(N, np.nan), np.full(N, np.nan)))


def edged(start: list[int], end: list[int], weight: list[float]) -> xr.Dataset:
    return sample(edge_from=("edge", start), edge_to=("edge", end), edge_weight=("edge", weight))


def test_edges_are_sound() -> None:
    assert "sensor number 4" in refused(edged([0, 1], [1, 4], [1, 1]), "edges")
    refused(edged([0, 1], [1, -1], [1, 1]), "edges")
    assert "not numbers" in refused(edged([0, 1], [1, 0], [1, np.nan]), "edges")
    assert "-2" in refused(edged([0, 1], [1, 0], [1, -2]), "edges")
    refused(sample(edge_from=("edge", [0])), "edges")
    assert "directed" in codes(STData.of(edged([0, 1, 2], [1, 2, 3], [1, 1, 1])))
    assert "self-loops" in codes(STData.of(edged([0, 1], [0, 1], [1, 1])))
    assert "no-edges" in codes(STData.of(edged([0, 1], [1, 0], [0, 0])))
    assert "1 sensor" in found(STData.of(edged([0, 1, 1, 2], [1, 0, 2, 1], [1, 1, 1, 1])), "unlinked").text


# ---- words ---------------------------------------------------------------------------------------------------------
def test_words() -> None:
    assert checks.listed("abcdefg", 3) == "a, b, c and 4 more"
    assert checks.listed(["x" * 200]) == "x" * 80
    assert [checks.share(part) for part in (0, 0.00001, 0.1234, 0.99999, 1)] == [
        "0 %",
        "less than 0.01 %",
        "12.3 %",
        "100.00 %",
        "100 %",
    ]
