"""NetCDF, Zarr and GRIB: grids, stations, and data that this program saved."""

from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import xarray as xr

import stcore.readers as readers
from data_samples.values import IDS, SENSORS, STEPS, raw, times, values
from stcore.data import STData


def write_stdata(folder: Path) -> Path:
    STData.of(raw()).save(folder / "saved.nc")
    return folder / "saved.nc"


def write_grid(folder: Path) -> Path:
    """Dims in an unusual order, latitude falling; the six sensors are a 2 x 3 grid."""
    path = folder / "grid.nc"
    cube = values().reshape(STEPS, 2, 3).transpose(2, 0, 1)
    xr.Dataset(
        {"t2m": (("longitude", "time", "latitude"), cube, {"units": "K"})},
        coords={"time": times(), "latitude": [52.0, 51.0], "longitude": [7.0, 8.0, 9.0]},
    ).to_netcdf(path, engine="h5netcdf")
    return path


def write_old_grid(folder: Path) -> Path:
    """The same grid in the older NetCDF 3."""
    with xr.open_dataset(write_grid(folder), engine="h5netcdf") as ds:
        ds.load().drop_encoding().to_netcdf(folder / "old.nc", engine="scipy", format="NETCDF3_64BIT")
    (folder / "grid.nc").unlink()
    return folder / "old.nc"


def write_stations(folder: Path) -> Path:
    """Stations before time, two variables, locations."""
    path = folder / "stations.nc"
    xr.Dataset(
        {
            "no2": (("station", "time"), values().T, {"units": "µg/m³"}),
            "o3": (("time", "station"), values() + 1, {"units": "µg/m³"}),
            "lat": ("station", 51.9 + np.arange(SENSORS) / 50),
            "lon": ("station", 7.6 + np.arange(SENSORS) / 40),
        },
        coords={"time": times(), "station": np.array(IDS, dtype=object)},
    ).to_netcdf(path, engine="h5netcdf")
    return path


def write_weatherbench(folder: Path) -> Path:
    """WeatherBench 1: a folder for the variable with one file per year, latitude rising, and constants without time."""
    root = folder / "5.625deg"
    grid = {"lat": [51.0, 52.0], "lon": [7.0, 8.0, 9.0]}
    (root / "constants").mkdir(parents=True)
    (root / "2m_temperature").mkdir()
    xr.Dataset({"lsm": (("lat", "lon"), np.ones((2, 3), np.float32))}, coords=grid).to_netcdf(
        root / "constants" / "constants_5.625deg.nc", engine="h5netcdf"
    )
    cube = values().reshape(STEPS, 2, 3).astype(np.float32)
    for year, part in ((1979, slice(0, 50)), (1980, slice(50, STEPS))):
        about = {"units": "K", "long_name": "2 metre temperature"}
        xr.Dataset(
            {"t2m": (("time", "lat", "lon"), cube[part], about)}, coords=grid | {"time": times()[part]}
        ).to_netcdf(root / "2m_temperature" / f"2m_temperature_5.625deg_{year}.nc", engine="h5netcdf")
    return root


def write_weatherbench2(folder: Path, version: Literal[2, 3] = 2, **options: Any) -> Path:
    """WeatherBench 2: a consolidated store, time before longitude before latitude, compressed in chunks of 24 steps."""
    path = folder / "era5.zarr"
    cube = values().reshape(STEPS, 2, 3).transpose(0, 2, 1).astype(np.float32)
    xr.Dataset(
        {"2m_temperature": (("time", "longitude", "latitude"), cube, {"units": "K"})},
        coords={"time": times(), "latitude": [51.0, 52.0], "longitude": [7.0, 8.0, 9.0]},
    ).to_zarr(
        path,
        zarr_format=version,
        consolidated=version == 2,
        encoding={"2m_temperature": {"chunks": (24, 3, 2)} | options},
    )
    return path


def write_saved_store(folder: Path) -> Path:
    readers.save(STData.of(raw()), folder / "saved.zarr", "zarr")
    return folder / "saved.zarr"


def write_grib(folder: Path) -> Path:
    """GRIB 2 with one field per 15 min, as ecCodes packs it; skipped where ecCodes is not installed."""
    eccodes = pytest.importorskip("eccodes", reason="reading GRIB needs cfgrib and ecCodes")
    pytest.importorskip("cfgrib", reason="reading GRIB needs cfgrib and ecCodes")
    path = folder / "field.grib2"
    with path.open("wb") as file:
        for step, stamp in enumerate(times()):
            message = eccodes.codes_grib_new_from_samples("regular_ll_sfc_grib2")
            for key, value in GRIB_KEYS.items():
                eccodes.codes_set(message, key, value)
            eccodes.codes_set(message, "dataDate", int(stamp.strftime("%Y%m%d")))
            eccodes.codes_set(message, "dataTime", int(stamp.strftime("%H%M")))
            field = values()[step]
            eccodes.codes_set(message, "bitmapPresent", 1)
            eccodes.codes_set_values(message, np.where(np.isnan(field), 9999, field))
            eccodes.codes_write(message, file)
            eccodes.codes_release(message)
    return path


GRIB_KEYS = {
    "Ni": 3,
    "Nj": 2,
    "latitudeOfFirstGridPointInDegrees": 52.0,
    "latitudeOfLastGridPointInDegrees": 51.0,
    "longitudeOfFirstGridPointInDegrees": 7.0,
    "longitudeOfLastGridPointInDegrees": 9.0,
    "iDirectionIncrementInDegrees": 1.0,
    "jDirectionIncrementInDegrees": 1.0,
    "shortName": "2t",
    "bitsPerValue": 24,
    "missingValue": 9999,
}
