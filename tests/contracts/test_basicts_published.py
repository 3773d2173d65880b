"""Files written for BasicTS, and sets that BasicTS publishes."""

import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from basicts_tools import found
from data_samples.basicts import write_basicts
from data_samples.values import SENSORS, STEPS
from hostile_tools import refused

import stcore.readers as readers


# ---- written, and real -----------------------------------------------------------------------------------------------
def test_basicts_reads_the_written_files(tmp_path: Path) -> None:
    data = readers.open(write_basicts(tmp_path), {"start": "2024-05-06 00:00"})
    lost = " ".join(readers.save(data, tmp_path / "saved", "basicts"))
    assert "pickle" in lost and "numbered" in lost and "2024-05-06" in lost
    about = json.loads((tmp_path / "saved" / "meta.json").read_text())
    assert np.isnan(about["regular_settings"]["null_val"])
    assert (about["shape"], about["frequency (minutes)"]) == ([STEPS, SENSORS], 15)
    for part in ("train", "val", "test"):
        for kind in ("data", "timestamps"):
            old, new = (np.load(place / f"{part}_{kind}.npy") for place in (tmp_path / "STREETS", tmp_path / "saved"))
            np.testing.assert_array_equal(old, new[:, : old.shape[1]])
            assert new.dtype == np.float32
    np.testing.assert_array_equal(
        np.load(tmp_path / "saved/adj_mx.npy"), pickle.loads((tmp_path / "STREETS/adj_mx.pkl").read_bytes())[2]
    )
    again = readers.open(tmp_path / "saved")
    assert (again.time[0].month, again.time[0].day, again.time[0].day_name()) == (5, 6, "Monday")
    assert again.ds["split"].values.tolist() == data.ds["split"].values.tolist()


def test_several_channels_are_not_written(tmp_path: Path) -> None:
    np.savez(tmp_path / "roads.npz", data=np.random.default_rng(0).random((40, 3, 3)))
    data = readers.open(tmp_path / "roads.npz")
    with pytest.raises(ValueError, match="one channel"):
        readers.save(data, tmp_path / "saved", "basicts")
    assert not (tmp_path / "saved").exists()


def test_etth1_of_basicts_itself(real_data: Path) -> None:
    where = real_data / "format-fixtures/basicts_v1/ETTh1_mini"
    data = readers.open(where)
    parts = [np.load(where / f"{part}_data.npy") for part in ("train", "val", "test")]
    np.testing.assert_array_equal(data.values[:, :, 0], np.concatenate(parts))
    assert data.ds["split"].values.tolist() == ["train"] * 432 + ["validation"] * 144 + ["test"] * 144
    stamps = np.concatenate([np.load(where / f"{part}_timestamps.npy") for part in ("train", "val", "test")])
    when = data.time
    own = [when.hour / 24, when.day_of_week / 7, (when.day - 1) / 31, (when.day_of_year - 1) / 366]
    np.testing.assert_allclose(np.stack(own, axis=1), stamps, atol=1e-6)
    assert (data.step_seconds, data.ds.attrs["assumed"]) == (3600, "start")
    assert data.channels == ["electricity transformer temperature"]


@pytest.mark.parametrize("name", ["METR-LA", "PEMS04"])
def test_real_descriptions_open_the_data_beside_them(name: str, real_data: Path, tmp_path: Path) -> None:
    """Both generations' own descriptions, over zeros of their size, which are a hole on disk."""
    shutil.copytree(real_data / "format-fixtures/basicts_json" / name, tmp_path / name, copy_function=shutil.copyfile)
    (tmp_path / name).chmod(0o755)
    about = json.loads((tmp_path / name / "desc.json").read_text())
    steps, sensors, _ = about["shape"]
    assert "train_data.npy" in refused(tmp_path / name, "basicts")
    flat = np.memmap(tmp_path / name / "data.dat", "float32", "w+", shape=tuple(about["shape"]))
    minutes = 5 * np.arange(steps)
    first_day = {"METR-LA": 3, "PEMS04": 0}[name]
    flat[:, 0, 0] = 50 + minutes % 7
    flat[:, :, 1], flat[:, :, 2] = (minutes % 1440 / 1440)[:, None], ((minutes // 1440 + first_day) % 7 / 7)[:, None]
    flat.flush()
    data = readers.open(tmp_path / name)
    assert data.channels == [{"METR-LA": "traffic speed", "PEMS04": "traffic flow"}[name]]
    assert data.values.shape == (steps, sensors, 1)
    assert data.time[0] == pd.Timestamp({"METR-LA": "2012-03-01", "PEMS04": "2018-01-01"}[name])
    assert "question about zeros" in found(data, "null-value").text
