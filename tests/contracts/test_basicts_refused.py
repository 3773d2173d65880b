"""Files of BasicTS that are refused with a sentence, and run no programs."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from basicts_tools import changed
from data_samples.basicts import write_basicts, write_basicts_memmap, write_basicts_pickles
from data_samples.values import SENSORS, STEPS
from hostile_tools import Bomb, refused


# ---- refused ---------------------------------------------------------------------------------------------------------
def test_the_size_of_the_flat_file_must_be_that_of_its_description(tmp_path: Path) -> None:
    where = write_basicts_memmap(tmp_path)
    changed(where / "desc.json", shape=[STEPS, SENSORS, 2])
    text = refused(where, "shape")
    assert str(STEPS * SENSORS * 12) in text and str(STEPS * SENSORS * 8) in text
    for shape in ([10**9, 10**9, 3], [-1, 6, 3], [STEPS, SENSORS], "huge", [True, 6, 3], [96.0, 6, 3]):
        changed(where / "desc.json", shape=shape)
        refused(where, "shape")
    (where / "desc.json").write_text("[" * 100_000)
    refused(where, "description")


def test_missing_parts_and_parts_that_do_not_fit(tmp_path: Path) -> None:
    where = write_basicts(tmp_path)
    np.save(where / "val_timestamps.npy", np.zeros((3, 2), np.float32))
    assert "val_timestamps.npy" in refused(where, "shape")
    np.save(where / "val_data.npy", np.zeros((5, 2), np.float32))
    assert "val_data.npy 2" in refused(where, "shape")
    np.save(where / "val_data.npy", np.array([[object()]]), allow_pickle=True)
    assert "val_data.npy" in refused(where)
    (where / "val_data.npy").unlink()
    assert "val_data.npy" in refused(where, "parts")


def test_other_tasks_of_basicts_are_refused_in_a_sentence(tmp_path: Path) -> None:
    (uea := tmp_path / "uea").mkdir()
    for part in ("train", "test"):
        np.save(uea / f"{part}_inputs.npy", np.zeros((4, 9, 3), np.float32))
        np.save(uea / f"{part}_labels.npy", np.zeros(4, np.int64))
    (uea / "meta.json").write_text(json.dumps({"num_classes": 2, "seq_len": 9}))
    assert "classification" in refused(uea, "basicts")
    (blast := tmp_path / "blast" / "train").mkdir(parents=True)
    np.save(blast / "shape.npy", np.array([10, 4096]))
    (blast / "data.dat").write_bytes(bytes(400))
    assert "BLAST" in refused(blast.parent, "basicts")
    (alone := tmp_path / "alone").mkdir()
    (alone / "desc.json").write_text(json.dumps({"num_time_steps": 5, "shape": [5, 1, 1]}))
    assert "data.dat" in refused(alone, "basicts")


@pytest.mark.parametrize(
    "name", ["data_in_12_out_12_rescale_True", "scaler_in12_out12", "index_in_12_out_12_rescale_True"]
)
def test_pickles_are_never_run(name: str, tmp_path: Path) -> None:
    where = write_basicts_pickles(tmp_path)
    (where / f"{name}.pkl").write_bytes(pickle.dumps({"args": Bomb(tmp_path / "ran")}))
    assert "can run programs" in refused(where, "runs-programs")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("name", "held"),
    [
        ("data_in_12_out_12_rescale_True", {"processed_data": [1, 2]}),
        ("data_in_12_out_12_rescale_True", [1]),
        ("scaler_in12_out12", {"func": "re_log_transform", "args": {}}),
        ("scaler_in12_out12", {"func": "re_standard_transform", "args": {"mean": 1.0}}),
        ("scaler_in12_out12", {"func": "re_standard_transform", "args": {"mean": np.ones((1, 9, 1)), "std": 1.0}}),
        ("scaler_in12_out12", {"func": "re_standard_transform", "args": {"mean": "0", "std": np.nan}}),
        ("index_in_12_out_12_rescale_True", {"train": [(0, 12, 24)]}),
        ("index_in_12_out_12_rescale_True", {"train": [(0, 12, 24)], "valid": [(1, 2)], "test": [(0, 1, 2), (1,)]}),
        ("index_in_12_out_12_rescale_True", {part: [(0, 12, 24)] for part in ("train", "valid", "test")}),
        ("index_in_12_out_12_rescale_True", {part: [(0, 12, 10**6)] for part in ("train", "valid", "test")}),
    ],
)
def test_pickles_with_the_wrong_content(name: str, held: object, tmp_path: Path) -> None:
    where = write_basicts_pickles(tmp_path)
    (where / f"{name}.pkl").write_bytes(pickle.dumps(held))
    assert name in refused(where)
