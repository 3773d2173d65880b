"""Intervals of plans: of what they are, when they hold, and which period they are from."""

import json

import numpy as np
import pytest
from planning import copied, masked_run

from stcore.evidence.plan import plan
from stcore.evidence.plan.answers import Answer, Period, answer_from_json, answers_to_json, ask_weights, load_whatif
from stcore.evidence.plan.chance import OVER, describe_intervals, describe_period, error_change, expected_error
from stcore.evidence.plan.ground import WORTH, sensor_worth
from stcore.processes import jobs
from stcore.runs import Run

HOUR, DAY = 3600.0, 24


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return masked_run(tmp_path_factory.mktemp("chance"), "any", {"name": "any"})


def answer(kept: np.ndarray, off: np.ndarray) -> Answer:
    """An answer with these errors [W] of one kept sensor and one that is off, one truth a window, a window an hour."""
    errors, ones = np.stack([kept, off]), np.ones((2, len(kept)))
    period = Period(np.arange(len(kept)), 12, 3, len(kept))
    return Answer(np.array([True, False]), errors.sum(axis=1), ones.sum(axis=1), np.stack([errors, ones]), period)


def days(number: int, seed: int) -> np.ndarray:
    """[W] errors whose days differ, with a course of the day that all days share."""
    rng = np.random.default_rng([seed, 5])
    course = 2 + np.sin(np.arange(number * DAY) / DAY * 2 * np.pi)
    return course * np.repeat(rng.lognormal(0, 0.2, number), DAY)


def test_the_interval_of_an_error_holds_in_nearly_all_of_many_draws_of_days() -> None:
    truth = 2 * np.exp(0.2**2 / 2)
    found = [expected_error(answer(days(10, seed), days(10, seed)), "all", HOUR) for seed in range(120)]
    held = np.mean([one.low < truth < one.high for one in found])
    assert 0.88 <= held <= 1 and np.mean([one.half for one in found]) < 0.5


def test_a_change_is_known_better_than_the_errors_that_it_is_between() -> None:
    before = answer(days(10, 1), days(10, 2))
    now = answer(days(10, 1), 1.1 * days(10, 2))
    found = error_change(now, before, "off", HOUR)
    assert found.low == pytest.approx(0.1) and found.high == pytest.approx(0.1)
    level = expected_error(now, "off", HOUR)
    assert level.low < now.off < level.high and level.half > 0.1
    assert expected_error(now, "kept", HOUR).estimate == pytest.approx(now.kept)
    assert error_change(now, before, "all", HOUR).estimate == pytest.approx(now.all / before.all - 1)


def test_with_none_off_or_nothing_known_there_is_no_interval() -> None:
    whole = answer(days(5, 1), 0 * days(5, 1))
    nothing = Answer(whole.keep, 0 * whole.absolute, 0 * whole.count, 0 * whole.by_window, whole.period)
    assert np.isnan(expected_error(nothing, "all", HOUR).low) and np.isnan(
        error_change(whole, nothing, "all", HOUR).high
    )


def test_answers_by_window_add_up_and_survive_being_told(run: Run) -> None:
    ask, keep = ask_weights(load_whatif(run, jobs.dataset(run))), np.arange(8) < 3
    for on in (keep, np.ones(8, bool)):
        one = ask(on, "validation", keep)
        np.testing.assert_allclose(one.by_window[0].sum(axis=1), [one.absolute[keep].sum(), one.absolute[~keep].sum()])
        np.testing.assert_allclose(one.by_window[1].sum(axis=1), [one.count[keep].sum(), one.count[~keep].sum()])
        back = answer_from_json(keep, json.loads(json.dumps(answers_to_json([one])))[0])
        np.testing.assert_array_equal(back.by_window, one.by_window)
        assert back.three == one.three and back.period.total == one.period.total


def test_a_plan_tells_how_sure_its_errors_are_and_which_period_they_are_from(run: Run) -> None:
    made = plan(run, 3)
    figures = made.figures()
    for part in ("validation", "test"):
        measured = figures["measured"][part]
        assert measured["part"] == part and measured["from"] < measured["to"] and measured["windows"] <= measured["of"]
        assert describe_period(measured).startswith(
            f"{part} period (2"
        ) and f"days of the {part} period" in describe_intervals(measured)
        for over in OVER:
            low, high = figures["intervals"][part][over]
            assert low < figures["errors"][part][over] < high
            share, low, high = figures["changes"][part][over]
            now, before = figures["errors"][part][over], figures["unmasked"][part][over]
            assert low <= share <= high and share == pytest.approx(now / before - 1)
    assert figures["measured"]["validation"]["to"] < figures["measured"]["test"]["from"]


def test_importance_is_the_gradients_unless_the_run_has_learnt_a_mask(
    run: Run, tmp_path_factory: pytest.TempPathFactory
) -> None:
    made = plan(run, 3)
    assert made.worth == WORTH[False] and made.figures()["importance"].startswith("importance: ")
    assert any("% of all importance" in reason for reason in made.reasons)
    half = masked_run(tmp_path_factory.mktemp("learnt"), "half", {"name": "dynst", "sparsity": 0.5}, copied())
    learnt = plan(half)
    score = half.trace()["mask_score"].values
    assert learnt.worth == WORTH[True] and any("% of all worth to the mask" in reason for reason in learnt.reasons)
    assert np.isin(
        sensor_worth(half) * 1e6 // 1, [np.maximum(row, 0) / np.maximum(row, 0).sum() * 1e6 // 1 for row in score]
    ).all()
