"""Real published files, value by value, against an independent reading. Skipped where they are not on this machine."""

import json
import pickle
import shutil
import time
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import stcore.readers as readers
from stcore.data import STData
from stcore.findings import DataError, Finding


def found(data: STData, code: str) -> Finding:
    return next(finding for finding in data.findings if finding.code == code)


def test_metr_la_week_opens_as_one_dataset(real_data: Path) -> None:
    folder = real_data / "metr-la-week"
    readers.open(folder)  # imports what is imported on first use
    begun = time.process_time()
    data = readers.open(folder)
    assert time.process_time() - begun < 1
    with h5py.File(folder / "metr-la.h5") as file:
        table = file["df/block0_values"][()]
        ids = [name.decode() for name in file["df/axis0"][()]]
    assert data.values.shape == (2016, 207, 1)
    np.testing.assert_array_equal(data.values[:, :, 0], table.astype(np.float32))
    assert data.sensors == ids
    assert (data.time == pd.date_range("2012-03-01", periods=2016, freq="5min")).all()
    assert (data.channels, data.units, data.zone) == (["speed"], {"speed": "mph"}, "unknown")
    assert data.title == "metr-la-week"
    places = pd.read_csv(folder / "sensor_graph/graph_sensor_locations.csv", dtype={"sensor_id": str}).set_index(
        "sensor_id"
    )
    assert data.locations is not None
    np.testing.assert_array_equal(data.locations, places.loc[ids, ["latitude", "longitude"]].to_numpy())
    same = found(data, "same-values").text
    assert "metr-la.h5 and metr-la.legacy-attrs.h5" in same


def test_metr_la_graph_is_that_of_the_pickle(real_data: Path) -> None:
    folder = real_data / "metr-la-week"
    data = readers.open(folder)
    with (folder / "sensor_graph/adj_mx.pkl").open("rb") as file:
        ids, _, matrix = pickle.load(file, encoding="latin1")  # a file that we trust; the program never does this
    order = [list(ids).index(name) for name in data.sensors]
    dense = np.zeros((207, 207))
    assert data.edges is not None
    dense[data.edges[0], data.edges[1]] = data.edges[2]
    np.testing.assert_array_equal(dense, matrix[np.ix_(order, order)])
    assert len(data.edges[0]) == 1722


def test_the_legacy_file_alone_holds_the_same(real_data: Path) -> None:
    folder = real_data / "metr-la-week"
    new, old = readers.open(folder / "metr-la.h5"), readers.open(folder / "metr-la.legacy-attrs.h5")
    np.testing.assert_array_equal(new.values, old.values)
    assert (new.time == old.time).all()
    assert new.sensors == old.sensors


def test_either_value_file_can_be_asked_for(real_data: Path) -> None:
    folder = real_data / "metr-la-week"
    one, other = (readers.open(folder, {"values": name}) for name in ("metr-la.h5", "metr-la.legacy-attrs.h5"))
    assert one.fingerprint == other.fingerprint


def test_muenster(real_data: Path) -> None:
    data = readers.open(real_data / "muenster-bikes")
    with xr.open_dataset(real_data / "muenster-bikes/muenster_bikes_15min.nc", engine="h5netcdf") as file:
        np.testing.assert_array_equal(data.values[:, :, 0], file["count"].transpose("time", "sensor").values)
        assert data.sensors == [str(name) for name in file["sensor"].values]
        assert (data.time == file["time"].values).all()
        assert data.ds["site"].values.tolist() == [str(name) for name in file["site"].values]
    assert (data.zone, data.channels, data.units) == ("Europe/Berlin", ["count"], {"count": "bicycles per 15 min"})
    assert data.locations is None
    assert "19.5 %" in found(data, "zeros").text
    assert "12 rows" in found(data, "clock-change").text
    assert "8 rows" in found(data, "doubled-hour").text


def test_era5(real_data: Path) -> None:
    data = readers.open(real_data / "era5-uk-t2m-2019-03")
    with xr.open_dataset(real_data / "era5-uk-t2m-2019-03/era5_uk_t2m_2019-03.nc", engine="h5netcdf") as file:
        cube = file["t2m"].transpose("time", "latitude", "longitude").values
        lat, lon = file["latitude"].values, file["longitude"].values
    np.testing.assert_array_equal(data.values[:, :, 0].reshape(744, 33, 49), cube)
    assert list(data.ds.attrs["grid"]) == [33, 49]
    assert data.ds["cell"].values.tolist() == list(range(33 * 49))
    assert data.locations is not None
    np.testing.assert_array_equal(data.locations.reshape(33, 49, 2)[:, 0, 0], lat)
    np.testing.assert_array_equal(data.locations.reshape(33, 49, 2)[0, :, 1], lon)
    assert (data.units, data.zone, data.step_seconds) == ({"t2m": "K"}, "UTC", 3600)
    assert [finding.code for finding in data.findings].count("not-read") == 1
    assert "era5-2mt-2019-03-uk.grib" in found(data, "not-read").text


def test_era5_in_other_orders_and_with_sea(real_data: Path, tmp_path: Path) -> None:
    with xr.open_dataset(real_data / "era5-uk-t2m-2019-03/era5_uk_t2m_2019-03.nc", engine="h5netcdf") as file:
        small = file.isel(time=slice(0, 30)).load()
    small["t2m"][:, 3, 4:9] = np.nan
    turned = small.transpose("longitude", "latitude", "time").rename(latitude="lat", longitude="lon", time="valid_time")
    turned.drop_encoding().to_netcdf(tmp_path / "turned.nc", engine="h5netcdf")
    data = readers.open(tmp_path / "turned.nc")
    cells = data.ds["cell"].values
    assert len(cells) == 33 * 49 - 5
    np.testing.assert_array_equal(data.values[:, :, 0], small["t2m"].values.reshape(30, -1)[:, cells])
    assert "5 of 1617 cells" in found(data, "all-missing").text


def test_pm10(real_data: Path) -> None:
    data = readers.open(real_data / "pm10-germany")
    frame = pd.read_csv(real_data / "pm10-germany/pm10_daily.csv", index_col="date")
    places = pd.read_csv(real_data / "pm10-germany/stations.csv", index_col="station").loc[list(frame.columns)]
    np.testing.assert_array_equal(data.values[:, :, 0], frame.to_numpy(np.float32))
    assert data.sensors == list(frame.columns)
    assert data.locations is not None
    np.testing.assert_array_equal(data.locations, places[["latitude", "longitude"]].to_numpy())
    assert data.step_seconds == 86400
    assert data.answers["graph"] == "nearest"
    assert "51.4 %" in found(data, "missing").text
    assert "air.rda" in found(data, "not-read").text


def test_charged_raw_and_its_channels(real_data: Path) -> None:
    folder = real_data / "charged-mel/raw"
    data = readers.open(folder)
    frames = {name: pd.read_csv(folder / f"{name}.csv", index_col=0) for name in ("duration", "e_price", "volume")}
    np.testing.assert_array_equal(data.values[:, :, 0], frames["duration"].to_numpy(np.float32))
    assert (data.time == pd.date_range("2023-04-01", periods=4392, freq="h")).all()
    asked = found(data, "values")
    assert asked.chosen == "duration.csv"
    assert set(asked.choices) == {"duration.csv", "e_price.csv", "volume.csv", "all"}
    assert "weather.csv" in found(data, "not-read").text
    every = readers.open(folder, {"values": "all"})
    assert every.channels == ["duration", "e_price", "volume"]
    np.testing.assert_array_equal(
        every.values, np.stack([frames[name].to_numpy(np.float32) for name in every.channels], axis=2)
    )
    volume = readers.open(folder, {"values": "volume.csv"})
    np.testing.assert_array_equal(volume.values[:, :, 0], frames["volume"].to_numpy(np.float32))
    places = pd.read_csv(folder / "stations.csv", dtype={"station_id": str}).set_index("station_id").loc[volume.sensors]
    assert volume.locations is not None
    np.testing.assert_array_equal(volume.locations, places[["latitude", "longitude"]].to_numpy())
    with pytest.raises(DataError, match=r"nothing\.csv"):
        readers.open(folder, {"values": "nothing.csv"})


def test_charged_as_a_pems_set(real_data: Path) -> None:
    """The archive has no ids; the distances of its own graph tell in which order the places are."""
    folder = real_data / "charged-mel/pems_layout"
    data = readers.open(folder, {"start": "2023-04-01 00:00", "step": "1h"})
    with np.load(folder / "CHARGEDMEL.npz") as file:
        np.testing.assert_array_equal(data.values, file["data"].astype(np.float32))
    stations = pd.read_csv(folder / "stations_in_column_order.csv", dtype={"station_id": str})
    assert data.sensors == stations["station_id"].tolist()
    assert data.locations is not None
    np.testing.assert_array_equal(data.locations, stations[["latitude", "longitude"]].to_numpy())
    assert "confirm" in found(data, "places").text
    edges = pd.read_csv(folder / "CHARGEDMEL.csv")
    assert data.edges is not None
    assert set(zip(data.edges[0].tolist(), data.edges[1].tolist(), strict=True)) == set(
        zip(edges["from"], edges["to"], strict=True)
    )
    assert (data.time == pd.date_range("2023-04-01", periods=4392, freq="h")).all()
    alone = readers.open(folder / "CHARGEDMEL.npz")
    assert alone.edges is not None
    assert alone.locations is None


def test_charged_as_a_whole_takes_a_table_with_real_times(real_data: Path) -> None:
    data = readers.open(real_data / "charged-mel")
    assert data.time[0] == pd.Timestamp("2023-04-01")
    assert found(data, "values").chosen == "raw/duration.csv"


def test_the_bare_adjacency_of_pems08(real_data: Path, tmp_path: Path) -> None:
    fixtures = real_data / "format-fixtures/pems/PEMS08"
    shutil.copy(fixtures / "adj_PEMS08.bare_ndarray.pkl", tmp_path / "adj_PEMS08.pkl")
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "PEMS08.npz", data=rng.random((40, 170, 3)))
    data = readers.open(tmp_path)
    with (fixtures / "adj_PEMS08.bare_ndarray.pkl").open("rb") as file:
        matrix = pickle.load(file)
    dense = np.zeros((170, 170))
    assert data.edges is not None
    dense[data.edges[0], data.edges[1]] = data.edges[2]
    np.testing.assert_array_equal(dense, matrix)
    shutil.copy(fixtures / "distance.csv", tmp_path / "distance.csv")
    (tmp_path / "adj_PEMS08.pkl").unlink()
    listed = readers.open(tmp_path)
    assert listed.edges is not None
    assert len(listed.edges[0]) == len(pd.read_csv(fixtures / "distance.csv"))


def test_answers_in_a_folder(real_data: Path, tmp_path: Path) -> None:
    for name in ("pm10_daily.csv", "stations.csv"):
        shutil.copy(real_data / "pm10-germany" / name, tmp_path / name)
    readers.save_answers(tmp_path, {"graph": "gaussian"})
    assert json.loads((tmp_path / "answers.json").read_text()) == {"graph": "gaussian"}
    assert readers.open(tmp_path).answers["graph"] == "gaussian"
    assert readers.open(tmp_path, {"graph": "none"}).edges is None
