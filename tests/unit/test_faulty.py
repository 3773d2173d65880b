"""Sensors that look faulty: planted faults are named, healthy sensors are not."""

import numpy as np
import pytest
import xarray as xr
from tiny import tiny

from stcore import readers
from stcore.data import STData
from stcore.sensors.faulty import Fault, find_faults, spells, stuck

DAYS, SENSORS, DAY = 28, 8, 24


def healthy(seed: int = 0) -> np.ndarray:
    """[T, N] hourly readings that share a course of the day and what moves all of them, each with noise of its own."""
    rng = np.random.default_rng(seed)
    hours = np.arange(DAYS * DAY)[:, None]
    shared = 5 * np.convolve(rng.normal(size=DAYS * DAY + 4), np.ones(5) / 5, "valid")[:, None]
    return 50 + 10 * np.sin(2 * np.pi * hours / 24) + shared + rng.normal(size=(DAYS * DAY, SENSORS))


def found(values: np.ndarray) -> list[Fault]:
    ds = tiny(len(values), values.shape[1]).ds.copy(deep=True)
    ds["value"][:] = np.round(values, 2)[..., None]
    return find_faults(STData.of(ds))


@pytest.mark.parametrize("seed", range(5))
def test_healthy_sensors_are_not_named(seed: int) -> None:
    values = healthy(seed)
    values[np.random.default_rng(seed).random(values.shape) < 0.1] = np.nan
    assert found(values) == []


def test_a_stuck_sensor_is_named_with_value_and_day() -> None:
    values = healthy()
    values[10 * DAY : 12 * DAY, 3] = 42.5
    values[10 * DAY + 5, 3] = np.nan  # a gap does not end it
    (fault,) = found(values)
    assert fault[:4] == (3, "stuck", 10 * DAY, 12 * DAY) and fault.reason == "stuck at 42.5 from 15 Jan to 16 Jan"


def test_a_sensor_that_never_changes_is_stuck_throughout() -> None:
    values = healthy()
    values[:, 2] = 7
    assert found(values) == [Fault(2, "stuck", 0, len(values), "stuck at 7 throughout")]


def test_nights_of_zeros_are_usual() -> None:
    day = np.concatenate([np.zeros(30), np.arange(1, 19)])
    assert stuck(np.tile(day, 20)) == []
    assert stuck(np.concatenate([np.tile(day, 10), np.zeros(300), np.tile(day, 10)])) == [(480, 810, 0.0)]


@pytest.mark.parametrize("sign", [1, -1])
def test_a_drifting_sensor_is_named_and_its_neighbours_are_not(sign: int) -> None:
    values = healthy()
    values[8 * DAY : 14 * DAY, 5] += sign * np.linspace(0, 30, 6 * DAY)
    (fault,) = found(values)
    assert (fault.sensor, fault.kind) == (5, "drifting")
    assert abs(fault.start - 8 * DAY) <= DAY and abs(fault.end - 14 * DAY) <= DAY
    assert ("above" if sign > 0 else "below") in fault.reason


def test_what_all_sensors_do_is_no_drift() -> None:
    values = healthy()
    values[8 * DAY : 14 * DAY] += np.linspace(0, 30, 6 * DAY)[:, None]
    assert found(values) == []


def test_a_noisy_sensor_is_named() -> None:
    values = healthy()
    values[20 * DAY : 22 * DAY, 1] += np.random.default_rng(1).normal(0, 12, 2 * DAY)
    (fault,) = found(values)
    assert (fault.sensor, fault.kind) == (1, "noisy")
    assert abs(fault.start - 20 * DAY) <= DAY and abs(fault.end - 22 * DAY) <= DAY


def test_what_shakes_all_sensors_is_no_noise() -> None:
    values = healthy()
    values[20 * DAY : 22 * DAY] += np.random.default_rng(1).normal(0, 12, (2 * DAY, SENSORS))
    assert found(values) == []


@pytest.mark.parametrize(("steps", "sensors"), [(30, 1), (30, 3), (5, 2), (200, 1), (200, 2)])
def test_few_steps_and_sensors_are_no_trouble(steps: int, sensors: int) -> None:
    assert find_faults(tiny(steps, sensors)) == []


def test_spells_are_runs() -> None:
    assert spells(np.array([True, False, True, True])) == [(0, 1), (2, 4)]
    assert spells(np.zeros(3, bool)) == []


def test_the_demo_citys_faults_are_named_with_their_kind_and_no_others() -> None:
    data = readers.open("demo")
    named = find_faults(data)
    assert {fault.sensor for fault in named} == set(np.flatnonzero(data.ds["faulty"].values).tolist())
    planted = data.ds[["fault_sensor", "fault_kind", "fault_start", "fault_end"]]
    kinds = {"drifting": "drift"}
    for fault in named:
        assert matches(planted, data, fault, kinds.get(fault.kind, fault.kind)), fault.reason


def matches(planted: xr.Dataset, data: STData, fault: Fault, kind: str) -> bool:
    """Whether a planted fault of that kind and sensor overlaps by more than half of itself."""
    rows = (planted["fault_sensor"].values == fault.sensor) & (planted["fault_kind"].values == kind)
    start, end = (data.time.searchsorted(planted[name].values[rows]) for name in ("fault_start", "fault_end"))
    common = np.minimum(end, fault.end) - np.maximum(start, fault.start)
    return bool((common > (end - start) / 2).any())
