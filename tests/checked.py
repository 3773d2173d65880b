"""Data as a reader hands them over, and what the checks say of them."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from stcore.data import STData
from stcore.findings import DataError, Finding

T, N = 60, 4
ROWS = np.arange(T)


def sample(value: np.ndarray | None = None, time: Any = None, **more: Any) -> xr.Dataset:
    """A raw dataset of T steps x N sensors, nothing wrong with it."""
    rng = np.random.default_rng(1)
    value = rng.uniform(20, 80, (T, N)).round(1) if value is None else value
    time = pd.date_range("2024-03-04", periods=len(value), freq="5min") if time is None else time
    sensors = [f"s{number}" for number in range(value.shape[1])]
    ds = xr.Dataset(
        {"value": (("time", "sensor", "channel"), value.reshape(*value.shape[:2], -1)), **more},
        coords={"time": time, "sensor": sensors, "channel": ["speed", "flow"][: value[0, :1].size]},
    )
    return ds


def found(data: STData, code: str) -> Finding:
    return next(finding for finding in data.findings if finding.code == code)


def codes(data: STData) -> set[str]:
    return {finding.code for finding in data.findings}


def refused(ds: xr.Dataset, code: str, **answers: str) -> str:
    with pytest.raises(DataError) as caught:
        STData.of(ds, answers=answers)
    assert caught.value.findings[0].code == code, str(caught.value)
    assert caught.value.findings[0].level == "error"
    return str(caught.value)
