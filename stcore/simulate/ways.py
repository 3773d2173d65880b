"""How far it is from cell to cell along the roads."""

import heapq
from collections.abc import Collection

import numpy as np

from stcore.simulate.physics import Cells

Ways = dict[int, float]


def ways(
    cells: Cells, length: np.ndarray, start: int, reach: float, *, back: bool = False, stop: Collection[int] = ()
) -> Ways:
    """Kilometres between the middles of road cell ``start`` and of those within ``reach`` km (E. W. Dijkstra 1959).

    ``length`` [R] km of the road cells, which come first. Found are the cells that a driver gets to, or with ``back``
    those from which one gets to ``start``; nobody drives on at the ``stop`` cells.
    """
    here, there = (cells.target, cells.source) if back else (cells.source, cells.target)
    near, queue = {start: 0.0}, [(0.0, start)]
    while queue:
        driven, cell = heapq.heappop(queue)
        for other in () if cell in stop else there[here == cell].tolist():
            further = driven + (length[cell] + length[other]) / 2 if other < length.size else np.inf
            if further < near.get(other, reach):
                near[other] = further
                heapq.heappush(queue, (further, other))
    return near


def upstream(cells: Cells, length: np.ndarray, start: int, reach: float) -> Ways:
    """Road cells from which a driver comes to ``start`` within ``reach`` km, where its jam will stand."""
    return ways(cells, length, start, reach, back=True)


def edges(cells: Cells, length: np.ndarray, sensor_cell: np.ndarray, reach: float) -> list[tuple[int, int, float]]:
    """(from, to, km) for each sensor and the next ones that its drivers meet within ``reach`` km, junctions included."""
    sensor_at = {int(cell): sensor for sensor, cell in enumerate(sensor_cell)}
    found = []
    for cell, sensor in sensor_at.items():
        met = ways(cells, length, cell, reach, stop=sensor_at.keys() - {cell})
        found += [(sensor, sensor_at[other], km) for other, km in met.items() if other in sensor_at and other != cell]
    return found


def watched(cells: Cells, length: np.ndarray, sensor_cell: np.ndarray, reach: float) -> np.ndarray:
    """[R] whether a jam that starts on a cell meets a sensor within ``reach`` km."""
    seen = np.zeros(length.size, dtype=bool)
    for cell in sensor_cell.tolist():
        seen[list(ways(cells, length, cell, reach))] = True
    return seen
