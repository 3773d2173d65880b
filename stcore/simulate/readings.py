"""Readings of imperfect sensors: noise, copies, faults, gaps and rounding.

Dimensions: T steps, N sensors, of which S are not copies. Channels are speed in km/h and flow in vehicles per hour.
"""

from typing import NamedTuple

import numpy as np

from stcore.simulate.days import COPIES, FAULTS, OUTAGES, READINGS, STEPS, generator
from stcore.simulate.network import STEP_SECONDS, Network

COPIES_OF_GROUP = (1, 2, 3, 1, 2, 3, 1, 2, 3, 2)
BLOCK = 28  # days from one draw of faults to the next
FAULTS_OF_BLOCK = ("stuck", "stuck", "stuck", "drift", "drift", "noisy", "noisy")
SLOWING = 0.07  # drivers are slower by this share on a full road, which the triangular diagram leaves out
COPY_NOISE = np.array([0.1, 12.0])  # km/h, vehicles per hour
ROUNDING = np.array([0.1, 12.0])  # speeds to 0.1 km/h, flows to whole vehicles in 5 minutes
FLOOR = np.array([2.0, 12.0])  # no road is still or empty for 5 minutes, so that no zero is ambiguous
PACKING = 0.1  # the value of one step of a stored whole number
OUTAGE_ODDS, OUTAGE_STEPS, BLINK_ODDS = 0.065, 72.0, 0.002


class Sensors(NamedTuple):
    """``source`` [N]: the real sensor that each one is or copies; ``copy`` [N]: 0 if it is real; ``group`` [N]: -1 for none."""

    source: np.ndarray
    copy: np.ndarray
    group: np.ndarray
    name: list[str]
    place: np.ndarray


class Fault(NamedTuple):
    """``sensor`` is faulty from step ``start`` up to ``end``, counted from the first day."""

    sensor: int
    kind: str
    start: int
    end: int


def place_sensors(network: Network, seed: int) -> Sensors:
    """The real sensors in road order, each followed by its copies, which are 40 m away."""
    real = len(network.sensor_name)
    chosen = generator(seed, COPIES, 0).choice(real, len(COPIES_OF_GROUP), replace=False)
    copies, group = np.zeros(real, dtype=int), np.full(real, -1)
    copies[chosen], group[chosen] = COPIES_OF_GROUP, np.arange(len(chosen))
    source = np.repeat(np.arange(real), copies + 1)
    copy = np.concatenate([np.arange(count + 1) for count in copies])
    angle = 2.4 * copy + source  # no two at the same location
    aside = np.where(copy > 0, 0.04, 0.0)[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    name = [network.sensor_name[s] + ("abcd"[k] if k else "") for s, k in zip(source, copy, strict=True)]
    return Sensors(source, copy, group[source], name, network.sensor_place[source] + aside)


def measure(speed: np.ndarray, flow: np.ndarray, network: Network, seed: int, day: int) -> np.ndarray:
    """[D, S, 2] readings of working sensors for a day's true ``speed`` and ``flow`` [D, S].

    The error of a count of n vehicles is about half the square root of n. The error of a mean speed is 0.6 km/h plus 2.5 km/h
    over that root, and up to 3 km/h more in a jam, where stop and go is not the same for all vehicles.
    """
    chance = generator(seed, READINGS, day)
    full = network.cells.capacity[network.sensor_cell] * 3600 / STEP_SECONDS
    seen = speed * (1.0 - SLOWING * np.minimum(flow / full, 1.0) ** 3)
    count = np.maximum(flow / 12.0, 1.0)
    jammed = np.clip(1.0 - speed / network.free_speed[network.sensor_cell], 0.0, 1.0)
    unsure = 0.6 + 2.5 / np.sqrt(count) + 3.0 * jammed
    seen = seen * _calibration(network, seed) + chance.normal(size=seen.shape) * unsure
    passed = flow + 12.0 * chance.normal(size=flow.shape) * 0.5 * np.sqrt(count)
    return np.maximum(np.stack([seen, passed], axis=2), FLOOR)


def _calibration(network: Network, seed: int) -> np.ndarray:
    return 1.0 + generator(seed, READINGS, 1_000_000).normal(0.0, 0.01, len(network.sensor_name))


def with_copies(read: np.ndarray, sensors: Sensors, seed: int, day: int) -> np.ndarray:
    """[D, N, 2] readings of all sensors from those of the real ones [D, S, 2]; copies add a little noise."""
    noise = generator(seed, COPIES, day + 1).normal(size=(len(read), len(sensors.source), 2))
    return np.maximum(read[:, sensors.source] + noise * COPY_NOISE * (sensors.copy > 0)[:, None], FLOOR)


def plant_faults(sensors: Sensors, days: int, seed: int) -> list[Fault]:
    """Faults, a few in every four weeks, on sensors without copies; none lasts beyond the last day."""
    planted = []
    single = np.flatnonzero(sensors.group < 0)
    for block in range(-(-days // BLOCK)):
        chance = generator(seed, FAULTS, block)
        broken = chance.choice(single, len(FAULTS_OF_BLOCK), replace=False)
        for sensor, kind in zip(broken, FAULTS_OF_BLOCK, strict=True):
            start = int(chance.integers(block * BLOCK * STEPS, (block + 1) * BLOCK * STEPS - STEPS))
            low, high = {"stuck": (48, 150), "drift": (3 * STEPS, 6 * STEPS), "noisy": (STEPS, 2 * STEPS)}[kind]
            end = min(start + int(chance.integers(low, high)), days * STEPS)
            if start < end:
                planted.append(Fault(int(sensor), kind, start, end))
    return sorted(planted, key=lambda fault: (fault.start, fault.sensor))


def apply_faults(values: np.ndarray, planted: list[Fault], seed: int) -> None:
    """Change ``values`` [T, N, 2] in place: stuck repeats a reading, drift reads ever higher speeds, noisy adds noise."""
    for fault in planted:
        hit = values[fault.start : fault.end, fault.sensor]
        if fault.kind == "stuck":
            hit[:] = hit[0]
        elif fault.kind == "drift":
            hit[:, 0] += 14.0 * np.arange(len(hit)) / (5 * STEPS)
        else:
            shaking = generator(seed, FAULTS, 1_000_000 + fault.start).normal(size=(2 * STEPS, 2))[: len(hit)]
            hit[:] = np.maximum(hit + shaking * np.array([6.0, 180.0]), FLOOR)


def outage_mask(sensors: int, days: int, seed: int) -> np.ndarray:
    """[T, N] bool where nothing was measured: hours without power, and single lost readings."""
    gone = np.zeros((days * STEPS, sensors), dtype=bool)
    for day in range(days):
        chance = generator(seed, OUTAGES, day)
        off, start = chance.random(sensors) < OUTAGE_ODDS, chance.integers(0, STEPS, sensors)
        length = 1 + np.ceil(chance.exponential(OUTAGE_STEPS, sensors)).astype(int)
        for sensor in np.flatnonzero(off):
            begin = day * STEPS + int(start[sensor])
            gone[begin : begin + int(length[sensor]), sensor] = True
        gone[day * STEPS : (day + 1) * STEPS] |= chance.random((STEPS, sensors)) < BLINK_ODDS
    return gone


def round_readings(values: np.ndarray) -> np.ndarray:
    """[..., 2] float32 speeds to 0.1 km/h and flows to whole vehicles, computed as a packed file is unpacked.

    Sums may differ in their last digits from one processor to the next, here by some 1e-12. Rounding removes that, unless
    a value is as close as that to a tie, which is unlikely even among two million readings.
    """
    packed = np.rint(np.rint(values / ROUNDING) * ROUNDING / PACKING)
    return (packed * PACKING).astype(np.float32)
