"""The simulated city as a dataset, and its file.

Dimensions: T steps of 5 minutes, N sensors, C = 2 channels, I incidents.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from stcore.simulate import city, road_distances
from stcore.simulate.days import STEPS, Incident
from stcore.simulate.network import Network, build_network
from stcore.simulate.readings import (
    PACKING,
    Fault,
    Sensors,
    apply_faults,
    measure,
    outage_mask,
    place_sensors,
    plant_faults,
    round_readings,
    with_copies,
)
from stcore.simulate.traffic import city_traffic

TITLE = "Ringstadt (simulated city)"
START = np.datetime64("2026-03-02T00:00", "ns")  # a Monday; the city changes no clocks
STEP = np.timedelta64(5, "m").astype("timedelta64[ns]")
LONGEST = 365  # days
REACH, EDGE_SCALE = 9.0, 4.0  # km: the longest edge, and the length at which the weight is 1 / e
MISSING = 65535  # how NaN is stored


def simulate(days: int = 28, seed: int = 0) -> xr.Dataset:
    """Ringstadt's traffic with its ground truth. Equal arguments give equal values; more ``days`` do not change the first ones.

    ``value`` [T, N, C] float32, NaN where nothing was measured, channels ``speed`` in km/h and ``flow`` in vehicles per
    hour; ``time`` [T] wall clock from a Monday on; ``lat``, ``lon`` [N]; edges along the roads in the driving
    direction, ``edge_weight`` exp(-(d / 4 km)^2) of the road distance d (the kernel of Li et al. 2018).
    Planted: ``incident_start``, ``incident_end``, ``incident_cleared`` (queue dissolved), ``incident_lat``,
    ``incident_lon``, ``incident_sensor`` (position of the next sensor upstream), ``incident_left`` (share of capacity
    left) [I]; ``redundant_group`` [N] (-1: none); ``faulty`` [N] and a table ``fault_sensor``, ``fault_kind``,
    ``fault_start``, ``fault_end``. ``attrs["layers"]`` and ``attrs["units"]`` are JSON. Raises ValueError unless ``days``
    is a whole number from 1 to 365 and the seed at least 0.
    """
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= LONGEST:
        raise ValueError(f"The city can be simulated for 1 to {LONGEST} whole days, not for {days!r}.")
    if seed < 0:
        raise ValueError(f"A seed must be a whole number of at least 0, not {seed!r}.")
    network = build_network()
    sensors = place_sensors(network, seed)
    values = np.empty((days * STEPS, len(sensors.name), 2))
    incidents: list[tuple[Incident, int, int]] = []
    for day, seen in enumerate(city_traffic(network, days, seed)):
        read = measure(seen.speed, seen.flow, network, seed, day)
        values[day * STEPS : (day + 1) * STEPS] = with_copies(read, sensors, seed, day)
        incidents += [(incident, day, over) for incident, over in zip(seen.incidents, seen.cleared, strict=True)]
    planted = plant_faults(sensors, days, seed)
    apply_faults(values, planted, seed)
    values[outage_mask(len(sensors.name), days, seed)] = np.nan
    truth = _incidents(incidents, network, sensors) | _sensors(sensors, planted) | _edges(network, sensors)
    coords = {
        "time": START + STEP * np.arange(days * STEPS),
        "sensor": np.array(sensors.name, dtype=object),
        "channel": np.array(["speed", "flow"], dtype=object),
    }
    value = ("time", "sensor", "channel"), round_readings(values)
    return xr.Dataset({"value": value} | truth, coords, _attrs(seed))


def write(path: Path, ds: xr.Dataset) -> None:
    """Write a simulated city as NetCDF. Values are packed without loss: reading gives the same numbers."""
    packing = {"dtype": "uint16", "scale_factor": PACKING, "_FillValue": MISSING}
    encoding: dict[str, dict[str, Any]] = {"value": packing | {"zlib": True, "complevel": 9, "shuffle": True}}
    for name, variable in ds.variables.items():
        if variable.dtype.kind == "M":
            encoding[str(name)] = {"dtype": "int32", "units": "minutes since 2026-03-02 00:00:00", "_FillValue": None}
    ds.to_netcdf(path, engine="h5netcdf", encoding=encoding)


def _incidents(drawn: list[tuple[Incident, int, int]], network: Network, sensors: Sensors) -> dict[str, Any]:
    """When and where incidents were, what capacity they left, and which sensor noticed them first."""
    moments = np.array([(d * STEPS + i.start, d * STEPS + i.end, d * STEPS + o) for i, d, o in drawn], dtype=np.int64)
    times = START + STEP * moments.reshape(-1, 3)
    cells = np.array([incident.cell for incident, _, _ in drawn], dtype=np.int64)
    location = city.to_degrees(network.place[cells])
    first = np.searchsorted(sensors.source, np.array([_first_sensor(cell, network) for cell in cells], dtype=np.int64))
    return {
        "incident_start": ("incident", times[:, 0]),
        "incident_end": ("incident", times[:, 1]),
        "incident_cleared": ("incident", times[:, 2]),
        "incident_lat": ("incident", location[:, 0].round(5)),
        "incident_lon": ("incident", location[:, 1].round(5)),
        "incident_sensor": ("incident", first.astype(np.int64)),
        "incident_left": ("incident", np.array([incident.left for incident, _, _ in drawn]).round(3)),
    }


def _first_sensor(cell: int, network: Network) -> int:
    """The sensor that a jam growing upstream from a road cell reaches first."""
    behind = road_distances.upstream_cells(network.cells, network.length, cell, np.inf)
    return int(np.argmin([behind.get(int(at), np.inf) for at in network.sensor_cell]))


def _sensors(sensors: Sensors, planted: list[Fault]) -> dict[str, Any]:
    """Locations, groups and faults of sensors."""
    location = city.to_degrees(sensors.place)
    faulty = np.zeros(len(sensors.name), dtype=np.int8)
    faulty[[fault.sensor for fault in planted]] = 1
    return {
        "lat": ("sensor", location[:, 0].round(5)),
        "lon": ("sensor", location[:, 1].round(5)),
        "redundant_group": ("sensor", sensors.group.astype(np.int64)),
        "faulty": ("sensor", faulty),
        "fault_sensor": ("fault", np.array([fault.sensor for fault in planted], dtype=np.int64)),
        "fault_kind": ("fault", np.array([fault.kind for fault in planted], dtype=object)),
        "fault_start": ("fault", START + STEP * np.array([fault.start for fault in planted], dtype=np.int64)),
        "fault_end": ("fault", START + STEP * np.array([fault.end for fault in planted], dtype=np.int64)),
    }


def _edges(network: Network, sensors: Sensors) -> dict[str, Any]:
    """Edges along roads between real sensors; a copy is linked both ways to the sensor that it repeats, 40 m away."""
    at = np.searchsorted(sensors.source, np.arange(len(network.sensor_name)))
    roads = road_distances.sensor_edges(network.cells, network.length, network.sensor_cell, REACH)
    pairs = [(int(at[a]), int(at[b]), km) for a, b, km in roads]
    for copy in np.flatnonzero(sensors.copy):
        real = int(at[sensors.source[copy]])
        pairs += [(real, int(copy), 0.04), (int(copy), real, 0.04)]
    pairs.sort()
    kilometres = np.array([km for _, _, km in pairs])
    return {
        "edge_from": ("edge", np.array([a for a, _, _ in pairs], dtype=np.int64)),
        "edge_to": ("edge", np.array([b for _, b, _ in pairs], dtype=np.int64)),
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
