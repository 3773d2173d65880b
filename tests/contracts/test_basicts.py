"""BasicTS in its three generations: descriptions are used, scaling is undone, and other contents are reported."""

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from basicts_tools import changed, codes, found
from data_samples.basicts import write_basicts, write_basicts_memmap, write_basicts_pickles
from data_samples.values import IDS, SENSORS, STEPS, values
from hostile_tools import refused

import stcore.readers as readers

WRITERS = {"1.x": write_basicts, "0.4": write_basicts_memmap, "0.3": write_basicts_pickles}
every = pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)


@every
def test_the_calendar_columns_fix_phase_and_step(write: Callable[[Path], Path], tmp_path: Path) -> None:
    data = readers.open(write(tmp_path))
    assert data.step_seconds == 900
    assert (data.time[0].day_name(), data.time[0].hour) == ("Monday", 0)
    assert data.ds.attrs["assumed"] == "start"
    assert "begin on a Monday at 00:00. Its start is assumed" in found(data, "start").text
    answered = readers.open(data_folder := tmp_path / "STREETS", {"start": "2024-05-06 00:00"})
    assert answered.time[0] == pd.Timestamp("2024-05-06")
    assert answered.ds.attrs.get("assumed") is None
    assert "contradict" in found(readers.open(data_folder, {"start": "2024-05-07 00:00"}), "start").text


@pytest.mark.parametrize("write", [write_basicts, write_basicts_memmap])
def test_the_split_is_the_files_own(write: Callable[[Path], Path], tmp_path: Path) -> None:
    names = readers.open(write(tmp_path)).ds["split"].values
    ends = [int(0.6 * STEPS), int(0.6 * STEPS) + int(0.2 * STEPS)]
    assert names.tolist() == ["train"] * ends[0] + ["validation"] * (ends[1] - ends[0]) + ["test"] * (STEPS - ends[1])


def test_an_index_of_windows_is_a_split_in_time(tmp_path: Path) -> None:
    data = readers.open(write_basicts_pickles(tmp_path))
    names, many = data.ds["split"].values, STEPS - 23
    first_valid, first_test = 12 + round(many * 0.6), 12 + round(many * 0.6) + round(many * 0.2)
    assert np.flatnonzero(names == "validation").tolist() == list(range(first_valid, first_test))
    assert (names[first_test:] == "test").all()
    assert f"at steps {first_valid} and {first_test}" in found(data, "split").text


def test_channels_are_named_by_the_description(tmp_path: Path) -> None:
    assert readers.open(write_basicts(tmp_path)).channels == ["traffic speed"]
    shutil.rmtree(tmp_path / "STREETS")
    assert readers.open(write_basicts_memmap(tmp_path)).channels == ["traffic flow"]


@pytest.mark.parametrize("mode", ["standard", "each", "limits", "float32"])
def test_scaling_is_undone_with_a_finding(mode: str, tmp_path: Path) -> None:
    where = write_basicts_pickles(tmp_path)
    raw = values().copy()
    raw[10:14, 1] = 0
    each = {"axis": 0, "keepdims": True} if mode == "each" else {}
    mean, std = np.nanmean(raw[:50, :, None], **each), np.nanstd(raw[:50, :, None], **each)
    low, high = np.nanmin(raw), np.nanmax(raw)
    if mode == "limits":
        scaled, args = 2 * (raw[:, :, None] - low) / (high - low) - 1, {"min_value": low, "max_value": high}
    else:
        scaled, args = (raw[:, :, None] - mean) / std, {"mean": mean, "std": std}
    data_file = where / "data_in_12_out_12_rescale_True.pkl"
    cube = pickle.loads(data_file.read_bytes())["processed_data"]
    cube[:, :, :1] = scaled
    cube = cube.astype(np.float32) if mode == "float32" else cube
    data_file.write_bytes(pickle.dumps({"processed_data": cube}))
    func = "re_min_max_transform" if mode == "limits" else "re_standard_transform"
    (where / "scaler_in12_out12.pkl").write_bytes(pickle.dumps({"func": func, "args": args}))
    data = readers.open(where)
    np.testing.assert_allclose(data.values[:, :, 0], raw, rtol=2e-5 if mode == "float32" else 2e-6)
    assert (data.values[10:14, 1] == 0).all()
    said = found(data, "scaled")
    assert said.level == "repaired"
    assert f"{high:.6g}" in said.text if mode == "limits" else "std and mean" in said.text


def test_a_channel_that_only_the_outer_sensors_share_is_no_calendar(tmp_path: Path) -> None:
    where = write_basicts_pickles(tmp_path)
    file = next(where.glob("data*.pkl"))
    cube = pickle.loads(file.read_bytes())["processed_data"][:, :, :1]
    event = np.zeros_like(cube)
    event[::7, 1] = 0.5
    file.write_bytes(pickle.dumps({"processed_data": np.concatenate([cube, event], axis=2)}))
    data = readers.open(where)
    assert data.channels == ["channel-1", "channel-2"]
    assert (data.values[::7, 1, 1] != data.values[1, 1, 1]).all()


def test_the_earliest_names_and_no_scaler(tmp_path: Path) -> None:
    where = write_basicts_pickles(tmp_path)
    for old, new in (("data_in_12_out_12_rescale_True", "data"), ("index_in_12_out_12_rescale_True", "index")):
        (where / f"{old}.pkl").rename(where / f"{new}.pkl")
    (where / "scaler_in12_out12.pkl").rename(where / "scaler.pkl")
    np.testing.assert_allclose(readers.open(where).values[:, :, 0], values(), rtol=2e-6)
    (where / "scaler.pkl").unlink()
    data = readers.open(where)
    assert abs(np.nanmean(data.values)) < 1
    assert "no scaler" in found(data, "scaled").text


def test_each_data_file_has_the_index_of_its_own_lengths(tmp_path: Path) -> None:
    where = write_basicts_pickles(tmp_path)
    for kind in ("data", "index"):
        shutil.copy(where / f"{kind}_in_12_out_12_rescale_True.pkl", where / f"{kind}_in_96_out_12_rescale_True.pkl")
    (where / "scaler_in96_out12.pkl").write_bytes(
        pickle.dumps({"func": "re_standard_transform", "args": {"mean": 1000.0, "std": 1.0}})
    )
    data = readers.open(where)
    question = found(data, "generation")
    assert list(question.choices) == ["data_in_12_out_12_rescale_True.pkl", "data_in_96_out_12_rescale_True.pkl"]
    np.testing.assert_allclose(data.values[:, :, 0], values(), rtol=2e-6)
    other = readers.open(where, {"generation": "data_in_96_out_12_rescale_True.pkl"})
    assert np.nanmin(other.values) > 900


def test_a_folder_of_all_generations_says_which_was_opened(tmp_path: Path) -> None:
    where = write_basicts(tmp_path)
    for name, write in (("b", write_basicts_memmap), ("c", write_basicts_pickles)):
        (tmp_path / name).mkdir()
        other = write(tmp_path / name)
        for file in other.iterdir():
            if file.name != "adj_mx.pkl":
                shutil.copy(file, where / file.name)
    data = readers.open(where)
    question = found(data, "generation")
    assert question.chosen == "train_data.npy"
    assert list(question.choices) == ["train_data.npy", "data.dat", "data_in_12_out_12_rescale_True.pkl"]
    assert data.edges is not None and len(data.edges[0]) == SENSORS
    assert readers.open(where, {"generation": "data.dat"}).channels == ["traffic flow"]
    assert "data.csv" in refused(where, "generation", {"generation": "data.csv"})


@pytest.mark.parametrize("part", ["data.dat", "desc.json"])
def test_any_file_of_the_set_opens_all_of_it(part: str, tmp_path: Path) -> None:
    where = write_basicts_memmap(tmp_path)
    data = readers.open(where / part)
    assert data.values.shape == (STEPS, SENSORS, 1)
    assert "partners" in codes(data)


def test_a_number_that_means_missing(tmp_path: Path) -> None:
    where = write_basicts(tmp_path)
    table = np.load(where / "train_data.npy")
    table[3:6, 0] = 0
    np.save(where / "train_data.npy", table)
    settings = json.loads((where / "meta.json").read_text())["regular_settings"]
    assert "null-value" not in codes(readers.open(where))
    changed(where / "meta.json", regular_settings=settings | {"null_val": 0.0})
    data = readers.open(where)
    assert "question about zeros" in found(data, "null-value").text
    assert (found(data, "zeros").chosen, (data.values == 0).sum()) == ("keep", 3)
    assert (readers.open(where, {"zeros": "missing"}).values == 0).sum() == 0
    table[3:6, 0] = -1
    np.save(where / "train_data.npy", table)
    changed(where / "meta.json", regular_settings=settings | {"null_val": -1})
    assert found(readers.open(where), "null-value").chosen == "keep"
    assert np.isnan(readers.open(where, {"null-value": "missing"}).values[3:6, 0]).all()


def test_published_sets_have_their_start_if_their_calendar_agrees(tmp_path: Path) -> None:
    where = write_basicts_memmap(tmp_path).rename(tmp_path / "PEMS08")
    cube = np.zeros((17856, 170, 3), np.float32)
    minutes = 5 * np.arange(17856)
    cube[:, :, 0] = (50 + minutes % 7)[:, None]
    cube[:, :, 1], cube[:, :, 2] = (minutes % 1440 / 1440)[:, None], ((minutes // 1440 + 4) % 7 / 7)[:, None]
    cube.tofile(where / "data.dat")
    (where / "adj_mx.pkl").unlink()
    changed(where / "desc.json", shape=[17856, 170, 3], name="PEMS08", **{"frequency (minutes)": 5})
    data = readers.open(where)
    assert data.time[0] == pd.Timestamp("2016-07-01")
    assert "published set's" in found(data, "start").text
    assert "America/Los_Angeles" in found(data, "zone").choices
    assert data.zone == "unknown"
    cube[:, :, 2] = ((minutes // 1440) % 7 / 7)[:, None]  # as some scripts count: the first day is called Monday
    cube.tofile(where / "data.dat")
    other = readers.open(where)
    assert other.time[0].day_name() == "Monday"
    assert "2016-07-01 00:00, does not fit" in found(other, "start").text
    cut = cube[: 7 * 288]
    cut[:, :, 2] = ((minutes[: 7 * 288] // 1440 + 4) % 7 / 7)[:, None]
    cut.tofile(where / "data.dat")  # some week, under the set's name: it began on a Friday, too
    changed(where / "desc.json", shape=[2016, 170, 3])
    week = readers.open(where)
    assert week.time[0] != pd.Timestamp("2016-07-01") and week.time[0].day_name() == "Friday"
    assert week.ds.attrs["assumed"] == "start"
    said = found(week, "start")
    assert "2016-07-01 00:00, is that of 17856 steps, and these are 2016" in said.text
    assert list(said.choices) == ["2016-07-01 00:00", "<date and time>"]
    assert readers.open(where, {"start": "2016-07-01 00:00"}).time[0] == pd.Timestamp("2016-07-01")


def test_rows_that_the_calendar_skips_become_missing(tmp_path: Path) -> None:
    """As the hour of spring that PEMS-BAY does not have."""
    where = write_basicts_memmap(tmp_path)
    cube = np.fromfile(where / "data.dat", np.float32).reshape(STEPS, SENSORS, 3)
    np.concatenate([cube[:20], cube[24:]]).tofile(where / "data.dat")
    changed(where / "desc.json", shape=[STEPS - 4, SENSORS, 3])
    data = readers.open(where)
    assert data.steps == STEPS
    assert np.isnan(data.values[20:24]).all()
    assert set(data.ds["split"].values) == {"train", "validation", "test"}
    assert "skip 4 steps in 1 place" in found(data, "calendar").text
    data.save(tmp_path / "saved.nc")
    assert readers.open(tmp_path / "saved.nc").fingerprint == data.fingerprint


def test_a_day_of_the_month_misnamed_as_day_of_the_week(tmp_path: Path) -> None:
    """ETT's description of 0.4 names its fourth feature wrongly; month and year then give the date but for its cycle."""
    when = pd.date_range("2016-07-01", periods=48, freq="h")
    columns = [when.hour / 24, when.day_of_week / 7, (when.day - 1) / 31, (when.day_of_year - 1) / 366]
    cube = np.stack([np.full(48, 3.5), *columns], axis=1)[:, None, :].astype(np.float32)
    cube.repeat(2, axis=1).tofile(tmp_path / "data.dat")
    about = {
        "shape": [48, 2, 5],
        "frequency (minutes)": 60,
        "num_time_steps": 48,
        "feature_description": ["oil", "time of day", "day of week", "day of week", "day of year"],
    }
    (tmp_path / "desc.json").write_text(json.dumps(about))
    data = readers.open(tmp_path)
    assert data.time[0] == pd.Timestamp("2016-07-01")
    assert data.channels == ["oil"]
    assert "split" not in data.ds


def unnamed(folder: Path, features: list[np.ndarray]) -> Path:
    """BasicTS 0.4 without a description of its features: values of 3 nodes and 48 hours, and these [48] or [48, 3]."""
    value = 20 + np.random.default_rng(3).random((48, 3))
    cube = np.stack([value, *(np.broadcast_to(np.reshape(part, (48, -1)), (48, 3)) for part in features)], axis=2)
    cube.astype(np.float32).tofile(folder / "data.dat")
    about = {"shape": list(cube.shape), "frequency (minutes)": 60, "num_time_steps": 48}
    (folder / "desc.json").write_text(json.dumps(about))
    return folder


def test_unnamed_features_that_fit_the_calendar_are_the_calendar(tmp_path: Path) -> None:
    when = pd.date_range("2016-07-01", periods=48, freq="h")
    columns = [when.hour / 24, when.day_of_week / 7, (when.day - 1) / 31, (when.day_of_year - 1) / 366]
    data = readers.open(unnamed(tmp_path, [np.asarray(column) for column in columns]))
    assert data.channels == ["value"]
    assert data.time[0] == pd.Timestamp("2016-07-01")


def test_unnamed_features_that_are_no_calendar_stay_channels(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    share, of_nodes = rng.random(48), rng.integers(0, 7, (48, 3)) / 7  # in the range of a calendar, and none
    features = [share, of_nodes, 100 * rng.random((48, 3)), rng.random(48), rng.random((48, 3))]
    data = readers.open(unnamed(tmp_path, features))
    assert data.channels == ["value", *(f"channel-{place}" for place in range(2, 7))]
    np.testing.assert_array_equal(data.values[:, 0, 1], share.astype(np.float32))
    np.testing.assert_array_equal(data.values[:, :, 2], of_nodes.astype(np.float32))
    assert (
        "They do not hold what BasicTS has there: time of day, day of week, day of month, day of year"
        in found(data, "features").text
    )


@pytest.mark.parametrize("lines", [IDS, IDS[:-1]])
def test_meta_csv_lists_the_columns_in_their_order(lines: list[str], tmp_path: Path) -> None:
    where = write_basicts_memmap(tmp_path)
    rows = [f"{name},{34 + place / 10},{-118 - place / 10},7" for place, name in enumerate(lines)]
    (where / "meta.csv").write_text("\n".join(["ID,Lat,Lng,District", *rows]))
    data = readers.open(where)
    assert (data.sensors == IDS) == (len(lines) == SENSORS)
    assert (data.locations is None) == (len(lines) < SENSORS)
    assert "meta.csv" in found(data, "places").text
