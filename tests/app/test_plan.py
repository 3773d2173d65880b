"""The Plan section: the live answer, switching by hand, costs, confirming, files, and runs that cannot answer."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cases import only
from pages import button, texts
from planning import copied as silent
from planning import masked_run
from streamlit.testing.v1 import AppTest
from training_runs import copied

from app.sensors.plan import answers, confirm, look
from stcore.charts.maps.plan import SENSORS
from stcore.evidence.plan import plan
from stcore.evidence.plan.answers import mask_of
from stcore.evidence.plan.curve import Curve
from stcore.processes import resident
from stcore.runs import Run, remove, runs_in
from stcore.runs.folder import LIVE
from stcore.sensors.sites import Sites

Open = Callable[..., AppTest]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return masked_run(tmp_path_factory.mktemp("plans"), "planned", {"name": "any"})


@pytest.fixture(scope="module", autouse=True)
def no_child_stays() -> Iterator[None]:
    yield
    for child in list(resident._residents.values()):
        child.end()
    resident._residents.clear()


@pytest.fixture
def opened(app: Open, run: Run, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The section once the process that answers has come up and the curve is drawn; the same process for all tests."""
    monkeypatch.setenv("STCORE_RUNS", str(run.path.parent))
    return ready(app("sensors", run=run.id, section="plan"))


@pytest.fixture
def own(app: Open, folder: Path, run: Run) -> AppTest:
    """The same of a copy of the run in a folder of its own."""
    copied(run, folder)
    return ready(app("sensors", run=run.id, section="plan"))


def ready(test: AppTest) -> AppTest:
    end = time.monotonic() + 60
    while time.monotonic() < end and (not test.slider or drawing(test)):
        time.sleep(0.2)
        test.run()
        assert not test.exception, test.exception[0].message
    assert test.slider, texts(test)
    return test


def drawing(test: AppTest) -> bool:
    return any("Drawing the curve" in str(part.proto) for part in test.get("progress"))


def metrics(test: AppTest) -> dict[str, str]:
    return {part.label.split("· ")[-1]: part.value for part in test.metric}


def deck(test: AppTest) -> list[dict]:
    (chart,) = test.get("deck_gl_json_chart")
    layers = {layer["id"]: layer for layer in json.loads(chart.proto.json)["layers"]}
    return [row["properties"] for row in layers[SENSORS]["data"]]


def states(test: AppTest) -> list[bool]:
    """Of each sensor, whether the map shows it as kept: with the thin outline of a full disc."""
    return [dot["width"] == 1 for dot in deck(test)]


def said(test: AppTest) -> str:
    return texts(test).replace("\\", "")


def test_the_slider_is_answered_live_like_the_command_line(opened: AppTest, run: Run) -> None:
    test = opened
    for kept in (3, 6):
        test.slider(key="plan number").set_value(kept).run()
        found = plan(run, kept)
        assert metrics(test)["Sensors kept"] == f"{kept} of 8"
        assert metrics(test)["All sensors"].startswith(f"{found.answers['test'].all:.3g}"[:3])
        dots = deck(test)
        assert sum(states(test)) == kept and "ranked by" in said(test)
        assert ("the best in validation at" in said(test)) and found.ranking in said(test).replace(
            "this run’s own", "own"
        )
        assert not any("kept" in dot["said"] or "off" in dot["said"] for dot in dots), "it would be stale after a click"
        assert len({tuple(dot["fill"]) for dot in dots}) == 2 and len({dot["radius"] for dot in dots}) == 2
    table = test.dataframe(key=look.TABLE).value
    assert list(table.columns) == ["sensor", "kept", "importance", "expected_error", "reason"]


def test_a_click_on_map_or_row_switches_a_sensor_and_back(opened: AppTest) -> None:
    test = opened
    test.slider(key="plan number").set_value(4).run()
    before = states(test)
    test.session_state[look.MAP] = {"selection": {"indices": {SENSORS: [2]}, "objects": {}}}
    test.run()
    after = states(test)
    assert [place for place in range(8) if before[place] != after[place]] == [2]
    assert "s2** is" in said(test) and "the test error over all is" in said(test)
    button(test, "Undo the one switched by hand").click().run()
    assert states(test) == before
    test.session_state[look.TABLE] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    test.run()
    assert sum(now != was for now, was in zip(states(test), before, strict=True)) == 1
    name = "Switch on" if "is **off**" in said(test) else "Switch off"
    button(test, name).click().run()
    assert states(test) == before


def test_a_plan_that_was_tried_is_in_the_address_and_is_there_after_a_reload(
    opened: AppTest, app: Open, run: Run
) -> None:
    test = opened
    test.slider(key="plan number").set_value(3).run()
    test.selectbox(key="plan ranking").set_value("farthest-first").run()
    test.session_state[look.MAP] = {"selection": {"indices": {SENSORS: [2]}, "objects": {}}}
    test.run()
    test.segmented_control(key="plan part").set_value("validation").run()
    kept = states(test)
    told = {name: value if isinstance(value, str) else value[0] for name, value in test.query_params.items()}
    assert told["kept"] == "3" and told["ranked"] == "farthest-first" and told["errors"] == "validation"
    assert told.get("on", told.get("off")) == "2"
    again = ready(app("sensors", **told))
    assert again.slider(key="plan number").value == 3 and again.selectbox(key="plan ranking").value == "farthest-first"
    assert states(again) == kept
    assert any(part.label.startswith("Validation MAE") for part in again.metric)


@pytest.mark.parametrize(
    "told", only([1], [{"kept": "99", "on": "77.x.-1"}, {"kept": "1e9", "ranked": "nobody", "budget": "nan"}])
)
def test_an_address_that_says_what_cannot_be_is_put_right(
    app: Open, opened: AppTest, run: Run, told: dict[str, str]
) -> None:
    test = ready(app("sensors", run=run.id, section="plan", **told))
    assert not test.exception and 1 <= test.slider(key="plan number").value <= 8
    assert "Undo" not in str([part.label for part in test.button])


def test_errors_say_how_sure_they_are_and_which_period_they_are_of(opened: AppTest) -> None:
    opened.slider(key="plan number").set_value(4).run()
    text = said(opened)
    assert text.count(":small[95 %: ") >= 3 and "Errors of the test period (20" in text


def test_costs_bring_a_slider_over_cost(opened: AppTest) -> None:
    test = opened
    test.text_area(key="plan costs").set_value("s0=4\ns3=2").run()
    ready(test)
    test.segmented_control(key="plan by").set_value("cost").run()
    test.slider(key="plan cost").set_value(5.0).run()
    assert not test.exception and "cost" in next(part.delta for part in test.metric if "Sensors kept" in part.label)
    test.text_area(key="plan costs").set_value("nobody=4").run()
    assert "mask.costs names 'nobody'" in said(test)


def test_a_plan_is_confirmed_by_training_under_it(own: AppTest, folder: Path, run: Run) -> None:
    test = own
    test.slider(key="plan number").set_value(3).run()
    button(test, "Confirm by training").click().run()
    (made,) = [one for one in runs_in(folder) if one.id != run.id]
    assert mask_of(made)["name"] == "given" and len(mask_of(made)["on"]) == 3
    confirm.start_confirming(run, mask_of(made)["on"])  # pressed again before the page was drawn anew
    assert len(runs_in(folder)) == 2
    end = time.monotonic() + 90
    while made.status in LIVE and time.monotonic() < end:
        time.sleep(0.3)
    assert made.status == "done", made.log()
    test.run()
    assert "Trained under the plan the test error is" in said(test)
    rows = test.dataframe[-1].value
    error = (made.result or {})["metrics"]["test"]["mae"]
    assert rows["error"].tolist()[2] == pytest.approx(error) and rows["what"].tolist()[1] == "The plan, live answer"


@pytest.mark.slow
def test_a_run_that_is_deleted_while_its_plan_is_open(app: Open, folder: Path, tmp_path: Path) -> None:
    run = masked_run(folder, "passing", {"name": "any"})
    test = ready(app("sensors", run=run.id, section="plan"))
    remove(run.path)
    test.slider(key="plan number").set_value(3).run()
    assert not test.exception and not run.path.exists()


def test_until_the_curve_is_there_a_plan_is_provisional_and_not_handed_over(
    opened: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    test, whole = opened, answers.plan_curve
    assert "Provisional" not in said(test) and not button(test, "Confirm by training").disabled

    def half(run: Run, sites: Sites) -> tuple[Curve, float]:
        curve, _ = whole(run, sites)
        return Curve(curve.orders, curve.points[: len(curve.points) // 2]), 0.5

    monkeypatch.setattr(answers, "plan_curve", half)
    test.run()
    assert "Provisional" in said(test) and "so far" in said(test) and button(test, "Confirm by training").disabled
    assert "GeoJSON" not in {part.label for part in test.get("download_button")}
    test.selectbox(key="plan ranking").set_value("farthest-first").run()
    assert "Provisional" not in said(test) and "GeoJSON" in {part.label for part in test.get("download_button")}


def test_files_are_offered_in_four_formats(opened: AppTest) -> None:
    labels = {part.label for part in opened.get("download_button")}
    assert {"CSV", "GeoJSON", "GPKG", "Report (HTML)"} <= labels


def test_a_run_that_cannot_answer_says_why_and_starts_one_that_can(app: Open, folder: Path, finished: Run) -> None:
    copied(finished, folder)
    test = app("sensors", run=finished.id, section="plan")
    assert "stid forecasts each sensor from its own readings alone" in said(test) and not test.slider
    button(test, "Train an any-mask run on these data").click().run()
    made = next(one for one in runs_in(folder) if one.id != finished.id)
    try:
        assert mask_of(made)["name"] == "any" and made.spec.model_name == "stid-neighbours"
        assert made.spec.data.fingerprint == finished.spec.data.fingerprint
    finally:
        made.control("stop")
        end = time.monotonic() + 60
        while made.status in LIVE and time.monotonic() < end:
            time.sleep(0.2)


@pytest.mark.slow
def test_names_stay_text(app: Open, folder: Path) -> None:
    names = ["<b>x</b>", "=1+1", "*s*", "`s`", "$a$", "@@=x", "[a](b)", "s7"]
    data = type(silent()).of(silent().ds.assign_coords(sensor=names))
    hostile = masked_run(folder, "hostile", {"name": "any"}, data)
    test = ready(app("sensors", run=hostile.id, section="plan", sensor="<b>x</b>"))
    assert r"\<b\>x\</b\>" in texts(test)
    assert not [dot for dot in deck(test) if dot["said"].startswith("@@")]


def test_the_form_offers_a_mask_to_models_that_mix_sensors_only(app: Open, folder: Path) -> None:
    test = app("train")
    assert test.selectbox(key="new.no mask").disabled and "every sensor has to stay on" in said(test)
    test.selectbox(key="new.model").set_value("stid-neighbours").run()
    test.selectbox(key="new.mask").set_value("dynst").run()
    test.number_input(key="mask.sparsity").set_value(0.3).run()
    assert not test.button(key="start").disabled and not test.exception
    test.selectbox(key="new.mask").set_value("given").run()
    assert "mask.on" in said(test) and test.button(key="start").disabled
    test.multiselect(key="mask.on").set_value(["R1-in-1", "R5-out-5"]).run()
    assert not test.button(key="start").disabled
    test.selectbox(key="new.model").set_value("stid").run()
    assert not test.button(key="start").disabled and not test.exception


def test_a_masked_run_is_called_so(app: Open, folder: Path, run: Run) -> None:
    copied(run, folder)
    test = app("train", run=run.id)
    assert "any mask" in str(test.selectbox(key="run list").options)
    assert any(part.label == "Sensors on" and part.value == "8 of 8" for part in test.metric)
