"""Opening holds little more than what is kept: in small, by what numpy allocates; `bench/opening.py` measures processes."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from cases import mostly_slow

import stcore.readers as readers
from stcore.data.checks import finding
from stcore.readers.grids import cube

STEPS, LATS, LONS = 4000, 40, 50
MOST = 1.3
KINDS = ("grid", "packed", "sea", "zeros", "infinite", "gaps", "stations", "upright")


def write(path: Path, kind: str, steps: int = STEPS) -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(280, 5, (steps, LATS, LONS)).astype(np.float32)
    coords = {"time": np.datetime64("2020-01-01", "ns") + np.arange(steps) * np.timedelta64(1, "h")}
    if kind == "sea":
        values[:, rng.random((LATS, LONS)) < 0.4] = np.nan
    if kind == "zeros":
        values[rng.random(values.shape) < 0.2] = 0
    if kind == "infinite":
        values[rng.random(values.shape) < 0.01] = np.inf
    if kind in ("stations", "upright"):
        table = values.reshape(steps, -1)
        dims, table = (("station", "time"), table.T) if kind == "upright" else (("time", "station"), table)
        xr.Dataset({"v": (dims, table)}, coords=coords).to_netcdf(path, engine="h5netcdf")
        return
    places = {"lat": np.linspace(50, 60, LATS), "lon": np.linspace(0, 10, LONS)}
    ds = xr.Dataset({"v": (("time", "lat", "lon"), values)}, coords=coords | places)
    if kind == "gaps":
        ds = ds.isel(time=np.delete(np.arange(steps), np.s_[10::40]))
    packing = {"v": {"dtype": "int16", "scale_factor": 0.01, "add_offset": 280.0, "_FillValue": -32768}}
    ds.to_netcdf(path, engine="h5netcdf", encoding=packing if kind == "packed" else {})


@pytest.mark.parametrize("kind", mostly_slow(KINDS, ["packed", "stations"]))
def test_peak_over_kept(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in (
        (cube, "BLOCK"),
        (finding, "MOST"),
    ):  # as small beside this file as they are beside a large one
        monkeypatch.setattr(module, name, 2**15)
    write(tmp_path / "large.nc", kind)
    answers = {"zeros": "missing"} if kind == "zeros" else {}
    write(tmp_path / "short.nc", kind, 100)
    readers.open(tmp_path / "short.nc", answers)  # imports what is imported on first use
    tracemalloc.start()
    data = readers.open(tmp_path / "large.nc", answers)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    kept = sum(array.nbytes for array in data.ds.variables.values())
    assert kept > 4 * STEPS * LATS * LONS * (0.5 if kind == "sea" else 0.95)
    assert peak <= MOST * kept, f"{peak / kept:.2f}"
