"""The plan of Ringstadt: two rings, seven radial roads, a river and its districts, all invented.

Points are polar (radius in km, angle in degrees, anticlockwise from east) on a flat plan. The plan is then bent a little,
so that it looks like a grown city; areas that share a border on the plan still share it. The city lies in the empty
Atlantic, so that nobody takes it for a real one.
"""

from typing import Any, NamedTuple

import numpy as np

CENTRE = (46.0, -30.0)  # latitude, longitude
RADIALS = (  # name, angle, radius of its outer end
    ("Orchard Road", 9.0, 12.4),
    ("Castle Road", 63.0, 11.6),
    ("North Road", 109.0, 12.9),
    ("Mill Road", 158.0, 11.9),
    ("Harbour Road", 211.0, 12.6),
    ("Forge Road", 262.0, 11.7),
    ("Priory Road", 316.0, 12.2),
)
RINGS = (("Inner Ring", 3.0), ("Outer Ring", 7.4))
CORE = 0.9  # where the radials start
BELTS = (1.9, 5.1, 9.6)  # radii where districts end
DISTRICTS = (
    ("Old Town",),
    ("Market", "Cathedral", "Linden", "Weavers", "Docks", "Arsenal", "Gardens"),
    ("Eastfield", "Highgate", "Nordheim", "Millbrook", "Westhaven", "Southforge", "Priory"),
)
KM_PER_DEGREE = 111.195


class Stretch(NamedTuple):
    """One carriageway between two junctions: ``line`` [P, 2] in km, driven from its first point to its last.

    A junction is (radial, level): level 0 lies at the core, 1 and 2 on the rings, 3 outside the city. ``belt`` is 0, 1
    and 2 for a radial inside, between and outside the rings, and the ring's own number for a ring.
    """

    road: str
    way: str
    belt: int
    start: tuple[int, int]
    end: tuple[int, int]
    line: np.ndarray


def bend_plan(plan: np.ndarray) -> np.ndarray:
    """[P, 2] km on the plan to km in the bent city: slow waves that are too gentle to fold the plan."""
    x, y = plan[:, 0], plan[:, 1]
    east = 0.62 * np.sin(0.33 * y + 0.21 * x + 0.4) + 0.34 * np.sin(0.55 * y - 0.42 * x + 2.0)
    north = 0.58 * np.sin(0.36 * x - 0.17 * y + 1.1) + 0.31 * np.sin(0.61 * x + 0.33 * y)
    east, north = east + 0.12 * np.sin(1.3 * y + x), north + 0.12 * np.sin(1.4 * x - y + 2.0)
    return np.stack([x + east, y + north], axis=1)


def bent_arc(start: tuple[float, float], end: tuple[float, float], points: int = 60) -> np.ndarray:
    """[P, 2] km along a polar line from (radius, angle) to (radius, angle), bent."""
    radius = np.linspace(start[0], end[0], points)
    angle = np.deg2rad(np.linspace(start[1], end[1], points))
    return bend_plan(np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1))


def to_degrees(line: np.ndarray) -> np.ndarray:
    """[P, 2] km east and north of the centre to latitude and longitude."""
    shrink = np.cos(np.deg2rad(CENTRE[0]))
    return np.stack([CENTRE[0] + line[:, 1] / KM_PER_DEGREE, CENTRE[1] + line[:, 0] / KM_PER_DEGREE / shrink], axis=1)


def radial_angle(radial: int) -> float:
    """The angle of a radial; it grows beyond 360 degrees for numbers beyond a full circle."""
    return RADIALS[radial % len(RADIALS)][1] + 360.0 * (radial // len(RADIALS))


def stretches() -> list[Stretch]:
    """Every carriageway of the city, both ways: out and in on the radials, ccw and cw round the rings."""
    roads = []
    for radial, (_, angle, outer) in enumerate(RADIALS):
        radii = (CORE, RINGS[0][1], RINGS[1][1], outer)
        for belt in range(3):
            line = bent_arc((radii[belt], angle), (radii[belt + 1], angle))
            here, there = (radial, belt), (radial, belt + 1)
            roads.append(Stretch(f"R{radial + 1}", "out", belt, here, there, line))
            roads.append(Stretch(f"R{radial + 1}", "in", belt, there, here, line[::-1]))
        for ring, (_, radius) in enumerate(RINGS, start=1):
            line = bent_arc((radius, radial_angle(radial)), (radius, radial_angle(radial + 1)))
            here, there = (radial, ring), ((radial + 1) % len(RADIALS), ring)
            roads.append(Stretch(f"ring{ring}", "ccw", ring, here, there, line))
            roads.append(Stretch(f"ring{ring}", "cw", ring, there, here, line[::-1]))
    return roads


def layers() -> dict[str, dict[str, Any]]:
    """The layers of the map: GeoJSON collections ``districts``, ``river`` and ``roads``, in drawing order."""
    return {"districts": _collection(_districts()), "river": _collection(_river()), "roads": _collection(_roads())}


def _roads() -> list[dict[str, Any]]:
    drawn = []
    for radial in range(len(RADIALS)):
        middle = (radial_angle(radial) + radial_angle(radial + 1)) / 2
        drawn.append(
            _line(bent_arc((CORE, middle), (BELTS[2], middle), 30), name=f"Street {radial + 1}", kind="street")
        )
    for name, radius in (("City Wall", CORE), ("Garden Walk", BELTS[0]), ("Field Lane", BELTS[1])):
        drawn.append(_line(bent_arc((radius, 0.0), (radius, 360.0), 80), name=name, kind="street"))
    for radial, (name, angle, outer) in enumerate(RADIALS):
        drawn.append(
            _line(bent_arc((CORE, angle), (outer + 1.2, angle), 40), name=f"R{radial + 1} {name}", kind="radial")
        )
    for name, radius in RINGS:
        drawn.append(_line(bent_arc((radius, 0.0), (radius, 360.0), 120), name=name, kind="ring"))
    return drawn


def _districts() -> list[dict[str, Any]]:
    drawn = [_polygon(bent_arc((BELTS[0], 0.0), (BELTS[0], 360.0), 70), name=DISTRICTS[0][0], belt=0)]
    for belt in (1, 2):
        for sector, name in enumerate(DISTRICTS[belt]):
            left, right = ((radial_angle(sector + side - 1) + radial_angle(sector + side)) / 2 for side in (1, 0))
            inner, outer = BELTS[belt - 1], BELTS[belt]
            ring = [bent_arc((inner, right), (outer, right), 16), bent_arc((outer, right), (outer, left), 30)]
            ring += [bent_arc((outer, left), (inner, left), 16), bent_arc((inner, left), (inner, right), 30)]
            drawn.append(_polygon(np.concatenate(ring), name=name, belt=belt))
    return drawn


def _river() -> list[dict[str, Any]]:
    """The Ling comes from the west, swings south round the Old Town and widens towards the east."""
    x = np.linspace(-14.5, 14.5, 110)
    meander = 0.9 * np.sin(0.42 * x + 0.5) + 0.5 * np.sin(0.95 * x)
    y = meander - 1.3 + 0.012 * x * x - 2.1 * np.exp(-((x + 0.5) ** 2) / 9)
    width = 0.10 + 0.010 * (x + 14.5) + 0.03 * np.sin(1.7 * x)
    banks = [np.stack([x, y + side * width], axis=1) for side in (1, -1)]
    around = np.linspace(0.0, 2 * np.pi, 40)
    shore = 1.0 + 0.16 * np.sin(3 * around + 1.0) + 0.08 * np.sin(5 * around)
    lake = np.stack([-4.9 + 0.95 * shore * np.cos(around), 7.0 + 0.50 * shore * np.sin(around)], axis=1)
    return [
        _polygon(bend_plan(np.concatenate([banks[0], banks[1][::-1]])), name="Ling", kind="river"),
        _polygon(bend_plan(lake), name="Mirror Lake", kind="lake"),
    ]


def _collection(features: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": features}


def _points(line: np.ndarray) -> list[list[float]]:
    return [[round(float(lon), 5), round(float(lat), 5)] for lat, lon in to_degrees(line)]


def _line(line: np.ndarray, **properties: Any) -> dict[str, Any]:
    geometry = {"type": "LineString", "coordinates": _points(line)}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _polygon(line: np.ndarray, **properties: Any) -> dict[str, Any]:
    ring = _points(line)
    geometry = {"type": "Polygon", "coordinates": [ring if ring[0] == ring[-1] else [*ring, ring[0]]]}
    return {"type": "Feature", "properties": properties, "geometry": geometry}
