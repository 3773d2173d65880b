"""Cases that stand for all combinations: every two values of two axes meet."""

from itertools import combinations, product

import pytest
from cases import all_pairs, mostly_slow, only


@pytest.mark.parametrize("sizes", [(3,), (2, 2), (12, 8, 4), (3, 3, 3, 3)])
def test_every_two_values_meet_and_few_cases_do(sizes: tuple[int, ...]) -> None:
    axes = [range(size) for size in sizes]
    chosen = all_pairs(*axes)
    assert len(set(chosen)) == len(chosen) and set(chosen) <= set(product(*axes))
    for first, second in combinations(range(len(axes)), 2):
        assert {(one[first], one[second]) for one in chosen} == set(product(axes[first], axes[second]))
    largest = sorted(sizes)[-2:]
    assert len(chosen) <= 1.5 * largest[0] * largest[-1] + 3


def test_the_others_are_slow() -> None:
    cases = mostly_slow("abc", "b")
    assert [case.values for case in cases] == [("a",), ("b",), ("c",)]
    assert [bool(case.marks) for case in cases] == [True, False, True]
    assert [bool(case.marks) for case in only([2, 0], "abc")] == [False, True, False]
    with pytest.raises(AssertionError, match="not all among"):
        mostly_slow("abc", "d")
