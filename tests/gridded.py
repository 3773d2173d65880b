"""Small grids in NetCDF, as others write them."""

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from data_samples.values import STEPS, times, values

from stcore.data import STData
from stcore.findings import Finding

GRID: dict[str, Any] = {"latitude": [52.0, 51.0], "longitude": [7.0, 8.0, 9.0]}
CUBE = values().reshape(STEPS, 2, 3).astype(np.float32)


def found(data: STData, code: str) -> Finding:
    return next(finding for finding in data.findings if finding.code == code)


def saved(ds: xr.Dataset, path: Path, **options: Any) -> Path:
    ds.to_netcdf(path, engine="h5netcdf", **options)
    return path


def grid(variables: dict[str, Any], **coords: Any) -> xr.Dataset:
    return xr.Dataset(variables, coords={"time": times()} | GRID | coords)


def sea(path: Path) -> Path:
    cube = CUBE.copy()
    cube[:, 0, 1] = np.nan
    cube[:40, 1, 2] = np.nan  # measured later: read once more
    return saved(grid({"t2m": (("time", "latitude", "longitude"), cube)}), path)
