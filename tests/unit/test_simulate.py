"""The simulated city: what was planted, and that the shipped file is what the code makes."""

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from stcore import readers
from stcore.simulate import simulate, write

SHIPPED = Path(__file__).parents[2] / "data" / "simulated-city.nc"


@pytest.fixture(scope="module")
def city() -> xr.Dataset:
    """The shipped file, whose first days are made anew below; all of it where slow tests are asked for."""
    with xr.open_dataset(SHIPPED, engine="h5netcdf") as stored:
        return stored.load().assign(value=stored["value"].astype(np.float32))


# ---- the data set ------------------------------------------------------------------------------------------------------
def test_shape_calendar_and_units(city: xr.Dataset) -> None:
    assert dict(city.sizes) | {"time": 8064, "sensor": 120, "channel": 2} == dict(city.sizes)
    assert city["time"].values[0] == np.datetime64("2026-03-02T00:00")
    assert city["time"].dt.dayofweek.values[0] == 0
    assert set(np.diff(city["time"].values)) == {np.timedelta64(5, "m")}
    assert json.loads(city.attrs["units"]) == {"speed": "km/h", "flow": "veh/h"}
    assert len(set(city["sensor"].values)) == 120
    assert city.attrs["simulated"] == 1 and "simulated" in city.attrs["title"]
    assert 0.01 < float(city["value"].isnull().mean()) < 0.03
    speed, flow = (city["value"].sel(channel=name) for name in ("speed", "flow"))
    assert float(speed.min()) >= 2 and float(speed.max()) < 135
    assert float(flow.min()) >= 12 and float(flow.max()) < 7000


def test_working_days_have_peaks_against_each_other(city: xr.Dataset) -> None:
    flow = city["value"].sel(channel="flow")
    hour, weekday = city["time"].dt.hour, city["time"].dt.dayofweek
    inward, outward = ([name for name in city["sensor"].values if f"-{way}-" in name] for way in ("in", "out"))

    def mean(names: list[str], at: int, working: bool) -> float:
        return float(flow.sel(sensor=names)[((hour == at) & ((weekday < 5) == working)).values].mean())

    assert mean(inward, 8, True) > 1.2 * mean(inward, 17, True) > 3 * mean(inward, 3, True)
    assert mean(outward, 17, True) > 1.2 * mean(outward, 8, True)
    assert mean(inward, 8, True) > 1.5 * mean(inward, 8, False)


def test_incidents_lie_in_the_data_and_slow_the_sensor_that_they_meet(city: xr.Dataset) -> None:
    start, end, cleared = (city[f"incident_{name}"].values for name in ("start", "end", "cleared"))
    assert 35 <= start.size <= 50
    assert (city["time"].values[0] <= start).all() and (cleared <= city["time"].values[-1]).all()
    assert (start < end).all() and (end <= cleared).all()
    values, time = city["value"].values[..., 0], city["time"].values
    slowed = []
    for moment, until, sensor in zip(start, end, city["incident_sensor"].values, strict=True):
        inside = values[(time >= moment) & (time < until + np.timedelta64(20, "m")), sensor]
        slowed.append(np.isnan(inside).all() or np.nanmin(inside) < 0.6 * np.nanquantile(values[:, sensor], 0.9))
    assert np.mean(slowed) > 0.9


def test_copies_repeat_their_source(city: xr.Dataset) -> None:
    group = city["redundant_group"].values
    assert sorted(set(group)) == list(range(-1, 10))
    for number in range(10):
        members = np.flatnonzero(group == number)
        assert 2 <= members.size <= 4
        for channel in (0, 1):
            together = city["value"].values[:, members, channel]
            together = together[np.isfinite(together).all(axis=1)]
            assert np.corrcoef(together.T).min() > 0.99
        assert np.ptp(city["lat"].values[members]) < 0.001


def test_faults_are_where_the_table_says(city: xr.Dataset) -> None:
    assert set(city["fault_kind"].values) == {"stuck", "drift", "noisy"}
    assert sorted(set(city["fault_sensor"].values)) == np.flatnonzero(city["faulty"].values).tolist()
    assert (city["redundant_group"].values[city["fault_sensor"].values] == -1).all()
    speed = city["value"].sel(channel="speed")
    for number, kind in enumerate(city["fault_kind"].values):
        sensor = int(city["fault_sensor"][number])
        during = ((city["time"] >= city["fault_start"][number]) & (city["time"] < city["fault_end"][number])).values
        hit, rest = speed.values[during, sensor], speed.values[~during, sensor]
        hit, rest = hit[np.isfinite(hit)], rest[np.isfinite(rest)]
        if kind == "stuck":
            assert np.ptp(hit) == 0 and hit.size > 40
        elif kind == "noisy":
            assert np.median(np.abs(np.diff(hit))) > 3 * np.median(np.abs(np.diff(rest)))
        else:
            assert np.median(hit[-144:]) > np.median(rest) + 5


def test_edges_join_neighbours_along_the_roads(city: xr.Dataset) -> None:
    tail, head, weight = (city[f"edge_{name}"].values for name in ("from", "to", "weight"))
    assert weight.min() > 0 and weight.max() <= 1
    assert set(tail) | set(head) == set(range(120))
    name = city["sensor"].values
    pairs = {(name[a], name[b]) for a, b in zip(tail, head, strict=True)}
    assert ("R2-in-1", "R2-in-2") in pairs and ("R2-in-2", "R2-in-1") not in pairs


def test_layers_are_closed_polygons_and_lines(city: xr.Dataset) -> None:
    layers = json.loads(city.attrs["layers"])
    assert set(layers) == {"districts", "river", "roads"}
    for layer in layers.values():
        for feature in layer["features"]:
            assert feature["properties"]["name"]
            if feature["geometry"]["type"] == "Polygon":
                assert feature["geometry"]["coordinates"][0][0] == feature["geometry"]["coordinates"][0][-1]
    assert {"ring", "radial", "street"} == {road["properties"]["kind"] for road in layers["roads"]["features"]}


def test_a_plain_forecast_is_worst_where_incidents_were_planted(city: xr.Dataset) -> None:
    """Linear on the last hour's deviation from the usual: level + spread over sensors rank the 2-hour windows."""
    values = city["value"].values[..., 0].astype(np.float64)
    steps, weekend = np.arange(len(values)), (np.arange(len(values)) // 288) % 7 >= 5
    usual = np.empty_like(values)
    for kind in (False, True):
        usual[weekend == kind] = np.tile(
            np.nanmedian(values[weekend == kind].reshape(-1, 288, 120), 0), (8 if kind else 20, 1)
        )
    odd = np.nan_to_num(values - usual)
    windows = np.lib.stride_tricks.sliding_window_view(odd, 24, axis=0)  # [W, N, 24]
    past, future = windows[..., :12].reshape(-1, 12), windows[..., 12:].reshape(-1, 12)
    error = (
        np.abs(future - past @ np.linalg.lstsq(past[::7], future[::7], rcond=None)[0])
        .reshape(len(windows), 120, 12)
        .mean(2)
    )
    score = error.mean(1) + 0.5 * error.std(1)
    moment = np.searchsorted(city["time"].values, np.stack([city["incident_start"], city["incident_end"]]))
    hit = ((steps[: len(score), None] < moment[1]) & (steps[: len(score), None] + 24 > moment[0])).any(1)
    rank = np.argsort(np.argsort(score)) + 1.0
    area = (rank[hit].sum() - hit.sum() * (hit.sum() + 1) / 2) / (hit.sum() * (~hit).sum())
    assert 0.10 < hit.mean() < 0.25
    assert area > 0.87


# ---- the file ----------------------------------------------------------------------------------------------------------
@pytest.mark.slow
def test_the_shipped_file_is_what_the_code_makes(city: xr.Dataset) -> None:
    made = simulate()
    assert set(city.variables) == set(made.variables) and city.attrs == made.attrs
    for name in city.variables:
        np.testing.assert_array_equal(city[name].values, made[name].values, err_msg=str(name))


def test_the_reader_takes_it_whole(city: xr.Dataset) -> None:
    assert SHIPPED.stat().st_size < 5_000_000
    data = readers.open(SHIPPED, {})
    np.testing.assert_array_equal(data.values, city["value"].values)
    assert data.simulated and data.units == {"speed": "km/h", "flow": "veh/h"}


def test_the_code_makes_the_first_days_of_the_shipped_file(city: xr.Dataset, tmp_path: Path) -> None:
    short = simulate(days=2)
    assert short["value"].dtype == np.float32
    assert set(short.variables) == set(city.variables) and short.attrs.keys() == city.attrs.keys()
    for name in ("sensor", "lat", "lon", "edge_from", "edge_to", "edge_weight", "redundant_group"):
        np.testing.assert_array_equal(short[name].values, city[name].values, err_msg=name)
    np.testing.assert_array_equal(short["value"].values, city["value"].values[:576])
    count = short.sizes["incident"]
    np.testing.assert_array_equal(short["incident_cleared"].values, city["incident_cleared"].values[:count])
    write(tmp_path / "short.nc", short)
    np.testing.assert_array_equal(readers.open(tmp_path / "short.nc", {}).values, short["value"].values)


def test_another_seed_is_another_month(city: xr.Dataset) -> None:
    assert not np.array_equal(simulate(days=1, seed=1)["value"].values, city["value"].values[:288], equal_nan=True)


@pytest.mark.parametrize(("length", "seed"), [(0, 0), (366, 0), (1.5, 0), (True, 0), (1, -1)])
def test_lengths_and_seeds_that_make_no_sense_are_refused(length: int, seed: int) -> None:
    with pytest.raises(ValueError, match="whole"):
        simulate(days=length, seed=seed)
