"""Data: what was understood, what is asked, what an answer does, and why a file is refused."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pages import button, texts
from tiny import tiny

from app import picking, session
from stcore import elsewhere, readers
from stcore.data import STData
from stcore.findings import DataError
from stcore.runs import create, uploads


def said(test) -> str:
    """The page's words without the marks that keep Markdown from reading them."""
    return texts(test).replace("\\", "")


@pytest.fixture
def zeros_file(tmp_path: Path) -> Path:
    """A table in which half of one sensor's readings are exactly zero."""
    time = pd.date_range("2026-01-05", periods=300, freq="h")
    table = pd.DataFrame({"a": 5.0 + np.arange(300) % 24, "b": 3.0 + np.arange(300) % 7}, time)
    table.iloc[::2, 1] = 0.0
    place = tmp_path / "counts.csv"
    table.to_csv(place, index_label="time")
    return place


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
    assert "**Exactly zero** | 25 %" in said(test), "one share: of the readings that the file has"
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
    [
        ("start", "tomorrow", "'tomorrow' is no date and time", "2024-03-04", "04 Mar 2024 00:00"),
        ("step", "often", "'often' is not understood", "1h", "every 1 h"),
        ("zone", "Nowhere", "There is no time zone 'Nowhere'", "Europe/Berlin", "**Clock** | Europe/Berlin"),
    ],
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
    test.switch_page("views/sensors.py").run()
    test.switch_page("views/data.py").run()
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


# ---- uploads ---------------------------------------------------------------------------------------------------------
def test_an_upload_is_checked_elsewhere_opened_and_answered(app, folder: Path, zeros_file: Path) -> None:
    test = app("data")
    test.session_state["upload box"] = True
    test.run()
    test.get("file_uploader")[0].upload("counts.csv", zeros_file.read_bytes(), "text/csv").run()
    button(test, "Open the upload").click().run()
    assert test.header[0].value == "counts" and "25 % of the readings are exactly zero" in said(test)
    first = test.session_state["linked data"]
    assert first.startswith(str(folder / ".uploads")) and first.endswith("counts.nc")
    next(part for part in test.radio if part.key.startswith("answer-zeros")).set_value("missing").run()
    assert "They were taken as missing" in said(test) and test.session_state["linked data"] != first
    assert "Save answers beside the data" not in {part.label for part in test.button}
    second = test.session_state["linked data"]
    assert readers.open(second).answers["zeros"] == "missing"
    fresh = app("data", data=second)  # another visitor, or the same one after a reload
    assert "They were taken as missing" in said(fresh)
    button(fresh, "Take back").click().run()
    assert fresh.session_state["linked data"] == first and "They stay measurements" in said(fresh)


def test_a_broken_upload_is_refused_in_words_and_the_page_stays(app) -> None:
    test = app("data")
    test.session_state["upload box"] = True
    test.run()
    test.get("file_uploader")[0].upload("broken.h5", b"\x89HDF\r\n\x1a\n" + b"x" * 3000, "application/x-hdf5").run()
    button(test, "Open the upload").click().run()
    assert "broken.h5 cannot be opened" in said(test) and not test.header
    button(test, "Demo city").click().run()
    assert "Ringstadt" in test.header[0].value


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        (
            "square.csv",
            "\n".join(",".join(f"{row + column}.5" for column in range(9)) for row in range(9)),
            "sensors x sensors",
        ),
        ("what.bin", "\0\1\2 x", "What what.bin holds is of no kind that is known here."),
        (
            "two.csv",
            "time,a,b\n2024-01-01 00:00,1,2\n2024-01-01 01:00,x,3",
            "Column 2 (a) of two.csv holds text where numbers belong: 'x' in line 3",
        ),
    ],
)
def test_a_refused_upload_is_called_by_its_own_name(app, name: str, content: str, words: str) -> None:
    test = app("data")
    test.session_state["upload box"] = True
    test.run()
    test.get("file_uploader")[0].upload(name, content.encode(), "text/plain").run()
    button(test, "Open the upload").click().run()
    assert words in said(test) and ".uploads" not in said(test) and "wide-table" not in said(test)
    assert test.text_input(key="data path").value == f"{name} (uploaded)"


def test_a_class_is_told_what_it_may_open_and_no_other_path(
    app, tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    monkeypatch.setenv("STCORE_CLASS", "1")
    monkeypatch.setattr(session, "_secret", lambda: "a" * 32)  # AppTest has no cookies
    monkeypatch.setenv("STCORE_DATA", os.pathsep.join([str(session.ROOT / "data"), str(shared), str(shared)]))
    test = app("data", data="/etc/hosts")
    (text,) = (part.value.replace("\\", "") for part in test.error)
    assert text.count(str(shared)) == 1 and "what you upload" in text
    assert str(session.ROOT) not in text and "workbench" not in text
    assert test.text_input(key="data path").label == "File or folder on the server"


def test_uploads_stay_in_their_folder_whatever_they_are_called(tmp_path: Path) -> None:
    place = uploads.keep({"../../etc/pass wd": b"1"}, tmp_path)
    assert place.name == "pass-wd" and tmp_path in place.parents
    several = uploads.keep({"a.csv": b"1", "C:\\b\\.hidden": b"22"}, tmp_path)
    assert several.is_dir() and {file.name for file in several.iterdir()} == {"a.csv", "hidden"}
    assert uploads.keep({"a.csv": b"1", "C:\\b\\.hidden": b"22"}, tmp_path) == several
    for given in ({}, {"x/a": b"1", "y/a": b"2"}):
        with pytest.raises(DataError, match="different names"):
            uploads.keep(given, tmp_path)
    checked = uploads.checked_place(place, {"zeros": "keep"})
    assert uploads.upload_of(checked) == place and uploads.answers_of(checked) == {"zeros": "keep"}
    assert uploads.answers_of(place) == {}
    assert uploads.upload_of(tmp_path / "other.nc") is None


def test_a_reader_that_dies_takes_nobody_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, zeros_file: Path
) -> None:
    module = tmp_path / "stcore_stand_in.py"
    module.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    launcher = tmp_path / "python"
    launcher.write_text(f'#!/bin/sh\nexec "{elsewhere.sys.executable}" "{module}"\n')
    launcher.chmod(0o755)
    monkeypatch.setattr(elsewhere.sys, "executable", str(launcher))
    with pytest.raises(DataError, match=r"counts.csv brought down the process"):
        elsewhere.open_data(zeros_file, tmp_path / "out.nc")
    module.write_text("while True: pass\n")
    with pytest.raises(DataError, match="took longer than"):
        elsewhere.open_data(zeros_file, tmp_path / "out.nc", seconds=-19)
    assert not (tmp_path / "out.nc").exists()


def test_what_is_read_elsewhere_may_not_take_all_memory_or_time(tmp_path: Path, zeros_file: Path) -> None:
    from stcore.cli import data as commands

    code = f"import sys\nfrom stcore.cli import data\ndata.MEMORY_SHARE = 1e-9\nsys.exit(data.take({str(zeros_file)!r}, 'x'))"
    done = elsewhere.subprocess.run(
        [elsewhere.sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode != 0 and not (tmp_path / "x").exists()
    assert 0 < commands.MEMORY_SHARE < 1


def test_a_selection_is_read_however_little_of_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    for state in ({}, {"k": None}, {"k": {}}, {"k": {"selection": {"indices": {}}}}):
        monkeypatch.setattr(picking.st, "session_state", state)
        assert picking.selected("k", "indices", "sensors") == []
    monkeypatch.setattr(picking.st, "session_state", {"k": {"selection": {"rows": [3]}}})
    assert picking.selected("k", "rows") == [3]


@pytest.mark.parametrize("layout", ["netcdf", "parquet"])
def test_data_are_handed_over_in_a_layout(app, layout: str) -> None:
    test = app("data", data="demo")
    test.selectbox(key="save layout").set_value(layout).run()
    test.button(key="make file").click().run()
    [download] = [part for part in test.get("download_button") if part.label.startswith("Download ")]
    assert download.label.startswith("Download Ringstadt-simulated-city" + (".nc" if layout == "netcdf" else ".zip"))


def test_what_a_layout_cannot_hold_is_said(app) -> None:
    test = app("data", data="demo")
    test.selectbox(key="save layout").set_value("stemdist").run()
    test.button(key="make file").click().run()
    assert test.error and not [part for part in test.get("download_button") if part.label.startswith("Download Ring")]


def test_assumed_times_are_marked_from_then_on(app, tmp_path: Path) -> None:
    np.savez(tmp_path / "roads.npz", data=np.random.default_rng(0).random((600, 4, 1)) + 1)
    test = app("data", data=str(tmp_path / "roads.npz"))
    assert "(assumed: start, step)" in texts(test)
    run = create(tmp_path / "roads.npz", {"model": {"width": 4}}, tmp_path, "roads")
    assert run.spec["data"]["assumed"] == "start, step"
    assert "Assumed times" in texts(app("train", run="roads"))


def test_data_that_runs_know_by_another_name_are_noticed(app, in_state, tiny_file: Path, tmp_path: Path) -> None:
    in_state("stopped", 1)
    copy = Path(shutil.copy(tiny_file, tmp_path / "renamed.nc"))
    assert "were trained on under another name before: tiny" in said(app("data", data=str(copy)))
    assert "under another name" not in said(app("data", data=str(tiny_file)))
