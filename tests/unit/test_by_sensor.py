"""Sensor by sensor: two runs held against each other, the windows a sensor was hardest in, its neighbours, several together."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tiny import tiny
from training_runs import trained

from stcore.charts.sensors import epoch_chart, mean_readings, neighbour_table
from stcore.charts.theme import LIGHT
from stcore.data import STData
from stcore.evidence.sensor_errors import (
    TEST,
    VALIDATION,
    common_parts,
    comparable_runs,
    hardest_windows,
    pair_warnings,
    sensor_difference,
    sensor_errors,
    window_errors,
)
from stcore.runs import Run, RunError, create
from stcore.runs.trace import forecast


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("by-sensor")
    tiny(missing=0.05).save(folder / "one.nc")
    tiny(seed=1).save(folder / "two.nc")
    return folder


@pytest.fixture(scope="module")
def runs(files: Path) -> list[Run]:
    """Two runs of one dataset with other seeds and lookbacks, and one of another."""
    one = trained(files / "one.nc", files, "a")
    return [one, trained(files / "one.nc", files, "b", seed=5), trained(files / "two.nc", files, "c")]


def test_a_difference_is_one_runs_error_minus_the_others_at_the_best_epochs(runs: list[Run]) -> None:
    a, b, _ = runs
    assert common_parts(a, b) == [TEST, VALIDATION] and pair_warnings(a, b) == []
    assert np.allclose(
        sensor_difference(a, b, TEST), a.trace()["test_sensor_error"].values - b.trace()["test_sensor_error"].values
    )
    best = int(a.summary()["best_epoch"])
    assert np.allclose(sensor_errors(a, VALIDATION), a.trace().sel(epoch=best)["sensor_error"].values)
    assert np.allclose(sensor_difference(a, b, VALIDATION), -sensor_difference(b, a, VALIDATION))


def test_runs_of_other_data_and_runs_without_an_epoch_are_not_offered(runs: list[Run], files: Path) -> None:
    a, b, c = runs
    begun = create(files / "one.nc", {}, files, "begun")
    assert [run.id for run in comparable_runs(a, [a, b, c, begun])] == ["b"]
    for other in (c, begun):
        with pytest.raises(RunError, match="not of the same data"):
            sensor_difference(a, other, VALIDATION)
    with pytest.raises(RunError, match="no finished epoch"):
        sensor_errors(begun, VALIDATION)
    with pytest.raises(RunError, match="no test errors"):
        sensor_errors(begun, TEST)


def test_the_errors_of_a_sensors_windows_are_those_of_its_stored_forecasts(runs: list[Run]) -> None:
    run, data = runs[0], tiny(missing=0.05)
    found = window_errors(run, data, 2)
    assert found is not None and set(found["part"]) == {"train", "validation", "test"}
    starts = run.trace()["start"].values
    for row in found.sample(20, random_state=0).itertuples():
        made = forecast(run, row.start)
        assert made is not None
        truth = data.values[row.start + run.spec.lookback :][: run.spec.horizon, 2, 0]
        assert row.error == pytest.approx(np.nanmean(np.abs(made[:, 2, 0] - truth)), rel=1e-3)
        assert (row.part == "train") == (row.sample >= 0) and (row.sample < 0 or starts[row.sample] == row.start)


def test_a_run_that_goes_on_has_no_hardest_windows_yet(files: Path) -> None:
    assert window_errors(create(files / "one.nc", {}, files, "early"), tiny(), 0) is None


def test_hardest_windows_do_not_tell_one_event_twice() -> None:
    errors = np.array([1.0, 9.0, 8.0, 7.0, np.nan, 6.0, 2.0])
    windows = pd.DataFrame({"start": np.arange(7), "error": errors})
    assert hardest_windows(windows, 3)["start"].tolist() == [1, 5]
    assert hardest_windows(windows, 1, most=3)["start"].tolist() == [1, 2, 3]
    assert len(hardest_windows(windows.assign(error=np.nan), 3)) == 0


def test_neighbours_have_a_weight_a_direction_and_a_distance() -> None:
    ds = tiny().ds.drop_dims("edge")
    edges = {
        "edge_from": ("edge", [0, 1, 2, 3, 0]),
        "edge_to": ("edge", [1, 0, 0, 3, 3]),
        "edge_weight": ("edge", [0.2, 0.9, 0.5, 1, 0.1]),
    }
    data = STData.of(ds.assign(edges).assign_attrs(graph="the edges that came with the data"))
    table = neighbour_table(data, 0)
    assert table["sensor"].tolist() == ["s1", "s2", "s3"] and table["weight"].tolist() == [0.9, 0.5, 0.1]
    assert table["direction"].tolist() == ["both ways", "to here", "from here"] and table.index.tolist() == [1, 2, 3]
    assert table["km"].tolist() == pytest.approx([1.337, 2.674, 4.011], abs=0.01)
    assert len(neighbour_table(STData.of(ds, answers={"graph": "none"}), 0)) == 0


def test_several_sensors_have_one_course_and_one_mean_reading() -> None:
    values = np.arange(12.0).reshape(3, 4)
    rows = epoch_chart(values, [0, 3], ("error", "km/h"), LIGHT).to_dict()["datasets"]
    assert [row["value"] for row in next(iter(rows.values()))] == [1.5, 5.5, 9.5]
    data = tiny(steps=50, missing=0.3)
    drawn = pd.DataFrame(next(iter(mean_readings(data, [1, 2], 0, slice(5, 30), LIGHT).to_dict()["datasets"].values())))
    part = data.values[5:30, 1:3, 0]
    seen = np.isfinite(part).any(axis=1)
    assert np.allclose(drawn["mean"][seen].astype(float), np.nanmean(part[seen], axis=1), rtol=1e-5)
    assert drawn["mean"][~seen].isna().all() and (drawn["low"][seen] <= drawn["high"][seen]).all()
