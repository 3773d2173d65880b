"""The cell-transmission model: traffic as vehicles that move from cell to cell.

C. F. Daganzo, "The cell transmission model", Transportation Research B 28 (1994) 269-287, and "part II: network traffic",
B 29 (1995) 79-93. At a diverge one blocked direction holds up the others (first in, first out), but for those who leave
the roads: exits have a lane of their own, without which a full ring would lock for ever. At a merge the room ahead is
shared in proportion to who wants in, after W. L. Jin and H. M. Zhang, Transportation Research B 37 (2003) 521-540. Every
junction, ramp and plain stretch of road is the same thing here: a list of turns from one cell to another.

Dimensions: K cells, M turns. Vehicles are counted, time goes in steps, so a capacity is in vehicles per step.
"""

from typing import NamedTuple

import numpy as np


class Cells(NamedTuple):
    """K cells with a triangular fundamental diagram each, joined by M turns.

    ``crossed`` [K] share of the cell that free traffic covers in a step and ``wave`` [K] share that a jam's tail covers
    (both at most 1: the condition of Courant, Friedrichs and Lewy); ``capacity`` [K] vehicles per step; ``jam`` [K]
    vehicles that fit. A turn goes from ``source`` to ``target`` [M] and is taken by ``share`` [M] of those who leave
    the source, ``source`` ascending; ``first`` [K] is each cell's first turn, of which it has at least one.
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


def turning(sent: np.ndarray, room: np.ndarray, cells: Cells) -> np.ndarray:
    """[M] vehicles that take each turn, when ``sent`` [K] want to leave their cells and there is ``room`` [K] ahead.

    Where the room has no end (outside the roads) nobody waits, whatever happens to those who drive on.
    """
    wanted = sent[cells.source] * cells.share
    asked = np.bincount(cells.target, wanted, sent.size)
    served = np.minimum(room / np.maximum(asked, 1e-12), 1.0)
    slowest = np.minimum.reduceat(served[cells.target], cells.first)
    return wanted * np.where(np.isinf(room[cells.target]), 1.0, slowest[cells.source])


def step(vehicles: np.ndarray, cells: Cells) -> tuple[np.ndarray, np.ndarray]:
    """Vehicles [K] one step later, and those [K] that left each cell. No vehicle is made or lost."""
    sent = sending(vehicles, cells.crossed, cells.capacity)
    turned = turning(sent, receiving(vehicles, cells), cells)
    out = np.bincount(cells.source, turned, sent.size)
    return vehicles - out + np.bincount(cells.target, turned, sent.size), out


def side_by_side(cells: Cells, copies: int) -> Cells:
    """The same roads several times over, not connected with each other, so that they run in one array."""
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
    """[K] flow through each cell once ``entering`` [K] has spread, were there no limit to capacity (same unit)."""
    spread = np.zeros((entering.size, entering.size))
    np.add.at(spread, (cells.target, cells.source), cells.share)
    return np.linalg.solve(np.eye(entering.size) - spread, entering)
