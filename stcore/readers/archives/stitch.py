"""Windows of inputs and targets put together to the series that they were cut from, exactly, or said where they cannot be.

Two windows follow one another where all but one step of the second are the last ones of the first. Every such overlap is
compared, missing values included, so what comes out holds every window as it was.
"""

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from stcore.findings import Finding


class Stitched(NamedTuple):
    """Stretches one behind the other: ``inputs`` [T, N, F] and ``targets`` [T, N, G], NaN at steps that are only the
    other's (``is_input``, ``is_target`` [T] bool), and the first step of every window [W]."""

    inputs: np.ndarray
    targets: np.ndarray
    is_input: np.ndarray
    is_target: np.ndarray
    starts: np.ndarray
    stretches: int


def stitched(blocks: Iterable[tuple[np.ndarray, np.ndarray]]) -> Stitched:
    """The series behind blocks of windows, inputs [B, L, N, F] and targets [B, H, N, G] in their order."""
    inputs: list[np.ndarray] = []
    targets: list[np.ndarray] = []
    lengths: list[int] = []  # windows of each stretch
    last: tuple[np.ndarray, np.ndarray] | None = None
    lookback = horizon = 0
    for x, y in blocks:
        lookback, horizon = x.shape[1], y.shape[1]
        follows = _follows(x, last[0] if last else None) & _follows(y, last[1] if last else None)
        begins = np.flatnonzero(~follows)
        for first, end in zip([0, *begins], [*begins, len(x)], strict=True):
            if end == first:
                continue
            if follows[first]:
                lengths[-1] += end - first
                inputs.append(_plain(x[first:end, -1]))
                targets.append(_plain(y[first:end, -1]))
            else:
                lengths.append(end - first)
                inputs += [_plain(x[first]), _plain(x[first + 1 : end, -1])]
                targets += [_plain(y[first]), _plain(y[first + 1 : end, -1])]
        last = (x[-1], y[-1])
    return _laid_out(np.concatenate(inputs), np.concatenate(targets), lengths, lookback, horizon)


def _follows(windows: np.ndarray, before: np.ndarray | None) -> np.ndarray:
    """[B] whether a window repeats all but the first step of the one before it."""
    earlier, later = windows[:-1, 1:], windows[1:, :-1]
    within = ((earlier == later) | ((earlier != earlier) & (later != later))).all(axis=(1, 2, 3))
    begins = before is not None and np.array_equal(before[1:], windows[0, :-1], equal_nan=windows.dtype.kind == "f")
    return np.concatenate([[begins], within])


def _plain(part: np.ndarray) -> np.ndarray:
    """Single precision, which is what is kept; whole numbers as they are, since a check looks at how large they are."""
    with np.errstate(over="ignore"):
        return part.astype(np.float32) if part.dtype.kind == "f" else part.copy()


def _laid_out(x: np.ndarray, y: np.ndarray, lengths: list[int], lookback: int, horizon: int) -> Stitched:
    """A stretch of W windows has W + L + H - 1 steps: inputs lie in all but its last H, targets in all but its first L."""
    many = np.array(lengths, dtype=np.int64)
    steps = many + lookback + horizon - 1
    begin = np.concatenate([[0], np.cumsum(steps)])
    is_input, is_target = np.ones(begin[-1], bool), np.ones(begin[-1], bool)
    for first, end in pairwise(begin):
        is_target[first : first + lookback] = False
        is_input[end - horizon : end] = False
    starts = np.concatenate([first + np.arange(count) for first, count in zip(begin[:-1], many, strict=True)])
    return Stitched(_spread(x, is_input), _spread(y, is_target), is_input, is_target, starts, len(many))


def _spread(values: np.ndarray, where: np.ndarray) -> np.ndarray:
    """[T, ...] with the values where they belong, NaN elsewhere."""
    spread = np.full((len(where), *values.shape[1:]), np.nan, np.result_type(values.dtype, np.float32))
    spread[where] = values
    return spread


def merged(series: Stitched, title: str) -> tuple[np.ndarray, list[str], list[Finding]]:
    """Inputs and targets as one [T, N, C], C names (empty: nothing to say), and what was done.

    Where both hold a step they must agree. If the inputs are the targets on another scale, they are brought back to it; if
    they are something else, the targets become the first channels.
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
            if (scale := _scale(there, wanted)) is None:
                apart.append(channel)
                continue
            inputs = inputs.astype(np.float64) if inputs.dtype != np.float64 else inputs
            inputs[:, :, channel] = inputs[:, :, channel] * scale[0] + scale[1]
            text = (
                f"x in {title} is y on another scale: channel {channel + 1} of x was "
                f"multiplied by {scale[0]:.6g} and {scale[1]:.6g} was added, which gives y where both hold a step."
            )
            findings.append(Finding("repaired", "scaled", text))
        only = series.is_target & ~series.is_input
        inputs[only, :, channel] = target[only]
    if not apart:
        return inputs, [], findings
    names = [f"target-{channel + 1}" if len(apart) > 1 else "target" for channel in apart]
    text = (
        f"y in {title} is another quantity than x at the steps that both hold; it is the channel {' and '.join(names)}."
    )
    findings.append(Finding("note", "targets", text))
    own = [f"channel-{place + 1}" for place in range(inputs.shape[2])]
    return np.concatenate([series.targets[:, :, apart], inputs], axis=2), [*names, *own], findings


def _scale(there: np.ndarray, wanted: np.ndarray) -> tuple[float, float] | None:
    """(factor, summand) that turn one into the other up to rounding, or None."""
    seen = np.isfinite(there) & np.isfinite(wanted)
    first, second = there[seen].astype(np.float64), wanted[seen].astype(np.float64)
    if len(first) < 8 or first.std() == 0 or second.std() == 0:
        return None
    factor = float(((first - first.mean()) * (second - second.mean())).mean() / first.var())
    summand = float(second.mean() - factor * first.mean())
    return (factor, summand) if np.abs(first * factor + summand - second).max() < 1e-4 * second.std() else None
