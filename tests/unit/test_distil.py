"""Distillation beside its contract: clusters, sizes, matching, the runs that make a set and those that train on one."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from cases import only
from distillations import COMMON, QUICK
from once import Once
from tiny import tiny
from training_runs import copied

import stcore
from stcore.data import STData
from stcore.distil.ground import Clusters, Ground, fill_empty
from stcore.distil.matching import distance
from stcore.distil.options import GradientOptions, MatchingOptions, SizeOptions, STemDistOptions
from stcore.distil.small import set_sizes
from stcore.findings import DataError
from stcore.options import DataOptions, OptionError, RunOptions
from stcore.processes import jobs
from stcore.runs import Run, RunError, create, create_distillation, open_run, runs_in
from stcore.training.tensors import DataTensors
from stcore.training.trainer import Trainer


def groups() -> STData:
    """Twelve sensors in three groups of copies, a little noise apart, each group at a place of its own."""
    data = tiny(400, 3)
    ds = data.ds.drop_dims("edge").isel(sensor=np.arange(12) % 3)
    noise = np.random.default_rng(0).normal(size=ds["value"].shape) / 10
    place = np.arange(12) % 3
    ds = ds.assign_coords(sensor=[f"s{one}" for one in range(12)])
    ds = ds.assign(
        value=ds["value"] + noise.astype(np.float32), lat=("sensor", 48.0 + place), lon=("sensor", 11.0 + place)
    )
    return STData.of(ds)


def ground(data: STData) -> Ground:
    return Ground(DataTensors(data, DataOptions(lookback=6, horizon=4)))


# ---- clusters and sizes --------------------------------------------------------------------------------------------
def test_copies_fall_into_one_cluster() -> None:
    here = ground(groups())
    found = here.clusters(3, 0)
    assert sorted(found.weight) == [4, 4, 4]
    for first in range(3):
        assert len(set(found.label[first::3])) == 1
    means = here.means(found)
    np.testing.assert_allclose(means[:, found.label[0]], here.scaled[:, ::3].mean(axis=1), atol=1e-5)
    places = here.locations(found)
    assert places is not None
    np.testing.assert_allclose(sorted(places[:, 0]), [48, 49, 50], atol=1e-3)


def test_a_mean_leaves_out_what_is_missing() -> None:
    data = groups()
    ds = data.ds.copy(deep=True)
    ds["value"][5, 0] = np.nan
    ds["value"][6, ::3] = np.nan
    here = ground(STData.of(ds))
    found = here.means(Clusters(np.arange(12) % 3, np.full(3, 4.0)))
    np.testing.assert_allclose(found[5, 0], np.nanmean(here.scaled[5, ::3], axis=0), atol=1e-5)
    assert np.isnan(found[6, 0]).all() and np.isfinite(found[6, 1]).all()


def test_an_empty_cluster_takes_the_farthest_of_the_largest() -> None:
    rows = np.array([[0.0], [0.1], [9.0], [20.0]])
    assert fill_empty(np.array([0, 0, 0, 2]), 3, rows).tolist() == [0, 0, 1, 2]


def test_as_many_clusters_as_sensors_are_the_sensors() -> None:
    found = ground(tiny(400, 4)).clusters(9, 0)
    assert found.label.tolist() == [0, 1, 2, 3] and found.weight.tolist() == [1, 1, 1, 1]


def test_too_few_sensors_make_two_clusters_for_each_subset_and_fewer_windows() -> None:
    here = ground(tiny(400, 12))
    assert set_sizes(here, SizeOptions(time=0.1, space=0.5)) == (round(0.1 * len(here.windows)), 6, [])
    windows, clusters, notes = set_sizes(here, SizeOptions(time=0.2, space=0.17), 8)
    assert clusters == 8 and windows == round(round(0.2 * len(here.windows)) * 2 / 8)
    assert "8 clusters are made" in notes[0]
    assert set_sizes(here, SizeOptions(time=1e-9, space=1e-9))[:2] == (1, 1)


# ---- matching ------------------------------------------------------------------------------------------------------
def test_the_distance_is_one_minus_cosine_by_row() -> None:
    one = torch.tensor([[1.0, 0.0], [0.0, 2.0], [3.0, 4.0]])
    other = torch.tensor([[2.0, 0.0], [5.0, 0.0], [-3.0, -4.0]])
    assert float(distance([one], [other])) == pytest.approx(0 + 1 + 2)
    assert float(distance([one, None], [7 * one, one])) == pytest.approx(0, abs=1e-6)


def test_a_row_without_a_slope_breaks_nothing() -> None:
    still = torch.zeros(2, 3, requires_grad=True)
    loss = distance([torch.ones(2, 3)], [still])
    (slope,) = torch.autograd.grad(loss, still)
    assert torch.isfinite(loss) and torch.isfinite(slope).all()


# ---- runs that make a set ------------------------------------------------------------------------------------------
def distilled(runs: Path, name: str = "made", data: STData | None = None) -> Run:
    return jobs.distil(data or tiny(400, 12), runs, name, distil=QUICK, **COMMON).finish()


@pytest.fixture(scope="session")
def set_run(once: Once) -> Run:
    """A finished distillation, made once for all processes."""
    return Run(once("distilled-set", distilled) / "made")


def test_a_distillation_is_a_run_of_its_own_kind_and_leaves_its_set(set_run: Run, tmp_path: Path) -> None:
    run = copied(set_run, tmp_path)
    assert run.status == "done" and run.kind == "distil"
    assert runs_in(tmp_path) == [] and [found.id for found in runs_in(tmp_path, "distil")] == ["made"]
    small = stcore.distilled(run)
    assert len(small.sensors) == 4 and small.ds.attrs["lookback"] == 6
    assert (run.path / "rows" / "synthetic.bin").stat().st_size == 3 * 8 * 10 * 8 * 2
    about = json.loads(small.ds.attrs["distilled"])
    assert about["method"] == "stemdist" and about["fingerprint"] == run.spec.data.fingerprint


def test_windows_one_behind_the_other_pass_over_changes_of_the_clock(tmp_path: Path) -> None:
    ds = tiny(400, 12).ds
    time = pd.date_range(
        "2026-03-01", periods=400, freq="1h"
    )  # the set's 2,100 hours reach the 29th, which has no 02:00
    data = STData.of(ds.assign_coords(time=time).assign_attrs(zone="Europe/Berlin"))
    choice = {"name": "random", "time": 0.9, "space": 0.5, "epochs": 1}
    small = jobs.distilled(jobs.distil(data, tmp_path, "made", distil=choice, **COMMON).finish())
    assert small.zone == "UTC" and set(small.local_time) <= set(data.local_time)


def test_stopped_and_resumed_is_uninterrupted(tmp_path: Path) -> None:
    whole = distilled(tmp_path, "whole")
    part = create_distillation(tiny(400, 12), {"distil": QUICK, **COMMON}, tmp_path, "part")
    for event in jobs.work(part):
        if event.name == "epoch":
            part.control("stop")
    assert part.status == "stopped"
    part.control("run")
    assert jobs.Job(part).finish().status == "done"
    assert stcore.distilled(part).fingerprint == stcore.distilled(whole).fingerprint


def test_what_is_no_distillation_has_made_no_set(tmp_path: Path) -> None:
    run = create(tiny(400, 12), {"prune": {"name": "full"}, **COMMON}, tmp_path, "plain")
    with pytest.raises(RunError, match="it trains a model"):
        jobs.distilled(run)


@pytest.mark.parametrize("model", [{"name": "simvp"}, {"name": "stid", "identity": "table"}])
def test_a_surrogate_that_knows_its_own_sensors_alone_is_refused_with_those_that_do_not(
    model: dict[str, str], tmp_path: Path
) -> None:
    with pytest.raises(OptionError, match="stid with identity mlp"):
        create_distillation(tiny(400, 12), {"model": model}, tmp_path)
    assert not list(tmp_path.iterdir())


# ---- runs that train on one ----------------------------------------------------------------------------------------
def test_a_run_on_a_set_keeps_it_and_says_where_its_windows_came_from(set_run: Run, tmp_path: Path) -> None:
    data, made = tiny(400, 12), copied(set_run, tmp_path)
    small = made.path / "distilled.nc"
    options = {**COMMON, "train": {"threads": 1, "epochs": 2}, "distilled": {"source": str(small)}}
    run = jobs.Job(create(data, options, tmp_path, "on-it")).finish()
    assert run.status == "done" and (run.path / "distilled.nc").exists()
    assert run.spec.options.model["identity"] == "mlp" and run.spec.options.prune["name"] == "full"
    trace = run.trace()
    np.testing.assert_array_equal(trace["start"], np.sort(stcore.distilled(made).ds["origin"]))
    assert trace.sizes["sample"] == stcore.distilled(made).ds.sizes["window"]
    assert len(run.spec.data.sensors) == trace.sizes["sensor"] == 12
    small.unlink()
    again = jobs.Job(open_run("on-it", tmp_path))
    assert again.finish().status == "done"  # it has its own copy


@pytest.mark.parametrize("prune", only([0, 4], ["infobatch", "ucb", "el2n", "craig", "guarded"]))
def test_a_set_is_pruned_like_all_data(prune: str, set_run: Run, tmp_path: Path) -> None:
    """Also by methods that score all samples without training, or train beforehand: on the set's own sensors."""
    asked = {"prune": {"name": prune}, "model": {"name": "stid", "identity": "mlp"}, "distilled": {"source": "the set"}}
    train = {"epochs": 6, "threads": 1}
    trainer = Trainer(
        tiny(400, 12),
        RunOptions.read({**COMMON, **asked, "train": train}),
        distilled=stcore.distilled(copied(set_run, tmp_path)),
    )
    *_, finished = trainer
    assert finished.metrics["test"]["mae"] > 0 and finished.visits["kept"] < finished.visits["full"]


def test_a_warm_start_goes_on_from_the_best_weights_on_the_set(set_run: Run, tmp_path: Path) -> None:
    data = tiny(400, 12)
    small = stcore.distilled(copied(set_run, tmp_path))
    asked = {**COMMON, "prune": {"name": "full"}, "model": {"name": "stid", "identity": "attention"}}
    train = {"epochs": 1, "threads": 1, "lr": 1e-9}
    cold = list(Trainer(data, RunOptions.read({**asked, "train": train})))[-1]
    warm = {**asked, "train": train, "distilled": {"source": "the set", "warm": 4}}
    begun = list(Trainer(data, RunOptions.read(warm), distilled=small))[-1]
    assert begun.metrics["validation"]["mae"] < 0.8 * cold.metrics["validation"]["mae"]
    assert begun.visits["pilot"] > 0 and cold.visits["pilot"] == 0


def test_the_weights_of_a_set_count_in_the_loss(tmp_path: Path) -> None:
    data = tiny(400, 4)
    ds = data.ds.assign(weight=("sensor", [1.0, 1.0, 1.0, 9.0]))
    options = RunOptions.read({**COMMON, "prune": {"name": "full"}, "train": {"epochs": 1, "threads": 1}})
    plain, heavy = (next(e for e in Trainer(d, options) if e.name == "epoch") for d in (data, STData.of(ds)))
    assert plain.train_loss != heavy.train_loss
    even = STData.of(data.ds.assign(weight=("sensor", np.full(4, 7.0))))
    assert next(e for e in Trainer(even, options) if e.name == "epoch").train_loss == pytest.approx(plain.train_loss)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"data": {"lookback": 5, "horizon": 4}}, "windows of 6 \\+ 4 steps, and windows of 5 \\+ 4 steps were asked"),
        ({"mask": {"name": "random"}, "model": {"name": "stid-neighbours"}}, "train without one"),
        ({"data": {"lookback": 6, "horizon": 4, "samples": "cells"}}, "in windows"),
        ({"model": {"name": "stid", "identity": "table"}}, "fit its own sensors alone"),
    ],
)
def test_what_cannot_be_trained_on_a_set_is_refused(
    more: dict[str, object], said: str, set_run: Run, tmp_path: Path
) -> None:
    small = copied(set_run, tmp_path).path / "distilled.nc"
    with pytest.raises((OptionError, DataError), match=said):
        create(tiny(400, 12), {**COMMON, "distilled": {"source": str(small)}, **more}, tmp_path, "not")
    assert not (tmp_path / "not").exists()


def test_a_set_of_other_channels_or_steps_is_refused(set_run: Run, tmp_path: Path) -> None:
    small = copied(set_run, tmp_path).path / "distilled.nc"
    with pytest.raises(DataError, match="not in these data"):
        create(tiny(400, 12, 2), {**COMMON, "distilled": {"source": str(small)}}, tmp_path, "not")
    with pytest.raises(OptionError, match="tiny is no distilled set"):
        whole = tmp_path / "whole.nc"
        tiny(400, 12).save(whole)
        create(tiny(400, 12), {**COMMON, "distilled": {"source": str(whole)}}, tmp_path, "not")


# ---- options ---------------------------------------------------------------------------------------------------------
def test_a_record_of_before_may_name_what_its_method_never_followed() -> None:
    assert "subsets" not in GradientOptions.read({"subsets": 4, "inner": 3}).model_dump()
    assert MatchingOptions.read({"subsets": 4, "inner": None, "inner_rate": None}) == MatchingOptions()
    assert STemDistOptions.read({"subsets": 2}).subsets == 2
    with pytest.raises(OptionError, match="no option 'subsets'"):
        GradientOptions.read({"subsets": 2})
