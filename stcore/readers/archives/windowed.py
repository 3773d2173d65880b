"""Folders of train.npz, val.npz and test.npz with windows ``x`` and ``y``, as DCRNN cuts them, stitched to a series.

The series is exact where the windows overlap; findings say where they do not. Two windows follow one another where all but
one step of the second are steps of the first."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from stcore.findings import Finding, refuse
from stcore.readers.archives import series
from stcore.readers.reader import Answers, FolderReader, Raw
from stcore.readers.safe import numpy_files
from stcore.readers.source import Folder, Source
from stcore.registry import Card

CARD = Card(
    "windowed-npz",
    "A folder with train.npz, val.npz and test.npz, windows x and y in each (DCRNN, Graph WaveNet, STemDist).",
    "Li et al. 2018, DCRNN; Ji et al. 2023, ST-SSL; STemDist 2026",
    "stcore.readers.archives.windowed:READER",
)
BLOCK = 2**23
"""Bytes of windows that are compared at once."""


class Stretches(NamedTuple):
    """Stretches of the series, one behind the other: ``inputs`` [T, N, F] and ``targets`` [T, N, G], NaN at steps that belong
    only to the other (``is_input``, ``is_target`` [T] bool), and the first step of every window, ``starts`` [W]."""

    inputs: np.ndarray
    targets: np.ndarray
    is_input: np.ndarray
    is_target: np.ndarray
    starts: np.ndarray
    stretches: int


def stitch(blocks: Iterable[tuple[np.ndarray, np.ndarray]]) -> Stretches:
    """The series that blocks of windows were cut from: inputs [B, L, N, F] and targets [B, H, N, G], in order."""
    inputs: list[np.ndarray] = []
    targets: list[np.ndarray] = []
    lengths: list[int] = []  # windows of each stretch
    previous: tuple[np.ndarray, np.ndarray] | None = None
    lookback = horizon = 0
    for x, y in blocks:
        lookback, horizon = x.shape[1], y.shape[1]
        follows = _follows(x, previous[0] if previous else None) & _follows(y, previous[1] if previous else None)
        begins = np.flatnonzero(~follows)
        for first, end in zip([0, *begins], [*begins, len(x)], strict=True):
            if end == first:
                continue
            if follows[first]:
                lengths[-1] += end - first
                inputs.append(_as_float32(x[first:end, -1]))
                targets.append(_as_float32(y[first:end, -1]))
            else:
                lengths.append(end - first)
                inputs += [_as_float32(x[first]), _as_float32(x[first + 1 : end, -1])]
                targets += [_as_float32(y[first]), _as_float32(y[first + 1 : end, -1])]
        previous = (x[-1], y[-1])
    return _lay_out(np.concatenate(inputs), np.concatenate(targets), lengths, lookback, horizon)


def _follows(windows: np.ndarray, before: np.ndarray | None) -> np.ndarray:
    """[B] whether a window repeats all but the first step of the window before it."""
    earlier, later = windows[:-1, 1:], windows[1:, :-1]
    within = ((earlier == later) | ((earlier != earlier) & (later != later))).all(axis=(1, 2, 3))
    begins = before is not None and np.array_equal(before[1:], windows[0, :-1], equal_nan=windows.dtype.kind == "f")
    return np.concatenate([[begins], within])


def _as_float32(part: np.ndarray) -> np.ndarray:
    """Single precision, as datasets have. Whole numbers stay, since a check looks at their size."""
    with np.errstate(over="ignore"):
        return part.astype(np.float32) if part.dtype.kind == "f" else part.copy()


def _lay_out(x: np.ndarray, y: np.ndarray, lengths: list[int], lookback: int, horizon: int) -> Stretches:
    """A stretch of W windows has W + L + H - 1 steps: inputs at all but its last H, targets at all but its first L."""
    many = np.array(lengths, dtype=np.int64)
    steps = many + lookback + horizon - 1
    begin = np.concatenate([[0], np.cumsum(steps)])
    is_input, is_target = np.ones(begin[-1], bool), np.ones(begin[-1], bool)
    for first, end in pairwise(begin):
        is_target[first : first + lookback] = False
        is_input[end - horizon : end] = False
    starts = np.concatenate([first + np.arange(count) for first, count in zip(begin[:-1], many, strict=True)])
    return Stretches(_spread(x, is_input), _spread(y, is_target), is_input, is_target, starts, len(many))


def _spread(values: np.ndarray, where: np.ndarray) -> np.ndarray:
    """[T, ...] with the values at the steps ``where``, NaN elsewhere."""
    spread = np.full((len(where), *values.shape[1:]), np.nan, np.result_type(values.dtype, np.float32))
    spread[where] = values
    return spread


def merge_windows(series: Stretches, title: str) -> tuple[np.ndarray, list[str], list[Finding]]:
    """Inputs and targets as one [T, N, C] array, C names (empty where both agree), and findings.

    At steps that both have, they must agree. Where the inputs are the targets on another scale, the scale is undone. Where
    they are another quantity, the targets become the first channels.
    """
    both = series.is_input & series.is_target
    inputs, findings = series.inputs, []
    apart: list[int] = []
    for channel in range(series.targets.shape[2]):
        target = series.targets[:, :, channel]
        if channel >= inputs.shape[2]:
            apart.append(channel)
            continue
        there, wanted = inputs[both, :, channel], target[both]
        if not np.array_equal(there, wanted, equal_nan=True):
            if (scale := _fit_scale(there, wanted)) is None:
                apart.append(channel)
                continue
            inputs = inputs.astype(np.float64) if inputs.dtype != np.float64 else inputs
            inputs[:, :, channel] = inputs[:, :, channel] * scale[0] + scale[1]
            text = (
                f"x in {title} is y on another scale: channel {channel + 1} of x was "
                f"multiplied by {scale[0]:.6g} and {scale[1]:.6g} was added, which gives y where both have a step."
            )
            findings.append(Finding("repaired", "scaled", text))
        only = series.is_target & ~series.is_input
        inputs[only, :, channel] = target[only]
    if not apart:
        return inputs, [], findings
    names = [f"target-{channel + 1}" if len(apart) > 1 else "target" for channel in apart]
    text = (
        f"y in {title} is another quantity than x at the steps that both have; it is the channel {' and '.join(names)}."
    )
    findings.append(Finding("note", "targets", text))
    own = [f"channel-{number + 1}" for number in range(inputs.shape[2])]
    return np.concatenate([series.targets[:, :, apart], inputs], axis=2), [*names, *own], findings


def _fit_scale(there: np.ndarray, wanted: np.ndarray) -> tuple[float, float] | None:
    """(factor, summand) that turn ``there`` into ``wanted``, up to rounding; None where there are none."""
    is_known = np.isfinite(there) & np.isfinite(wanted)
    first, second = there[is_known].astype(np.float64), wanted[is_known].astype(np.float64)
    if len(first) < 8 or first.std() == 0 or second.std() == 0:
        return None
    factor = float(((first - first.mean()) * (second - second.mean())).mean() / first.var())
    summand = float(second.mean() - factor * first.mean())
    return (factor, summand) if np.abs(first * factor + summand - second).max() < 1e-4 * second.std() else None


def members(folder: Folder) -> list[Source]:
    """The archives of the parts, in order."""
    named = {series.FILES[source.stem]: source for source in folder.named("*.npz") if source.stem in series.FILES}
    archives = {part: source for part, source in named.items() if source.content == "zip"}
    holds = {part for part, source in archives.items() if {"x.npy", "y.npy"} <= set(numpy_files.members(source))}
    return [archives[part] for part in series.PARTS if part in holds]


def read(folder: Folder, answers: Answers) -> Raw:
    """The series behind the windows, with ``start`` and the ``split`` of the files. Calendar channels become the clock."""
    parts = {series.FILES[source.stem]: source for source in members(folder)}
    shapes = {part: _shapes(source) for part, source in parts.items()}
    _check_same_shapes(parts, shapes)
    counts = {part: x[0] for part, (x, _) in shapes.items()}
    lookback, horizon = (next(iter(shapes.values()))[side][1] for side in (0, 1))
    skip = {part: _overlap(source, lookback, horizon) for part, source in parts.items()}
    stretches = stitch(pair for part, source in parts.items() for pair in _blocks(source, shapes[part], skip[part]))
    values, names, findings = merge_windows(stretches, folder.name)
    raw = series.numbered_series(values, names, folder.name, answers)
    ends = np.cumsum(list(counts.values()))
    starts = {part: stretches.starts[end - counts[part] : end] for part, end in zip(counts, ends, strict=True)}
    windows = series.Windows(starts, lookback, horizon - next(iter(skip.values())))
    raw = series.with_windows(raw, windows, folder.name)
    return raw._replace(findings=[_stitch_finding(folder, stretches), *findings, *raw.findings])


def _shapes(source: Source) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The shapes of x and y, as windows x steps x sensors x channels."""
    shapes = []
    for name in ("x", "y"):
        shape = numpy_files.member_shape(source, f"{name}.npy")
        if len(shape) not in (3, 4) or 0 in shape:
            text = f"{name!r} in {source.name} has the shape {shape}; windows x steps x sensors x channels are needed."
            raise refuse("shape", text)
        shapes.append(shape if len(shape) == 4 else (*shape, 1))
    x, y = shapes
    if x[0] != y[0] or x[2] != y[2]:
        raise refuse(
            "shape",
            f"x and y in {source.name} have the shapes {x} and {y}: their numbers of windows and of sensors must be equal.",
        )
    return x, y


def _check_same_shapes(parts: dict[str, Source], shapes: dict[str, tuple[tuple[int, ...], tuple[int, ...]]]) -> None:
    """Refuse parts whose windows differ in shape."""
    sizes = {part: (x[1:], y[1:]) for part, (x, y) in shapes.items()}
    if len(set(sizes.values())) > 1:
        text = "; ".join(f"{parts[part].name} {x} and {y}" for part, (x, y) in sizes.items())
        raise refuse("shape", f"The windows x and y of the parts have different shapes: {text}.")


def _overlap(source: Source, lookback: int, horizon: int) -> int:
    """How many first steps of y are last steps of x, by the offsets in the file (0 without); DataError where steps are
    missing."""
    names = numpy_files.members(source)
    if not {"x_offsets.npy", "y_offsets.npy"} <= set(names):
        return 0
    back, ahead = (numpy_files.read_member(source, f"{name}_offsets.npy").ravel() for name in ("x", "y"))
    whole = all(len(part) == many and (np.diff(part) == 1).all() for part, many in ((back, lookback), (ahead, horizon)))
    skip = int(back[-1]) + 1 - int(ahead[0]) if whole else -1
    if not 0 <= skip < horizon:
        text = (
            f"The offsets in {source.name} leave out steps between or within x and y; only whole windows can be read."
        )
        raise refuse("offsets", text)
    return skip


def _blocks(source: Source, shapes: tuple[tuple[int, ...], ...], skip: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The windows of a file, some at a time, so that not all of them are in memory."""
    most = max(1, BLOCK // (8 * max(int(np.prod(shape[1:])) for shape in shapes)))
    for x, y in zip(
        numpy_files.read_rows(source, "x.npy", most), numpy_files.read_rows(source, "y.npy", most), strict=True
    ):
        for name, part in (("x", x), ("y", y)):
            if part.dtype.kind not in "fiub":
                raise refuse("not-numbers", f"{name!r} in {source.name} holds {part.dtype}, no plain numbers.")
        yield _with_channels(x), _with_channels(y)[:, skip:]


def _with_channels(windows: np.ndarray) -> np.ndarray:
    return windows if windows.ndim == 4 else windows[..., None]


def _stitch_finding(folder: Folder, stretches: Stretches) -> Finding:
    """A note on how the windows follow one another."""
    steps, many = len(stretches.is_input), len(stretches.starts)
    if stretches.stretches == 1:
        text = f"{many} windows in {folder.name} follow one another and agree; they became one series of {steps} steps."
    else:
        text = (
            f"{many} windows in {folder.name} do not all follow one another; they became {stretches.stretches} stretches of "
            f"{steps} steps in all, and no window reaches over two. What was between them, and whether parts share "
            "readings, is not known."
        )
    return Finding("note", "stitched", text)


READER = FolderReader(members, read, order=20)
