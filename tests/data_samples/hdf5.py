"""Tables in HDF5 as pandas writes them, and sets that are published in this form."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd

from data_samples.values import IDS, SENSORS, STEPS, degrees, times, values


def write_metr_la(folder: Path, *, unit: str = "ns", kind: str | None = None, key: str = "df") -> Path:
    """A table as pandas writes it: old generation (``datetime64``, ns) or new (``datetime64[us]``)."""
    path = folder / "speeds.h5"
    with h5py.File(path, "w") as file:
        group = file.create_group(key)
        group.attrs["pandas_type"] = np.bytes_("frame")
        for name in ("axis0", "block0_items"):
            group[name] = np.array([name.encode() for name in IDS], dtype="S6")
            group[name].attrs["kind"] = np.bytes_("string")
        group["axis1"] = times().values.astype(f"datetime64[{unit}]").astype(np.int64)
        group["axis1"].attrs["kind"] = np.bytes_(kind or f"datetime64[{unit}]")
        group["block0_values"] = values()
    return path


def write_frame(
    group: h5py.Group, table: np.ndarray, levels: list[list[str]], index: Any, names: tuple[str, ...] = ()
) -> None:
    """A frame as pandas writes it in the fixed format, with columns of one level or of two."""
    group.attrs["pandas_type"] = np.bytes_("frame")
    for axis in ("axis0", "block0_items"):
        if len(levels) == 1:
            group[axis] = np.array([name.encode() for name in levels[0]])
            group[axis].attrs["kind"] = np.bytes_("string")
            continue
        group.attrs[f"{axis}_variety"], group.attrs[f"{axis}_nlevels"] = np.bytes_("multi"), np.int64(2)
        for number, level in enumerate(levels):
            unique = sorted(set(level))
            group[f"{axis}_level{number}"] = np.array([name.encode() for name in unique])
            group[f"{axis}_level{number}"].attrs["kind"] = np.bytes_("string")
            group[f"{axis}_level{number}"].attrs["name"] = np.bytes_(names[number])
            group[f"{axis}_label{number}"] = np.array([unique.index(name) for name in level], np.int8)
    stamps = isinstance(index, pd.DatetimeIndex)
    group["axis1"] = (
        index.values.astype("datetime64[ns]").astype(np.int64)
        if stamps
        else np.array([name.encode() for name in index])
    )
    group["axis1"].attrs["kind"] = np.bytes_("datetime64" if stamps else "string")
    group["block0_values"] = table


def write_air_quality(folder: Path) -> Path:
    """Torch Spatiotemporal's AQI: readings, locations of the stations and a mask for evaluation in one file."""
    with h5py.File(folder / "small.h5", "w") as file:
        write_frame(file.create_group("pm25"), values(), [IDS], times())
        turned = list(reversed(range(SENSORS)))
        write_frame(
            file.create_group("stations"), degrees()[turned], [["latitude", "longitude"]], [IDS[n] for n in turned]
        )
        write_frame(file.create_group("eval_mask"), (values() > 60).astype(np.uint8), [IDS], times())
    return folder / "small.h5"


def write_engrad(folder: Path) -> Path:
    """Torch Spatiotemporal's EngRad: columns of nodes x channels, and the locations in a second table."""
    cube = np.stack([values(), values() + 1, values() * 2], axis=2)
    levels = [[name for name in IDS for _ in range(3)], ["swr", "precipitation", "cloud"] * SENSORS]
    with h5py.File(folder / "data.h5", "w") as file:
        write_frame(file.create_group("data"), cube.reshape(STEPS, -1), levels, times(), ("nodes", "channels"))
        write_frame(file.create_group("metadata"), degrees(), [["lat", "lon"]], IDS)
    return folder / "data.h5"


def write_years(folder: Path) -> Path:
    """LargeST as published: one table per year, here each half of the sample, under the key t."""
    (where := folder / "largest").mkdir()
    for year, rows in (("2018", slice(0, 40)), ("2019", slice(40, None))):
        with h5py.File(where / f"ca_his_raw_{year}.h5", "w") as file:
            write_frame(file.create_group("t"), values()[rows], [IDS], times()[rows])
    return where
