"""Plans: what they obey, what they say, and that live answers are the forecasts' own errors."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from planning import copied, masked_run
from tiny import tiny
from training_runs import trained

from stcore.evidence.plan import plan
from stcore.evidence.plan.answers import Answer, Period, ask_weights, load_whatif, why_no_plan
from stcore.evidence.plan.curve import Curve, Drawing, curve_around, draw_curve, knee, stored_curve
from stcore.evidence.plan.ground import demands, own_mask, sites_of
from stcore.evidence.plan.serving import describe_speed
from stcore.options import OptionError
from stcore.processes import jobs
from stcore.runs import Run, RunError, create, derived
from stcore.runs.record import weights
from stcore.sensors.options import MaskOptions
from stcore.training.predict import predict
from stcore.training.whatif import WhatIf


@pytest.fixture(scope="module")
def any_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return masked_run(tmp_path_factory.mktemp("plans"), "any", {"name": "any"})


@pytest.fixture(scope="module")
def half_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return masked_run(tmp_path_factory.mktemp("plans"), "half", {"name": "dynst", "sparsity": 0.5})


def whatif_of(run: Run) -> WhatIf:
    return load_whatif(run, jobs.dataset(run))


def reason(made, sensor: str) -> str:
    return made.reasons[made.data.sensors.index(sensor)]


# ---- answers -----------------------------------------------------------------------------------------------------------
def test_under_its_own_mask_a_run_answers_with_the_errors_of_its_own_forecasts(half_run: Run) -> None:
    data, whatif = jobs.dataset(half_run), whatif_of(half_run)
    mask = own_mask(half_run)
    assert mask is not None and mask.sum() == 4
    windows = whatif.windows("test", whole=True)
    forecast = predict(data, half_run.spec.options, weights(half_run) or b"", windows.starts)
    truth = whatif.tensors.truths(windows, np.arange(len(windows)))
    error, count = whatif.errors(mask, "test", whole=True)
    np.testing.assert_allclose(error, np.nansum(np.abs(forecast - truth), axis=(0, 1, 3)), rtol=1e-4)
    np.testing.assert_array_equal(count, np.isfinite(truth).sum(axis=(0, 1, 3)))
    assert float(error.sum() / count.sum()) == pytest.approx(
        (half_run.result or {})["metrics"]["test"]["mae"], rel=1e-4
    )


def test_what_is_off_does_not_matter(any_run: Run) -> None:
    whatif = whatif_of(any_run)
    keep = np.arange(8) % 2 == 0
    before = whatif.errors(keep)
    whatif.tensors.series = whatif.tensors.series.clone()
    whatif.tensors.series[:, ~keep] = 1e3
    np.testing.assert_array_equal(whatif.errors(keep), before)
    assert (whatif.errors(np.ones(8, bool)) != before).any()


def test_errors_over_all_kept_and_off_are_means_of_their_truths() -> None:
    nothing = np.zeros((2, 2, 1)), Period(np.array([0]), 12, 3, 1)
    answer = Answer(np.array([True, False, False]), np.array([2.0, 9.0, 0.0]), np.array([2.0, 3.0, 0.0]), *nothing)
    assert answer.three == [11 / 5, 1.0, 3.0] and answer.by_sensor[:2].tolist() == [1.0, 3.0]
    assert np.isnan(answer.by_sensor[2]) and np.isnan(answer.mean(np.zeros(3, bool)))


# ---- plans -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("keep", [1, 3, 5, 8])
def test_as_many_stay_as_asked_for_and_every_sensor_has_its_row(any_run: Run, keep: int) -> None:
    made = plan(any_run, keep)
    table = made.table()
    assert table["kept"].sum() == keep and table["sensor"].tolist() == [f"s{place}" for place in range(8)]
    assert np.isfinite(table["expected_error"]).all() and table["importance"].sum() == pytest.approx(1)
    assert all(
        text.startswith("kept" if on else "off") for on, text in zip(table["kept"], table["reason"], strict=True)
    )
    assert made.figures()["errors"]["test"]["all"] == pytest.approx(made.answers["test"].all)


def test_reasons_name_copies_silent_and_faulty_sensors(any_run: Run) -> None:
    made = plan(any_run, 4, on=["s0"], off=["s2"])
    assert reason(made, "s0") == "kept: you asked for it" and reason(made, "s2") == "off: you asked for it"
    assert reason(made, "s1").startswith("off: copy of s0 (differs by 0 %)")
    assert reason(made, "s6") == "off: it has measured nothing in training"
    assert "looks faulty: stuck at 50" in reason(made, "s5")


def test_forced_sensors_and_a_budget_are_obeyed(any_run: Run) -> None:
    made = plan(any_run, budget=6, costs=["s0=4", "s3=3"], on=["s0"], off=["s4"])
    kept = dict(zip(made.data.sensors, made.keep, strict=True))
    assert kept["s0"] and not kept["s4"] and made.cost <= 6 and not kept["s3"]
    with pytest.raises(OptionError, match="more than the 1"):
        plan(any_run, 1, on=["s0", "s1"])
    with pytest.raises(OptionError, match="not both"):
        plan(any_run, 3, budget=2)
    with pytest.raises(OptionError, match="1 to 8"):
        plan(any_run, 9)
    with pytest.raises(OptionError, match="no sensor"):
        plan(any_run, 3, on=["nobody"])


def test_a_run_with_a_mask_of_its_own_plans_with_it_and_says_what_is_a_guess(half_run: Run) -> None:
    own = plan(half_run)
    np.testing.assert_array_equal(own.keep, own_mask(half_run))
    assert own.ranking == "own" and plan(half_run, 4).keep.tolist() == own.keep.tolist()
    assert any("not trained to forecast under any mask" in note for note in own.notes)
    assert plan(half_run, 2).keep.sum() == 2


def test_a_poorly_measured_sensor_that_stays_is_told(any_run: Run) -> None:
    made = plan(any_run, 3, on=["s6"])
    assert made.keep[6] and any("miss more than half" in note for note in made.notes)


def test_models_that_cannot_are_refused_with_those_that_can(tmp_path: Path) -> None:
    tiny().save(tmp_path / "tiny.nc")
    alone = trained(tmp_path / "tiny.nc", tmp_path, "alone")
    with pytest.raises(OptionError, match=r"stid forecasts each sensor.*stid-neighbours, graph-wavenet, mtgnn, simvp"):
        plan(alone, 2)
    assert why_no_plan(alone)
    waiting = create(
        tmp_path / "tiny.nc", {"model": {"name": "stid-neighbours"}, "mask": {"name": "any"}}, tmp_path, "new"
    )
    with pytest.raises(RunError, match="finished run"):
        plan(waiting, 2)


def test_without_places_and_on_a_grid(tmp_path: Path) -> None:
    bare = masked_run(
        tmp_path, "bare", {"name": "any"}, type(copied()).of(copied().ds.drop_dims("edge").drop_vars(["lat", "lon"]))
    )
    assert plan(bare, 3).table()[["lat", "lon"]].isna().all(axis=None)
    grid = masked_run(tmp_path, "grid", {"name": "any", "region": 2}, tiny(400, 21, grid=(4, 6)))
    made = plan(grid, 2)
    assert made.site_keep.sum() == 2 and made.keep.sum() == made.sites.size[made.site_keep].sum()
    assert any("regions of 2 x 2" in note for note in made.notes)
    told, figures = made.by_region(), made.figures()
    assert told["cells"].sum() == 21 and told["kept"].sum() == 2 and told["importance"].sum() == pytest.approx(1)
    assert figures["stay"] == f"2 of {len(told)} regions ({made.keep.sum()} of 21 cells)" and figures["sites_kept"] == 2
    errors, off = made.answers["validation"], ~told["kept"]
    size = made.sites.sum(errors.count)
    assert np.average(told["expected_error"], weights=size) == pytest.approx(errors.all)
    assert told["reason"][off].str.startswith("off").all() and told["reason"][~off].str.startswith("kept").all()


def test_a_plan_trained_as_given_keeps_exactly_its_sensors(any_run: Run, tmp_path: Path) -> None:
    made = plan(any_run, 3)
    names = [name for name, on in zip(made.data.sensors, made.keep, strict=True) if on]
    confirmed = masked_run(tmp_path, "confirmed", {"name": "given", "on": names})
    np.testing.assert_array_equal(own_mask(confirmed), made.keep)
    assert plan(confirmed).keep.tolist() == made.keep.tolist()
    assert not demands(confirmed).on  # what was given is a choice, no demand


# ---- the curve ---------------------------------------------------------------------------------------------------------
def test_the_curve_ends_where_all_are_on_and_is_found_again(any_run: Run) -> None:
    sites = sites_of(any_run, jobs.dataset(any_run), demands(any_run))
    ask = ask_weights(whatif_of(any_run))
    curve = draw_curve(any_run, sites, ask)
    full = curve.table[curve.table["kept"] == 8]
    assert curve.done and full["validation_all"].nunique() == 1 and len(full) == len(curve.orders)
    assert all(sorted(order) == list(range(8)) for order in curve.orders.values())
    assert {"own", "conditional-variance", "farthest-first", "random 1"} <= set(curve.orders)

    def nobody(keep: np.ndarray, part: str) -> Answer:
        raise AssertionError("asked again")

    again = draw_curve(any_run, sites, nobody)
    pd.testing.assert_frame_equal(again.table, curve.table)
    other = sites_of(any_run, jobs.dataset(any_run), demands(any_run, {"off": ["s3"]}))
    assert stored_curve(any_run, other.options) is None and Drawing(any_run, other).share == 0
    seal = derived.weights_seal(any_run)
    path = any_run.path / "weights"
    content = path.read_bytes()
    try:
        path.write_bytes(content.replace(seal.encode(), seal[::-1].encode(), 1))
        assert stored_curve(any_run, sites.options) is None  # other weights, other answers
    finally:
        path.write_bytes(content)


def test_the_best_ranking_is_that_with_the_least_validation_error_there() -> None:
    rows = [
        ["a", 2, 2.0, 5.0, 1, 1, 1.0, 1, 1],
        ["a", 6, 6.0, 1.0, 1, 1, 9.0, 1, 1],
        ["b", 2, 2.0, 3.0, 1, 1, 9.0, 1, 1],
    ]
    rows += [
        ["b", 6, 6.0, 2.0, 1, 1, 1.0, 1, 1],
        ["random 1", 2, 2.0, 0.1, 1, 1, 0.1, 1, 1],
        ["random 1", 6, 6.0, 0.1, 1, 1, 0.1, 1, 1],
    ]
    curve = Curve({}, rows)
    assert curve.knee() is None  # while points are missing it would be another one a moment later
    assert (curve.best_at(2), curve.best_at(3), curve.best_at(6)) == ("b", "b", "a") and Curve().best_at(3) is None


@pytest.mark.parametrize("kept", [1, 3, 5, 8])
def test_a_plan_is_ranked_alike_with_the_whole_curve_and_without(any_run: Run, kept: int) -> None:
    other = demands(any_run, {"off": None, "costs": ["s1=2"]})  # a curve that nobody has drawn
    sites, ask = sites_of(any_run, jobs.dataset(any_run), other), ask_weights(whatif_of(any_run))
    quick = curve_around(any_run, sites, kept, ask)
    assert stored_curve(any_run, other) is None and not quick.done
    drawing = Drawing(any_run, sites)
    while len(drawing.curve.points) < len(drawing.names) * len(drawing.at):
        drawing.step(ask)
    assert quick.best_at(kept) == drawing.curve.best_at(kept) is not None


def test_a_run_without_the_importance_that_it_ranks_by_says_so(any_run: Run, tmp_path: Path) -> None:
    copy = Run(Path(shutil.copytree(any_run.path, tmp_path / "copy")))
    (copy.path / "rows" / "mask_score.bin").unlink(missing_ok=True)
    (copy.path / "rows" / "importance.bin").unlink()
    with pytest.raises(RunError, match=r"Run copy is damaged: its file importance\.bin is missing"):
        plan(copy, 4)


def test_damaged_findings_are_as_if_they_were_not_there(any_run: Run) -> None:
    derived.keep(any_run, "curve-x", {"points": [[1, 2]]})
    assert derived.find(any_run, "curve-x") and derived.find(any_run, "../spec") is None
    (any_run.path / "found" / "curve-x.json").write_text("[")
    assert derived.find(any_run, "curve-x") is None


@pytest.mark.parametrize(("power", "place"), [(1, 3), (2, 2)])
def test_the_knee_of_a_hyperbola_is_where_its_scaled_slope_is_one(power: int, place: int) -> None:
    x = np.arange(1, 11, dtype=float)
    curve = 1 / x**power
    scaled = (curve - curve.min()) / np.ptp(curve) + (x - 1) / 9
    assert knee(x, curve) == int(scaled.argmin()) and abs(int(scaled.argmin()) + 1 - place) <= 1


@pytest.mark.parametrize(
    "y", [np.ones(6), np.arange(6.0)[::-1], np.array([3.0, 2.0]), np.array([3.0, np.nan, 1.0, 0.5])]
)
def test_without_a_bend_there_is_no_knee(y: np.ndarray) -> None:
    assert knee(np.arange(len(y), dtype=float), y) is None


# ---- speed -------------------------------------------------------------------------------------------------------------
def test_speed_is_measured_in_turn_and_counts_what_is_read(any_run: Run) -> None:
    from stcore.training.speed import measure_speed

    measured = measure_speed(whatif_of(any_run), np.arange(8) < 2, rounds=5)
    assert measured["inputs"] == {"full": 12 * 8, "kept": 12 * 2, "all": 12 * 2}
    assert measured["flops"]["kept"] < measured["flops"]["full"]
    for ratio in (*measured["faster"].values(), *measured["one"].values()):
        assert 0 < ratio["low"] <= ratio["median"] <= ratio["high"]
    json.dumps(measured)


def test_where_only_inputs_are_saved_it_is_said() -> None:
    ratio = {"median": 3.0, "low": 2.5, "high": 3.5}
    told = {
        "kept": 2,
        "sensors": 8,
        "gathers": True,
        "faster": {"kept": ratio, "all": {**ratio, "median": 1.0}},
        "windows": 4,
    }
    told |= {"inputs": {"full": 96, "kept": 24}, "flops": {"full": 100, "kept": 25}}
    assert describe_speed(told).startswith("Forecasts of the 2 kept sensors are 3 times as fast (2.5 to 3.5 times)")
    assert "75% less arithmetic" in describe_speed(told) and "about as fast" in describe_speed(told)
    assert describe_speed(told | {"gathers": False}).startswith("Only the inputs are saved (96 to 24 numbers")
    assert "nothing is saved" in describe_speed(told | {"kept": 8})


def test_demands_come_from_the_mask_and_from_the_user(tmp_path: Path) -> None:
    run = masked_run(tmp_path, "forced", {"name": "random", "sparsity": 0.5, "on": ["s1"], "costs": ["s2=3"]})
    assert demands(run) == MaskOptions(sparsity=0.0, on=["s1"], costs=["s2=3"])
    assert demands(run, {"on": ["s4"]}).on == ["s4"]


def test_forecasts_under_a_hard_mask_read_only_what_is_on(tmp_path: Path) -> None:
    run = masked_run(tmp_path, "hard", {"name": "given", "on": ["s0", "s3"]})
    data, options, content = jobs.dataset(run), run.spec.options, weights(run) or b""
    starts = np.arange(0, 400, 7)
    ds = data.ds.copy(deep=True)
    ds["value"][:, [1, 2, 4, 5, 6, 7]] = np.nan
    blind = type(data)(ds, data.findings, {})
    np.testing.assert_array_equal(predict(blind, options, content, starts), predict(data, options, content, starts))
    whatif, windows = whatif_of(run), whatif_of(run).windows("test")
    mask = own_mask(run)
    assert mask is not None
    straight = whatif.forecast(windows, np.arange(len(windows)), mask)
    np.testing.assert_allclose(predict(data, options, content, windows.starts), straight, rtol=1e-5, atol=1e-4)
