"""LargeST in the form that its models read: his.npz with standardised values, and idx_train, idx_val and idx_test beside it."""

import re
from calendar import isleap

import numpy as np

from stcore.findings import Finding, refuse
from stcore.readers.archives import series
from stcore.readers.archives.start_times import PACIFIC, PublishedSet
from stcore.readers.reader import Answers, FolderReader, Raw
from stcore.readers.safe import numpy_files
from stcore.readers.source import Folder, Source
from stcore.registry import Card

CARD = Card(
    "largest-npz",
    "LargeST's his.npz (standardised values, mean and std) with idx_train.npy, idx_val.npy and idx_test.npy.",
    "Liu et al. 2023, LargeST",
    "stcore.readers.archives.largest:READER",
)
MEMBERS = {"data.npy", "mean.npy", "std.npy"}
LOOKBACK = HORIZON = 12


def members(folder: Folder) -> list[Source]:
    """The archive (the first of several) and the lists of last observed steps."""
    archives = [source for source in folder.named("*.npz") if source.content == "zip"]
    if not (with_scale := [source for source in archives if set(numpy_files.members(source)) >= MEMBERS]):
        return []
    lists = [source for source in folder.named("idx_*.npy") if _part(source) and source.content == "npy"]
    return [with_scale[0], *lists]


def _part(source: Source) -> str | None:
    return series.FILES.get(source.stem.removeprefix("idx_"))


def read(folder: Folder, answers: Answers) -> Raw:
    """Values in their own unit again, with the windows and the split of the lists. Calendar channels become the clock."""
    archive, *lists = members(folder)
    values, scaled = _unscaled_values(archive)
    raw = series.numbered_series(
        values,
        ["flow"] + [f"channel-{number + 2}" for number in range(values.shape[2] - 1)],
        folder.name,
        answers,
        _published_year(folder, *values.shape[:2]),
    )
    raw.ds.attrs["units"] = {"flow": "veh/15 min"}
    raw = raw._replace(findings=[scaled, *raw.findings], likely_zone=PACIFIC)
    last = {str(_part(source)): _read_steps(source) for source in lists}
    if not last:
        return raw
    lookback, horizon = _window_sizes(last, values.shape[0])
    starts = {part: steps - lookback + 1 for part, steps in last.items()}
    return series.with_windows(raw, series.Windows(starts, lookback, horizon), folder.name)


def _unscaled_values(archive: Source) -> tuple[np.ndarray, Finding]:
    """[T, N, C] with the first channel times std plus mean."""
    values, mean, std = (numpy_files.read_member(archive, name) for name in ("data.npy", "mean.npy", "std.npy"))
    if values.ndim != 3 or values.dtype.kind != "f":
        raise refuse("shape", f"'data' in {archive.name} is no array of numbers (steps, sensors, channels).")
    if mean.size != 1 or std.size != 1 or {mean.dtype.kind, std.dtype.kind} - set("fiu"):
        raise refuse("scaled", f"'mean' and 'std' in {archive.name} are no single numbers, so the scale is unknown.")
    mean_value, std_value = float(mean.item()), float(std.item())
    if not np.isfinite([mean_value, std_value]).all() or std_value <= 0:
        raise refuse(
            "scaled", f"The scale in {archive.name} cannot be undone: its mean is {mean_value}, its std {std_value}."
        )
    values = values.copy()
    values[:, :, 0] = values[:, :, 0] * std_value + mean_value
    text = (
        f"The values in {archive.name} were standardised; they were multiplied by {std_value:.6g} "
        f"and {mean_value:.6g} was added, the std and mean that it holds."
    )
    return values, Finding("repaired", "scaled", text)


def _published_year(folder: Folder, steps: int, sensors: int) -> PublishedSet | None:
    """The set that starts on the first of January, where the folder is named after a year and holds it in steps of 15 min."""
    name = folder.path.resolve().name
    if not re.fullmatch(r"20[012]\d", name):
        return None
    whole = 96 * (366 if isleap(int(name)) else 365)
    return PublishedSet(name, sensors, whole, f"{name}-01-01 00:00", PACIFIC, "15min") if steps == whole else None


def _read_steps(source: Source) -> np.ndarray:
    steps = numpy_files.read_npy(source)
    if steps.ndim != 1 or steps.dtype.kind not in "iu" or not len(steps):
        raise refuse("windows", f"{source.name} is no list of steps.")
    return steps.astype(np.int64)


def _window_sizes(last: dict[str, np.ndarray], steps: int) -> tuple[int, int]:
    """Lookback and horizon, if the first window begins at the first step and the last one ends at the last; else 12 and 12."""
    every = np.concatenate(list(last.values()))
    lookback, horizon = int(every.min()) + 1, steps - 1 - int(every.max())
    return (lookback, horizon) if 0 < lookback <= steps // 4 and 0 < horizon <= steps // 4 else (LOOKBACK, HORIZON)


READER = FolderReader(members, read, order=15)
