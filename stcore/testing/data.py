"""Small datasets on which promises are checked: a daily wave, sensors that differ, noise, holes where asked for."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd
import xarray as xr

from stcore.data import STData


def small_data(
    steps: int = 600,
    sensors: int = 4,
    channels: int = 1,
    missing: float = 0.0,
    seed: int = 0,
    *,
    grid: tuple[int, int] | None = None,
) -> STData:
    """A dataset of hourly values around 50 with a daily wave of 10 and noise of 1; on a ``grid``, its first cells."""
    rng = np.random.default_rng(seed)
    hour = np.arange(steps)[:, None, None]
    wave = 10 * np.sin(2 * np.pi * (hour / 24 + np.arange(sensors)[None, :, None] / max(sensors, 1) / 4))
    value = 50 + wave * (1 + np.arange(channels)) + rng.normal(size=(steps, sensors, channels))
    value[rng.random(value.shape) < missing] = np.nan
    coords = {
        "time": pd.date_range("2026-01-05", periods=steps, freq="1h"),
        "sensor": [f"s{number}" for number in range(sensors)],
        "channel": [f"c{number}" for number in range(channels)],
    }
    locations = {"lat": ("sensor", 48 + np.arange(sensors) * 0.01), "lon": ("sensor", 11 + np.arange(sensors) * 0.01)}
    ds = xr.Dataset(
        {"value": (("time", "sensor", "channel"), value), **locations}, coords, {"title": "tiny", "zone": "local"}
    )
    if grid:
        ds = ds.assign(cell=("sensor", np.arange(sensors))).assign_attrs(grid=list(grid))
    return STData.of(ds)


# ---- data on which masks are checked -----------------------------------------------------------------------------------
@cache
def plain_data(sensors: int = 12) -> STData:
    """Sensors with locations, and the graph that is made of them."""
    return small_data(300, sensors, missing=0.02)


@cache
def two_rings() -> STData:
    """Two rings of six sensors, and nothing between them."""
    start = np.arange(12)
    end = (start + 1) % 6 + start // 6 * 6
    edges = {"edge_from": ("edge", start), "edge_to": ("edge", end), "edge_weight": ("edge", 0.5 + start / 24)}
    return STData.of(plain_data().ds.drop_dims("edge").assign(edges))


@cache
def bare_data() -> STData:
    """Neither locations nor a graph."""
    return STData.of(plain_data().ds.drop_dims("edge").drop_vars(["lat", "lon"]), answers={"graph": "none"})


@cache
def half_located_data() -> STData:
    """Two sensors without a location."""
    ds = plain_data().ds.copy(deep=True)
    ds["lat"][3:5], ds["lon"][3:5] = np.nan, np.nan
    return STData.of(ds)


@cache
def odd_sensors() -> STData:
    """A sensor that measured nothing yet in training, a constant one, one that misses most, two that are copies."""
    ds = plain_data().ds.copy(deep=True)
    values = ds["value"].values
    values[:200, 2], values[:, 3], values[::2, 4], values[::3, 4] = np.nan, 50, np.nan, np.nan
    values[:, 6] = values[:, 5]
    return STData.of(ds)


@cache
def grid_data() -> STData:
    """4 x 6 cells but the last three, which are sea: 2 x 3 regions of up to four."""
    return small_data(300, 21, grid=(4, 6))


KINDS: dict[str, Callable[[], STData]] = {
    "plain": plain_data,
    "parts": two_rings,
    "bare": bare_data,
    "half located": half_located_data,
    "odd": odd_sensors,
    "grid": grid_data,
    "one": lambda: plain_data(1),
    "two": lambda: plain_data(2),
}
