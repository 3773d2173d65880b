"""Distances from cell to cell along the roads."""

import heapq
from collections.abc import Collection

import numpy as np

from stcore.simulate.physics import Cells

Distances = dict[int, float]


def road_distances(
    cells: Cells, length: np.ndarray, start: int, reach: float, *, back: bool = False, stop: Collection[int] = ()
) -> Distances:
    """Kilometres between the middles of road cell ``start`` and of those within ``reach`` km (E. W. Dijkstra 1959).

    ``length`` [R] km is of the road cells, which come first. The distances are to the cells that a driver can reach, or with
    ``back`` to those from which ``start`` can be reached; no way leads beyond the ``stop`` cells.
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


def upstream_cells(cells: Cells, length: np.ndarray, start: int, reach: float) -> Distances:
    """Road cells from which ``start`` can be reached within ``reach`` km; a jam at ``start`` grows over them."""
    return road_distances(cells, length, start, reach, back=True)


def sensor_edges(
    cells: Cells, length: np.ndarray, sensor_cell: np.ndarray, reach: float
) -> list[tuple[int, int, float]]:
    """(from, to, km) for each sensor and the next sensors on all roads from it within ``reach`` km."""
    sensor_at = {int(cell): sensor for sensor, cell in enumerate(sensor_cell)}
    edges = []
    for cell, sensor in sensor_at.items():
        met = road_distances(cells, length, cell, reach, stop=sensor_at.keys() - {cell})
        edges += [(sensor, sensor_at[other], km) for other, km in met.items() if other in sensor_at and other != cell]
    return edges


def meets_sensor(cells: Cells, length: np.ndarray, sensor_cell: np.ndarray, reach: float) -> np.ndarray:
    """[R] whether a jam that starts in a cell reaches a sensor within ``reach`` km."""
    seen = np.zeros(length.size, dtype=bool)
    for cell in sensor_cell.tolist():
        seen[list(road_distances(cells, length, cell, reach))] = True
    return seen
