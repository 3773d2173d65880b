"""Arrays over (epoch, sample) and (epoch, sensor) as flat files: one row an epoch, committed by the epoch's event."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from stcore.runs import files


class Row(NamedTuple):
    """How an array is stored: its type on disk and the dimension it runs over."""

    dtype: str
    dim: str


MOST = float(np.finfo(np.float16).max)
"""What float16 can hold; what is larger, as in a run that nearly diverged, is stored as this."""
ROWS = {
    "score": Row("<f2", "sample"),
    "level": Row("<f2", "sample"),
    "weight": Row("<f2", "sample"),
    "kept": Row("bits", "sample"),
    "kept_share": Row("<f2", "sample"),  # of cells, instead of kept
    "sensor_error": Row("<f4", "sensor"),
    "importance": Row("<f4", "sensor"),
    "sensor_kept": Row("<f4", "sensor"),
    "sensor_score": Row("<f4", "sensor"),
    "active": Row("bits", "sensor"),
    "mask_score": Row("<f4", "sensor"),
    "synthetic": Row("<f2", "shown"),  # of a distillation: some of its windows
}


def write_epoch(folder: Path, epoch: int, arrays: dict[str, np.ndarray]) -> None:
    """Write one epoch's rows; a repeated epoch overwrites its own."""
    for name, array in arrays.items():
        name = "kept_share" if name == "kept" and array.dtype != bool else name
        files.write_row(folder / f"{name}.bin", epoch, _stored(array, ROWS[name].dtype).tobytes())


def _stored(array: np.ndarray, dtype: str) -> np.ndarray:
    if dtype == "bits":
        return np.packbits(array)
    return (array.clip(-MOST, MOST) if dtype == "<f2" else array).astype(dtype)


def read(folder: Path, name: str, epochs: int, length: int) -> np.ndarray:
    """Rows [E, length] of the first ``epochs``: bool for bits, else a read-only map of the file."""
    dtype = ROWS[name].dtype
    width = -(-length // 8) if dtype == "bits" else length
    stored = "u1" if dtype == "bits" else dtype
    if not epochs:
        return np.empty((0, length), bool if dtype == "bits" else dtype)
    rows = np.memmap(folder / f"{name}.bin", stored, "r", shape=(epochs, width))
    return np.unpackbits(rows, axis=1, count=length).astype(bool) if dtype == "bits" else rows
