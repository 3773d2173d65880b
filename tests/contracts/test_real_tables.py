"""Real tables in other shapes than the published ones, value by value. Skipped where they are not on this machine."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import stcore.readers as readers


@pytest.mark.slow
def test_pm10_as_long_table_as_folder_and_as_parquet(real_data: Path, tmp_path: Path) -> None:
    """4383 days of 70 stations, half of them missing: the same values whichever way they are written."""
    wide = pd.read_csv(real_data / "pm10-germany" / "pm10_daily.csv", index_col="date")
    places = pd.read_csv(real_data / "pm10-germany" / "stations.csv").set_index("station").loc[wide.columns]
    data = readers.open(real_data / "pm10-germany")
    long = wide.rename_axis(columns="station").stack().rename("PM10 (µg/m³)").reset_index()
    long = long.join(places, on="station").sample(frac=1, random_state=0)
    (tmp_path / "long").mkdir()
    long.to_csv(tmp_path / "long" / "rows.csv", index=False)
    rows = readers.open(tmp_path / "long").like(data.sensors, ["PM10 (µg/m³)"])
    np.testing.assert_array_equal(rows.values, data.values)
    assert (rows.time == data.time).all()
    assert rows.locations is not None
    np.testing.assert_array_equal(rows.locations, places[["latitude", "longitude"]].to_numpy())
    assert rows.units == {"PM10 (µg/m³)": "µg/m³"}
    (tmp_path / "stations").mkdir()
    for name in wide.columns:
        wide[[name]].dropna().set_axis(["pm10"], axis=1).to_csv(tmp_path / "stations" / f"{name}.csv")
    by_file = readers.open(tmp_path / "stations")
    assert by_file.ds.attrs["reader"] == "station-folder"
    np.testing.assert_array_equal(by_file.like(data.sensors, by_file.channels).values, data.values)
    readers.save(data, tmp_path / "parquet", "parquet")
    again = readers.open(tmp_path / "parquet")
    np.testing.assert_array_equal(again.values, data.values)
    np.testing.assert_array_equal(again.locations, data.locations)
    assert (again.sensors, again.channels, again.units) == (data.sensors, data.channels, data.units)


def test_charged_as_one_long_table(real_data: Path, tmp_path: Path) -> None:
    """Three quantities of 63 stations with ids that are numbers, as columns of one table."""
    raw = real_data / "charged-mel" / "raw"
    frames = {name: pd.read_csv(raw / f"{name}.csv", index_col=0) for name in ("volume", "duration", "e_price")}
    parts = [
        frame.rename_axis("time").melt(ignore_index=False, var_name="station", value_name=name)
        for name, frame in frames.items()
    ]
    long = parts[0].assign(duration=parts[1]["duration"].to_numpy(), e_price=parts[2]["e_price"].to_numpy())
    long.to_csv(tmp_path / "charged.csv")
    data = readers.open(tmp_path / "charged.csv")
    assert data.channels == list(frames)
    assert data.sensors == list(frames["volume"].columns)
    for place, frame in enumerate(frames.values()):
        np.testing.assert_array_equal(data.values[:, :, place], frame.to_numpy(np.float32))


def test_charged_as_days_with_a_column_per_hour(real_data: Path, tmp_path: Path) -> None:
    frame = pd.read_csv(real_data / "charged-mel" / "raw" / "volume.csv", index_col=0, parse_dates=True)
    stations = frame.columns
    days = frame.to_numpy().reshape(-1, 24, len(stations)).transpose(2, 0, 1).reshape(-1, 24)
    table = pd.DataFrame(days, columns=[f"H{n:02d}" for n in range(1, 25)])
    table.insert(0, "day", np.tile(frame.index[::24].strftime("%d.%m.%Y"), len(stations)))
    table.insert(0, "station", np.repeat(stations, len(frame) // 24))
    table.to_csv(tmp_path / "days.csv", index=False, sep=";", decimal=",")
    data = readers.open(tmp_path / "days.csv")
    assert data.sensors == list(stations)
    assert (data.time == frame.index).all()
    np.testing.assert_array_equal(data.values[:, :, 0], frame.to_numpy(np.float32))
