"""Checks of time: order, gaps, uneven steps, zones and the hours that come twice."""

import numpy as np
import pandas as pd
import pytest
from checked import ROWS, N, T, codes, found, refused, sample

from stcore.data import STData
from stcore.data.checks.time import offer_zone, offered_zone
from stcore.findings import DataError


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


def test_rows_with_one_time_of_day_are_not_asked_for_their_zone() -> None:
    days = pd.date_range("2024-03-01", periods=len(sample().time), freq="D").values
    assert "zone" not in codes(STData.of(sample(time=days)))
    assert STData.of(sample(time=days), answers={"zone": "Europe/Berlin"}).zone == "Europe/Berlin"


def test_the_zone_is_asked_and_a_known_one_offered() -> None:
    wall = pd.date_range("2024-03-31 00:00", periods=T, freq="15min")
    data = STData.of(sample(time=wall))
    (question,) = offer_zone([found(data, "zone")], "America/Los_Angeles")
    assert offered_zone([question]) == "America/Los_Angeles" and offered_zone(data.findings) is None
    assert list(question.choices) == ["unknown", "America/Los_Angeles", "<zone>"]
    assert (question.level, question.chosen, data.zone) == ("note", "unknown", "unknown")
    assert "zone" not in codes(STData.of(sample(time=wall).assign_attrs(zone="UTC")))
    assert "2024-03-31 02:00" in refused(sample(time=wall), "clock-change", zone="Europe/Berlin")
    answered = STData.of(sample(time=wall), answers={"zone": "America/New_York"})
    assert answered.zone == "America/New_York"
    assert answered.fingerprint != data.fingerprint


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("Europe/Munster", "Europe/"),
        ("los angeles", "America/Los_Angeles"),
        ("berlin", "Europe/Berlin"),
        ("../../etc/passwd", "Zones have names"),
        ("UTC+1", "Zones have names"),
    ],
)
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
