"""Train: every state says what it is and offers what makes sense; the form starts what it says, or says why not."""

import io
import json
from pathlib import Path

import pandas as pd
import pytest
from cases import only
from pages import button, texts
from tiny import tiny
from training_runs import copied

from app import control, live, saving, speed
from stcore import registry
from stcore.processes import oneshot, worker
from stcore.runs import Run, RunError, runs_in


def labels(test) -> set[str]:
    return {part.label for part in test.button}


@pytest.mark.parametrize(
    ("status", "epochs", "said", "offered"),
    only(
        [0, 3, 4, 6],
        [
            ("queued", 0, "Another run is training", {"Pause", "Step", "Stop"}),
            ("starting", 0, "loading PyTorch", {"Pause", "Step", "Stop"}),
            ("running", 0, "Running", {"Pause", "Step", "Stop"}),
            ("running", 2, "Error by epoch", {"Pause", "Step", "Stop"}),
            ("paused", 2, "Paused in epoch 3. Nothing is lost.", {"Resume", "Step", "Stop"}),
            ("stopped", 2, "Stopped by you after epoch 2 of 4", {"Resume from epoch 3", "Use these settings"}),
            ("failed", 2, "Diverged at epoch 3", {"Resume from epoch 3", "Use these settings"}),
            ("interrupted", 2, "Interrupted after epoch 2 of 4", {"Resume from epoch 3", "Use these settings"}),
            ("interrupted", 0, "Interrupted after epoch 0 of 4", {"Start over", "Use these settings"}),
        ],
    ),
)
def test_each_state_is_said_and_offers_what_makes_sense(app, in_state, status, epochs, said, offered) -> None:
    run = in_state(status, epochs)
    test = app(run=run.id)
    assert said in texts(test)
    assert offered <= labels(test)
    assert control.BADGES[status][0] in texts(test)
    assert not ({"Pause", "Resume"} & labels(test)) or status in ("queued", "starting", "running", "paused")


def test_a_finished_run_shows_its_errors_beside_the_naive_and_the_mask_rule(app, folder: Path, finished: Run) -> None:
    copied(finished, folder)
    test = app(run="finished")
    shown = {metric.label: metric.value for metric in test.metric}
    kept = finished.summary()["visits"]
    assert shown["Visits kept"] == f"{kept['kept']:,}" and shown["Test MAE"].startswith(
        f"{finished.result['metrics']['test']['mae']:.3g}"
    )
    assert "missing truths are left out" in texts(test).replace("\\", "")
    table = next(frame.value for frame in test.dataframe if "persistence" in frame.value)
    assert list(table.columns[:4]) == ["ahead", "STID", "persistence", "seasonal naive"] and len(table) == 13
    assert table["ahead"].iloc[0] == "1 h" and table["ahead"].iloc[-1] == "all"
    assert {part.label for part in test.get("download_button")} >= {
        "Epochs as CSV",
        "Epochs as Parquet",
        "Record as JSON",
    }


def test_the_newcomer_sees_the_demo_run_and_one_button(app, monkeypatch: pytest.MonkeyPatch) -> None:
    started = []
    monkeypatch.setattr(worker, "start", started.append)
    test = app()
    assert "finished demo run" in texts(test) and "Simulated" in texts(test)
    assert len(test.get("vega_lite_chart")) + len(test.get("arrow_vega_lite_chart")) >= 2
    button(test, "Train a small one live (about 20 s)").click().run()
    assert [run.spec.data.source for run in started] == ["demo"]
    assert test.session_state["linked run"] == started[0].id
    assert "Starting" in texts(test)


def test_without_any_run_the_page_says_what_to_do(app, without_demo) -> None:
    test = app()
    assert "There is no run on this machine yet" in texts(test)
    assert "Train a small one live (about 20 s)" in labels(test)


def test_the_form_starts_what_it_says(app, folder: Path, tiny_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "start", lambda run: None)
    test = app(data=str(tiny_file))
    test.number_input(key="train.epochs").set_value(3)
    test.selectbox(key="new.model").set_value("dlinear").run()
    test.number_input(key="model.kernel").set_value(7)
    test.number_input(key="prune.keep").set_value(0.8)
    test.text_input(key="data.split").set_value("0.5,0.2,0.3").run()
    assert "About" in texts(test) and "memory" in texts(test)
    button(test, "Start training").click().run()
    (run,) = runs_in(folder)
    options = run.spec.options
    assert options.train.epochs == 3 and options.model == {"name": "dlinear", "kernel": 7}
    assert options.prune["keep"] == 0.8 and options.data.split == (0.5, 0.2, 0.3)
    assert test.session_state["linked run"] == run.id


def test_only_what_can_run_on_the_data_is_offered(app, tiny_file: Path, tmp_path: Path) -> None:
    test = app(data=str(tiny_file))
    assert "simvp" not in models_of(test) and "Not offered: SimVP" in texts(test).replace("\\", "")
    test.selectbox(key="new.model").set_value("stid-neighbours").run()
    test.selectbox(key="new.mask").set_value("dynst").run()
    drawn = {part.key for part in [*test.number_input, *test.selectbox, *test.checkbox]}
    assert "mask.sparsity" in drawn and not {"mask.region", "data.samples"} & drawn
    tiny(300, 12, grid=(3, 4)).save(tmp_path / "grid.nc")
    test.query_params["data"] = str(tmp_path / "grid.nc")
    test.run()
    assert "simvp" in models_of(test) and "Not offered" not in texts(test)
    test.selectbox(key="new.model").set_value("simvp").run()
    assert "mask.region" in {part.key for part in test.number_input}
    assert not button(test, "Start training").disabled
    test.query_params["data"] = str(tiny_file)
    test.run()
    assert test.selectbox(key="new.model").value == "stid" and test.selectbox(key="new.no mask").disabled


def models_of(test) -> list[str]:
    """The models in the list, by name."""
    titles = {card.label: name for name, card in registry.cards("models").items()}
    return [titles[option] for option in test.selectbox(key="new.model").options]


@pytest.mark.parametrize("mask", only([0], ["any", "given"]))
def test_options_that_do_nothing_are_not_offered(app, tiny_file: Path, mask: str) -> None:
    test = app(data=str(tiny_file))
    test.selectbox(key="new.model").set_value("stid-neighbours").run()
    test.selectbox(key="new.mask").set_value(mask).run()
    drawn = {part.key for part in [*test.number_input, *test.multiselect, *test.text_input]}
    assert "mask.budget" not in drawn and ("mask.sparsity" in drawn) == (mask == "any") and "mask.on" in drawn


@pytest.mark.parametrize(
    ("key", "value", "said"),
    only(
        [0, 1],
        [
            ("data.lookback", 2000, "choose a shorter lookback or horizon"),
            ("prune.keep", 0.05, "cannot be met"),
            ("data.split", "1,2", "split"),
            ("train.milestones", "soon", "milestones"),
        ],
    ),
)
def test_what_cannot_be_is_said_beside_the_form_and_not_started(
    app, folder: Path, tiny_file: Path, key, value, said
) -> None:
    test = app(data=str(tiny_file))
    field = test.text_input(key=key) if isinstance(value, str) else test.number_input(key=key)
    field.set_value(value).run()
    assert said in texts(test).replace("\\", "")
    assert button(test, "Start training").disabled
    assert runs_in(folder) == []


def test_a_missing_dataset_is_a_sentence(app, tmp_path: Path) -> None:
    test = app(data=f"{tmp_path}/at-all.csv")
    assert "There is no file or folder" in texts(test) and button(test, "Start training").disabled


def test_settings_are_cloned_into_the_form(app, in_state) -> None:
    run = in_state("stopped", 2)
    test = app(run=run.id)
    button(test, "Use these settings").click().run()
    assert test.session_state["new.source"] == run.spec.data.source
    assert test.number_input(key="train.epochs").value == 4 and test.number_input(key="model.width").value == 4
    assert test.number_input(key="prune.keep").value == 0.6 and not button(test, "Start training").disabled


def test_buttons_tell_the_worker(app, in_state) -> None:
    run = in_state("running", 2)
    test = app(run=run.id)
    for label, word in (("Step", "step"), ("Pause", "pause"), ("Stop", "stop")):
        button(test, label).click().run()
        assert run.word == word
    assert button(test, "Stopping").disabled and button(test, "Pause").disabled


def test_a_worker_that_does_not_answer_can_be_killed(app, in_state, monkeypatch: pytest.MonkeyPatch) -> None:
    run = in_state("running", 2)
    run.control("stop")
    assert "Kill" not in labels(app(run=run.id))
    monkeypatch.setattr(control, "PATIENCE", -1)
    ended_ = []
    monkeypatch.setattr(worker, "kill", ended_.append)
    button(app(run=run.id), "Kill").click().run()
    assert [run.id for run in ended_] == [run.id]


def test_resuming_starts_a_worker(app, in_state, monkeypatch: pytest.MonkeyPatch) -> None:
    run, started = in_state("interrupted", 2), []
    monkeypatch.setattr(worker, "start", started.append)
    button(app(run=run.id), "Resume from epoch 3").click().run()
    assert [run.id for run in started] == [run.id]


def test_the_record_is_json_without_nan(finished: Run) -> None:
    document = json.loads(saving.record_text(finished), parse_constant=pytest.fail)
    assert document["spec"]["id"] == "finished" and len(document["epochs"]) == 4


def test_every_event_has_words(in_state) -> None:
    run = in_state("paused", 2)
    said = [live.event_text(event, "epoch") for event in run.events()]
    assert said[0] == "opens the data" and said[1].startswith("begins at epoch 1 of 4") and said[-1] == "pauses"


def test_earlier_runs_say_how_fast_the_machine_is(folder: Path, finished: Run) -> None:
    assert speed.training_speed("stid")[1] == speed.GLANCE
    copied(finished, folder)
    factor, basis = speed.training_speed("stid")
    assert "earlier runs of this model" in basis and 0.01 < factor < 1000


def test_forecasts_are_made_by_another_process_and_offered(app, folder: Path, finished: Run) -> None:
    copied(finished, folder)
    test = app(run="finished")
    button(test, "Make the file").click().run()
    assert not test.error
    (_, content) = test.session_state["forecast file finished"]
    rows = pd.read_csv(io.BytesIO(content))
    assert set(rows["sensor"]) == set(finished.spec.data.sensors) and rows["horizon"].max() == 12
    assert "Save finished-next.csv" in {part.label for part in test.get("download_button")}


def test_a_forecast_that_cannot_be_made_is_a_sentence(in_state, quick_children: None) -> None:
    with pytest.raises(RunError, match=r"has no finished weights yet|no result"):
        oneshot.forecast(in_state("stopped", 1), ".csv")


def test_a_training_beforehand_does_not_ask_for_epochs_twice_at_the_top(app) -> None:
    test = app()
    test.selectbox(key="new.prune").set_value("craig").run()
    everything = [part.label for part in test.sidebar.number_input]
    more = [part.label for expander in test.sidebar.expander for part in expander.number_input]
    assert everything.count("Epochs") - more.count("Epochs") == 1, "those of the run"
    assert more.count("Epochs") == 1, "those beforehand, below their heading"
