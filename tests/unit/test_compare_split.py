"""The steps add up to the whole, and what was not run is said; the front holds what no arm beats in both."""

import numpy as np
import pytest
from evidence import seeds

from stcore.evidence.payers import Link, split
from stcore.evidence.report import pareto_front

CHAIN = [
    Link("", "field", seeds(1.10)),
    Link("batch and learning rate", "tuned windows", seeds(1.04)),
    Link("samples", "full", seeds(1.01)),
    Link("schedule", "full at equal visits", seeds(1.02)),
    Link("pruning", "method", seeds(1.00)),
]


def without(*places: int) -> list[Link]:
    return [link._replace(tests=[]) if place in places else link for place, link in enumerate(CHAIN)]


def test_steps_add_up_to_the_total() -> None:
    rows, notes = split(CHAIN)
    assert [row["step"] for row in rows] == ["batch and learning rate", "samples", "schedule", "pruning", "total"]
    assert sum(row["log_ratio"] for row in rows[:-1]) == pytest.approx(rows[-1]["log_ratio"], abs=1e-12)
    assert rows[2]["interval"].estimate == pytest.approx(0.01, abs=0.002)
    assert (rows[-1]["control"], rows[-1]["arm"]) == ("field", "method")
    assert all(np.log1p(row["interval"].estimate) == pytest.approx(row["log_ratio"]) for row in rows)
    assert notes == []


def test_arms_with_more_seeds_than_others_still_add_up() -> None:
    rows, _ = split([*CHAIN[:-1], CHAIN[-1]._replace(tests=seeds(1.0, 0.05, number=5))])
    assert sum(row["log_ratio"] for row in rows[:-1]) == pytest.approx(rows[-1]["log_ratio"], abs=1e-12)
    assert {row["interval"].seeds for row in rows} == {3}


@pytest.mark.parametrize(
    ("gone", "steps", "said"),
    [
        ((0,), ["samples", "schedule", "pruning", "total"], "Left out for want of a run: batch and learning rate."),
        ((2,), ["batch and learning rate", "samples and schedule", "pruning", "total"], "Not told apart"),
        ((4,), ["batch and learning rate", "samples", "schedule", "total"], "Left out for want of a run: pruning."),
        ((0, 1, 2), ["pruning"], "Left out for want of a run: batch and learning rate and samples and schedule."),
        ((0, 1, 2, 3), [], "Nothing can be split"),
    ],
)
def test_what_was_not_run_is_said(gone: tuple[int, ...], steps: list[str], said: str) -> None:
    rows, notes = split(without(*gone))
    assert [row["step"] for row in rows] == steps
    assert len(notes) == 1 and said in notes[0]


@pytest.mark.parametrize(
    ("error", "cost", "on"),
    [
        ([3, 2, 1], [1, 2, 3], [True, True, True]),
        ([3, 2, 3], [1, 2, 3], [True, True, False]),
        ([1, 1, 1], [1, 1, 2], [True, True, False]),
        ([1, 2], [1, 2], [True, False]),
        ([np.nan, 2], [0, 2], [False, True]),
        ([1, 2], [np.nan, 2], [False, True]),
        ([], [], []),
    ],
)
def test_the_front_by_hand(error: list[float], cost: list[float], on: list[bool]) -> None:
    assert pareto_front(error, cost).tolist() == on
