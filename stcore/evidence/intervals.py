"""How much less one arm errs than another: a paired relative difference with an interval.

Chance enters twice: in how training went (seeds) and in which days the test holds (windows). Neighbouring windows share
most of their steps, so days are resampled in blocks (circular block bootstrap, Politis and Romano 1992). All seeds use the
same blocks. Seeds and blocks are crossed: adding both variances counts their interaction twice (Owen 2007, "The pigeonhole
bootstrap"), so it is subtracted once. Seeds are few, so each half-width uses Student's t. Both are added in quadrature
(MOVER, Zou and Donner 2008). The combination is ours; tests simulate how often the intervals hold.

Dimensions: S seeds, W windows, R resamples, M series of sums.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from stcore.evidence.paired import Evidence, Paired

RESAMPLES = 2_000
FEWEST = 8  # blocks of whole days that a test has to hold; below, blocks are shorter
LEVEL = 0.95
CHUNK = 2_000_000  # numbers gathered at once


@dataclass(frozen=True)
class Interval:
    """A relative difference, -0.02 for 2 % less, with its 95 % interval.

    ``error`` is the standard error; ``seed_error`` its part from training chance (None with one seed), ``time_error`` its
    part from the choice of test days, which more seeds do not lessen. ``block_hours`` is how long a block lasts.
    """

    estimate: float
    low: float
    high: float
    error: float
    seed_error: float | None
    time_error: float
    seeds: int
    blocks: int
    block_hours: float
    notes: list[str] = field(default_factory=list)

    @property
    def side(self) -> int:
        """-1 where the interval is clear of zero below it, 1 above it, 0 where it is not clear."""
        return -1 if self.high < 0 else 1 if self.low > 0 else 0

    @property
    def half(self) -> float:
        """Half the interval's width: what stands behind +-."""
        return (self.high - self.low) / 2


class Blocks(NamedTuple):
    """How windows are cut into blocks of time: ``place`` [W] of each on a line of ``span`` steps, blocks of ``length``."""

    place: np.ndarray
    span: int
    length: int
    step_seconds: float
    note: str

    @property
    def number(self) -> int:
        """Blocks that fit in the span, the last one perhaps in part."""
        return -(-self.span // self.length)


def blocks(test: Evidence) -> Blocks:
    """The blocks of a run's test windows; see ``blocks_of``."""
    return blocks_of(test.start, test.lookback + test.horizon, test.step_seconds)


def blocks_of(
    start: np.ndarray, window: int, step_seconds: float, part: str = "test", *, fewest: int = FEWEST
) -> Blocks:
    """Whole days, at least a ``window`` of steps and the square root of all; shorter where the part has no ``fewest`` of them.

    ``start`` [W]: first steps of the part's windows, ascending; they may leave some out. Too short a block takes what lasts
    longer for independent; the square root follows slow errors as the part grows.
    """
    place = start - start[0]
    span = int(place[-1]) + 1
    day = max(1, round(86_400 / step_seconds))
    length = -(-max(window, int(np.sqrt(span))) // day) * day
    if span >= fewest * length:
        return Blocks(place, span, length, step_seconds, "")
    length = min(span, max(window, span // FEWEST))
    said = f"The {part} period is short: blocks of {length * step_seconds / 3600:.3g} hours instead of whole days"
    many = f", and only {-(-span // length)} of them" if span < FEWEST * window else ""
    return Blocks(place, span, length, step_seconds, f"{said}{many}.")


def interval(method: np.ndarray, control: np.ndarray, cut: Blocks, resamples: int = RESAMPLES) -> Interval:
    """The relative difference of ``method`` to ``control``, absolute errors [S, W] summed per window, paired by seed.

    It is the mean over seeds of log(sum of errors / sum of the control's), as a share. Both arms have the same observed
    targets, so their number cancels and missing ones weigh nothing. NaN where an arm has no error at all.
    """
    seeds, nothing = len(method), np.nan
    notes = [cut.note] if cut.note else []
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(method.sum(axis=1)) - np.log(control.sum(axis=1))
        sums = np.log(resample(np.concatenate([method, control]), cut, resamples))
        drawn = sums[:, :seeds] - sums[:, seeds:]
    drawn = drawn[np.isfinite(drawn).all(axis=1)]  # a resample without any of the windows in question says nothing
    if not np.isfinite(logs).all() or len(drawn) < resamples / 2 or cut.number < 2:
        notes.append("Too few windows for an interval.")
        middle = float(np.expm1(logs.mean()))
        return Interval(middle, nothing, nothing, nothing, None, nothing, seeds, cut.number, _hours(cut), notes)
    if len(drawn) < resamples:
        notes.append("The windows lie in few blocks; the interval is a rough one.")
    time, between, interaction = _variances(logs, drawn, cut.number)
    if seeds == 1:
        notes.append("One seed only: training chance is not in the interval.")
    shared = max(time - interaction, 0.0) if seeds > 1 else time
    error, middle = float(np.sqrt(between + shared)), float(logs.mean())
    reach = float(
        np.hypot(student_quantile(seeds - 1) * np.sqrt(between), student_quantile(cut.number - 1) * np.sqrt(shared))
    )
    low, estimate, high = (float(np.expm1(middle + way * reach)) for way in (-1, 0, 1))
    training = float(np.sqrt(between)) if seeds > 1 else None
    days = float(np.sqrt(shared))
    return Interval(estimate, low, high, error, training, days, seeds, cut.number, _hours(cut), notes)


def whole_interval(pair: Paired, chosen: np.ndarray | None = None) -> Interval:
    """The interval of (method, control) over all windows, or those ``chosen``: [W] or, where each seed has its own, [S, W]."""
    sums = pair.error.sum(axis=3)
    method, control = sums if chosen is None else sums * chosen
    return interval(method, control, blocks(pair.one))


def student_quantile(freedom: int) -> float:
    """The 97.5 % quantile of Student's t with that many degrees of ``freedom``: the reach of a 95 % interval in errors."""
    return float(stdtrit(max(freedom, 1), (1 + LEVEL) / 2))


def _hours(cut: Blocks) -> float:
    return cut.length * cut.step_seconds / 3600


def _variances(logs: np.ndarray, drawn: np.ndarray, count: int) -> tuple[float, float, float]:
    """Variance of the mean over seeds from the choice of blocks, from the choice of seeds, and what both have in common.

    ``logs`` [S], ``drawn`` [R, S]. A bootstrap of ``count`` blocks falls short by one in ``count``, which is made good.
    """
    whole = count / (count - 1)
    time = whole * float(drawn.mean(axis=1).var())
    if len(logs) == 1:
        return time, 0.0, 0.0
    between = float(logs.var(ddof=1)) / len(logs)
    apart = drawn - drawn.mean(axis=1, keepdims=True)
    return time, between, whole * float(apart.var(axis=0).mean()) / (len(logs) - 1)


def resample(series: np.ndarray, cut: Blocks, resamples: int = RESAMPLES, seed: int = 0) -> np.ndarray:
    """Sums [R, M] of ``series`` [M, W] over randomly drawn blocks, wrapped around the end, as many as fit in the span."""
    line = np.zeros((cut.span, len(series)))
    line[cut.place] = series.T
    total = np.concatenate([np.zeros((1, len(series))), np.cumsum(np.concatenate([line, line[: cut.length]]), axis=0)])
    block = total[cut.length : cut.length + cut.span] - total[: cut.span]  # [span, M], from each step on
    rng = np.random.default_rng(seed)
    drawn = rng.integers(cut.span, size=(resamples, cut.number))
    size = max(1, CHUNK // (cut.number * len(series)))
    return np.concatenate([block[drawn[first : first + size]].sum(axis=1) for first in range(0, resamples, size)])
