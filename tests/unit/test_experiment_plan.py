"""The plan of an experiment: controls come by themselves and once, ids are stable, every arm is searched for alike."""

import json
from pathlib import Path
from typing import Any

import pytest

from stcore import registry
from stcore.evidence.experiment import ExperimentOptions, read_file
from stcore.evidence.experiment.plan import FIELD, Plan, grid, plan
from stcore.evidence.experiment.tuning import Pace, best_trial
from stcore.options import OptionError
from stcore.runs.folder import NAME
from stcore.training.cost import Work

SENSORS = 4
CELLS = [512, 1024, 2048]


def planned(name: str = "trial", sensors: int = SENSORS, **values: Any) -> Plan:
    return plan(ExperimentOptions.read(values), name, sensors)


def roles(found: Plan) -> list[tuple[str, float, str]]:
    return [(arm.role, arm.keep, arm.samples) for arm in found.arms]


# ---- controls ------------------------------------------------------------------------------------------------------
def test_controls_come_by_themselves_and_once() -> None:
    found = planned(methods=["st-prune", "infobatch"], keep=[0.5, 0.25])
    assert sorted(role for role in roles(found) if role[0] != "method") == [
        ("field", 1.0, "windows"),
        ("full", 1.0, "windows"),
        ("full-equal", 0.25, "windows"),
        ("full-equal", 0.5, "windows"),
        ("random-equal", 0.25, "windows"),
        ("random-equal", 0.5, "windows"),
    ]
    assert [(arm.method, arm.keep) for arm in found.arms if arm.role == "method"] == [
        ("st-prune", 0.5),
        ("st-prune", 0.25),
        ("infobatch", 0.5),
        ("infobatch", 0.25),
    ]


def test_controls_are_in_the_samples_of_the_methods() -> None:
    found = planned(methods=["infobatch", {"name": "infobatch", "samples": "windows"}], samples="cells")
    assert {role[::2] for role in roles(found)} == {
        ("full", "cells"),
        ("full-equal", "cells"),
        ("random-equal", "cells"),
        ("method", "cells"),
        ("field", "windows"),
        ("full-windows", "windows"),
        ("full", "windows"),
        ("full-equal", "windows"),
        ("random-equal", "windows"),
        ("method", "windows"),
    }
    full = {
        arm.key
        for arm in found.arms
        if arm.method == "full" and arm.keep == 1 and arm.tuned and arm.samples == "windows"
    }
    assert len(full) == 1, "full training on windows has two roles and is trained once"
    labels = [arm.label for arm in found.arms if arm.role == "method"]
    assert labels == ["InfoBatch", "InfoBatch (windows)"]


def test_without_cells_no_windows_are_asked_for_beside() -> None:
    assert "full-windows" not in {arm.role for arm in planned().arms}


def test_the_field_is_not_searched_for() -> None:
    field = next(arm for arm in planned(samples="cells").arms if arm.role == "field")
    assert not field.tuned and field.samples == field.options["data"]["samples"] == "windows"
    assert {name: field.options["train"][name] for name in FIELD} == {"batch": 64, "lr": 2e-3}


def test_a_method_that_is_a_control_is_trained_once() -> None:
    found = planned(methods=["random", "full"], keep=[0.5, 1.0])
    by_role = {(arm.role, arm.method, arm.keep): arm.key for arm in found.arms}
    assert by_role["method", "random", 0.5] == by_role["random-equal", "random", 0.5]
    assert by_role["method", "full", 1.0] == by_role["full", "full", 1.0] == by_role["full-equal", "full", 1.0]
    assert len({run.id for run in found.runs}) == len(found.runs)


def test_controls_can_be_left_out() -> None:
    assert roles(planned(methods=["infobatch"], controls=False)) == [("method", 0.5, "windows")]


def test_a_method_may_have_budgets_of_its_own() -> None:
    found = planned(methods=["infobatch", {"name": "st-prune", "keep": 0.5}], keep=[0.3, 0.75])
    assert [arm.keep for arm in found.arms if arm.method == "st-prune"] == [0.5]
    assert sorted(arm.keep for arm in found.arms if arm.role == "full-equal") == [0.3, 0.5, 0.75]


@pytest.mark.parametrize("name", list(registry.cards("strategies")))
def test_every_strategy_can_be_a_method(name: str) -> None:
    found = planned(methods=[name], keep=[0.5, 0.25])
    assert sum(arm.role == "method" for arm in found.arms) == 2


# ---- ids -----------------------------------------------------------------------------------------------------------
def test_ids_are_stable_unique_and_fit() -> None:
    methods = [
        {"name": "st-prune", "label": f"A long label, with signs (§) and {end}", "anneal": end}
        for end in ("linear", "cosine")
    ]
    values: dict[str, Any] = {
        "methods": [*methods, "infobatch"],
        "samples": "cells",
        "keep": [0.125, 0.5],
        "seeds": [0, 2**31 - 1],
    }
    found = planned("n" * 32, **values)
    ids = [run.id for run in found.runs]
    assert len(set(ids)) == len(ids)
    assert all(NAME.fullmatch(name) for name in ids)
    assert planned("n" * 32, **values) == found
    assert planned().runs[-1].id == "trial.st-prune-50.s2"
    assert "trial.st-prune-50.t0" in {run.id for run in planned().runs}


def test_an_experiment_that_grows_keeps_its_runs() -> None:
    small = planned(methods=["infobatch"], seeds=2)
    large = planned(methods=["infobatch", "st-prune"], seeds=3, keep=[0.5, 0.25])
    later = {run.id: run for run in large.runs}
    assert all(later[run.id] == run for run in small.runs)


def test_a_plan_comes_back_from_its_plain_values() -> None:
    found = planned(methods=["infobatch"])
    assert Plan.read(json.loads(json.dumps(found.to_json()))) == found


# ---- the search ----------------------------------------------------------------------------------------------------
def test_every_arm_is_searched_for_by_the_same_grid() -> None:
    found = planned(methods=["st-prune", "infobatch"], samples="cells", tune={"rates": [2e-3, 8e-3]})
    trials: dict[str, list[tuple[Any, Any]]] = {}
    for run in found.runs:
        if run.trial is not None:
            assert run.seed == run.options["seed"] == 1000
            trials.setdefault(run.key, []).append((run.options["train"]["batch"], run.options["train"]["lr"]))
    searched = {arm.key: arm.samples for arm in found.arms if arm.role != "field"}
    assert set(trials) == set(searched)
    for key, samples in searched.items():
        sizes = CELLS if samples == "cells" else [cells // SENSORS for cells in CELLS]
        assert trials[key] == [(size, rate) for size in sizes for rate in (2e-3, 8e-3)]


def test_a_grid_names_each_setting_once() -> None:
    tune = ExperimentOptions().tune
    assert tune is not None
    assert [setting["batch"] for setting in grid(tune, "windows", 1000)] == [1, 2]
    assert [setting["batch"] for setting in grid(tune, "windows", 10**6)] == [1]


def test_weight_decay_is_searched_for_where_asked() -> None:
    tune = ExperimentOptions.read({"tune": {"cells": [512], "decays": [1e-4, 1e-5]}}).tune
    assert tune is not None
    assert grid(tune, "cells", SENSORS) == [{"batch": 512, "lr": None, "weight_decay": decay} for decay in (1e-4, 1e-5)]
    trials = [{**trial, "weight_decay": 10.0**-place} for place, trial in enumerate(tried(3.0, 2.0))]
    found = best_trial(trials)
    assert found is not None and found["weight_decay"] == 0.1


def test_without_a_search_given_batches_count_the_experiments_samples() -> None:
    given = {"tune": False, "samples": "cells", "options": {"train": {"batch": 400}}}
    found = planned(methods=["infobatch"], **given)
    assert {arm.samples: arm.options["train"]["batch"] for arm in found.arms if arm.role != "field"} == {
        "cells": 400,
        "windows": 100,
    }
    assert all(run.trial is None for run in found.runs)


def tried(*errors: float | None) -> list[dict[str, Any]]:
    return [
        {"run": f"t{place}", "batch": 2**place, "lr": 0.01, "mae": error, "visits": 10.0, "seconds": 1.0}
        for place, error in enumerate(errors)
    ]


def test_the_lowest_error_is_chosen_and_ties_are_told() -> None:
    found = best_trial(tried(3.0, 2.0, 2.0, 2.001, 2.1))
    assert found is not None
    assert (found["run"], found["batch"], found["tied"], found["edge"]) == ("t1", 2, ["t2", "t3"], False)
    assert (found["visits"], found["seconds"]) == (50.0, 5.0)


def test_an_edge_and_failures_are_told() -> None:
    found = best_trial(tried(None, 3.0, 2.0))
    assert found is not None and found["edge"] and found["run"] == "t2"
    assert best_trial(tried(None, None)) is None


# ---- what is refused -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"method": ["full"]}, "there is no option 'method'; known are name, data"),
        ({"methods": ["hardest"]}, "there is no 'hardest' among the strategies: full, random"),
        ({"methods": [{"name": "st-prune", "strength": 2}]}, "there is no option 'strength'; known are"),
        ({"methods": []}, "option 'methods'"),
        ({"methods": ["full", "full"]}, "two methods are called full"),
        ({"keep": [0.5, 1.5]}, "option 'keep.1'"),
        ({"keep": [0.5, 0.5]}, "each may stand there once"),
        ({"seeds": 0}, "option 'seeds'"),
        ({"seeds": [0, 1000]}, "1000, must be none of the experiment's"),
        ({"tune": {"grid": [1]}}, "there is no option 'grid'; known are cells, rates, decays, seed"),
        ({"name": "a.b"}, "option 'name'"),
        ({"name": "../a"}, "option 'name'"),
        (
            {"options": {"prune": {"name": "full"}}},
            "prune is not common to all runs; known are model, data, train, mask",
        ),
        ({"options": {"train": {"epoch": 3}}}, "train.epoch"),
        ({"options": {"train": {"batch": 3}}}, "write tune = false"),
        ({"options": {"data": {"samples": "cells"}}}, "samples stand beside the methods"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(values: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionError) as caught:
        ExperimentOptions.read(values)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_are_values_only(tmp_path: Path) -> None:
    (tmp_path / "data.nc").touch()
    toml = tmp_path / "my first.toml"
    toml.write_text(
        'data = "data.nc"\nseeds = 2\nmethods = ["full", {name = "st-prune", anneal = "linear"}]\ntune = false\n'
    )
    found = read_file(toml)
    assert (found.name, found.seeds, found.tune) == ("my-first", [0, 1], None)
    assert Path(found.data) == tmp_path / "data.nc"
    assert found.methods[1].options == {"anneal": "linear"}
    again = tmp_path / "again.json"
    again.write_text(json.dumps(found.model_dump(mode="json")))
    assert read_file(again) == found
    for name, text in (("a.toml", "data = __import__('os')"), ("a.json", "[1]"), ("b.json", "{"), ("b.toml", "\xff")):
        (tmp_path / name).write_text(text, "latin-1")
        with pytest.raises(OptionError):
            read_file(tmp_path / name)
    with pytest.raises(OptionError, match="There is no file"):
        read_file(tmp_path / "none.toml")


# ---- time left -----------------------------------------------------------------------------------------------------
def test_time_left_follows_what_runs_took() -> None:
    pace = Pace({"a": Work(100, 1e6, 0, 1e3, 64), "b": Work(200, 2e6, 0, 1e3, 64)}, at_once=1, apart=False)
    assert 0 < pace.expected("a") < pace.expected("b")
    pace.learn("a", 10.0)
    assert pace.expected("a") == 10.0
    assert pace.expected("b") == pytest.approx(20.0)
    assert pace.left(["a", "b"], [("a", {"seconds_left": 4.0})]) == pytest.approx(34.0)
    assert pace.left([], []) == 0.0
