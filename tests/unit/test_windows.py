"""Windows and splits: no leak, full cover."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import tiny

from stcore.data import STData
from stcore.data.windows import Windows, calendar, cut, week_cell
from stcore.findings import DataError
from stcore.options import DataOptions

DATA = tiny(steps=400, sensors=2)


@given(st.integers(1, 20), st.integers(1, 20), st.integers(20, 60), st.integers(15, 30))
def test_parts_share_no_step_and_cover_all_that_fits(lookback: int, horizon: int, train: int, validation: int) -> None:
    shares = (train / 100, validation / 100, 1 - (train + validation) / 100)
    options = DataOptions(lookback=lookback, horizon=horizon, split=shares)
    parts = cut(DATA, options)
    touched = [set(part.steps(np.arange(len(part))).ravel().tolist()) for part in parts[:3]]
    assert not touched[0] & touched[1] and not touched[1] & touched[2] and not touched[0] & touched[2]
    assert max(touched[0]) < min(touched[1]) and max(touched[1]) < min(touched[2])
    for number, part in enumerate(parts[:3]):
        assert len(part) == (parts.label == number).sum() - lookback - horizon + 1  # every window that fits
    assert set.union(*touched) == set(range(400))


@given(st.integers(1, 8), st.integers(1, 8), st.data())
def test_windows_are_runs_of_steps(lookback: int, horizon: int, data: st.DataObject) -> None:
    starts = np.array(sorted(data.draw(st.sets(st.integers(0, 50), min_size=1, max_size=9))))
    windows = Windows(starts, lookback, horizon)
    steps = windows.steps(np.arange(len(starts)))
    np.testing.assert_array_equal(steps, starts[:, None] + np.arange(lookback + horizon))
    np.testing.assert_array_equal(windows.origins, steps[:, lookback - 1])


def with_variables(data: STData, **variables: object) -> STData:
    return STData(data.ds.assign(variables), data.findings, data.layers)


def test_windows_without_an_observed_target_are_out() -> None:
    values = DATA.values.copy()
    values[100:140] = np.nan
    data = STData(DATA.ds.assign(value=(DATA.ds["value"].dims, values)), [], {})
    parts = cut(data, DataOptions(lookback=4, horizon=5))
    targets = parts.train.starts[:, None] + 4 + np.arange(5)
    assert np.isfinite(values[targets]).any(axis=(1, 2, 3)).all()
    assert 101 not in parts.train.starts and 95 in parts.train.starts


def test_the_files_own_split_and_starts_are_used() -> None:
    names = np.array(["test"] * 100 + ["train"] * 200 + ["validation"] * 100)
    parts = cut(with_variables(DATA, split=("time", names)), DataOptions(lookback=3, horizon=2))
    assert parts.test.starts.max() == 95 and parts.train.starts.min() == 100 and parts.validation.starts.min() == 300
    starts = with_variables(DATA, start=("window", np.array([0, 10, 250, 330])))
    parts = cut(starts, DataOptions(lookback=3, horizon=2))
    assert [list(part.starts) for part in parts[:3]] == [[0, 10], [250], [330]]


def test_too_short_says_the_numbers() -> None:
    with pytest.raises(DataError, match=r"validation part has 80 of 400 steps and no window of 60 \+ 60"):
        cut(DATA, DataOptions(lookback=60, horizon=60))


def test_calendar_is_the_wall_clock() -> None:
    np.testing.assert_array_equal(calendar(DATA, np.array([0, 25, 399 + 24])), [[0, 0], [1, 1], [15, 3]])
    np.testing.assert_array_equal(week_cell(DATA, np.array([0, 25, 168])), [0, 25, 0])
