"""Sensors: the map in every state of a run, the epoch that is shown, and one sensor chosen wherever it was clicked."""

import json
from pathlib import Path

import numpy as np
import pytest
from cases import only
from pages import button, texts
from training_runs import copied

from app.sensors import controls
from stcore.processes import jobs
from stcore.runs import Run, create

OPTIONS = {"train": {"epochs": 2, "threads": 1}, "model": {"width": 4}}


def deck(test) -> dict:
    """The map's dots by their sensor: colour, radius and what is said."""
    (chart,) = test.get("deck_gl_json_chart")
    layers = {layer["id"]: layer for layer in json.loads(chart.proto.json)["layers"]}
    return {dot["properties"]["said"].split("\n")[0]: dot["properties"] for dot in layers["sensors"]["data"][1::2]}


def said(test) -> str:
    return texts(test).replace("\\", "")


@pytest.fixture
def done(folder: Path, finished: Run) -> Run:
    """A finished run in the app's own folder."""
    copied(finished, folder)
    return finished


@pytest.mark.parametrize(
    ("status", "epochs", "words"),
    only(
        [0, 6, 7, 8, 11],
        [
            ("queued", 0, "waits until another one has finished"),
            ("starting", 0, "PyTorch is being loaded"),
            ("running", 0, "The first epoch is running"),
            ("paused", 0, "Paused in the first epoch"),
            ("stopped", 0, "ended before its first epoch"),
            ("failed", 0, "ended before its first epoch"),
            ("interrupted", 0, "ended before its first epoch"),
            ("running", 1, "A slider appears here with the second epoch"),
            ("running", 2, "after epoch 2"),
            ("paused", 2, "after epoch 2"),
            ("stopped", 2, "after epoch 2"),
            ("failed", 2, "after epoch 2"),
            ("interrupted", 2, "after epoch 2"),
        ],
    ),
)
def test_each_state_has_its_words_and_its_map(app, in_state, status: str, epochs: int, words: str) -> None:
    run = in_state(status, epochs)
    test = app("sensors", run=run.id)
    assert words in said(test)
    assert len(test.get("deck_gl_json_chart")) == (epochs > 0) and len(test.slider) == (epochs > 1)


def test_without_runs_and_with_a_bad_link_there_is_a_sentence(app, without_demo) -> None:
    assert "There is no run on this machine yet" in said(app("sensors"))
    assert not app("sensors").get("deck_gl_json_chart")


def test_the_demo_run_has_its_city_underneath_and_what_was_planted_beside_it(app) -> None:
    test = app("sensors")
    assert len(deck(test)) == 120 and "Simulated" in said(test)
    table = next(frame.value for frame in test.dataframe if "planted" in frame.value)
    assert (
        len(table) == 120
        and table["planted"].str.contains("copies").any()
        and table["planted"].str.contains("faulty").any()
    )
    assert len(test.get("vega_lite_chart")) + len(test.get("arrow_vega_lite_chart")) >= 3


def test_the_map_shows_the_numbers_of_the_chosen_epoch(app, done: Run) -> None:
    test = app("sensors", run="finished")
    error, names = done.trace()["sensor_error"].values, done.spec.data.sensors
    assert f"{names[0]}\nvalidation error, epoch 4: {error[3, 0]:.3g}"[:30] == deck(test)[names[0]]["said"][:30]
    last = deck(test)
    test.slider(key="epoch").set_value(1).run()
    assert "epoch 1:" in deck(test)[names[0]]["said"] and "after epoch 1" in said(test) and deck(test) != last
    shown = next(frame.value for frame in test.dataframe if "importance" in frame.value)
    assert np.allclose(shown["error"], error[0])


def test_importance_and_test_error_can_be_shown(app, done: Run) -> None:
    test = app("sensors", run="finished")
    choice = test.segmented_control(key="shown")
    assert list(choice.options)[-1].endswith("Test error")
    test.session_state["shown"] = "test"
    test.run()
    assert all("test error:" in dot["said"] for dot in deck(test).values()) and test.slider(key="epoch").disabled
    test.session_state["shown"] = "importance"
    test.run()
    assert all("importance, epoch 4:" in dot["said"] and dot["said"].endswith("%") for dot in deck(test).values())


def test_a_running_run_has_no_test_error_yet(app, in_state) -> None:
    test = app("sensors", run=in_state("running", 2).id)
    assert not any("Test" in option for option in test.segmented_control(key="shown").options)


def test_map_table_and_list_choose_one_sensor(app, done: Run) -> None:
    test = app("sensors", run="finished")
    names = done.spec.data.sensors
    worst = names[int(done.trace()["sensor_error"].values[-1].argmax())]
    assert test.selectbox(key="sensor list").value == worst and "rank 1 of 4" in said(test)
    other = next(name for name in names if name != worst)
    test.session_state["sensor-map"] = {"selection": {"indices": {"sensors": [2 * names.index(other)]}, "objects": {}}}
    test.run()
    assert test.selectbox(key="sensor list").value == other and f"**{other}** after epoch 4" in said(test)
    test.session_state["all sensors"] = {"selection": {"rows": [names.index(worst)], "columns": [], "cells": []}}
    test.run()
    assert test.selectbox(key="sensor list").value == worst
    test.session_state["ranked"] = {"selection": {"rows": [3], "columns": [], "cells": []}}
    test.run()
    assert "rank 4 of 4" in said(test)


def test_a_sensor_in_the_address_is_shown(app, done: Run) -> None:
    assert app("sensors", run="finished", sensor="s2").selectbox(key="sensor list").value == "s2"
    assert app("sensors", run="finished", sensor="nobody").selectbox(key="sensor list").value in done.spec.data.sensors


def test_play_goes_through_the_epochs_and_stops_at_the_end(app, done: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(controls.time, "monotonic", lambda: now[0])
    test = app("sensors", run="finished")
    button(test, "Play").click().run()
    seen = [test.session_state["epoch"]]
    while test.session_state["playing"] and len(seen) < 9:
        test.run()  # too early: nothing moves
        now[0] += controls.PLAY_SECONDS
        test.run()
        seen.append(test.session_state["epoch"])
    assert seen == [1, 2, 3, 4] and "Play" in {part.label for part in test.button}


def test_a_newer_epoch_is_offered_and_only_followed_when_asked(app, in_state) -> None:
    run = in_state("running", 3)
    test = app("sensors", run=run.id)
    test.slider(key="epoch").set_value(1).run()
    assert "after epoch 1" in said(test) and "Epoch 3 available: update" in {part.label for part in test.button}
    button(test, "Epoch 3 available: update").click().run()
    assert "after epoch 3" in said(test)
    test.slider(key="epoch").set_value(1).run()
    next(part for part in test.toggle if part.key == "follow").set_value(True).run()
    assert "after epoch 3" in said(test)


def test_a_run_whose_data_are_gone_still_has_its_map(app, folder: Path, tmp_path: Path, tiny_file: Path) -> None:
    copy = tmp_path / "copy.nc"
    copy.write_bytes(tiny_file.read_bytes())
    jobs.Job(create(copy, {**OPTIONS, "prune": {"name": "full"}}, folder, "orphan")).finish()
    copy.unlink()
    test = app("sensors", run="orphan")
    assert "cannot be opened" in said(test) and len(deck(test)) == 4 and "can no longer be opened" in said(test)


def test_a_run_on_cells_shows_the_kept_share_of_each_sensor(app, folder: Path, tiny_file: Path) -> None:
    options = {**OPTIONS, "data": {"samples": "cells"}, "train": {**OPTIONS["train"], "epochs": 4}}
    run = jobs.Job(create(tiny_file, {**options, "prune": {"name": "st-prune", "keep": 0.6}}, folder, "cells")).finish()
    test = app("sensors", run="cells", sensor="s2")
    assert "of its cells kept" in said(test) and any(
        part.endswith("Kept share") for part in test.segmented_control(key="shown").options
    )
    test.session_state["shown"] = "kept"
    test.run()
    test.slider(key="epoch").set_value(2).run()
    share = 100 * float(run.trace()["sensor_kept"].values[1, 2])
    assert f"kept share, epoch 2: {share:.3g}"[:25] == deck(test)["s2"]["said"].split("\n")[1][:25]
    table = next(frame.value for frame in test.dataframe if "importance" in frame.value)
    assert table["kept"].iloc[2] == pytest.approx(share)


def test_a_mask_is_seen_on_the_map_and_in_the_table(app, folder: Path, tiny_file: Path) -> None:
    options = {"train": {"epochs": 2, "threads": 1}, "model": {"name": "stid-neighbours", "width": 4}}
    run = create(tiny_file, {**options, "mask": {"name": "random", "sparsity": 0.5}}, folder, "masked")
    list(jobs.work(run))
    test = app("sensors", run=run.id)
    test.session_state["shown"] = "mask"
    test.run()
    assert "2 of 4 sensors are on after epoch 2" in said(test).replace("**", "")
    dots, active = deck(test), run.trace()["active"].values[-1]
    hollow = {tuple(dots[name]["colour"]) for name, on in zip(run.spec.data.sensors, active, strict=True) if not on}
    full = {tuple(dots[name]["colour"]) for name, on in zip(run.spec.data.sensors, active, strict=True) if on}
    assert len(hollow) == 1 and not hollow & full
    assert test.dataframe[-1].value["on"].tolist() == active.tolist()
