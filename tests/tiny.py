"""Small datasets for tests: a daily wave, sensors that differ, noise, holes where asked for."""

import numpy as np
import pandas as pd
import xarray as xr

from stcore.data import STData


def tiny(
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
        "sensor": [f"s{place}" for place in range(sensors)],
        "channel": [f"c{place}" for place in range(channels)],
    }
    places = {"lat": ("sensor", 48 + np.arange(sensors) * 0.01), "lon": ("sensor", 11 + np.arange(sensors) * 0.01)}
    ds = xr.Dataset(
        {"value": (("time", "sensor", "channel"), value), **places}, coords, {"title": "tiny", "zone": "local"}
    )
    if grid:
        ds = ds.assign(cell=("sensor", np.arange(sensors))).assign_attrs(grid=list(grid))
    return STData.of(ds)
