"""Bad input of no one format: numbers that lose digits, truths, a future that is not known, the same data twice."""

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from running import done, small_data
from training_runs import trained

from stcore import readers
from stcore.data import STData
from stcore.exports.forecasts import forecast_dataset
from stcore.findings import Finding
from stcore.processes import jobs
from stcore.runs import Run, runs_in
from stcore.runs.store import other_names

HOURS = pd.date_range("2024-05-01", periods=96, freq="h", name="time")
COUNTER = 2**24 + 1 + np.arange(96)


def said(data: STData) -> dict[str, Finding]:
    return {finding.code: finding for finding in data.findings}


def table(folder: Path, kind: str, **columns: object) -> Path:
    frame, path = pd.DataFrame(columns, HOURS), folder / f"table.{kind}"
    frame.to_csv(path) if kind == "csv" else frame.to_parquet(path)
    return path


# ---- numbers -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("gap", [False, True])
def test_counters_beyond_seven_digits_are_told_whatever_file_they_are_in(kind: str, gap: bool, tmp_path: Path) -> None:
    counter = pd.Series(COUNTER, HOURS).where(HOURS[5] != HOURS) if gap else COUNTER
    found = said(readers.open(table(tmp_path, kind, a=counter, b=np.arange(96) % 7 + 1)))
    assert (found["rounded"].level, "up to 16777312" in found["rounded"].text) == ("note", True)


def test_measured_numbers_of_that_size_and_marks_are_no_counters() -> None:
    def codes(value: np.ndarray) -> set[str]:
        coords = {"time": HOURS, "sensor": ["a"], "channel": ["energy", "count"][: value.shape[1]]}
        return set(said(STData.of(xr.Dataset({"value": (("time", "sensor", "channel"), value[:, None])}, coords))))

    measured, counted = 3e7 + np.arange(96) / 8, COUNTER.astype(float)
    assert "rounded" not in codes(measured[:, None])
    assert "rounded" not in codes(np.r_[9.96921e36, 1e20, np.inf, np.arange(93)][:, None])
    assert "rounded" in codes(counted[:, None])
    assert "rounded" in codes(np.stack([measured, counted], axis=1)), "each channel by itself"


@pytest.mark.parametrize("kind", [np.uint8, np.int16])
def test_small_integers_of_a_table_do_not_wrap(kind: type, tmp_path: Path) -> None:
    most = np.iinfo(kind).max
    values = pd.Series(np.where(np.arange(96) % 2, most, most - 1).astype(kind), HOURS)
    twice = pd.concat([values, pd.Series([most - 9], HOURS[:1], kind)]).sort_index(kind="stable")
    pd.DataFrame({"a": twice, "b": twice}).astype(kind).to_parquet(tmp_path / "t.parquet")
    data = readers.open(tmp_path / "t.parquet", {"duplicate-times": "mean"})
    assert data.values.dtype == np.float32
    assert data.values[:2, 0, 0].tolist() == [most - 5, most]


def test_truths_are_numbers_and_told(tmp_path: Path) -> None:
    truth = np.arange(96) % 3 == 0
    data = readers.open(table(tmp_path, "parquet", a=truth, b=pd.Series(~truth, HOURS).where(HOURS[2] != HOURS)))
    assert said(data)["true-false"].level == "note" and "a, b held true or false" in said(data)["true-false"].text
    assert data.values[:4, 0, 0].tolist() == [1, 0, 0, 1] and np.isnan(data.values[2, 1, 0])
    data = readers.open(table(tmp_path, "csv", a=truth, b=np.arange(96)))
    assert data.sensors == ["a", "b"], "a is no list of sensors"
    assert "a held true or false" in said(data)["true-false"].text


# ---- what a forecast may know --------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def weather(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run whose data have a second channel, weather, and a calendar of their own that has jumped."""
    folder, data = tmp_path_factory.mktemp("weather"), small_data()
    ds = xr.concat([data.ds["value"], data.ds["value"].roll(time=3) / 9], "channel").to_dataset()
    ds = ds.assign_coords(channel=["flow", "weather"])
    clock = data.time + pd.to_timedelta(np.where(np.arange(data.steps) > 300, 24, 0), unit="h")
    STData.of(ds.assign(clock=("time", clock))).save(folder / "data.nc")
    return trained(folder / "data.nc", folder, "run")


def test_no_channel_is_known_ahead(weather: Run) -> None:
    """A channel that ends today needs no tomorrow: what comes after the last input step is never looked at."""
    data, lookback = jobs.dataset(weather), weather.spec.lookback
    starts = np.array([400])
    known = jobs.predict(weather, starts, data)
    unknown = STData(data.ds.copy(deep=True), data.findings, {})
    unknown.ds["value"].values[400 + lookback :] = np.nan
    np.testing.assert_array_equal(jobs.predict(weather, starts, unknown), known)
    unknown.ds["value"].values[400 + lookback - 1, :, 1] = 1e3
    assert (jobs.predict(weather, starts, unknown) != known).any(), "what is known counts"


def test_a_calendar_of_ones_own_goes_on_behind_its_end(weather: Run) -> None:
    data = jobs.dataset(weather)
    assert data.clock(np.array([data.steps + 4])) == data.local_time[-1:] + pd.Timedelta(hours=5)
    found = forecast_dataset(weather, data, test=False)
    assert found.sizes["issued"] == 1 and np.isfinite(found["forecast"].values).all()


# ---- the same data twice -------------------------------------------------------------------------------------------
def test_the_same_data_under_another_name_are_told(tmp_path: Path) -> None:
    for name in ("one", "two"):
        small_data().save(tmp_path / f"{name}.nc")
    small_data(seed=1).save(tmp_path / "other.nc")
    run = trained(tmp_path / "one.nc", tmp_path / "runs", "run")
    inspected = done(tmp_path, "inspect", tmp_path / "two.nc", "--runs", run.path.parent, "--json").document
    told = [finding for finding in inspected["findings"] if finding["code"] == "same-data"]
    assert [finding["level"] for finding in told] == ["note"] and str(tmp_path / "one.nc") in told[0]["text"]
    for name in ("one", "other"):
        path = tmp_path / f"{name}.nc"
        assert other_names(runs_in(run.path.parent), readers.open(path), str(path)) == []


# ---- the server ----------------------------------------------------------------------------------------------------
def test_the_server_is_for_this_machine_and_bounds_uploads() -> None:
    shipped = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text("utf-8"))
    server = shipped["server"]
    assert (server["address"], server["allowedHosts"]) == ("localhost", ["localhost", "127.0.0.1"])
    assert (server["enableXsrfProtection"], server["enableCORS"], server["maxUploadSize"]) == (True, True, 1024)
    assert shipped["browser"]["gatherUsageStats"] is False
    assert shipped["client"]["showErrorDetails"] == "none"
