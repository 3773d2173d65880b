"""Days of traffic, one after another, as the sensors would see them if they were perfect."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from stcore.simulate.days import STEPS, Day, Incident, draw
from stcore.simulate.network import STEP_SECONDS, Network
from stcore.simulate.physics import Cells, side_by_side, step
from stcore.simulate.ways import upstream

INNER = 300 // STEP_SECONDS  # steps of the model in 5 minutes


class Traffic(NamedTuple):
    """One day: ``flow`` [D, S] vehicles per hour and ``speed`` [D, S] km/h; its incidents and when they were over."""

    flow: np.ndarray
    speed: np.ndarray
    incidents: list[Incident]
    cleared: list[int]


def traffic(network: Network, days: int, seed: int) -> Iterator[Traffic]:
    """Day by day, after two quiet hours that fill the empty roads; what is on the roads at midnight stays there.

    A twin city runs beside it on which the same days bring no incidents: the difference is what the incidents did.
    """
    cells, roads, size = side_by_side(network.cells, 2), network.roads, network.cells.jam.size
    first, seen = draw(network, seed, 0), network.sensor_cell
    quiet = Day(np.tile(first.demand[:1], (24, 1)), np.full(24, first.weather[0]), [])
    vehicles, *_ = run(np.zeros(2 * size), quiet, network, cells)
    for number in range(days):
        day = draw(network, seed, number)
        vehicles, flow, inside = run(vehicles, day, network, cells)
        speed = flow[:, seen] / np.maximum(inside[:, seen] / network.length[seen], 1e-9)
        excess = inside[:, :roads] - inside[:, size : size + roads]
        cleared = [_cleared(incident, excess, network) for incident in day.incidents]
        yield Traffic(flow[:, seen], speed, day.incidents, cleared)


def run(vehicles: np.ndarray, day: Day, network: Network, cells: Cells) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Drive a day on ``cells``, the network or its twin, from ``vehicles`` [K]; returns those at the day's end.

    And for each 5 minutes [D, K] the flow out of every cell in vehicles per hour and [D, K] the mean number of vehicles
    inside. Incidents happen in the first copy only.
    """
    size, vehicles = network.cells.jam.size, vehicles.copy()
    copies = cells.jam.size // size
    origins = (np.arange(copies)[:, None] * size + np.arange(size)[network.origins]).ravel()
    flow, inside = (np.zeros((len(day.demand), cells.jam.size)) for _ in range(2))
    for moment, weather in enumerate(day.weather):
        enter = np.tile(day.demand[moment] * STEP_SECONDS / 3600, copies)
        now = cells._replace(crossed=cells.crossed * weather, capacity=cells.capacity * weather)
        for incident in day.incidents:
            if incident.start <= moment < incident.end:
                now.capacity[incident.cell] *= incident.left
        for _ in range(INNER):
            vehicles[origins] += enter
            inside[moment] += vehicles / INNER
            vehicles, out = step(vehicles, now)
            flow[moment] += out * 12
    return vehicles, flow, inside


def _cleared(incident: Incident, excess: np.ndarray, network: Network) -> int:
    """The first step from its end on at which at most a tenth of the vehicles that it held up are still there.

    Held up are those in the 6 km upstream beyond what the same day without incidents has there; midnight at the latest.
    """
    held = excess[:, list(upstream(network.cells, network.length, incident.cell, 6.0))].sum(axis=1)
    limit = max(5.0, 0.1 * held[incident.start : incident.end + 1].max())
    over = np.flatnonzero(held[incident.end :] <= limit)
    return incident.end + int(over[0]) if over.size else STEPS
