"""The content of every sample: the same readings, times and locations, so that the opened data can be compared."""

import numpy as np
import pandas as pd
import xarray as xr

STEPS, SENSORS = 96, 6
IDS = ["007", "41", "a b", "D-4", "500", "0600"]
LOOKBACK, HORIZON = 8, 4


def values() -> np.ndarray:
    """[T, N] readings with a missing one, two decimals."""
    rng = np.random.default_rng(7)
    readings = np.round(50 + 10 * np.sin(np.arange(STEPS)[:, None] / 9) + rng.normal(0, 2, (STEPS, SENSORS)), 2)
    readings[5, 2] = np.nan
    return readings


def times() -> pd.DatetimeIndex:
    return pd.date_range("2024-05-06", periods=STEPS, freq="15min")


def raw() -> xr.Dataset:
    """The sample as a raw dataset with locations."""
    return xr.Dataset(
        {
            "value": (("time", "sensor", "channel"), values()[:, :, None]),
            "lat": ("sensor", 51.9 + np.arange(SENSORS) / 50),
            "lon": ("sensor", 7.6 + np.arange(SENSORS) / 40),
        },
        coords={"time": times(), "sensor": IDS, "channel": ["count"]},
        attrs={"title": "sample", "units": {"count": "veh/h"}},
    )


def long_frame() -> pd.DataFrame:
    """The readings as rows of station, time and value, by time."""
    frame = pd.DataFrame(values(), index=pd.Index(times(), name="time"), columns=pd.Index(IDS, name="station"))
    return frame.stack(future_stack=True).rename("value").reset_index()


def calendar() -> np.ndarray:
    """[T, N, 3] readings, time of day as a share and day of the week, as most sets of the field have them."""
    day = (times().hour * 60 + times().minute) / 1440
    both = [np.broadcast_to(part.to_numpy(float)[:, None], (STEPS, SENSORS)) for part in (day, times().day_of_week)]
    return np.stack([values(), *both], axis=2)


def ring() -> np.ndarray:
    """[N, N] a ring of sensors with different weights."""
    return np.roll(np.diag(0.5 + np.arange(SENSORS) / 10), 1, axis=1)


def degrees() -> np.ndarray:
    """[N, 2] locations of the sensors."""
    return np.stack([39.9 + np.arange(SENSORS) / 50, 116.4 + np.arange(SENSORS) / 40], axis=1)


def distilled() -> xr.Dataset:
    """The sample as a distilled set: consecutive windows, sensors with weights."""
    first = np.arange(0, STEPS, LOOKBACK + HORIZON)
    ds = raw().assign(weight=("sensor", 1.0 + np.arange(SENSORS)), start=("window", first))
    return ds.assign_attrs(lookback=LOOKBACK, horizon=HORIZON)
