"""What was gained, step by step along a chain of arms that differ in one thing each."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from stcore.evidence.intervals import blocks, interval
from stcore.evidence.paired import Evidence, Paired, pair_by_seed


class Link(NamedTuple):
    """An arm of the chain and what its step changes against the arm before; ``tests`` is empty where it is missing."""

    step: str
    label: str
    tests: Sequence[Evidence]


def split(chain: Sequence[Link]) -> tuple[list[dict[str, Any]], list[str]]:
    """One record a step, then the total: ``step``, ``control``, ``arm``, ``log_ratio``, ``interval``; and notes.

    Over the seeds that all arms have, so that the log ratios of the steps add up to the total's exactly. A step whose arm
    is missing is told together with the next one, and the notes say so.
    """
    there = [place for place, link in enumerate(chain) if link.tests]
    if len(there) < 2:
        return [], ["Nothing can be split: fewer than two arms of the chain were run."]
    together = pair_by_seed(*(chain[place].tests for place in there))
    records, notes = [], missing_steps(chain, there)
    for number in range(1, len(there)):
        name = " and ".join(link.step for link in chain[there[number - 1] + 1 : there[number] + 1])
        records.append(_step(together, (number, number - 1), name, [chain[place].label for place in there]))
    if len(there) > 2:
        records.append(_step(together, (len(there) - 1, 0), "total", [chain[place].label for place in there]))
    return records, notes


def missing_steps(chain: Sequence[Link], there: Sequence[int]) -> list[str]:
    """What could not be told apart, or not at all, in sentences."""
    said = []
    before = [link.step for link in chain[1 : there[0] + 1]]
    if before:
        said.append(f"Left out for want of a run: {' and '.join(before)}.")
    for first, last in pairwise(there):
        if last > first + 1:
            joined = " and ".join(link.step for link in chain[first + 1 : last + 1])
            said.append(f"Not told apart, as an arm between them was not run: {joined}.")
    after = [link.step for link in chain[there[-1] + 1 :]]
    if after:
        said.append(f"Left out for want of a run: {' and '.join(after)}.")
    return said


def _step(together: Paired, places: tuple[int, int], name: str, labels: list[str]) -> dict[str, Any]:
    """The step from the second of ``places`` to the first."""
    arm, control = places
    sums = together.error.sum(axis=3)
    return {
        "step": name,
        "control": labels[control],
        "arm": labels[arm],
        "log_ratio": float(np.mean(np.log(sums[arm].sum(axis=1)) - np.log(sums[control].sum(axis=1)))),
        "interval": interval(sums[arm], sums[control], blocks(together.one)),
    }
