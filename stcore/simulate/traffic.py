"""Days of traffic, one after another, as the sensors would see them if they were perfect."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from stcore.simulate.days import STEPS, Day, Incident, draw
from stcore.simulate.network import STEP_SECONDS, Network, twin, upstream
from stcore.simulate.physics import Cells, step

INNER = 300 // STEP_SECONDS  # steps of the model in 5 minutes


class Traffic(NamedTuple):
    """One day: ``flow`` [D, S] vehicles per hour and ``speed`` [D, S] km/h; its incidents and when they were over."""

    flow: np.ndarray
    speed: np.ndarray
    incidents: list[Incident]
    cleared: list[int]


def traffic(network: Network, days: int, seed: int) -> Iterator[Traffic]:
    """Day by day, with one empty warm-up night before the first; a queue lasts over midnight where there is one."""
    cells, roads, size = twin(network), network.roads, network.cells.jam.size
    vehicles = np.zeros(2 * size)
    first = draw(network, seed, 0)
    quiet = Day(np.tile(first.demand[:1], (24, 1)), np.full(24, first.weather[0]), [])
    vehicles, *_ = run(vehicles, quiet, network, cells)
    for number in range(days):
        day = draw(network, seed, number)
        vehicles, flow, inside = run(vehicles, day, network, cells)
        excess = inside[:, :roads] - inside[:, size : size + roads]
        seen = network.sensor_cell
        density = inside[:, seen] / network.length[seen]
        speed = flow[:, seen] / np.maximum(density, 1e-9)
        cleared = [_cleared(incident, excess, network) for incident in day.incidents]
        yield Traffic(flow[:, seen], speed, day.incidents, cleared)


def run(vehicles: np.ndarray, day: Day, network: Network, cells: Cells) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Drive a day on ``cells``, the network or its twin: vehicles [K] at its end, then means over each 5 minutes.

    Those are [D, K] flow in vehicles per hour and [D, K] vehicles inside. Incidents happen in the first copy only.
    """
    copies = cells.jam.size // network.cells.jam.size
    origins = np.concatenate([np.arange(cells.jam.size)[network.origins] + k * network.cells.jam.size for k in range(copies)])
    flow, inside = (np.empty((len(day.demand), cells.jam.size)) for _ in range(2))
    for moment in range(len(day.demand)):
        enter = np.tile(day.demand[moment] * STEP_SECONDS / 3600, copies)
        now = cells._replace(crossed=cells.crossed * day.weather[moment], capacity=cells.capacity * day.weather[moment])
        for incident in day.incidents:
            if incident.start <= moment < incident.end:
                now.capacity[incident.cell] *= incident.left
        out, held = np.zeros(cells.jam.size), np.zeros(cells.jam.size)
        for _ in range(INNER):
            vehicles[origins] += enter
            held += vehicles
            vehicles, left = step(vehicles, now)
            out += left
        flow[moment], inside[moment] = out * (12.0), held / INNER
    return vehicles, flow, inside


def _cleared(incident: Incident, excess: np.ndarray, network: Network) -> int:
    """The first step from its end on at which at most a tenth of the vehicles that it held up are still there.

    Held up are those in the 6 km upstream beyond what the same day without incidents has there; midnight at the latest.
    """
    held = excess[:, list(upstream(network, incident.cell, 6.0))].sum(axis=1)
    limit = max(5.0, 0.1 * held[incident.start : incident.end + 1].max())
    over = np.flatnonzero(held[incident.end :] <= limit)
    return incident.end + int(over[0]) if over.size else STEPS
