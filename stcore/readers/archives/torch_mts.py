"""The layout of STAEformer and Torch-MTS: data.npz with values, time of day and weekday; index.npz with windows by part."""

import numpy as np

from stcore.findings import Finding, refuse
from stcore.readers.archives import series
from stcore.readers.reader import Answers, FolderReader, Raw
from stcore.readers.safe import numpy_files
from stcore.readers.source import Folder, Source
from stcore.registry import Card

CARD = Card(
    "torch-mts",
    "A folder with data.npz [steps, sensors, channels] and index.npz, the windows of train, val and test.",
    "Liu et al. 2023, STAEformer; Torch-MTS",
    "stcore.readers.archives.torch_mts:READER",
)
INDEX = {"train.npy", "val.npy", "test.npy"}


def members(folder: Folder) -> list[Source]:
    """data.npz and index.npz."""
    files = folder.named("data.npz", "index.npz")
    if len(files) != 2 or any(source.content != "zip" for source in files):
        return []
    fits = "data.npy" in numpy_files.members(files[0]) and set(numpy_files.members(files[1])) >= INDEX
    return files if fits else []


def read(folder: Folder, answers: Answers) -> Raw:
    """Values with the windows and the split of the index. Calendar channels become the clock."""
    data, index = members(folder)
    values = numpy_files.read_member(data, "data.npy")
    if values.ndim != 3:
        raise refuse("shape", f"'data' in {data.name} has {values.ndim} dims; (steps, sensors, channels) are needed.")
    raw = series.numbered_series(values, [], folder.name, answers)
    parts = {
        part: numpy_files.read_member(index, f"{name}.npy")
        for name, part in series.FILES.items()
        if f"{name}.npy" in INDEX
    }
    for part, table in parts.items():
        if table.ndim != 2 or table.shape[1] != 3 or table.dtype.kind not in "iu" or not len(table):
            raise refuse("windows", f"The windows for {part} in {index.name} are no rows of start, middle and end.")
    rows = np.concatenate(list(parts.values())).astype(np.int64)
    sizes = np.unique(np.diff(rows, axis=1), axis=0)
    if len(sizes) != 1 or sizes.min() < 1:
        text = f"The windows in {index.name} are not all of one length, so this program cuts windows and parts itself."
        return raw.more(Finding("note", "windows", text))
    starts = {part: table[:, 0] for part, table in parts.items()}
    return series.with_windows(raw, series.Windows(starts, int(sizes[0, 0]), int(sizes[0, 1])), folder.name)


READER = FolderReader(members, read, order=20)
