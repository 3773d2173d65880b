"""The interval holds the truth as often as it says, also where neighbouring windows resemble each other."""

import time
from dataclasses import astuple

import numpy as np
import pytest
from evidence import DAY, autoregressive, one_run, seeds

from stcore.evidence.intervals import Blocks, Interval, blocks, interval, resample

HOURLY = blocks(one_run(np.ones((100 * DAY, 2))))


def measured(one: list, other: list) -> Interval:
    errors = [np.array([test.error.sum(axis=1) for test in arm]) for arm in (one, other)]
    return interval(*errors, blocks(one[0]))


def covered(number: int, training: float, common: float, own: float, trials: int = 300) -> float:
    """Share of intervals that hold the truth, -2 %, for so much chance of training, of days, and of days in each seed."""
    hits, windows = 0, 60 * DAY
    cut = blocks(one_run(np.ones((windows, 2))))
    for trial in range(trials):
        rng = np.random.default_rng([number, trial])
        control = 10 + autoregressive(rng, (number, windows))
        gain = -0.02 + training * rng.normal(size=(number, 1))
        gain = gain + common * autoregressive(rng, (1, windows)) + own * autoregressive(rng, (number, windows))
        found = interval(control * (1 + gain), control, cut, resamples=200)
        hits += found.low <= -0.02 <= found.high
    return hits / trials


@pytest.mark.parametrize(
    ("number", "training", "common", "own"),
    [
        (3, 0.0, 0.1, 0.0),  # only which days the test holds
        (5, 0.01, 0.0, 0.0),  # only training
        (3, 0.005, 0.05, 0.05),
        (5, 0.0, 0.05, 0.2),  # the two interact
    ],
)
def test_the_interval_holds_the_truth_in_95_of_100(number: int, training: float, common: float, own: float) -> None:
    assert 0.90 <= covered(number, training, common, own) <= 0.98


def test_blocks_that_are_too_short_would_promise_too_much() -> None:
    rng = np.random.default_rng(0)
    control = np.full((1, 100 * DAY), 10.0)
    method = control + autoregressive(rng, control.shape)
    wide = interval(method, control, HOURLY)
    narrow = interval(method, control, HOURLY._replace(length=1))
    assert narrow.half < 0.5 * wide.half


def test_the_estimate_is_exact_by_hand() -> None:
    control = np.array([[10.0] * 48, [20.0] * 48])
    method = np.array([[9.0] * 48, [18.0] * 48])
    found = interval(method, control, Blocks(np.arange(48), 48, 6, 3600.0, ""))
    assert found.estimate == pytest.approx(-0.1)
    assert (found.low, found.high) == pytest.approx((-0.1, -0.1))
    assert (found.seeds, found.blocks, found.block_hours, found.side) == (2, 8, 6.0, -1)


def test_the_standard_error_over_seeds_is_exact_by_hand() -> None:
    control = np.full((3, 48), 10.0)
    method = control * np.exp([[0.01], [0.02], [0.06]])
    found = interval(method, control, Blocks(np.arange(48), 48, 6, 3600.0, ""))
    assert found.estimate == pytest.approx(np.expm1(0.03))
    assert found.seed_error == pytest.approx(np.sqrt((0.02**2 + 0.01**2 + 0.03**2) / 2 / 3))
    assert found.time_error == pytest.approx(0, abs=1e-9)
    assert np.log1p(found.high) - 0.03 == pytest.approx(4.3027 * found.seed_error, rel=1e-3)  # Student's t, 2 degrees


def test_swapping_the_arms_turns_the_sign() -> None:
    one, other = seeds(0.97, 0.01), seeds(1.0)
    there, back = measured(one, other), measured(other, one)
    assert np.log1p(back.estimate) == pytest.approx(-np.log1p(there.estimate))
    assert np.log1p(back.low) == pytest.approx(-np.log1p(there.high))
    assert there.side == -back.side == -1


def test_an_arm_against_itself_differs_by_nothing() -> None:
    found = measured(seeds(1.0), seeds(1.0))
    assert (found.estimate, found.low, found.high, found.side) == (0, 0, 0, 0)


def test_one_seed_says_what_it_leaves_out() -> None:
    found = measured(seeds(0.97, number=1), seeds(1.0, number=1))
    assert found.seed_error is None
    assert found.low <= found.estimate <= found.high < 0
    assert any("training chance is not in the interval" in note for note in found.notes)


def test_windows_without_targets_change_nothing() -> None:
    errors = np.random.default_rng(1).random((2, 2, 20 * DAY)) + 1
    errors[..., 30:50] = 0  # nothing observed: no error
    place, seen = np.arange(20 * DAY), np.r_[0:30, 50 : 20 * DAY]
    with_gap = interval(*errors, Blocks(place, 20 * DAY, DAY, 3600.0, ""))
    without = interval(*errors[..., seen], Blocks(place[seen], 20 * DAY, DAY, 3600.0, ""))
    assert astuple(with_gap)[:-1] == pytest.approx(astuple(without)[:-1])


@pytest.mark.parametrize(
    ("windows", "length", "said"),
    [
        (23 * DAY, DAY, ""),
        (100 * DAY, 2 * DAY, ""),
        (4 * DAY, DAY // 2, "instead of whole days"),
        (20, 4, "only 5 of them"),
    ],
)
def test_blocks_are_whole_days_where_there_are_enough_of_them(windows: int, length: int, said: str) -> None:
    cut = blocks(one_run(np.ones((windows, 2))))
    assert cut.length == length
    assert said in cut.note and bool(said) == bool(cut.note)


def test_blocks_are_never_shorter_than_a_window() -> None:
    cut = blocks(one_run(np.ones((60 * DAY, 2)), lookback=2 * DAY))
    assert cut.length == 3 * DAY


def test_too_little_for_an_interval_is_said() -> None:
    found = interval(np.ones((2, 3)), np.ones((2, 3)), Blocks(np.arange(3), 3, 3, 3600.0, ""))
    assert np.isnan(found.low) and "Too few windows for an interval." in found.notes


def test_resamples_have_the_right_mean() -> None:
    series = np.random.default_rng(3).random((2, 10 * DAY))
    drawn = resample(series, Blocks(np.arange(10 * DAY), 10 * DAY, DAY, 3600.0, ""))
    assert drawn.mean(axis=0) == pytest.approx(series.sum(axis=1), rel=0.01)


def test_it_is_fast() -> None:
    errors = np.random.default_rng(2).random((2, 5, 730 * DAY)) + 1
    begun = time.process_time()
    interval(*errors, Blocks(np.arange(730 * DAY), 730 * DAY, DAY, 3600.0, ""))
    assert time.process_time() - begun < 1.0
