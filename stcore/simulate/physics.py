"""The cell-transmission model: traffic as vehicles that move from cell to cell of a road.

C. F. Daganzo, "The cell transmission model", Transportation Research B 28 (1994) 269-287, and "part II: network traffic",
B 29 (1995) 79-93. Where roads part, a blocked direction stops the others (first in, first out), but not those who leave the
roads: exits have a lane of their own, since a full ring would otherwise block itself forever. Where roads join, the room
ahead is shared in proportion to demand, after W. L. Jin and H. M. Zhang, Transportation Research B 37 (2003) 521-540.
Junctions, ramps and plain stretches of road are all the same here: a list of turns from one cell to another.

Dimensions: K cells, M turns. Time goes in steps, so a capacity is in vehicles per step.
"""

from typing import NamedTuple

import numpy as np


class Cells(NamedTuple):
    """K cells with a triangular fundamental diagram each, joined by M turns.

    ``crossed`` [K] is the share of the cell that free traffic covers in a step and ``wave`` [K] that of a jam's tail
    (both at most 1: the condition of Courant, Friedrichs and Lewy); ``capacity`` [K] vehicles per step; ``jam`` [K]
    vehicles that fit. A turn goes from ``source`` to ``target`` [M], and ``share`` [M] of those who leave the source
    take it; ``source`` is ascending. ``first`` [K] is the first turn of each cell; every cell has at least one.
    """

    crossed: np.ndarray
    wave: np.ndarray
    capacity: np.ndarray
    jam: np.ndarray
    source: np.ndarray
    target: np.ndarray
    share: np.ndarray
    first: np.ndarray


def sending(vehicles: np.ndarray, crossed: np.ndarray, capacity: np.ndarray) -> np.ndarray:
    """[K] vehicles that can leave each cell in a step: those who reach its end, up to the capacity."""
    return np.minimum(vehicles * crossed, capacity)


def receiving(vehicles: np.ndarray, cells: Cells) -> np.ndarray:
    """[K] vehicles that each cell can take in a step: the room that the backward wave opens, up to the capacity."""
    return np.minimum((cells.jam - vehicles) * cells.wave, cells.capacity)


def turn_flow(sent: np.ndarray, room: np.ndarray, cells: Cells) -> np.ndarray:
    """[M] vehicles that take each turn, where ``sent`` [K] want to leave their cells and ``room`` [K] is free ahead.

    Those who leave the roads, where room is infinite, never wait for those who drive on.
    """
    wanted = sent[cells.source] * cells.share
    asked = np.bincount(cells.target, wanted, sent.size)
    served = np.minimum(room / np.maximum(asked, 1e-12), 1.0)
    slowest = np.minimum.reduceat(served[cells.target], cells.first)
    return wanted * np.where(np.isinf(room[cells.target]), 1.0, slowest[cells.source])


def advance(vehicles: np.ndarray, cells: Cells) -> tuple[np.ndarray, np.ndarray]:
    """Vehicles [K] one step later, and the vehicles [K] that left each cell. The number of vehicles stays the same."""
    sent = sending(vehicles, cells.crossed, cells.capacity)
    turned = turn_flow(sent, receiving(vehicles, cells), cells)
    out = np.bincount(cells.source, turned, sent.size)
    return vehicles - out + np.bincount(cells.target, turned, sent.size), out


def side_by_side(cells: Cells, copies: int) -> Cells:
    """Several copies of the same roads, not connected with each other, so that they run in one array."""
    size, turns = cells.jam.size, cells.share.size
    shift = np.repeat(np.arange(copies), turns) * size
    return Cells(
        np.tile(cells.crossed, copies),
        np.tile(cells.wave, copies),
        np.tile(cells.capacity, copies),
        np.tile(cells.jam, copies),
        np.tile(cells.source, copies) + shift,
        np.tile(cells.target, copies) + shift,
        np.tile(cells.share, copies),
        np.tile(cells.first, copies) + np.repeat(np.arange(copies), size) * turns,
    )


def steady_flow(entering: np.ndarray, cells: Cells) -> np.ndarray:
    """[K] flow through each cell once ``entering`` [K] has spread through all, without limits of capacity (same unit)."""
    flows = np.zeros((entering.size, entering.size))
    np.add.at(flows, (cells.target, cells.source), cells.share)
    return np.linalg.solve(np.eye(entering.size) - flows, entering)
