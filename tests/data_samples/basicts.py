"""BasicTS in its three generations."""

import json
import pickle
from pathlib import Path

import numpy as np

from data_samples.values import IDS, SENSORS, STEPS, calendar, ring, values


def write_basicts(folder: Path) -> Path:
    """BasicTS 1.x: three parts of [L, N] with timestamps, a description that contains NaN, and the graph with its ids."""
    (where := folder / "STREETS").mkdir()
    stamps = np.stack([calendar()[:, 0, 1], calendar()[:, 0, 2] / 7], axis=1).astype(np.float32)
    ends = [0, int(0.6 * STEPS), int(0.6 * STEPS) + int(0.2 * STEPS), STEPS]
    for number, part in enumerate(("train", "val", "test")):
        rows = slice(ends[number], ends[number + 1])
        np.save(where / f"{part}_data.npy", values()[rows].astype(np.float32))
        np.save(where / f"{part}_timestamps.npy", stamps[rows])
    about = {
        "name": "STREETS",
        "domain": "traffic speed",
        "frequency (minutes)": 15,
        "shape": (STEPS, SENSORS),
        "timestamps_shape": (STEPS, 2),
        "timestamps_description": ["time of day", "day of week"],
        "num_time_steps": STEPS,
        "num_vars": SENSORS,
        "has_graph": True,
        "regular_settings": {
            "train_val_test_ratio": [0.6, 0.2, 0.2],
            "norm_each_channel": False,
            "rescale": True,
            "metrics": ["MAE", "RMSE", "MAPE"],
            "null_val": float("nan"),
        },
    }
    (where / "meta.json").write_text(json.dumps(about, indent=4))
    held = (IDS, {name: number for number, name in enumerate(IDS)}, ring().astype(np.float32))
    (where / "adj_mx.pkl").write_bytes(pickle.dumps(held, 2))
    return where


def write_basicts_memmap(folder: Path) -> Path:
    """BasicTS 0.4 to 0.5: a flat file of float32 whose shape is in desc.json, calendar features repeated for all nodes."""
    (where := folder / "STREETS").mkdir()
    cube = calendar()
    cube[:, :, 2] /= 7
    flat = np.memmap(where / "data.dat", dtype="float32", mode="w+", shape=cube.shape)
    flat[:] = cube
    flat.flush()
    about = {
        "name": "STREETS",
        "domain": "traffic flow",
        "shape": cube.shape,
        "num_time_steps": STEPS,
        "num_nodes": SENSORS,
        "num_features": 3,
        "feature_description": ["traffic flow", "time of day", "day of week"],
        "has_graph": True,
        "frequency (minutes)": 15,
        "regular_settings": {
            "INPUT_LEN": 12,
            "OUTPUT_LEN": 12,
            "TRAIN_VAL_TEST_RATIO": [0.6, 0.2, 0.2],
            "NORM_EACH_CHANNEL": False,
            "RESCALE": True,
            "METRICS": ["MAE"],
            "NULL_VAL": 0.0,
        },
    }
    (where / "desc.json").write_text(json.dumps(about, indent=4))
    (where / "adj_mx.pkl").write_bytes(pickle.dumps(ring().astype(np.float32)))
    return where


def write_basicts_pickles(folder: Path) -> Path:
    """BasicTS up to 0.3: standardised by mean and std of training, which the scaler stores under other names."""
    (where := folder / "STREETS").mkdir()
    many = STEPS - 24 + 1
    index = [(now - 12, now, now + 12) for now in range(12, many + 12)]
    train, valid = round(many * 0.6), round(many * 0.2)
    cube = calendar()
    seen = cube[: index[train - 1][1], :, 0]
    mean, std = np.nanmean(seen), np.nanstd(seen)
    cube[:, :, 0] = (cube[:, :, 0] - mean) / std
    cube[:, :, 2] /= 7
    parts = {"train": index[:train], "valid": index[train : train + valid], "test": index[train + valid :]}
    held = {
        "data_in_12_out_12_rescale_True": {"processed_data": cube},
        "index_in_12_out_12_rescale_True": parts,
        "scaler_in12_out12": {"func": "re_standard_transform", "args": {"mean": mean, "std": std}},
    }
    for name, thing in held.items():
        (where / f"{name}.pkl").write_bytes(pickle.dumps(thing))
    return where
