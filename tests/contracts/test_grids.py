"""Grids as weather services and the field write them: any order, any calendar, several variables, levels, versions, seas."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from data_samples.grids import write_weatherbench, write_weatherbench2
from data_samples.values import STEPS, times, values
from gridded import CUBE, GRID, found, grid, saved, sea
from hostile_tools import refused

import stcore.readers as readers
from stcore.charts.maps.grid_cells import cells_of
from stcore.data import STData
from stcore.findings import DataError


def test_the_new_climate_data_store(tmp_path: Path) -> None:
    """valid_time, pressure levels, a version for every row, a scalar number, and extras that are no measurements."""
    levels = np.stack([CUBE, CUBE + 100], axis=1)
    ds = xr.Dataset(
        {
            "t": (("valid_time", "pressure_level", "latitude", "longitude"), levels, {"units": "K"}),
            "crs": ((), 0),
            "time_bnds": (("valid_time", "bnds"), np.zeros((STEPS, 2))),
        },
        coords={
            "valid_time": times(),
            "pressure_level": [1000.0, 500.0],
            "number": 0,
            "height": 2.0,
            "expver": ("valid_time", np.array(["0001"] * 90 + ["0005"] * 6, dtype=object)),
        }
        | GRID,
        attrs={"Conventions": "CF-1.7"},
    )
    path = saved(ds, tmp_path / "data_stream-oper.nc")
    data = readers.open(path)
    np.testing.assert_array_equal(data.values[:, :, 0], CUBE.reshape(STEPS, -1))
    assert (data.channels, data.units, data.zone) == (["t"], {"t": "K"}, "UTC")
    assert found(data, "pressure_level").chosen == "1000"
    assert "6 of 96 rows" in found(data, "expver").text
    upper = readers.open(path, {"pressure_level": "500"})
    np.testing.assert_array_equal(upper.values[:, :, 0], (CUBE + 100).reshape(STEPS, -1))
    assert "1000, 500" in refused(path, "pressure_level", {"pressure_level": "850"})


def test_the_old_climate_data_store_with_two_versions_packed(tmp_path: Path) -> None:
    """(time, expver, latitude, longitude) with the final rows in one and the preliminary ones in the other."""
    both = np.full((STEPS, 2, 2, 3), np.nan)
    full = np.nan_to_num(CUBE, nan=50.0)
    both[:90, 0], both[90:, 1] = full[:90], full[90:]
    ds = grid({"t2m": (("time", "expver", "latitude", "longitude"), both)}, expver=[1, 5])
    packing = {"dtype": "int16", "scale_factor": 0.01, "add_offset": 100.0, "_FillValue": -32767}
    data = readers.open(saved(ds, tmp_path / "era5.nc", encoding={"t2m": packing}))
    np.testing.assert_allclose(data.values[:, :, 0], full.reshape(STEPS, -1), atol=0.0051)
    assert found(data, "expver").text.startswith("36 readings are preliminary (ERA5T")
    assert "times 0.01, plus 100" in found(data, "packed").text
    assert "missing" not in [finding.code for finding in data.findings]


def test_an_ensemble_asks_for_a_member(tmp_path: Path) -> None:
    cube = np.stack([CUBE, CUBE * 2], axis=0)
    ds = grid({"t2m": (("number", "time", "latitude", "longitude"), cube)}, number=[0, 1])
    path = saved(ds, tmp_path / "ensemble.nc")
    assert found(readers.open(path), "number").chosen == "0"
    second = readers.open(path, {"number": "1"})
    np.testing.assert_array_equal(second.values[:, :, 0], (CUBE * 2).reshape(STEPS, -1))


@pytest.mark.parametrize("rising", [True, False])
def test_longitudes_round_the_world_and_both_directions(rising: bool, tmp_path: Path) -> None:
    lats = [-45.0, 45.0] if rising else [45.0, -45.0]
    ds = grid(
        {"t2m": (("time", "longitude", "latitude"), CUBE.transpose(0, 2, 1))},
        latitude=lats,
        longitude=[0.0, 120.0, 240.0],
    )
    data = readers.open(saved(ds, tmp_path / "world.nc"))
    np.testing.assert_array_equal(data.values[:, :, 0], CUBE.reshape(STEPS, -1))
    assert data.locations is not None
    np.testing.assert_array_equal(data.locations[:3], [[lats[0], 0], [lats[0], 120], [lats[0], -120]])
    assert data.sensors[2] == f"45{'S' if rising else 'N'} 120W"
    assert "0 to 360" in found(data, "longitude").text


def test_forecasts_and_climatologies_are_refused(tmp_path: Path) -> None:
    cube = np.stack([CUBE, CUBE], axis=1)
    lead = grid(
        {"t2m": (("time", "prediction_timedelta", "latitude", "longitude"), cube)},
        prediction_timedelta=np.array([0, 6], "timedelta64[h]").astype("timedelta64[ns]"),
    )
    assert "lead times" in refused(saved(lead, tmp_path / "hres.nc"), "forecasts")
    year = xr.Dataset(
        {"t2m": (("dayofyear", "latitude", "longitude"), CUBE[:90])}, coords={"dayofyear": np.arange(1, 91)} | GRID
    )
    assert "climatology" in refused(saved(year, tmp_path / "climatology.nc"), "climatology")


def test_several_variables_are_a_question(tmp_path: Path) -> None:
    """Those of equal dims are channels; one with levels is offered, and may be opened beside them."""
    upper = (("time", "level", "latitude", "longitude"), np.stack([CUBE + 5, CUBE + 6], axis=1))
    flat = {
        name: (("time", "latitude", "longitude"), CUBE + number) for number, name in enumerate(("t2m", "u10", "v10"))
    }
    flag = {"quality": (("time", "latitude", "longitude"), np.ones(CUBE.shape, "i1"), {"flag_values": [0, 1]})}
    path = saved(grid(flat | {"z": upper} | flag, level=[500, 850]), tmp_path / "several.nc")
    data = readers.open(path)
    assert data.channels == ["t2m", "u10", "v10"]
    asked = found(data, "variables")
    assert asked.chosen == "t2m,u10,v10"
    assert {"t2m", "z", "<variables>"} <= set(asked.choices)
    assert "Left out: z" in asked.text
    both = readers.open(path, {"variables": "z, v10", "level": "850"})
    assert both.channels == ["z", "v10"]
    np.testing.assert_array_equal(both.values, np.stack([CUBE + 6, CUBE + 2], axis=-1).reshape(STEPS, 6, 2))
    assert "nothing" in refused(path, "variables", {"variables": "nothing"})


@pytest.mark.slow
def test_more_than_eight_variables(tmp_path: Path) -> None:
    many = {f"v{number}": (("time", "latitude", "longitude"), CUBE + number) for number in range(11)}
    path = saved(grid(many), tmp_path / "many.nc")
    assert readers.open(path).channels == [f"v{number}" for number in range(8)]
    assert "v8, v9, v10" in found(readers.open(path), "variables").text


def model(path: Path, calendar: str, days: np.ndarray, since: str = "days since 1999-01-01 12:00:00") -> Path:
    cube = np.arange(len(days) * 6, dtype=np.float32).reshape(len(days), 2, 3) % 97 + 1
    ds = xr.Dataset({"tas": (("time", "latitude", "longitude"), cube)}, coords=GRID)
    ds["time"] = ("time", days, {"units": since, "calendar": calendar})
    return saved(ds, path)


def test_a_calendar_without_leap_days_leaves_a_gap(tmp_path: Path) -> None:
    data = readers.open(model(tmp_path / "noleap.nc", "noleap", np.arange(730)))
    assert (data.time[0], data.time[-1]) == (pd.Timestamp("1999-01-01 12:00"), pd.Timestamp("2000-12-31 12:00"))
    leap = list(data.time).index(pd.Timestamp("2000-02-29 12:00"))
    assert np.isnan(data.values[leap]).all()
    assert np.isfinite(np.delete(data.values, leap, axis=0)).all()
    assert "noleap" in found(data, "calendar").text
    assert found(data, "gaps").level == "repaired"


def test_days_that_never_existed_are_a_question(tmp_path: Path) -> None:
    path = model(tmp_path / "360.nc", "360_day", np.arange(360))
    assert "2 rows of 360 lie on days that never existed, the first on 1999-02-29" in refused(path, "calendar")
    data = readers.open(path, {"calendar": "drop"})
    kept = pd.DatetimeIndex([stamp for stamp in data.time if np.isfinite(data.values[data.time.get_loc(stamp), 0, 0])])
    assert len(kept) == 358
    march = data.values[data.time.get_loc(pd.Timestamp("1999-03-01 12:00")), 0, 0]
    assert march == (60 * 6) % 97 + 1
    assert found(data, "calendar").level == "repaired"


@pytest.mark.parametrize(
    ("calendar", "since", "first"),
    [
        ("standard", "hours since 1-1-1 00:00:0.0", None),
        ("gregorian", "minutes since 1999-12-31T23:00:00Z", "1999-12-31 23:00"),
        ("proleptic_gregorian", "days since 2000-02-29 06:00 +02:00", "2000-02-29 04:00"),
        ("standard", "hours since 2000-02-29 06:00:07.25", "2000-02-29 06:00:07.25"),
        ("noleap", "days since 2000-03-01T00:00:59.000000001Z", "2000-03-01 00:00:59.000000001"),
        ("standard", "days since 1999-12-31 23:59:59.", "1999-12-31 23:59:59"),
        ("julian", "days since 2000-02-28", "2000-02-28"),
        ("all_leap", "days since 1999-03-01", "1999-03-01"),
    ],
)
def test_counts_since_a_date(calendar: str, since: str, first: str | None, tmp_path: Path) -> None:
    offset = 17_531_688 if first is None else 0  # of the old reanalyses: 2001-01-01 in hours of the mixed calendar
    data = readers.open(model(tmp_path / "counted.nc", calendar, np.arange(40) + offset, since))
    assert data.time[0] == pd.Timestamp(first or "2001-01-01")


@pytest.mark.parametrize(
    ("calendar", "since"),
    [
        ("mayan", "days since 2000-01-01"),
        ("standard", "months since 2000-01-01"),
        ("standard", "days since 2000-13-01"),
    ],
)
def test_unknown_counts_are_refused(calendar: str, since: str, tmp_path: Path) -> None:
    text = refused(model(tmp_path / "odd.nc", calendar, np.arange(40), since), "time")
    assert "counted in" in text or "no date" in text


def test_weatherbench_folders_become_channels(tmp_path: Path) -> None:
    root = write_weatherbench(tmp_path)
    (root / "geopotential_500").mkdir()
    for year, part in ((1979, slice(0, 50)), (1980, slice(50, 90))):
        ds = xr.Dataset(
            {"z": (("time", "lat", "lon"), CUBE[part] * 10)},
            coords={"time": times()[part], "lat": [51.0, 52.0], "lon": [7.0, 8.0, 9.0], "level": 500},
        )
        saved(ds, root / "geopotential_500" / f"geopotential_500hPa_{year}_5.625deg.nc")
    data = readers.open(root)
    assert data.channels == ["t2m", "z"]
    np.testing.assert_array_equal(data.values[:, :, 0], CUBE.reshape(STEPS, -1))
    np.testing.assert_array_equal(data.values[:90, :, 1], CUBE[:90].reshape(90, -1) * 10)
    assert np.isnan(data.values[90:, :, 1]).all()
    assert "constants_5.625deg.nc" in found(data, "not-read").text
    assert readers.open(root, {"variables": "z"}).channels == ["z"]
    one = readers.open(root / "2m_temperature")
    np.testing.assert_array_equal(one.values[:, :, 0], CUBE.reshape(STEPS, -1))


def test_years_on_another_grid_or_twice_are_refused(tmp_path: Path) -> None:
    root = write_weatherbench(tmp_path) / "2m_temperature"
    first, second = sorted(root.iterdir())
    again = root / "2m_temperature_5.625deg_1981.nc"
    again.write_bytes(second.read_bytes())
    assert again.name in refused(root, "overlap")
    again.unlink()
    with xr.open_dataset(first, engine="h5netcdf") as ds:
        moved = ds.load().assign_coords(lat=[41.0, 42.0])
    saved(moved, first)
    assert "one grid" in refused(root, "grid")


@pytest.mark.parametrize("packed", [{}, {"compressors": None}, {"shards": (48, 3, 2)}])
def test_zarr_of_version_3(packed: dict[str, Any], tmp_path: Path) -> None:
    data = readers.open(write_weatherbench2(tmp_path, 3, **packed))
    np.testing.assert_array_equal(data.values[:, :, 0], CUBE.reshape(STEPS, -1))
    assert (data.time == times()).all()


def test_stations_in_a_store(tmp_path: Path) -> None:
    ds = xr.Dataset(
        {"no2": (("station", "time"), values().T, {"units": "µg/m³"})},
        coords={"time": times(), "station": np.array(list("abcdef"), dtype=object)},
    )
    ds.to_zarr(tmp_path / "stations.zarr", zarr_format=2, consolidated=True)
    data = readers.open(tmp_path / "stations.zarr")
    assert data.sensors == list("abcdef")
    np.testing.assert_array_equal(data.values[:, :, 0], values().astype(np.float32))


def test_zarr_saves_everything(tmp_path: Path) -> None:
    data = readers.open(sea(tmp_path / "sea.nc"))
    assert readers.save(data, tmp_path / "saved.zarr", "zarr") == []
    again = readers.open(tmp_path / "saved.zarr")
    assert again.fingerprint == data.fingerprint
    assert [finding.code for finding in again.findings] == [finding.code for finding in data.findings]
    assert cells_of(again) is not None


def test_grib_without_its_reader_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stcore.readers.grids.grib.find_spec", lambda name: None)
    monkeypatch.setenv("STCORE_APART", "1")  # as in the child that reads it
    path = tmp_path / "field.grib"
    path.write_bytes(b"GRIB" + bytes(200))
    assert "pip install cfgrib eccodes" in refused(path, "needs-cfgrib")


def test_era5_as_grib_is_era5_as_netcdf(real_data: Path) -> None:
    pytest.importorskip("cfgrib", reason="reading GRIB needs cfgrib and ecCodes")
    folder = real_data / "era5-uk-t2m-2019-03"
    before = sorted(path.name for path in folder.iterdir())
    grib, netcdf = (readers.open(folder / name) for name in ("era5-2mt-2019-03-uk.grib", "era5_uk_t2m_2019-03.nc"))
    np.testing.assert_array_equal(grib.values, netcdf.values)
    assert (grib.sensors, grib.units, grib.zone) == (netcdf.sensors, netcdf.units, netcdf.zone)
    assert (grib.time == netcdf.time).all()
    assert sorted(path.name for path in folder.iterdir()) == before


def test_the_callers_array_is_never_changed() -> None:
    table = np.array([[1.0, np.inf], [0.0, 4.0], [-9999.0, 5.0], [2.0, 3.0]], np.float32)[:, :, None].repeat(30, axis=0)
    before = table.copy()
    coords = {"time": pd.date_range("2024", periods=120, freq="h"), "sensor": ["a", "b"], "channel": ["v"]}
    ds = xr.Dataset({"value": (("time", "sensor", "channel"), table)}, coords=coords)
    data = STData.of(ds, answers={"zeros": "missing", "sentinel": "missing"})
    np.testing.assert_array_equal(table, before)
    assert np.isnan(data.values).sum() == 90
    assert not np.shares_memory(data.values, table)
    with pytest.raises(DataError):
        STData.of(ds, answers={"zeros": "perhaps"})
    np.testing.assert_array_equal(table, before)
