"""The roads of the city as cells and turns, and the sensors beside them."""

from typing import NamedTuple

import numpy as np

from stcore.simulate.city import Stretch, stretches
from stcore.simulate.physics import Cells, steady_flow
from stcore.simulate.road_distances import meets_sensor

STEP_SECONDS = 15
SHORTEST_CELL = 0.44  # km
LANE_CAPACITY = 1900.0  # vehicles per hour
WAVE_SPEED = 20.0  # km/h, of a jam's tail
SENSORS = 100  # apart from the copies
SPEED = {"radial": (70.0, 100.0, 110.0), "ring": (0.0, 80.0, 100.0)}  # km/h by belt, on the empty road
# share of full demand in the morning and in the evening, by profile, for which roads are planned
PEAKS = (
    (1.1, 0.72, 1.0),
    (0.72, 1.1, 1.0),
)
LOAD = 0.94  # of a road at its busier peak
# the places of the daily jams: planned load of the narrowest cell, by road, way and belt or first radial
NARROW = {
    ("R1", "in", 1): 1.13,
    ("R3", "in", 2): 1.12,
    ("R5", "in", 1): 1.16,
    ("R6", "in", 1): 1.10,
    ("R7", "in", 2): 1.14,
    ("R1", "out", 2): 1.13,
    ("R2", "out", 1): 1.12,
    ("R4", "out", 1): 1.16,
    ("R5", "out", 2): 1.12,
    ("R7", "out", 1): 1.13,
    ("ring1", "cw", 3): 1.09,
    ("ring1", "ccw", 6): 1.10,
    ("ring2", "cw", 1): 1.10,
    ("ring2", "ccw", 4): 1.12,
}
# share of those who drive straight on at the core (where roads end), at the inner ring and at the outer ring
STRAIGHT = {"in": (0.0, 0.62, 0.72), "out": (0.0, 0.66, 0.74), "ccw": (0.0, 0.60, 0.64), "cw": (0.0, 0.60, 0.64)}
GATE = {"in": 4300.0, "out": 3300.0}  # vehicles per hour that enter where a radial starts, at full demand
RAMP = 560.0  # and at a ramp
IMPORTANCE = (1.12, 0.86, 1.0, 0.93, 1.16, 0.9, 1.05)  # of each radial
LEAVE = 0.12  # share of the traffic that takes an exit
KIND = {"in": 0, "out": 1, "ccw": 2, "cw": 2}  # which daily profile a way's own traffic follows


class Network(NamedTuple):
    """K cells of which the first R are road, the next O are origins and the last is everywhere else.

    ``length`` [R] km, ``place`` [R, 2] km, ``free_speed`` [R] km/h; ``origin_kind`` [O] daily profile,
    ``origin_size`` [O] vehicles per hour at full demand; ``sensor_cell`` [S], ``sensor_place`` [S, 2] km, ``sensor_name``;
    ``watched`` [R] whether a jam that starts in a cell soon reaches a sensor.
    """

    cells: Cells
    length: np.ndarray
    place: np.ndarray
    free_speed: np.ndarray
    origin_kind: np.ndarray
    origin_size: np.ndarray
    sensor_cell: np.ndarray
    sensor_place: np.ndarray
    sensor_name: list[str]
    watched: np.ndarray

    @property
    def roads(self) -> int:
        """R, the number of road cells."""
        return self.length.size

    @property
    def origins(self) -> slice:
        """The positions of the origins among the cells."""
        return slice(self.roads, self.cells.jam.size - 1)


def build_network() -> Network:
    """The whole city. It is the same every time and does not depend on a seed."""
    roads = stretches()
    kilometres = np.array([_length(road.line) for road in roads])
    speeds = np.array([SPEED[_kind(road)][road.belt] for road in roads])
    counts = np.floor(kilometres / np.maximum(SHORTEST_CELL, 1.02 * speeds * STEP_SECONDS / 3600)).astype(int)
    begin = np.concatenate([[0], np.cumsum(counts)])
    of = np.repeat(np.arange(len(roads)), counts)
    length, speed = (kilometres / counts)[of], speeds[of]
    origins = _origins(roads, begin)
    kind = np.array([KIND[roads[of[cell]].way] for cell, _ in origins])
    size = np.array([size for _, size in origins])
    turns = _turns(roads, begin, origins)
    lanes = _lanes(_cells(length, speed, np.ones(of.size), turns), size, kind, begin)[of]
    for number, road in enumerate(roads):
        which = road.start[0] if _kind(road) == "ring" else road.belt
        lanes[begin[number] + int(0.75 * counts[number])] *= LOAD / NARROW.get((road.road, road.way, which), LOAD)
    cells = _cells(length, speed, lanes, turns)
    cells.capacity[of.size : -1] = 1.5 * size * STEP_SECONDS / 3600
    sensors = _sensors(roads, kilometres)
    sensor_cell = np.array([begin[road] + int(part * counts[road]) for road, part, _ in sensors])
    return Network(
        cells,
        length=length,
        place=np.concatenate(
            [points_along(road.line, (np.arange(n) + 0.5) / n) for road, n in zip(roads, counts, strict=True)]
        ),
        free_speed=speed,
        origin_kind=kind,
        origin_size=size,
        sensor_cell=sensor_cell,
        sensor_place=np.concatenate(
            [points_along(roads[road].line, np.array([part]), 0.06) for road, part, _ in sensors]
        ),
        sensor_name=[name for _, _, name in sensors],
        watched=meets_sensor(cells, length, sensor_cell, 1.3),
    )


def points_along(line: np.ndarray, part: np.ndarray, aside: float = 0.0) -> np.ndarray:
    """[P, 2] km at these shares of a line's length, ``aside`` km to the right of the driving direction."""
    steps = np.diff(line, axis=0)
    driven = np.concatenate([[0.0], np.cumsum(np.hypot(steps[:, 0], steps[:, 1]))])
    at = part * driven[-1]
    points = np.stack([np.interp(at, driven, line[:, 0]), np.interp(at, driven, line[:, 1])], axis=1)
    heading = steps[np.clip(np.searchsorted(driven, at) - 1, 0, len(steps) - 1)]
    right = np.stack([heading[:, 1], -heading[:, 0]], axis=1) / np.hypot(heading[:, 0], heading[:, 1])[:, None]
    return points + aside * right


def _length(line: np.ndarray) -> float:
    return float(np.hypot(*np.diff(line, axis=0).T).sum())


def _kind(road: Stretch) -> str:
    return "ring" if road.road.startswith("ring") else "radial"


def _origins(roads: list[Stretch], begin: np.ndarray) -> list[tuple[int, float]]:
    """(cell, size) of each place where traffic enters: where radials start, and one ramp a stretch."""
    origins = []
    for number, road in enumerate(roads):
        weight = IMPORTANCE[road.start[0]]
        if road.start[1] in (0, 3):
            origins.append((int(begin[number]), GATE[road.way] * weight))
        origins.append((int(begin[number] + 0.6 * (begin[number + 1] - begin[number])), RAMP * weight))
    return origins


def _turns(roads: list[Stretch], begin: np.ndarray, origins: list[tuple[int, float]]) -> list[tuple[int, int, float]]:
    """(source, target, share) of every turn, by source."""
    outside = int(begin[-1]) + len(origins)
    turns = []
    for number, road in enumerate(roads):
        first, last = int(begin[number]), int(begin[number + 1]) - 1
        leaving = first + int(0.3 * (last - first))
        for cell in range(first, last):
            stay = 1.0 - LEAVE if cell == leaving else 1.0
            turns += [(cell, cell + 1, stay)] + ([(cell, outside, LEAVE)] if cell == leaving else [])
        ahead = [n for n, other in enumerate(roads) if other.start == road.end and other.end != road.start]
        for n in ahead:
            straight = STRAIGHT[road.way][road.end[1]]
            share = straight if roads[n].road == road.road else (1.0 - straight) / (len(ahead) - 1)
            turns.append((last, int(begin[n]), share))
        if not ahead:
            turns.append((last, outside, 1.0))
    turns += [(int(begin[-1]) + number, cell, 1.0) for number, (cell, _) in enumerate(origins)]
    return [*turns, (outside, outside, 0.0)]  # every cell needs a turn; nobody takes this one


def _cells(length: np.ndarray, speed: np.ndarray, lanes: np.ndarray, turns: list[tuple[int, int, float]]) -> Cells:
    """The cells of roads in km, km/h and lanes, with the origins. An origin sends those who wait, as many as a ramp allows."""
    size = turns[-1][0] + 1
    roads, hours = length.size, STEP_SECONDS / 3600
    crossed, wave, capacity, jam = np.ones(size), np.ones(size), np.full(size, np.inf), np.full(size, np.inf)
    crossed[:roads], wave[:roads] = speed * hours / length, WAVE_SPEED * hours / length
    capacity[:roads] = LANE_CAPACITY * lanes * hours
    jam[:roads] = LANE_CAPACITY * lanes * (1 / speed + 1 / WAVE_SPEED) * length
    crossed[-1] = 0.0
    source, target = (np.array([turn[side] for turn in turns]) for side in (0, 1))
    share = np.array([turn[2] for turn in turns])
    return Cells(crossed, wave, capacity, jam, source, target, share, np.searchsorted(source, np.arange(size)))


def _lanes(cells: Cells, size: np.ndarray, kind: np.ndarray, begin: np.ndarray) -> np.ndarray:
    """Lanes of each stretch, as many (in parts of a lane, too) as its busier peak needs."""
    needed = np.zeros(begin.size - 1)
    for peak in PEAKS:
        entering = np.zeros(cells.jam.size)
        entering[begin[-1] : -1] = size * np.array(peak)[kind]
        busiest = np.maximum.reduceat(steady_flow(entering, cells)[: begin[-1]], begin[:-1])
        needed = np.maximum(needed, busiest / LANE_CAPACITY / LOAD)
    return needed


def _sensors(roads: list[Stretch], kilometres: np.ndarray) -> list[tuple[int, float, str]]:
    """(stretch, share of its length, name): at least one on each, more on the longer ones, numbered as driven."""
    counts, metres = np.ones(len(roads), dtype=int), np.rint(kilometres * 1000)  # both ways are equally long
    while counts.sum() < SENSORS:
        counts[np.argmax(metres / (counts + 0.35))] += 1
    sensors = []
    for name, way in sorted({(road.road, road.way) for road in roads}):
        mine = [n for n, road in enumerate(roads) if (road.road, road.way) == (name, way)]
        driven = mine[::-1] if way in ("in", "cw") else mine
        places = [(n, (k + 0.42) / counts[n]) for n in driven for k in range(counts[n])]
        digits = 2 if name.startswith("ring") else 1
        sensors += [(n, part, f"{name}-{way}-{number:0{digits}d}") for number, (n, part) in enumerate(places, start=1)]
    return sensors
