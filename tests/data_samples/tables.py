"""Tables as text and Parquet: wide, long, one row per day, without a header, and one file per station."""

from pathlib import Path

import numpy as np
import pandas as pd

import stcore.readers as readers
from data_samples.values import IDS, SENSORS, long_frame, raw, times, values
from stcore.data import STData


def write_wide_csv(folder: Path) -> Path:
    path = folder / "table.csv"
    pd.DataFrame(values(), index=times().strftime("%Y-%m-%d %H:%M:%S"), columns=IDS).to_csv(path)
    return path


def write_parquet(folder: Path) -> Path:
    path = folder / "table.parquet"
    pd.DataFrame(values(), index=pd.Index(times(), name="time"), columns=IDS).to_parquet(path)
    return path


def write_long_csv(folder: Path) -> Path:
    path = folder / "rows.csv"
    long_frame().to_csv(path, index=False)
    return path


def write_long_parquet(folder: Path) -> Path:
    path = folder / "rows.parquet"
    long_frame().to_parquet(path)
    return path


def write_slots(folder: Path) -> Path:
    """One row per sensor and day, and 96 columns."""
    path = folder / "slots.csv"
    clock = times().strftime("%H:%M")
    rows = [[name, "2024-05-06", *values()[:, place]] for place, name in enumerate(IDS)]
    pd.DataFrame(rows, columns=["station", "date", *clock]).to_csv(path, index=False)
    return path


def write_bare(folder: Path) -> Path:
    """As STGCN: readings and distances between sensors, both without a header."""
    path = folder / "V_6.csv"
    pd.DataFrame(values()).to_csv(path, header=False, index=False)
    apart = 1000.5 * np.abs(np.arange(SENSORS)[:, None] - np.arange(SENSORS))
    pd.DataFrame(apart).to_csv(folder / "W_6.csv", header=False, index=False)
    return path


def write_bare_with_ids(folder: Path) -> Path:
    """As T-GCN: a header of ids, no times."""
    path = folder / "los_speed.csv"
    pd.DataFrame(values(), columns=IDS).to_csv(path, index=False)
    return path


def write_bare_parquet(folder: Path) -> Path:
    """The same as Parquet."""
    path = folder / "readings.parquet"
    pd.DataFrame(values(), columns=IDS).to_parquet(path)
    return path


def write_station_folder(folder: Path) -> Path:
    """A file per station, named after it."""
    (where := folder / "stations").mkdir()
    for place, name in enumerate(IDS):
        frame = pd.DataFrame({"time": times().strftime("%Y-%m-%d %H:%M"), "flow": values()[:, place]})
        frame.to_csv(where / f"{name}.csv", index=False)
    return where


def write_parquet_folder(folder: Path) -> Path:
    readers.save(STData.of(raw()), folder / "kept", "parquet")
    return folder / "kept"
