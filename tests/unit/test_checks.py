"""Every check of the door: what it finds, what it changes, what it asks, each with count and place."""

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from checked import N, T, codes, found, refused, sample
from tiny import tiny

from stcore import words
from stcore.data import STData, checks
from stcore.findings import DataError, refuse


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


@pytest.mark.parametrize("units", ["km/h", ["km/h"], 5])
def test_units_are_told_by_channel(units: Any) -> None:
    assert "for each channel by its name" in refused(sample().assign_attrs(units=units), "units")


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


def test_the_share_of_zeros_is_of_all_readings_and_not_the_mean_over_sensors() -> None:
    ds = sample()
    value = np.ones(ds["value"].shape, np.float32)
    value[: len(value) // 2, 0] = 0
    value[len(value) // 4 :, 0] = np.nan  # few readings, all of them zero
    asked = ds.assign(value=(ds["value"].dims, value))
    share = (value == 0).sum() / np.isfinite(value).sum()
    for data in (STData.of(asked), STData.of(asked, answers={"zeros": "missing"})):
        mean = float(checks.zero_share(data.ds).mean())
        assert checks.zeros_of_all(data.ds) == pytest.approx(share) and share != pytest.approx(mean)


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
    np.testing.assert_array_equal(placed(LAT, LON).locations, np.stack([LAT, LON], axis=1))


def test_swapped_places_are_put_right() -> None:
    data = placed(LON, LAT)
    np.testing.assert_array_equal(data.locations, np.stack([LAT, LON], axis=1))
    assert found(data, "swapped").level == "repaired"


def test_longitudes_round_the_world() -> None:
    data = placed(LAT, LON + 360)
    assert data.locations is not None
    np.testing.assert_allclose(data.locations[:, 1], LON)
    assert "longitude" in codes(data)


def test_projected_places_are_asked() -> None:
    north, east = np.array([5757000.0, 5757500, 5758000, 5758500]), np.array([405000.0, 405500, 406000, 406500])
    with pytest.raises(DataError, match="coordinate system"):
        placed(north, east)
    data = placed(north, east, projected="EPSG:25832")
    assert data.locations is not None
    assert data.locations[0] == pytest.approx([51.955, 7.617], abs=0.01)
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
    assert words.listing("abcdefg", 3) == "a, b, c and 4 more"
    assert words.listing(["x" * 200]) == "x" * 80
    assert [words.percentage(part) for part in (0, 0.00001, 0.1234, 0.99999, 1)] == [
        "0 %",
        "less than 0.01 %",
        "12.3 %",
        "100.00 %",
        "100 %",
    ]


def test_places_of_a_grid_are_called_cells() -> None:
    ds = tiny(60, 4, grid=(2, 2)).ds.drop_dims("edge").drop_attrs(deep=False).assign_attrs(grid=[2, 2])
    ds["value"][:, 3] = 7.0
    data = STData.of(ds)
    said = {finding.code: " ".join([finding.text, *finding.choices.values()]) for finding in data.findings}
    assert "1 cell with the same value" in said["constant"]
    assert "edges between 4 cells: each cell with its" in said["graph"]
    assert not any("sensor" in text for text in said.values()), said
    assert "each sensor with" in " ".join(tiny(60).answers.values()) + tiny(60).findings[-1].text, "as ever elsewhere"
    again = STData.of(data.to_dataset().assign_attrs(grid=[2, 2]))
    assert again.answers["graph"] == "nearest", "the rule is known again"


def test_a_refusal_can_be_told_by_another_process() -> None:
    error = refuse("zone", "Which zone?", {"UTC": "as written"})
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.findings) == (DataError, str(error), error.findings)
