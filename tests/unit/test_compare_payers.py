"""Who pays: hours, sensors, hard windows and incidents are counted as they are, and nobody chooses for himself."""

import numpy as np
import pandas as pd
import pytest
from evidence import DAY, one_run, seeds
from tiny import tiny

from stcore import readers
from stcore.data import STData
from stcore.evidence import payers
from stcore.evidence.paired import pair_by_seed


def test_hours_of_the_week_by_hand() -> None:
    count = np.full((3, 1), 3.0)
    count[2] = 1
    pair = pair_by_seed([one_run([[3.0], [6.0], [2.0]], count=count)], [one_run([[6.0], [6.0], [1.0]], count=count)])
    clock = pd.DatetimeIndex(["2026-01-05 00:10", "2026-01-05 00:50", "2026-01-11 23:00"])  # Monday, Monday, Sunday
    monday, sunday = payers.hour_differences(pair, clock)
    assert monday == {"hour": 0, "windows": 2, "mae": 9 / 6, "control_mae": 12 / 6, "difference": -0.25}
    assert sunday == {"hour": 167, "windows": 1, "mae": 2.0, "control_mae": 1.0, "difference": 1.0}


def test_hours_add_up_to_the_whole() -> None:
    pair = pair_by_seed(seeds(0.95), seeds(1.0))
    rows = payers.hour_differences(pair, pd.DatetimeIndex(pair.one.time))
    assert len(rows) == 168 and sum(row["windows"] for row in rows) == len(pair.one.start)
    mean = np.average([row["mae"] for row in rows], weights=[row["windows"] for row in rows])
    assert mean == pytest.approx(np.mean([test.mae for test in pair.tests[0]]))


def test_sensors_by_hand() -> None:
    one = [one_run([[1.0]], s, sensor_error=np.array([1.0, 2.0 + s, np.nan])) for s in range(2)]
    other = [one_run([[1.0]], s, sensor_error=np.array([2.0, 2.5, np.nan])) for s in range(2)]
    first, second, third = payers.sensor_differences(pair_by_seed(one, other))
    assert first == {"sensor": "a", "mae": 1, "control_mae": 2, "difference": -0.5, "seeds_better": 2, "seeds": 2}
    assert second["difference"] == 0 and second["seeds_better"] == 1
    assert np.isnan(third["difference"]) and third["seeds_better"] == 0


def test_other_seeds_choose_what_is_hard() -> None:
    control = np.ones((2, 40, 1))
    control[0, [3, 21]], control[1, [8, 20]] = 9, 9
    chosen = payers.hardest_mask(control, np.full((40, 1), 3.0))
    assert [np.flatnonzero(row).tolist() for row in chosen] == [[8, 20], [3, 21]]  # two of forty


def test_windows_without_targets_are_never_hard() -> None:
    control, count = np.ones((3, 20, 1)), np.full((20, 1), 3.0)
    control[:, :15], count[:15] = 0, 0
    chosen = payers.hardest_mask(control, count, share=0.5)
    assert not chosen[:, :15].any() and (chosen.sum(axis=1) == 2).all()


def test_luck_in_training_is_not_taken_for_a_gain() -> None:
    """Both arms err alike; each run's own luck must not make its hard windows look better in the other arm."""
    rng = np.random.default_rng(0)

    def arm(number: int) -> list:
        return [one_run(rng.exponential(1, (60 * DAY, 1)), s) for s in range(number)]

    honest = payers.hardest_difference(pair_by_seed(arm(5), arm(5)))
    fooled = payers.hardest_difference(pair_by_seed(arm(1), arm(1)))
    assert honest["interval"].low < 0 < honest["interval"].high and "other seeds" in honest["note"]
    assert fooled["interval"].estimate < -0.5 and "regression to the mean" in fooled["note"]
    assert honest["windows"] == 72


def test_incident_windows_by_hand() -> None:
    errors = np.full((20 * DAY, 2), 4.0)
    pair = pair_by_seed([one_run(errors, s) for s in range(2)], [one_run(errors, s) for s in range(2)])
    steps = np.array([[100, 101], [10_000, 10_010]])  # the second lies behind the test
    inside, outside = payers.incident_differences(pair, steps)
    assert (inside["windows"], outside["windows"]) == (3, 20 * DAY - 3)  # forecasts begin two steps behind the start
    assert "had gone: 1." in inside["note"]
    assert inside["interval"].estimate == outside["interval"].estimate == 0


def test_only_the_incident_windows_got_worse() -> None:
    control = np.random.default_rng(5).random((2, 40 * DAY, 2)) + 4
    steps = np.array([[day * DAY + 8, day * DAY + 10] for day in range(1, 39)])
    first = np.arange(40 * DAY)[:, None] + 2
    hit = ((first <= steps[:, 1]) & (first + 2 > steps[:, 0])).any(axis=1)
    method = np.where(hit[:, None], 1.1, 1.0) * control
    pair = pair_by_seed(
        [one_run(part, s) for s, part in enumerate(method)], [one_run(part, s) for s, part in enumerate(control)]
    )
    inside, outside = payers.incident_differences(pair, steps)
    assert inside["interval"].estimate == pytest.approx(0.1) and inside["interval"].side == 1
    assert outside["interval"].estimate == 0


def test_planted_incidents_are_known_of_simulated_data_only() -> None:
    assert payers.planted_steps(tiny()) is None
    demo: STData = readers.open("demo")
    steps = payers.planted_steps(demo)
    assert steps is not None and len(steps) == demo.ds.sizes["incident"]
    assert (steps[:, 1] >= steps[:, 0]).all()
    assert (demo.time[steps[:, 0]] == demo.ds["incident_start"].values).all()
