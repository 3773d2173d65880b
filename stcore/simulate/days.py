"""Demand, weather and incidents of a day, drawn from nothing but the seed and the number of the day.

The first days of a long simulation are therefore those of a short one. Dimensions: D steps of 5 minutes a day, O origins.
"""

from typing import NamedTuple

import numpy as np

from stcore.simulate.network import STEP_SECONDS, Network
from stcore.simulate.physics import steady_flow

STEPS = 288  # a day
DEMAND, WEATHER, INCIDENTS, READINGS, OUTAGES, FAULTS, COPIES = range(7)  # what random numbers are drawn for
MEAN_INCIDENTS = (1.75, 0.8)  # on a working day, on a day of the weekend
# share of full demand: night, day, morning peak, evening peak; for traffic into town, out of town, round it
WORKING_DAY = ((0.12, 0.56, 0.44, 0.04), (0.12, 0.56, 0.04, 0.44), (0.12, 0.56, 0.34, 0.34))
WEEKEND = ((0.12, 0.54), (0.12, 0.56), (0.12, 0.55))  # night, height of the afternoon's hump


class Incident(NamedTuple):
    """``cell`` loses capacity from step ``start`` of its day up to ``end``; ``left`` is the share that it keeps."""

    cell: int
    start: int
    end: int
    left: float


class Day(NamedTuple):
    """``demand`` [D, O] vehicles per hour, ``weather`` [D] share of speed and capacity that roads keep."""

    demand: np.ndarray
    weather: np.ndarray
    incidents: list[Incident]


def generator(seed: int, purpose: int, number: int) -> np.random.Generator:
    """The generator for one purpose and one day (or block, or sensor), which does not depend on other draws."""
    return np.random.default_rng([seed, purpose, number])


def draw_day(network: Network, seed: int, day: int) -> Day:
    """One day of the city; day 0 is a Monday."""
    return Day(_demand(network, seed, day), _weather(seed, day), _incidents(network, seed, day))


def demand_profile(weekday: int, shift: float = 0.0) -> np.ndarray:
    """[D, 3] share of full demand for traffic into town, out of town and round it; peaks ``shift`` hours late."""
    hour = np.arange(STEPS) / 12.0
    daytime = 1 / (1 + np.exp(-(hour - 6.0) / 0.45)) / (1 + np.exp((hour - 20.0) / 0.9))
    if weekday >= 5:
        hump = _bell(hour, 13.2 + weekday - 5, 3.4) + (0.3 * _bell(hour, 22.0, 1.3) if weekday == 5 else 0.0)
        return np.stack([night + height * hump for night, height in WEEKEND], axis=1)
    friday = weekday == 4
    morning = (0.93 if friday else 1.0) * _bell(hour, 7.8 + shift, 0.62)
    evening = 1.02 * _bell(hour, 16.8 + shift, 0.85) if friday else _bell(hour, 17.1 + shift, 0.75)
    return np.stack([a + b * daytime + c * morning + d * evening for a, b, c, d in WORKING_DAY], axis=1)


def _bell(hour: np.ndarray, middle: float, width: float) -> np.ndarray:
    return np.exp(-0.5 * ((hour - middle) / width) ** 2)


def _demand(network: Network, seed: int, day: int) -> np.ndarray:
    """Profile x size of the origin x level of the day x level of the origin x noise of each 5 minutes."""
    chance = generator(seed, DEMAND, day)
    shift, busy = chance.normal(0.0, 0.03), 1.0 + chance.normal(0.0, 0.008)
    level = 1.0 + chance.normal(0.0, 0.01, network.origin_size.size)
    moment = 1.0 + chance.normal(0.0, 0.04, (STEPS, network.origin_size.size))
    share = demand_profile(day % 7, shift)[:, network.origin_kind]
    return share * network.origin_size * busy * level * np.clip(moment, 0.8, 1.2)


def _weather(seed: int, day: int) -> np.ndarray:
    """[D] slow change from one midnight to the next, and hours of rain on some days."""
    night, next_night = (generator(seed, WEATHER, number).uniform(0.99, 1.0) for number in (day, day + 1))
    chance = generator(seed, WEATHER, day + 1_000_000)
    blend = (1 - np.cos(np.pi * np.arange(STEPS) / STEPS)) / 2
    level = night + (next_night - night) * blend
    rains, middle, half = chance.random() < 0.2, chance.uniform(72, 216), chance.uniform(18, 48)
    depth = chance.uniform(0.02, 0.04)
    if rains:
        level = level * (1 - depth / (1 + np.exp((np.abs(np.arange(STEPS) - middle) - half) / 4)))
    return level


def _incidents(network: Network, seed: int, day: int) -> list[Incident]:
    """Incidents at times and on roads with traffic; a closed lane leaves a share of the flow that wants to pass."""
    chance = generator(seed, INCIDENTS, day)
    share = demand_profile(day % 7)
    when = np.where((np.arange(STEPS) >= 70) & (np.arange(STEPS) < 244), share.sum(axis=1), 0.0)
    incidents = []
    for _ in range(chance.poisson(MEAN_INCIDENTS[day % 7 >= 5])):
        start = int(chance.choice(STEPS, p=when / when.sum()))
        flow = nominal_flow(network, share[start])
        load = flow / network.cells.capacity[: network.roads]
        odds = np.where(network.watched, load**3, 0.0)
        cell = int(chance.choice(network.roads, p=odds / odds.sum()))
        left = chance.uniform(0.25, 0.5) * min(load[cell], 1.0)
        incidents.append(Incident(cell, start, start + int(chance.integers(6, 13)), float(left)))
    return sorted(incidents, key=lambda incident: (incident.start, incident.cell))


def nominal_flow(network: Network, share: np.ndarray) -> np.ndarray:
    """[R] vehicles per step of the model that want to pass each road cell under ``share`` [3] of full demand."""
    entering = np.zeros(network.cells.jam.size)
    entering[network.origins] = network.origin_size * share[network.origin_kind] * STEP_SECONDS / 3600
    return steady_flow(entering, network.cells)[: network.roads]
