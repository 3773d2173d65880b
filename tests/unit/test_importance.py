"""Which sensors matter: views, whether they agree, how stable a mask is; measured on runs, and against what is known."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cases import only
from running import done
from tiny import tiny
from training_runs import trained

from stcore.data import STData
from stcore.evidence.experiment.regions import group_nearby, leave_out
from stcore.evidence.importance import (
    GRADIENT,
    MASK,
    PERMUTATION,
    REGIONS,
    RegionsLeftOut,
    agreement_table,
    importance_views,
    region_view,
)
from stcore.evidence.permuting import permute
from stcore.options import OptionError
from stcore.runs import Run, RunError, create
from stcore.runs.derived import FILE, PROGRESS, find_permutation, under_way, weights_seal
from stcore.runs.files import plain
from stcore.runs.record import weights
from stcore.training.permutation import Permutation

SENSORS = 12
SHORT = {"train": {"epochs": 3, "batch": 64, "threads": 1, "forecasts": 0}, "prune": {"name": "full"}}
MODEL = {"name": "stid-neighbours", "width": 4}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("importance")
    tiny(400, SENSORS, missing=0.03).save(found / "tiny.nc")
    tiny(400, SENSORS, seed=4).save(found / "other.nc")
    return found


@pytest.fixture(scope="module")
def masked(folder: Path) -> list[Run]:
    """Two seeds of DynST."""
    mask = {"name": "dynst", "sparsity": 0.5}
    return [
        trained(folder / "tiny.nc", folder, f"masked-{seed}", **SHORT, model=MODEL, mask=mask, seed=seed)
        for seed in (0, 1)
    ]


@pytest.fixture(scope="module")
def free(folder: Path, data: STData) -> Run:
    """A run of the any-mask model, its histories permuted."""
    run = trained(folder / "tiny.nc", folder, "free", **SHORT, model=MODEL, mask={"name": "any"})
    assert [done for done, _ in permute(run, data, 2)] == list(range(1, SENSORS + 1))
    return run


@pytest.fixture(scope="module")
def data() -> STData:
    return tiny(400, SENSORS, missing=0.03)


# ---- permutation -----------------------------------------------------------------------------------------------------
def test_permuting_is_what_one_would_compute_by_hand(free: Run, data: STData) -> None:
    content, options = weights(free), free.spec.options
    assert content is not None
    measured = Permutation(data, options, content, 1, 20)
    moved = list(measured)
    sensor, (order,) = 3, measured.orders
    batch = measured.tensors.batch(measured.windows, np.arange(20))
    changed = batch.x.clone()
    changed[:, :, sensor] = batch.x[order][:, :, sensor]
    spread = float(measured.tensors.target_scale.spread[0])
    errors = [
        spread * ((measured.model(x, batch.calendar) - batch.y) * batch.mask).abs().detach().numpy()
        for x in (batch.x, changed)
    ]
    count = batch.mask.sum().item()
    rise = (errors[1] - errors[0]).sum(axis=(0, 1, 3)) / count
    assert moved[sensor].rise[0] == pytest.approx(rise.sum(), abs=1e-6)
    assert moved[sensor].others[0] == pytest.approx(np.delete(rise, sensor).sum(), abs=1e-6)
    assert measured.baseline == pytest.approx(errors[0].sum() / count, rel=1e-5)


def test_a_model_that_does_not_mix_sensors_bears_all_of_it_itself(folder: Path, data: STData) -> None:
    run = trained(folder / "tiny.nc", folder, "alone", **SHORT)
    list(permute(run, data, 2, 30))
    found = find_permutation(run)
    assert found is not None and not found.mixes and np.all(found.others == np.zeros((SENSORS, 2)))
    content = weights(run)
    assert content is not None
    measured = Permutation(data, run.spec.options, content, 2, 30)
    measured.mixes = True  # one sensor after another: the same
    one_by_one = np.array([moved.rise for moved in measured])
    np.testing.assert_allclose(found.rise, one_by_one, atol=1e-6)
    assert any("own readings alone" in note for note in importance_views([run]).notes)


def test_the_cells_of_a_region_are_permuted_together(folder: Path) -> None:
    data = tiny(300, 24, grid=(4, 6))
    data.save(folder / "grid.nc")
    mask = {"name": "any", "region": 2}
    run = trained(folder / "grid.nc", folder, "grid", **SHORT, model={"name": "simvp", "width": 4}, mask=mask)
    steps = [done for done, _ in permute(run, data, 2, 20)]
    assert steps == [4, 8, 12, 16, 20, 24]
    found = find_permutation(run)
    assert found is not None
    rise = np.array(found.rise)
    assert (rise[0] == rise[[1, 6, 7]]).all() and len(np.unique(rise[:, 0])) == 6


def test_an_off_sensor_is_worth_nothing(masked: list[Run], data: STData) -> None:
    list(permute(masked[0], data, 2, 40))
    found, active = find_permutation(masked[0]), masked[0].trace()["active"].values[-1]
    assert (
        found is not None and (np.array(found.rise)[~active] == 0).all() and (np.array(found.rise)[active] != 0).any()
    )
    views = importance_views(masked)
    assert sum("agree with the mask by themselves" in note for note in views.notes) == 1
    (masked[0].path / FILE).unlink()


def test_a_measurement_is_kept_for_its_weights_only(free: Run, tmp_path: Path) -> None:
    assert find_permutation(free) is not None and not (free.path / PROGRESS).exists() and under_way(free) is None
    whole = (free.path / FILE).read_text()
    for broken in ("", "[]", "{}", whole.replace(weights_seal(free), "other")):
        (free.path / FILE).write_text(broken)
        assert find_permutation(free) is None
    (free.path / FILE).write_text(whole)
    assert find_permutation(free) is not None


def test_a_measurement_of_an_earlier_version_is_read(free: Run, tmp_path: Path) -> None:
    copy = Run(Path(shutil.copytree(free.path, tmp_path / "copy")))
    permuted = json.loads((copy.path / FILE).read_text())["found"]
    (copy.path / FILE).unlink()
    for seal, found in ((weights_seal(copy), find_permutation(free)), ("other", None)):
        earlier = {"weights": f"stcore sealed 1 {seal}", **permuted}
        (copy.path / "permutation.json").write_text(json.dumps(earlier))
        assert find_permutation(copy) == found


def test_nothing_can_be_permuted_before_the_end(folder: Path, data: STData) -> None:
    begun = create(folder / "tiny.nc", SHORT, folder, "begun")
    with pytest.raises(RunError, match="no finished weights"):
        list(permute(begun, data))


# ---- regions ---------------------------------------------------------------------------------------------------------
def test_nearby_sensors_make_a_region() -> None:
    places = np.concatenate(
        [np.full((5, 2), [48, 179.99]), np.full((4, 2), [48, -179.99]), np.full((6, 2), [-20, 30.0])]
    )
    ds = tiny(50, 15).ds.copy(deep=True)
    ds["lat"][:], ds["lon"][:] = (places + np.random.default_rng(0).normal(0, 1e-3, places.shape)).T
    assert group_nearby(STData.of(ds), 2).tolist() == [0] * 9 + [1] * 6, "the date line is no edge"


@pytest.mark.parametrize("count", [1, 3, 4])
def test_every_sensor_has_a_region_and_none_is_empty(count: int) -> None:
    placed, grid = tiny(80, 16), tiny(80, 16, grid=(4, 4))
    bare = STData.of(tiny(80, 16).ds.drop_dims("edge").drop_vars(["lat", "lon"]), answers={"graph": "none"})
    for data in (placed, grid, bare):
        assert np.unique(group_nearby(data, count)).tolist() == list(range(count))


def test_leaving_regions_out_goes_on_where_it_stopped(free: Run, data: STData, folder: Path) -> None:
    question = leave_out(free, data, 3, 2, str(folder))
    assert question.seconds and question.done == 0 and question.found() is None
    for run, event in question.work():
        if run.id.endswith("without-1-of-3") and event.name == "epoch":
            run.control("stop")
    assert question.done == 1 and [run.status for run in question.runs()] == ["done", "stopped"]
    trained_again = {run.id for run, event in question.work() if event.name == "epoch"}
    assert len(trained_again) == 3 and question.done == 4
    found = question.found()
    assert found is not None and np.isfinite(found.rise).all() and len(found.name) == 3
    whole, first, *_ = question.runs()
    errors = [run.summary()["metrics"]["test"]["mae"] for run in (whole, first)]
    assert found.rise[0] == pytest.approx(errors[1] - errors[0])
    assert (first.trace()["active"].values[-1] == (question.region != 0)).all()
    assert [run.id for run, _ in question.work()] == [], "all is done"
    views = importance_views([free], regions=found)
    per_sensor = found.rise / np.bincount(found.region)
    np.testing.assert_allclose(views.views[REGIONS].mean, per_sensor[found.region])


def test_what_cannot_be_left_out_is_refused(folder: Path, data: STData, free: Run) -> None:
    alone = trained(folder / "tiny.nc", folder, "own", **SHORT)
    with pytest.raises(OptionError, match=r"models that mix sensors are .*stid-neighbours"):
        leave_out(alone, data, 3)
    for count in (1, 13):
        with pytest.raises(OptionError, match="regions can be left out"):
            leave_out(free, data, count)


def test_runs_left_from_another_parent_are_not_taken_for_ones_own(folder: Path, data: STData, free: Run) -> None:
    mask = {"name": "any"}
    gone = trained(folder / "tiny.nc", folder, "gone", **SHORT, model=MODEL, mask=mask)
    list(leave_out(gone, data, 2, 1, str(folder)).work())
    shutil.rmtree(gone.path)
    new = trained(folder / "tiny.nc", folder, "gone", **SHORT, model=MODEL, mask=mask, seed=7)
    question = leave_out(new, data, 2, 1, str(folder))
    assert question.done == 0 and question.found() is None
    with pytest.raises(OptionError, match="delete it first"):
        list(question.work())


def test_a_large_region_matters_no_more_by_its_size() -> None:
    region = np.array([0] * 10 + [1, 2, 3] * 4)
    left_out = RegionsLeftOut(region, list("abcd"), np.array([1.0, 0.8, 1.2, 2.0]), np.zeros(4), 2, "km/h")
    view = region_view(left_out)
    assert view is not None and view.mean[0] == 0.1 and view.mean[10] == 0.2
    same = agreement_table({MASK: view._replace(name=MASK), REGIONS: view}, left_out)
    assert same[["tau", "count", "over"]].values.tolist() == [[1.0, 4, "regions"]]


# ---- views -----------------------------------------------------------------------------------------------------------
def test_views_come_from_the_runs_that_can_give_them(masked: list[Run], free: Run, data: STData) -> None:
    views = importance_views([*masked, free], data)
    assert views.views[MASK].runs == ["masked-0", "masked-1"]
    assert views.views[GRADIENT].runs == views.views[PERMUTATION].runs == ["free"] and not views.notes
    best = free.summary()["best_epoch"]
    np.testing.assert_allclose(views.views[GRADIENT].mean, 100 * free.trace().sel(epoch=best)["importance"], rtol=1e-6)
    np.testing.assert_allclose(views.views[MASK].values[1], masked[1].trace()["mask_score"][-1], rtol=1e-6)
    table = views.table()
    assert list(table["sensor"]) == data.sensors and set(table["kept"]) <= {0.0, 0.5, 1.0}
    for name in (MASK, GRADIENT, PERMUTATION):
        assert table[f"{name}_rank"].sum() == SENSORS * (SENSORS + 1) / 2
        assert table.loc[table[name].idxmax(), f"{name}_rank"] == table[f"{name}_rank"].min()
    pairs = {(one, other) for one, other in zip(views.agreement["view"], views.agreement["other"], strict=True)}
    assert pairs == {(MASK, MASK), (MASK, GRADIENT), (MASK, PERMUTATION), (GRADIENT, PERMUTATION)}
    assert set(views.stability) == {"masked-0", "masked-1"} and len(views.overlap) == 1
    assert json.dumps(plain(views.document()))


def test_faulty_sensors_are_named(folder: Path) -> None:
    ds = tiny(400, 4).ds.copy(deep=True)
    ds["value"].values[100:200, 2] = 51.5
    data = STData.of(ds)
    run = trained_on(data, folder)
    views = importance_views([run], data)
    assert [fault.kind for fault in views.faults] == ["stuck"]
    assert views.reasons[2].startswith("stuck at 51.5") and views.reasons[0] == ""
    assert views.table()["faulty"].tolist()[2] == views.reasons[2]


def trained_on(data: STData, folder: Path) -> Run:
    data.save(folder / "faulty.nc")
    return trained(folder / "faulty.nc", folder, "faulty", **SHORT)


def test_runs_that_do_not_fit_together_are_refused(masked: list[Run], folder: Path) -> None:
    other = trained(folder / "other.nc", folder, "other", **SHORT)
    with pytest.raises(RunError, match="different data"):
        importance_views([masked[0], other])
    with pytest.raises(RunError, match="no finished epoch"):
        importance_views([create(folder / "tiny.nc", SHORT, folder, "empty")])


# ---- command line ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("suffix", only([2], [".csv", ".parquet", ".json"]))
def test_the_command_writes_all_views(suffix: str, masked: list[Run], free: Run, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / f"importance{suffix}"
    names = [run.id for run in (*masked, free)]
    found = done(tmp_path, "importance", *names, "--runs", folder, "--out", out, "--json").document
    assert found["runs"] == names and len(found["sensors"]) == SENSORS and found["written"] == str(out)
    if suffix == ".json":
        assert json.loads(out.read_text())["agreement"] == found["agreement"]
    else:
        table = pd.read_csv(out) if suffix == ".csv" else pd.read_parquet(out)
        assert {"sensor", MASK, "mask_rank", GRADIENT, PERMUTATION, "kept", "faulty"} <= set(table)


def test_the_command_permutes_and_leaves_out(folder: Path, masked: list[Run], tmp_path: Path) -> None:
    asked = ("--permutation", "--windows", "20", "--permutations", "1", "--regions", "2", "--epochs", "1")
    command = done(tmp_path, "importance", "masked-1", *asked, "--runs", folder, "--json")
    assert {PERMUTATION, REGIONS} <= set(command.document["views"])
    assert "3 trainings of 1 epoch, about" in command.stderr and "12 of 12 sensors permuted" in command.stderr
    (masked[1].path / FILE).unlink()


def test_the_command_refuses_in_one_sentence(folder: Path, free: Run, tmp_path: Path) -> None:
    for wrong in (("--out", "importance.txt"), ("--regions", "1"), ("--regions", "40")):
        command = done(tmp_path, "importance", "free", *wrong, "--runs", folder, code=2)
        assert len(command.stderr.strip().splitlines()) == 1 and command.stdout == ""


@pytest.mark.parametrize("name", only([1], ["importance", "active", "mask_score"]))
@pytest.mark.parametrize("cut", [False, True])
def test_rows_that_are_missing_or_cut_are_named_with_what_to_do(
    name: str, cut: bool, masked: list[Run], tmp_path: Path
) -> None:
    shutil.copytree(masked[0].path, tmp_path / "broken")
    rows = tmp_path / "broken" / "rows" / f"{name}.bin"
    content = rows.read_bytes()
    rows.unlink()
    if cut:
        rows.write_bytes(content[:-1])
    for command in (("importance", "broken"), ("importance", "broken", "--permutation")):
        told = done(tmp_path, *command, "--runs", tmp_path, code=2).stderr
        assert f"{name}.bin" in told and "train the run again" in told and "Unexpected error" not in told
