"""Which cases of a test belong to the default selection, and which run with ``--all`` alone."""

from collections.abc import Iterable
from itertools import combinations, product
from typing import Any

import pytest
from _pytest.mark import ParameterSet


def mostly_slow(cases: Iterable[Any], by_default: Iterable[Any]) -> list[ParameterSet]:
    """All cases in their order; those that are not in ``by_default`` are marked slow."""
    cases, kept = list(cases), list(by_default)
    assert all(case in cases for case in kept), f"{kept} are not all among {cases}"
    return [pytest.param(*values(case), marks=[] if case in kept else [pytest.mark.slow]) for case in cases]


def values(case: Any) -> tuple[Any, ...]:
    return case if isinstance(case, tuple) else (case,)


def all_pairs(*axes: Iterable[Any]) -> list[tuple[Any, ...]]:
    """Combinations of the axes' values in which every two values of two axes meet at least once.

    Greedy: the next one is the combination that brings the most pairs which have not met yet, the first of equals.
    """
    every = list(product(*axes))
    left = {pair for one in every for pair in pairs(one)}
    chosen: list[tuple[Any, ...]] = []
    while left:
        best = max(every, key=lambda one: len(left & pairs(one)))
        chosen.append(best)
        left -= pairs(best)
    return chosen


def pairs(one: tuple[Any, ...]) -> set[tuple[tuple[int, Any], tuple[int, Any]]]:
    """Every two values of a combination, each with the number of its axis."""
    return set(combinations(enumerate(one), 2))  # type: ignore[arg-type]


def only(places: Iterable[int], cases: Iterable[Any]) -> list[ParameterSet]:
    """All cases; those at other ``places`` are marked slow."""
    cases = list(cases)
    return mostly_slow(cases, [cases[place] for place in places])
