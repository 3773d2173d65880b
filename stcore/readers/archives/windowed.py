"""Folders of train.npz, val.npz and test.npz with windows ``x`` and ``y``, as DCRNN cuts them; put together to a series."""

from collections.abc import Iterator

import numpy as np

from stcore.findings import Finding, refuse
from stcore.readers.archives import series, stitch
from stcore.readers.reader import Answers, FolderReader, Raw
from stcore.readers.safe import numpy_files
from stcore.readers.source import Folder, Source
from stcore.registry import Card

CARD = Card(
    "windowed-npz", "A folder with train.npz, val.npz and test.npz, windows x and y in each (DCRNN, Graph WaveNet, STemDist).",
    "Li et al. 2018, DCRNN; Ji et al. 2023, ST-SSL; STemDist 2026", "stcore.readers.archives.windowed:READER",
)  # fmt: skip
BLOCK = 2**23
"""Bytes of windows that are looked at together."""


def members(folder: Folder) -> list[Source]:
    """The archives of the parts, in their order."""
    named = {series.FILES[source.stem]: source for source in folder.named("*.npz") if source.stem in series.FILES}
    archives = {part: source for part, source in named.items() if source.content == "zip"}
    holds = {part for part, source in archives.items() if {"x.npy", "y.npy"} <= set(numpy_files.members(source))}
    return [archives[part] for part in series.PARTS if part in holds]


def read(folder: Folder, answers: Answers) -> Raw:
    """The series behind the windows, with ``start`` and the files' own ``split``; calendar channels become the clock."""
    parts = {series.FILES[source.stem]: source for source in members(folder)}
    shapes = {part: _shapes(source) for part, source in parts.items()}
    _same(parts, shapes)
    many = {part: x[0] for part, (x, _) in shapes.items()}
    lookback, horizon = (next(iter(shapes.values()))[side][1] for side in (0, 1))
    skip = {part: _overlap(source, lookback, horizon) for part, source in parts.items()}
    whole = stitch.stitched(
        pair for part, source in parts.items() for pair in _blocks(source, shapes[part], skip[part])
    )
    values, names, findings = stitch.merged(whole, folder.name)
    ds, more = series.assembled(values, names, folder.name, answers)
    ends = np.cumsum(list(many.values()))
    starts = {part: whole.starts[end - many[part] : end] for part, end in zip(many, ends, strict=True)}
    windows = series.Windows(starts, lookback, horizon - next(iter(skip.values())))
    ds, own = series.with_windows(ds, windows, folder.name)
    return Raw(ds, [_told(folder, whole), *findings, *more, *own], {})


def _shapes(source: Source) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The shapes of x and y, as windows x steps x sensors x channels."""
    shapes = []
    for name in ("x", "y"):
        shape = numpy_files.dims(source, f"{name}.npy")
        if len(shape) not in (3, 4) or 0 in shape:
            text = f"{name!r} in {source.name} has the shape {shape}; windows x steps x sensors x channels are needed."
            raise refuse("shape", text)
        shapes.append(shape if len(shape) == 4 else (*shape, 1))
    x, y = shapes
    if x[0] != y[0] or x[2] != y[2]:
        raise refuse(
            "shape", f"x and y in {source.name} have the shapes {x} and {y}: windows and sensors must be as many."
        )
    return x, y


def _same(parts: dict[str, Source], shapes: dict[str, tuple[tuple[int, ...], tuple[int, ...]]]) -> None:
    """All parts have windows of the same shape."""
    sizes = {part: (x[1:], y[1:]) for part, (x, y) in shapes.items()}
    if len(set(sizes.values())) > 1:
        said = "; ".join(f"{parts[part].name} {x} and {y}" for part, (x, y) in sizes.items())
        raise refuse("shape", f"The windows x and y of the parts have different shapes: {said}.")


def _overlap(source: Source, lookback: int, horizon: int) -> int:
    """How many of y's first steps are x's last ones, by the offsets where the file has them; DataError where steps lack."""
    names = numpy_files.members(source)
    if not {"x_offsets.npy", "y_offsets.npy"} <= set(names):
        return 0
    back, ahead = (numpy_files.member(source, f"{name}_offsets.npy").ravel() for name in ("x", "y"))
    whole = all(len(part) == many and (np.diff(part) == 1).all() for part, many in ((back, lookback), (ahead, horizon)))
    skip = int(back[-1]) + 1 - int(ahead[0]) if whole else -1
    if not 0 <= skip < horizon:
        text = (
            f"The offsets in {source.name} leave out steps between or within x and y; only whole windows can be read."
        )
        raise refuse("offsets", text)
    return skip


def _blocks(source: Source, shapes: tuple[tuple[int, ...], ...], skip: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Windows of a file, some at a time, so that its overlaps are never held."""
    most = max(1, BLOCK // (8 * max(int(np.prod(shape[1:])) for shape in shapes)))
    for x, y in zip(numpy_files.rows(source, "x.npy", most), numpy_files.rows(source, "y.npy", most), strict=True):
        for name, part in (("x", x), ("y", y)):
            if part.dtype.kind not in "fiub":
                raise refuse("not-numbers", f"{name!r} in {source.name} holds {part.dtype}, no plain numbers.")
        yield _four(x), _four(y)[:, skip:]


def _four(windows: np.ndarray) -> np.ndarray:
    return windows if windows.ndim == 4 else windows[..., None]


def _told(folder: Folder, whole: stitch.Stitched) -> Finding:
    """How the windows lie to one another."""
    steps, many = len(whole.is_input), len(whole.starts)
    if whole.stretches == 1:
        text = (
            f"{many} windows in {folder.name} follow one another; they became one series of {steps} steps, and agree."
        )
    else:
        text = (
            f"{many} windows in {folder.name} do not all follow one another; they became {whole.stretches} stretches of "
            f"{steps} steps in all, and no window reaches over two. What lies between, and whether parts share readings, "
            "is not known."
        )
    return Finding("note", "stitched", text)


READER = FolderReader(members, read, order=20)
