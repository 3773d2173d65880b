"""Tables with one row per station and time: any order, usual names, locations in the rows, and duplicate rows."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from data_samples.values import IDS, SENSORS, STEPS, long_frame, times, values
from hostile_tools import refused

import stcore.readers as readers
from stcore.data import STData
from stcore.findings import Finding
from stcore.readers.tables import row_blocks


def found(data: STData, code: str) -> Finding:
    return next(finding for finding in data.findings if finding.code == code)


def codes(data: STData) -> set[str]:
    return {finding.code for finding in data.findings}


def write(frame: pd.DataFrame, path: Path, **more: str) -> Path:
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False, **more)
    return path


def same(data: STData, wanted: np.ndarray | None = None) -> None:
    """The sample's values, whatever the order of the sensors is."""
    wanted = values() if wanted is None else wanted
    order = [data.sensors.index(name) for name in IDS]
    np.testing.assert_array_equal(data.values[:, order, 0], wanted.astype(np.float32))
    assert (data.time == times()).all()


either = pytest.mark.parametrize("suffix", [".csv", ".parquet"])


@either
@pytest.mark.parametrize(
    "names", [("sensor_id", "timestamp", "flow"), ("Messstelle", "Datum", "Wert"), ("ID", "ds", "y1")]
)
def test_any_order_of_rows_and_columns(suffix: str, names: tuple[str, ...], tmp_path: Path) -> None:
    frame = long_frame().rename(columns=dict(zip(["station", "time", "value"], names, strict=True)))
    frame = frame.sample(frac=1, random_state=3)[[names[2], names[0], names[1]]]
    data = readers.open(write(frame, tmp_path / f"rows{suffix}"))
    same(data)
    assert data.channels == [names[2]]
    assert data.ds.attrs["reader"] == "long-table"
    assert names[0] in found(data, "long-table").text


@either
def test_several_columns_become_channels_with_locations(suffix: str, tmp_path: Path) -> None:
    frame = long_frame()
    number = frame["station"].map(IDS.index)
    frame = frame.assign(speed=frame["value"] * 2, Lat=51.0 + number / 8, Lng=7.0 + number / 16, note="x")
    data = readers.open(write(frame, tmp_path / f"rows{suffix}"))
    assert data.channels == ["value", "speed"]
    np.testing.assert_allclose(data.values[:, :, 1], 2 * values(), rtol=1e-6)
    assert data.locations is not None
    np.testing.assert_array_equal(data.locations, [[51 + n / 8, 7 + n / 16] for n in range(SENSORS)])
    assert "Not read: note" in found(data, "long-table").text


@either
def test_ids_of_digits_stay_text(suffix: str, tmp_path: Path) -> None:
    frame = long_frame()
    frame["station"] = frame["station"].map(dict(zip(IDS, ["001", "1", "01", "2", "10", "NA"], strict=True)))
    data = readers.open(write(frame, tmp_path / f"rows{suffix}"))
    assert data.sensors == ["001", "1", "01", "2", "10", "NA"]


def test_parquet_ids_as_numbers_and_categories(tmp_path: Path) -> None:
    frame = long_frame()
    frame["station"] = frame["station"].map(dict(zip(IDS, range(400001, 400007), strict=True)))
    for number, kind in enumerate(("int64", "float64", "category")):
        data = readers.open(write(frame.astype({"station": kind}), tmp_path / f"{number}.parquet"))
        assert data.sensors == [str(name) for name in range(400001, 400007)]


def test_parquet_with_a_zone_decimals_and_an_index(tmp_path: Path) -> None:
    frame = long_frame().assign(time=lambda rows: rows["time"].dt.tz_localize("Europe/Berlin"))
    frame.set_index(["station", "time"]).to_parquet(tmp_path / "rows.parquet")
    data = readers.open(tmp_path / "rows.parquet")
    assert (data.zone, data.ds.attrs["local_zone"]) == ("UTC", "Europe/Berlin")
    assert (data.local_time == times()).all()
    np.testing.assert_array_equal(data.values[:, :, 0], values().astype(np.float32))


def test_days_in_parquet(tmp_path: Path) -> None:
    days = pd.date_range("2024-01-01", periods=40).date
    frame = pd.DataFrame({"site": np.repeat(["a", "b"], 40), "date": [*days, *days], "count": range(80)})
    data = readers.open(write(frame, tmp_path / "days.parquet"))
    assert data.step_seconds == 86400
    assert data.values[3, :, 0].tolist() == [3, 43]


@pytest.mark.parametrize("split", ["clock", "hour", "parts"])
def test_a_date_and_a_time_of_day_in_columns_of_their_own(split: str, tmp_path: Path) -> None:
    stamps = pd.date_range("2024-01-30 22:00", periods=60, freq="h")
    every = stamps.repeat(2)
    frame = pd.DataFrame({"station": ["a", "b"] * 60, "value": np.arange(120) + 0.5})
    if split == "parts":
        frame = frame.assign(year=every.year, month=every.month, day=every.day, hour=every.hour)
    else:
        frame["date"] = every.strftime("%Y-%m-%d")
        frame["time" if split == "clock" else "hour"] = every.strftime("%H:%M") if split == "clock" else every.hour
    data = readers.open(write(frame, tmp_path / "rows.csv"))
    assert (data.time == stamps).all()
    assert data.values[5, :, 0].tolist() == [10.5, 11.5]


def test_quantities_in_rows_become_channels(tmp_path: Path) -> None:
    frame = pd.concat(
        [long_frame().assign(parameter="no2"), long_frame().assign(parameter="o3", value=lambda r: r["value"] + 1)]
    )
    data = readers.open(
        write(frame.sample(frac=1, random_state=1).sort_values("time", kind="stable"), tmp_path / "rows.csv")
    )
    assert sorted(data.channels) == ["no2", "o3"]
    same(STData(data.ds.sel(channel=["no2"]), [], {}))
    same(STData(data.ds.sel(channel=["o3"]), [], {}), values() + 1)


@pytest.mark.parametrize("equal", [True, False])
def test_duplicate_rows(equal: bool, tmp_path: Path) -> None:
    frame = long_frame()
    again = frame.iloc[[7, 8, 9]].assign(value=lambda rows: rows["value"] if equal else rows["value"] + 4)
    path = write(pd.concat([frame, again]), tmp_path / "rows.csv")
    if equal:
        data = readers.open(path)
        same(data)
        assert found(data, "duplicate-times").level == "repaired"
        assert "3 of 579 rows" in found(data, "duplicate-times").text
        return
    said = refused(path, "duplicate-times")
    assert "3 of 579 rows" in said and f"{IDS[1]} at 2024-05-06 00:15" in said and "3 of them" in said
    same(readers.open(path, {"duplicate-times": "first"}))
    mean = readers.open(path, {"duplicate-times": "mean"})
    wanted = values()
    wanted.flat[[7, 8, 9]] += 2
    np.testing.assert_allclose(mean.values[:, :, 0], wanted, rtol=1e-6)
    assert mean.answers["duplicate-times"] == "mean"


def test_the_repeated_hour_is_a_question_with_its_reason(tmp_path: Path) -> None:
    local = pd.date_range("2024-10-26", periods=100, freq="h", tz="Europe/Berlin").strftime("%Y-%m-%d %H:%M")
    frame = pd.DataFrame({"station": np.repeat(["a", "b"], 100), "time": [*local, *local], "value": np.arange(200.0)})
    assert "daylight saving" in refused(write(frame, tmp_path / "rows.csv"), "duplicate-times")


def test_two_columns_that_name_sensors_are_a_question(tmp_path: Path) -> None:
    frame = long_frame().assign(station_name=lambda rows: "Street " + rows["station"])
    path = write(frame.rename(columns={"station": "station_id"}), tmp_path / "rows.csv")
    assert readers.open(path).sensors == IDS
    assert found(readers.open(path), "sensor-column").chosen == "station_id"
    assert readers.open(path, {"sensor-column": "station_name"}).sensors == [f"Street {name}" for name in IDS]


def test_missing_rows_are_missing_readings(tmp_path: Path) -> None:
    data = readers.open(write(long_frame().drop(index=[12, 100, 250]), tmp_path / "rows.csv"))
    wanted = values()
    wanted.flat[[12, 100, 250]] = np.nan
    same(data, wanted)


def test_sensors_with_different_times(tmp_path: Path) -> None:
    """Every reading at a moment of its own: a step is asked, and readings within it are averaged."""
    rng = np.random.default_rng(2)
    parts = []
    for number in range(30):
        stamps = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.sort(rng.choice(86_400, 96, replace=False)), unit="s")
        parts.append(pd.DataFrame({"device": f"d{number}", "time": stamps, "value": rng.random(96)}))
    frame = pd.concat(parts).sort_values("time")
    path = write(frame, tmp_path / "rows.csv")
    assert "different times" in refused(path, "step")
    data = readers.open(path, {"step": "1h"})
    assert data.step_seconds == 3600
    first = frame[(frame["device"] == "d3") & (frame["time"] < "2024-01-01 01:00")]["value"].mean()
    assert data.values[0, data.sensors.index("d3"), 0] == pytest.approx(first, rel=1e-5)
    refused(path, "step", {"step": "often"})


def test_a_station_that_moves_is_reported(tmp_path: Path) -> None:
    frame = long_frame().assign(lat=51.0, lon=7.0)
    frame.loc[100, "lat"] = 52.0
    data = readers.open(write(frame, tmp_path / "rows.csv"))
    assert IDS[100 % SENSORS] in found(data, "places-vary").text
    assert data.locations is not None and (data.locations[:, 0] == 51).all()


def test_a_row_without_a_station_or_a_time_is_named(tmp_path: Path) -> None:
    frame = long_frame().astype({"time": str})
    frame.loc[200, "station"] = ""
    assert "Row 201" in refused(write(frame, tmp_path / "rows.csv"), "sensor-names")
    frame = long_frame().astype({"time": str})
    frame.loc[300, "time"] = ""
    assert "Row 301" in refused(write(frame, tmp_path / "rows.csv"), "time")
    frame.loc[300, "time"] = "soon"
    assert "Row 301" in refused(write(frame, tmp_path / "rows.csv"), "time")


def test_other_marks_words_and_ragged_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same rules as for wide tables hold in every block of a long one."""
    monkeypatch.setattr(row_blocks, "BLOCK", 500)
    frame = long_frame()
    path = write(frame, tmp_path / "rows.csv", sep=";", decimal=",")
    same(readers.open(path))
    assert "semicolons" in found(readers.open(path), "dialect").text
    lines = path.read_text().split("\n")
    lines[400] = ";".join([*lines[400].split(";")[:2], "err"])
    path.write_text("\r\n".join(["# exported", "", *lines]))
    data = readers.open(path)
    assert np.isnan(data.values).sum() == 2
    assert "'err'" in found(data, "text-in-numbers").text
    path.write_text("\n".join([*lines[:300], lines[300] + ";1", *lines[301:]]))
    assert "Line 301" in refused(path, "ragged")
    path.write_text(
        "\n".join([*lines[:60], *(";".join([*line.split(";")[:2], "off"]) for line in lines[60:200]), *lines[200:]])
    )
    assert "'off'" in refused(path)


def test_a_wide_table_that_numbers_its_rows_is_no_long_one(tmp_path: Path) -> None:
    frame = pd.DataFrame(values(), columns=[f"s{n}" for n in range(SENSORS)])
    frame.insert(0, "time", times())
    frame.insert(0, "id", range(STEPS))
    data = readers.open(write(frame, tmp_path / "wide.csv"))
    assert data.ds.attrs["reader"] == "wide-table"


def test_ids_that_look_like_formulas_stay_text(tmp_path: Path) -> None:
    frame = long_frame()
    frame["station"] = frame["station"].map(lambda name: f"=cmd|' /C calc'!{name}")
    assert readers.open(write(frame, tmp_path / "rows.csv")).sensors == [f"=cmd|' /C calc'!{name}" for name in IDS]
