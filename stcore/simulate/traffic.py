"""Days of traffic, one after another, as perfect sensors would measure them."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from stcore.simulate.days import STEPS, Day, Incident, draw_day
from stcore.simulate.network import STEP_SECONDS, Network
from stcore.simulate.physics import Cells, advance, side_by_side
from stcore.simulate.road_distances import upstream_cells

INNER = 300 // STEP_SECONDS  # steps of the model in 5 minutes


class Traffic(NamedTuple):
    """One day: ``flow`` [D, S] vehicles per hour and ``speed`` [D, S] km/h, its incidents and when they were over."""

    flow: np.ndarray
    speed: np.ndarray
    incidents: list[Incident]
    cleared: list[int]


def city_traffic(network: Network, days: int, seed: int) -> Iterator[Traffic]:
    """The traffic of each day, after two quiet hours that fill the empty roads; vehicles stay on the roads over midnight.

    A twin of the city has the same days without incidents: the difference between the two is what the incidents caused.
    """
    cells, roads, size = side_by_side(network.cells, 2), network.roads, network.cells.jam.size
    first, seen = draw_day(network, seed, 0), network.sensor_cell
    quiet = Day(np.tile(first.demand[:1], (24, 1)), np.full(24, first.weather[0]), [])
    vehicles, *_ = drive_day(np.zeros(2 * size), quiet, network, cells)
    for number in range(days):
        day = draw_day(network, seed, number)
        vehicles, flow, inside = drive_day(vehicles, day, network, cells)
        speed = flow[:, seen] / np.maximum(inside[:, seen] / network.length[seen], 1e-9)
        excess = inside[:, :roads] - inside[:, size : size + roads]
        cleared = [_clearing_step(incident, excess, network) for incident in day.incidents]
        yield Traffic(flow[:, seen], speed, day.incidents, cleared)


def drive_day(
    vehicles: np.ndarray, day: Day, network: Network, cells: Cells
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Simulate a day on ``cells``, copies of the network side by side, from ``vehicles`` [K] in each cell.

    Returns the vehicles at the end of the day, and for each 5 minutes the flow out of each cell [D, K] in vehicles per hour
    and the mean number of vehicles in it [D, K]. Incidents happen in the first copy only.
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
            vehicles, out = advance(vehicles, now)
            flow[moment] += out * 12
    return vehicles, flow, inside


def _clearing_step(incident: Incident, excess: np.ndarray, network: Network) -> int:
    """The first step after an incident at which at most a tenth of the vehicles it delayed are left; midnight at the latest.

    Delayed vehicles are those in the 6 km upstream that are not there on the same day without incidents.
    """
    delayed = excess[:, list(upstream_cells(network.cells, network.length, incident.cell, 6.0))].sum(axis=1)
    limit = max(5.0, 0.1 * delayed[incident.start : incident.end + 1].max())
    over = np.flatnonzero(delayed[incident.end :] <= limit)
    return incident.end + int(over[0]) if over.size else STEPS
