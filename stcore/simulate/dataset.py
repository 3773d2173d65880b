"""The simulated city as a dataset, and its file.

Dimensions: T steps of 5 minutes, N sensors, C = 2 channels, I incidents.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from stcore.simulate import city, ways
from stcore.simulate.days import STEPS, Incident
from stcore.simulate.network import Network, build
from stcore.simulate.readings import (
    PACKING,
    Fault,
    Sensors,
    break_down,
    copied,
    faults,
    measure,
    outages,
    place_sensors,
    rounded,
)
from stcore.simulate.traffic import traffic

TITLE = "Ringstadt (simulated city)"
START = np.datetime64("2026-03-02T00:00", "ns")  # a Monday; the city changes no clocks
STEP = np.timedelta64(5, "m").astype("timedelta64[ns]")
LONGEST = 365  # days
REACH, EDGE_SCALE = 9.0, 4.0  # km: the longest edge, and where its weight falls to 1 / e
MISSING = 65535  # how NaN is stored


def simulate(days: int = 28, seed: int = 0) -> xr.Dataset:
    """Ringstadt's traffic with its ground truth: equal days and seed, equal values; the first days do not depend on ``days``.

    ``value`` [T, N, C] float32, NaN where nothing was measured, channels ``speed`` in km/h and ``flow`` in vehicles per
    hour; ``time`` [T] wall clock from a Monday on; ``lat``, ``lon`` [N]; edges along the roads in the driving
    direction, ``edge_weight`` exp(-(d / 4 km)^2) of the road distance d (the kernel of Li et al. 2018).
    Planted: ``incident_start``, ``incident_end``, ``incident_cleared`` (queue dissolved), ``incident_lat``,
    ``incident_lon``, ``incident_sensor`` (position of the next sensor upstream), ``incident_left`` (share of capacity
    left) [I]; ``redundant_group`` [N] (-1: none); ``faulty`` [N] and a table ``fault_sensor``, ``fault_kind``,
    ``fault_start``, ``fault_end``. ``attrs["layers"]`` and ``attrs["units"]`` are JSON. Raises ValueError for days that
    are no whole number from 1 to 365, or a seed below 0.
    """
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= LONGEST:
        raise ValueError(f"The city can be simulated for 1 to {LONGEST} whole days, not for {days!r}.")
    if seed < 0:
        raise ValueError(f"A seed is a whole number from 0 on, not {seed!r}.")
    network = build()
    sensors = place_sensors(network, seed)
    values = np.empty((days * STEPS, len(sensors.name), 2))
    incidents: list[tuple[Incident, int, int]] = []
    for day, seen in enumerate(traffic(network, days, seed)):
        read = measure(seen.speed, seen.flow, network, seed, day)
        values[day * STEPS : (day + 1) * STEPS] = copied(read, sensors, seed, day)
        incidents += [(incident, day, over) for incident, over in zip(seen.incidents, seen.cleared, strict=True)]
    planted = faults(sensors, days, seed)
    break_down(values, planted, seed)
    values[outages(len(sensors.name), days, seed)] = np.nan
    truth = _incidents(incidents, network, sensors) | _sensors(sensors, planted) | _edges(network, sensors)
    coords = {
        "time": START + STEP * np.arange(days * STEPS),
        "sensor": np.array(sensors.name, dtype=object),
        "channel": np.array(["speed", "flow"], dtype=object),
    }
    value = ("time", "sensor", "channel"), rounded(values)
    return xr.Dataset({"value": value} | truth, coords, _attrs(seed))


def write(path: Path, ds: xr.Dataset) -> None:
    """Write what ``simulate`` made as NetCDF, values packed without loss: reading gives the same numbers."""
    packed = {"dtype": "uint16", "scale_factor": PACKING, "_FillValue": MISSING}
    encoding: dict[str, dict[str, Any]] = {"value": packed | {"zlib": True, "complevel": 9, "shuffle": True}}
    for name, variable in ds.variables.items():
        if variable.dtype.kind == "M":
            encoding[str(name)] = {"dtype": "int32", "units": "minutes since 2026-03-02 00:00:00", "_FillValue": None}
    ds.to_netcdf(path, engine="h5netcdf", encoding=encoding)


def _incidents(found: list[tuple[Incident, int, int]], network: Network, sensors: Sensors) -> dict[str, Any]:
    """When, where and how bad, and which sensor met it first."""
    moments = np.array([(d * STEPS + i.start, d * STEPS + i.end, d * STEPS + o) for i, d, o in found], dtype=np.int64)
    times = START + STEP * moments.reshape(-1, 3)
    cells = np.array([incident.cell for incident, _, _ in found], dtype=np.int64)
    place = city.degrees(network.place[cells])
    first = np.searchsorted(sensors.source, np.array([_met_first(cell, network) for cell in cells], dtype=np.int64))
    return {
        "incident_start": ("incident", times[:, 0]),
        "incident_end": ("incident", times[:, 1]),
        "incident_cleared": ("incident", times[:, 2]),
        "incident_lat": ("incident", place[:, 0].round(5)),
        "incident_lon": ("incident", place[:, 1].round(5)),
        "incident_sensor": ("incident", first.astype(np.int64)),
        "incident_left": ("incident", np.array([incident.left for incident, _, _ in found]).round(3)),
    }


def _met_first(cell: int, network: Network) -> int:
    """The sensor that a jam growing upstream from a road cell reaches first."""
    behind = ways.upstream(network.cells, network.length, cell, np.inf)
    return int(np.argmin([behind.get(int(at), np.inf) for at in network.sensor_cell]))


def _sensors(sensors: Sensors, planted: list[Fault]) -> dict[str, Any]:
    """Places, groups and faults."""
    place = city.degrees(sensors.place)
    faulty = np.zeros(len(sensors.name), dtype=np.int8)
    faulty[[fault.sensor for fault in planted]] = 1
    return {
        "lat": ("sensor", place[:, 0].round(5)),
        "lon": ("sensor", place[:, 1].round(5)),
        "redundant_group": ("sensor", sensors.group.astype(np.int64)),
        "faulty": ("sensor", faulty),
        "fault_sensor": ("fault", np.array([fault.sensor for fault in planted], dtype=np.int64)),
        "fault_kind": ("fault", np.array([fault.kind for fault in planted], dtype=object)),
        "fault_start": ("fault", START + STEP * np.array([fault.start for fault in planted], dtype=np.int64)),
        "fault_end": ("fault", START + STEP * np.array([fault.end for fault in planted], dtype=np.int64)),
    }


def _edges(network: Network, sensors: Sensors) -> dict[str, Any]:
    """Road edges between real sensors; a copy is joined both ways to the one that it repeats, 40 m away."""
    at = np.searchsorted(sensors.source, np.arange(len(network.sensor_name)))
    roads = ways.edges(network.cells, network.length, network.sensor_cell, REACH)
    found = [(int(at[a]), int(at[b]), km) for a, b, km in roads]
    for copy in np.flatnonzero(sensors.copy):
        real = int(at[sensors.source[copy]])
        found += [(real, int(copy), 0.04), (int(copy), real, 0.04)]
    found.sort()
    kilometres = np.array([km for _, _, km in found])
    return {
        "edge_from": ("edge", np.array([a for a, _, _ in found], dtype=np.int64)),
        "edge_to": ("edge", np.array([b for _, b, _ in found], dtype=np.int64)),
        "edge_weight": ("edge", np.exp(-((kilometres / EDGE_SCALE) ** 2)).astype(np.float32)),
    }


def _attrs(seed: int) -> dict[str, Any]:
    return {
        "title": TITLE,
        "simulated": 1,
        "zone": "local (simulated)",
        "seed": seed,
        "source": "cell-transmission model (Daganzo 1994, 1995) on an invented road network; no measured data",
        "graph": f"road distance d in the driving direction, weight exp(-(d / {EDGE_SCALE:g} km)^2)",
        "units": json.dumps({"speed": "km/h", "flow": "veh/h"}),
        "layers": json.dumps(city.layers(), separators=(",", ":")),
    }
