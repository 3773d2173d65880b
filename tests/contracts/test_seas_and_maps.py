"""Grids with holes, with bent axes and in map projections, and one that is larger than memory."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
import xarray as xr
from data_samples.values import STEPS, times, values
from gridded import CUBE, found, grid, saved, sea
from hostile_tools import refused
from pyproj import CRS, Transformer

import stcore.readers as readers
from stcore.charts.maps.grid_cells import cells_of
from stcore.data import STData
from stcore.findings import DataError
from stcore.models import Setting
from stcore.models.cards import SimVPOptions
from stcore.models.simvp import SimVP
from stcore.training.tensors import sensor_setting


def test_seas_leave_the_list_and_stay_holes_on_the_map(tmp_path: Path) -> None:
    data = readers.open(sea(tmp_path / "sea.nc"))
    assert data.ds["cell"].values.tolist() == [0, 2, 3, 4, 5]
    assert "1 of 6 cells" in found(data, "all-missing").text
    np.testing.assert_array_equal(data.values[:, 1, 0], CUBE[:, 0, 2])
    assert np.isnan(data.values[:40, 4, 0]).all()
    np.testing.assert_array_equal(data.values[40:, 4, 0], CUBE[40:, 1, 2])
    cells = cells_of(data)
    assert cells is not None
    drawn = cells.field(np.arange(5.0))
    np.testing.assert_array_equal(drawn, [[0, np.nan, 1], [2, 3, 4]])


def test_seas_are_zeros_and_off_for_a_model_of_grids(tmp_path: Path) -> None:
    data = readers.open(sea(tmp_path / "sea.nc"))
    grid_of, cells, *_ = sensor_setting(data, np.zeros((STEPS, 5)), np.ones((STEPS, 5), bool), np.arange(60))
    model = SimVP(Setting(4, 3, 5, 1, 1, 96, grid=grid_of, cells=cells), SimVPOptions(width=8, blocks=1))
    seen: list[torch.Tensor] = []
    model.stem.register_forward_pre_hook(lambda layer, given: seen.append(given[0]))
    forecast = model(torch.ones(2, 4, 5, 1), torch.zeros(2, 7, 2, dtype=torch.int64))
    assert forecast.shape == (2, 3, 5, 1)
    image = seen[0][0]  # [L C + 1, rows, columns]; the last says which cells are there
    np.testing.assert_array_equal(image[-1], [[1, 0, 1], [1, 1, 1]])
    assert (image[:, 0, 1] == 0).all()


def test_nothing_but_sea_is_refused(tmp_path: Path) -> None:
    path = saved(grid({"t2m": (("time", "latitude", "longitude"), CUBE * np.nan)}), tmp_path / "none.nc")
    refused(path, "all-missing")


def test_bent_grids_are_stations(tmp_path: Path) -> None:
    lat, lon = np.array([[50.0, 50.2, 50.5], [51.0, 51.3, 51.5]]), np.array([[7.0, 8.0, 9.0], [7.2, 8.3, 9.4]])
    ds = xr.Dataset(
        {"tas": (("x", "time", "y"), CUBE.transpose(2, 0, 1)), "rotated_pole": ((), 0)},
        coords={"time": times(), "lat": (("y", "x"), lat), "lon": (("y", "x"), lon)},
    )
    data = readers.open(saved(ds, tmp_path / "cordex.nc"))
    np.testing.assert_array_equal(data.values[:, :, 0], CUBE.reshape(STEPS, -1))
    assert data.locations is not None
    np.testing.assert_array_equal(data.locations, np.stack([lat.ravel(), lon.ravel()], axis=1))
    assert "cell" not in data.ds
    assert "2 x 3" in found(data, "bent-grid").text


def of_map(path: Path, mapping: dict[str, Any] | None, unit: str = "m") -> Path:
    """A grid over x and y of UTM's zone 32, in metres or kilometres, with its coordinate system or without."""
    size = {"m": 1.0, "km": 1e-3}[unit]
    ds = xr.Dataset(
        {"rain": (("time", "y", "x"), CUBE)},
        coords={
            "time": times(),
            "y": ("y", size * np.array([5.8e6, 5.7e6]), {"units": unit}),
            "x": ("x", size * np.array([4e5, 5e5, 6e5]), {"units": unit}),
        },
    )
    if mapping is not None:
        ds["crs"] = ((), 0, mapping)
        ds["rain"].attrs["grid_mapping"] = "crs"
    return saved(ds, path)


def in_place(data: STData) -> None:
    """The cells lie where pyproj says they do."""
    x, y = np.meshgrid([4e5, 5e5, 6e5], [5.8e6, 5.7e6])
    lon, lat = Transformer.from_crs(25832, 4326, always_xy=True).transform(x.ravel(), y.ravel())
    assert data.locations is not None
    np.testing.assert_allclose(data.locations, np.stack([lat, lon], axis=1), atol=1e-6)
    np.testing.assert_array_equal(data.values[:, :, 0], CUBE.reshape(STEPS, -1))


@pytest.mark.parametrize("unit", ["m", "km"])
@pytest.mark.parametrize("form", ["cf", "wkt", "spatial_ref"])
def test_a_projected_grid_is_converted_to_degrees(form: str, unit: str, tmp_path: Path) -> None:
    system = CRS.from_epsg(25832)
    mapping = {
        "cf": {key: part for key, part in system.to_cf().items() if key != "crs_wkt"},
        "wkt": {"crs_wkt": system.to_wkt()},
        "spatial_ref": {"spatial_ref": system.to_wkt()},
    }[form]
    data = readers.open(of_map(tmp_path / "radar.nc", mapping, unit))
    in_place(data)
    assert found(data, "reprojected").level == "repaired"


def test_a_projected_grid_without_a_system_is_a_question(tmp_path: Path) -> None:
    path = of_map(tmp_path / "radar.nc", None)
    assert "x and y of a map" in refused(path, "projected")
    data = readers.open(path, {"projected": "EPSG:25832"})
    in_place(data)
    assert found(data, "projected").chosen == "EPSG:25832"
    with pytest.raises(DataError, match="no coordinate system"):
        readers.open(path, {"projected": "/etc/passwd"})
    broken = of_map(tmp_path / "broken.nc", {"crs_wkt": "PROJCS[nonsense"})
    assert "does not name" in refused(broken, "projected")


def test_stations_without_readings_are_named(tmp_path: Path) -> None:
    table = values().astype(np.float32)
    table[:, 3] = np.nan
    ds = xr.Dataset(
        {"no2": (("time", "station"), table)},
        coords={"time": times(), "station": np.array(list("abcdef"), dtype=object)},
    )
    data = readers.open(saved(ds, tmp_path / "stations.nc"))
    assert data.sensors == list("abcef")
    assert "1 sensor without a single reading left out: d" in found(data, "all-missing").text


def test_a_file_larger_than_memory_opens_where_its_selection_fits(tmp_path: Path) -> None:
    path = saved(grid({"t2m": (("time", "latitude", "longitude"), CUBE)}), tmp_path / "large.nc")
    with h5py.File(path, "r+") as file:
        huge = file.create_dataset("huge", (STEPS, 10**6, 10**6), "f4", chunks=(1, 1000, 1000))
        for axis, name in enumerate(("time", "wide", "tall")):
            if name != "time":
                file.create_dataset(name, data=np.zeros(0), maxshape=(None,)).make_scale(name)
                file[name].resize((10**6,))
            huge.dims[axis].attach_scale(file[name])
    np.testing.assert_array_equal(readers.open(path).values[:, :, 0], CUBE.reshape(STEPS, -1))
