"""Data: what was understood, what is asked, what an answer does, and why a file is refused."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from cases import only
from pages import button, texts
from tiny import tiny

from app import picking
from stcore.data import STData
from stcore.runs import create


def said(test) -> str:
    """The page's words without the marks that keep Markdown from reading them."""
    return texts(test).replace("\\", "")


def test_the_demo_says_that_it_is_simulated_and_draws_everything(app) -> None:
    test = app("data")
    assert test.header[0].value == "Ringstadt \\(simulated city\\)"
    assert "Simulated data" in said(test) and "8,064 steps × 120 sensors × 2 channels" in said(test)
    assert len(test.get("deck_gl_json_chart")) == 1 and len(test.get("plotly_chart")) == 1
    assert len(test.get("vega_lite_chart")) + len(test.get("arrow_vega_lite_chart")) >= 5
    twins = {"The readings as a table", "Missing readings as a table", "Neighbours as a table"}
    assert {part.label for part in test.expander} >= twins


def test_a_path_that_is_not_there_is_answered_in_words(app, tmp_path: Path) -> None:
    test = app("data", data=f"{tmp_path}/all.csv")
    assert [part.value.replace("\\", "") for part in test.error] == [f"There is no file or folder {tmp_path}/all.csv."]
    assert not test.get("deck_gl_json_chart")


def test_typing_a_path_opens_it(app, tiny_file: Path) -> None:
    test = app("data")
    test.text_input(key="data path").set_value(str(tiny_file)).run()
    assert test.header[0].value == "tiny" and "600 steps × 4 sensors × 1 channel" in said(test)


def test_an_answer_opens_the_data_again_and_can_be_taken_back(app, zeros_file: Path) -> None:
    test = app("data", data=str(zeros_file))
    zeros = next(part for part in test.radio if part.key.startswith("answer-zeros"))
    assert zeros.value == "keep" and "25 % of the readings are exactly zero" in said(test)
    assert "**Missing** | 0 %" in said(test)
    zeros.set_value("missing").run()
    assert "They were taken as missing" in said(test) and "**Missing** | 25" in said(test)
    assert "**Exactly\u00a0zero** | 25 %" in said(test), "one share: of the readings that the file has"
    assert test.session_state["answers"] == {str(zeros_file): {"zeros": "missing"}}
    button(test, "Take back").click().run()
    assert "**Missing** | 0 %" in said(test) and not test.session_state["answers"]


def test_answers_are_saved_beside_the_data_only_when_asked(app, zeros_file: Path) -> None:
    test = app("data", data=str(zeros_file))
    next(part for part in test.radio if part.key.startswith("answer-zeros")).set_value("missing").run()
    beside = zeros_file.with_name("counts.csv.answers.json")
    assert not beside.exists()
    button(test, "Save answers beside the data").click().run()
    assert json.loads(beside.read_text()) == {"zeros": "missing"}
    assert "Saved in" in said(test) and "They were taken as missing" in said(test)


def test_a_refused_file_asks_what_would_help_and_opens_when_answered(app, tmp_path: Path) -> None:
    place = tmp_path / "irregular.csv"
    stamps = pd.Timestamp("2026-01-05") + pd.to_timedelta(
        np.cumsum(np.random.default_rng(0).integers(1, 9, 400)), unit="min"
    )
    pd.DataFrame({"a": np.arange(400.0), "b": np.arange(400.0) % 7}, stamps).to_csv(place, index_label="time")
    test = app("data", data=str(place))
    assert "irregular" in said(test) and not test.get("deck_gl_json_chart")
    answer = next(part for part in test.text_input if part.key.startswith("answer-step"))
    answer.set_value("15min").run()
    assert test.header[0].value == "irregular" and "every 15 min" in said(test)


@pytest.mark.parametrize(
    ("code", "wrong", "sentence", "right", "becomes"),
    only(
        [0],
        [
            ("start", "tomorrow", "'tomorrow' is no date and time", "2024-03-04", "04 Mar 2024 00:00"),
            ("step", "often", "'often' is not understood", "1h", "every 1 h"),
            ("zone", "Nowhere", "There is no time zone 'Nowhere'", "Europe/Berlin", "**Clock** | Europe/Berlin"),
        ],
    ),
)
def test_a_wrong_answer_keeps_its_question_and_its_field(
    app, tmp_path: Path, code: str, wrong: str, sentence: str, right: str, becomes: str
) -> None:
    place = tmp_path / "bare.csv"
    np.savetxt(place, 50 + np.arange(1200.0).reshape(200, 6) % 7, delimiter=",")
    test = app("data", data=str(place))
    if code == "zone":
        next(part for part in test.radio if part.key.startswith("answer-zone")).set_value("<zone>").run()

    def field() -> Any:
        return next(part for part in test.text_input if part.key.startswith(f"answer-{code}"))

    field().set_value(wrong).run()
    assert sentence in said(test) and not test.header and field().value == wrong
    labels = [part.label for part in test.button]
    assert labels.count("Take back") == 1 and "Save answers beside the data" not in labels
    field().set_value(right).run()
    assert test.header[0].value == "bare" and becomes in said(test)
    assert "Save answers beside the data" in {part.label for part in test.button}


def test_a_click_on_the_map_chooses_the_sensor_everywhere(app, tiny_file: Path) -> None:
    test = app("data", data=str(tiny_file))
    assert test.selectbox(key="sensor list").value == "s0"
    test.session_state["data-map"] = {"selection": {"indices": {"sensors": [5]}, "objects": {}}}
    test.run()
    assert test.selectbox(key="sensor list").value == "s2" and "sensor s2" in said(test)
    test.selectbox(key="sensor list").set_value("s1").run()
    assert test.selectbox(key="sensor list").value == "s1", "an old click must not win over a new choice"
    test.switch_page("sensors/page.py").run()
    test.switch_page("data/page.py").run()
    assert test.selectbox(key="sensor list").value == "s1"


def test_without_places_the_graph_is_drawn_and_it_is_said(app, tmp_path: Path) -> None:
    ds = tiny().ds.drop_vars(["lat", "lon"]).assign_attrs(graph="roads")
    STData.of(ds).save(tmp_path / "graph.nc")
    test = app("data", data=str(tmp_path / "graph.nc"))
    assert "drawing of the graph" in said(test) and len(test.get("deck_gl_json_chart")) == 1
    STData.of(ds.drop_dims("edge")).save(tmp_path / "bare.nc")
    test = app("data", data=str(tmp_path / "bare.nc"))
    assert "No coordinates and no graph" in said(test) and "There is no graph." in said(test)


def test_names_from_a_file_are_shown_letter_for_letter(app, tmp_path: Path) -> None:
    ds = (
        tiny(sensors=2)
        .ds.assign_coords(sensor=["**bold** <b>x</b>", "=1+1"])
        .assign_attrs(title="# [big](http://evil)")
    )
    STData.of(ds).save(tmp_path / "names.nc")
    test = app("data", data=str(tmp_path / "names.nc"))
    assert test.header[0].value == "\\# \\[big\\]\\(http\\://evil\\)"
    assert "\\*\\*bold\\*\\* \\<b\\>" in texts(test)


def test_days_without_readings_say_so(app, tmp_path: Path) -> None:
    ds = tiny(steps=24 * 40).ds.copy(deep=True)
    ds["value"][24 * 20 :, 0] = np.nan
    STData.of(ds).save(tmp_path / "ends.nc")
    test = app("data", data=str(tmp_path / "ends.nc"))
    days = next(part for part in test.select_slider if part.label == "Days")
    assert days.value[0] == pd.Timestamp("2026-01-05").date()
    days.set_value((pd.Timestamp("2026-02-05").date(), pd.Timestamp("2026-02-07").date())).run()
    assert "s0 has no reading of c0 in these days" in said(test)


def test_train_on_this_carries_the_dataset(app, tiny_file: Path) -> None:
    test = app("data", data=str(tiny_file))
    button(test, "Train on this").click().run()
    assert not test.exception and test.query_params["data"] == str(tiny_file)


def test_a_selection_is_read_however_little_of_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    for state in ({}, {"k": None}, {"k": {}}, {"k": {"selection": {"indices": {}}}}):
        monkeypatch.setattr(picking.st, "session_state", state)
        assert picking.widget_rows("k", "indices", "sensors") == []
    monkeypatch.setattr(picking.st, "session_state", {"k": {"selection": {"rows": [3]}}})
    assert picking.widget_rows("k", "rows") == [3]


@pytest.mark.parametrize("layout", only([1], ["netcdf", "parquet"]))
def test_data_are_handed_over_in_a_layout(app, layout: str) -> None:
    test = app("data", data="demo")
    test.selectbox(key="save layout").set_value(layout).run()
    test.button(key="make file").click().run()
    [download] = [part for part in test.get("download_button") if part.label.startswith("Download ")]
    assert download.label.startswith("Download Ringstadt-simulated-city" + (".nc" if layout == "netcdf" else ".zip"))


def test_a_layout_whose_writer_needs_torch_is_not_written_by_the_page(app) -> None:
    assert "stemdist" not in app("data", data="demo").selectbox(key="save layout").options


def test_assumed_times_are_marked_from_then_on(app, tmp_path: Path) -> None:
    np.savez(tmp_path / "roads.npz", data=np.random.default_rng(0).random((600, 4, 1)) + 1)
    test = app("data", data=str(tmp_path / "roads.npz"))
    assert "(assumed: start, step)" in texts(test)
    run = create(tmp_path / "roads.npz", {"model": {"width": 4}}, tmp_path, "roads")
    assert run.spec.data.assumed == "start, step"
    assert "Assumed times" in texts(app("train", run="roads"))


def test_data_that_runs_know_by_another_name_are_noticed(app, in_state, tiny_file: Path, tmp_path: Path) -> None:
    in_state("stopped", 1)
    copy = Path(shutil.copy(tiny_file, tmp_path / "renamed.nc"))
    assert "were trained on under another name before: tiny" in said(app("data", data=str(copy)))
    assert "under another name" not in said(app("data", data=str(tiny_file)))


def test_places_of_a_grid_are_called_cells(app, tmp_path: Path) -> None:
    tiny(100, 4, missing=0.1, grid=(2, 2)).save(tmp_path / "grid.nc")
    test = app("data", data=str(tmp_path / "grid.nc"))
    said = texts(test)
    assert "100 steps × 4 cells" in said and "mean of all cells" in said and "each cell with" in said
    assert "sensor" not in said
    assert test.selectbox(key="sensor list").label == "Cell"
