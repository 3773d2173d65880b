"""How sure a plan's errors are: 95 % intervals over the days of the period that they were measured in.

It is the block bootstrap over days that compares runs (``stcore.evidence.intervals``), but with whole days as long as there
are three of them. An error by itself has the course of a day, unlike a difference, and shorter blocks would take that for
chance. One run answers, so the chance in training is not included.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from stcore.data import STData
from stcore.evidence.intervals import Blocks, Interval, blocks_of, interval
from stcore.evidence.plan.answers import Answer

OVER = ("all", "kept", "off")
FEWEST = 3  # blocks of whole days, below which they are shorter


def window_sums(answer: Answer, over: str) -> np.ndarray:
    """[2, W] absolute errors and counts over all sensors, those that are kept, or those that are off."""
    return np.asarray(answer.by_window.sum(axis=1) if over == "all" else answer.by_window[:, OVER.index(over) - 1])


def expected_error(answer: Answer, over: str, step_seconds: float, part: str = "test") -> Interval:
    """The mean absolute error in the target's unit, with its interval. NaN where there is none."""
    error, count = window_sums(answer, over)
    found = _between(error, count, answer, step_seconds, part)
    return replace(found, estimate=found.estimate + 1, low=found.low + 1, high=found.high + 1)


def error_change(now: Answer, before: Answer, over: str, step_seconds: float, part: str = "test") -> Interval:
    """How much more ``now`` errs than ``before`` on the same windows, as a share, with its interval.

    Days that are hard for both do not widen it. Both answers must be about the same plan, unless all sensors are counted.
    """
    return _between(window_sums(now, over)[0], window_sums(before, over)[0], now, step_seconds, part)


def no_change_range(now: Answer, before: Answer, step_seconds: float, part: str = "test") -> tuple[float, float]:
    """The lowest and highest error over all sensors that a plan may have, given the error ``before`` it as measured.

    It is the interval of the distance between both, which is what a curve of plans on the same days shows.
    """
    found = error_change(now, before, "all", step_seconds, part)
    return before.all * (1 + found.low), before.all * (1 + found.high)


def _between(method: np.ndarray, control: np.ndarray, answer: Answer, step_seconds: float, part: str) -> Interval:
    return interval(method[None], control[None], _blocks(answer, step_seconds, part))


def _blocks(answer: Answer, step_seconds: float, part: str) -> Blocks:
    period = answer.period
    return blocks_of(period.start, period.lookback + period.horizon, step_seconds, part, fewest=FEWEST)


def measured_period(answer: Answer, data: STData, part: str) -> dict[str, Any]:
    """The period of an answer in plain values.

    ``part``; ``from`` and ``to``, the local times of the first and the last truth; how many ``windows`` were measured ``of``
    all; and the number of ``blocks`` of ``block_hours`` behind the intervals.
    """
    period = answer.period
    length = period.lookback + period.horizon
    ends = data.clock(np.array([period.start[0] + period.lookback, period.start[-1] + length - 1]))
    cut = _blocks(answer, data.step_seconds, part)
    return {
        "part": part,
        "from": ends[0].isoformat(),
        "to": ends[1].isoformat(),
        "windows": len(period.start),
        "of": period.total,
        "blocks": cut.number,
        "block_hours": cut.length * data.step_seconds / 3600,
    }


def describe_period(measured: Mapping[str, Any]) -> str:
    """A measured period in words that stand in a sentence: which part, from when to when, how many windows."""
    first, last = (str(measured[name])[:16].replace("T", " ") for name in ("from", "to"))
    every = measured["windows"] == measured["of"]
    windows = f"all {measured['of']:,}" if every else f"{measured['windows']:,} of {measured['of']:,}"
    return f"{measured['part']} period ({first} to {last}, {windows} windows)"


def describe_intervals(measured: Mapping[str, Any]) -> str:
    """What the intervals are, as a sentence without its full stop."""
    hours = float(measured["block_hours"])
    size = f"{hours / 24:g} days" if hours > 24 else "a day" if hours == 24 else f"{hours:.3g} hours"
    short = ", few, so a rough interval" if measured["blocks"] < 8 else ""
    return (
        f"95 % intervals over the days of the {measured['part']} period, by block bootstrap ({measured['blocks']} blocks of "
        f"{size}{short}); the chance in training is not in them"
    )
