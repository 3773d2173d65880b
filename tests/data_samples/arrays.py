"""Arrays and windows of sets of the field: npz, npy, JSON and torch files."""

import json
import zipfile
from pathlib import Path

import numpy as np

from data_samples.values import HORIZON, IDS, LOOKBACK, SENSORS, STEPS, calendar, ring, values


def write_pems(folder: Path) -> Path:
    path = folder / "roads.npz"
    np.savez_compressed(path, data=values()[:, :, None])
    edges = [f"{number},{(number + 1) % SENSORS},{100 + number}" for number in range(SENSORS)]
    path.with_suffix(".csv").write_text("\n".join(["from,to,cost", *edges]) + "\n")
    return path


def write_windows(folder: Path) -> Path:
    """DCRNN's generate_training_data: windows one step apart, 70, 10 and 20 % of them, value and time of day."""
    (where := folder / "windows").mkdir()
    series, length = calendar()[:, :, :2], LOOKBACK + HORIZON
    many = STEPS - length + 1
    windows = np.stack([series[first : first + length] for first in range(many)])
    train, test = round(many * 0.7), round(many * 0.2)
    offsets = np.arange(1 - LOOKBACK, HORIZON + 1)[:, None]
    for name, part in (
        ("train", windows[:train]),
        ("val", windows[train : many - test]),
        ("test", windows[many - test :]),
    ):
        np.savez_compressed(
            where / f"{name}.npz",
            x=part[:, :LOOKBACK],
            y=part[:, LOOKBACK:],
            x_offsets=offsets[:LOOKBACK],
            y_offsets=offsets[LOOKBACK:],
        )
    return where


def write_torch_mts(folder: Path) -> Path:
    (where := folder / "mts").mkdir()
    np.savez_compressed(where / "data.npz", data=calendar())
    first = np.arange(STEPS - LOOKBACK - HORIZON + 1)
    rows = np.stack([first, first + LOOKBACK, first + LOOKBACK + HORIZON], axis=1)
    np.savez(where / "index.npz", train=rows[:51], val=rows[51:68], test=rows[68:])
    return where


def write_largest(folder: Path) -> Path:
    """The readings standardised, weekday in sevenths, and lists of last observed steps."""
    (where := folder / "2019").mkdir()
    data, mean, std = calendar(), np.nanmean(values()), np.nanstd(values())
    data[:, :, 0] = (data[:, :, 0] - mean) / std
    data[:, :, 2] /= 7
    np.savez_compressed(where / "his.npz", data=data, mean=mean, std=std)
    last = np.arange(LOOKBACK - 1, STEPS - HORIZON)
    for name, part in (("train", last[:51]), ("val", last[51:68]), ("test", last[68:])):
        np.save(where / f"idx_{name}.npy", part)
    return where


def write_pygt_arrays(folder: Path) -> Path:
    (where := folder / "pygt").mkdir()
    np.save(where / "node_values.npy", calendar()[:, :, :2])
    np.save(where / "adj_mat.npy", ring())
    return where


def write_pygt_archive(folder: Path) -> Path:
    write_pygt_arrays(folder)
    with zipfile.ZipFile(folder / "METR-LA.zip", "w") as archive:
        for name in ("adj_mat.npy", "node_values.npy"):
            archive.write(folder / "pygt" / name, name)
            (folder / "pygt" / name).unlink()
    (folder / "pygt").rmdir()
    return folder / "METR-LA.zip"


def write_chickenpox(folder: Path) -> Path:
    path = folder / "chickenpox.json"
    edges = [[number, (number + 1) % SENSORS] for number in range(SENSORS)]
    ids = {name: number for number, name in enumerate(IDS)}
    path.write_text(json.dumps({"edges": edges, "node_ids": ids, "FX": values().tolist()}))
    return path


def write_stemdist(folder: Path) -> Path:
    """Consecutive windows with the sizes of the clusters, as STemDist's stemdist.py saves them."""
    import torch

    windows = torch.tensor(values().reshape(-1, LOOKBACK + HORIZON, SENSORS), dtype=torch.float)
    x, y = windows[:, :LOOKBACK, :, None].clone(), windows[:, LOOKBACK:].clone()
    torch.save({"x": x, "y": y, "w": torch.arange(1, SENSORS + 1)[None, None]}, folder / "gba.pt")
    return folder / "gba.pt"
