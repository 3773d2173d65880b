"""The Samples view in every state, and one selection for all of its parts."""

import json
from collections.abc import Callable
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
import streamlit
from pages import button, texts
from streamlit.testing.v1 import AppTest
from tiny import tiny
from training_runs import OPTIONS, trained

from app import raster
from app.sample import choices, listing, look
from app.sample.detail import forecast_of
from stcore import jobs
from stcore.charts.raster import SORTS
from stcore.charts.samples import MEASURES
from stcore.data import STData
from stcore.runs import Run
from stcore.runs.selections import save, selections

Open = Callable[..., AppTest]


@pytest.fixture
def here(finished: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The finished run, in the folder that the app looks at."""
    monkeypatch.setenv("STCORE_RUNS", str(finished.path.parent))
    return finished


def charts(test: AppTest) -> set[str]:
    """The kinds of pictures on the page."""
    kinds = ("plotly_chart", "vega_lite_chart", "bidi_component", "deck_gl_json_chart", "arrow_vega_lite_chart")
    return {kind for kind in kinds if len(test.get(kind))}


def test_a_finished_run_is_shown_with_its_most_complex_sample(app: Open, here: Run) -> None:
    test = app("samples", run=here.id)
    score = here.trace()["score"].values[-1].astype(float)
    assert f"sample {int(np.nanargmax(score))})" in texts(test) and "the largest of all" in texts(test)
    assert {"plotly_chart", "bidi_component"} <= charts(test)
    assert test.dataframe[-1].value["score"].is_monotonic_decreasing and len(test.dataframe[-1].value) == len(score)


def test_a_sample_in_the_address_is_the_one_that_is_shown(app: Open, here: Run) -> None:
    test = app("samples", run=here.id, sample="17")
    assert "(sample 17)" in texts(test) and test.number_input(key="sample number").value == 17
    test.number_input(key="sample number").set_value(18).run()
    assert "(sample 18)" in texts(test) and test.session_state["linked sample"] == "18"


@pytest.mark.parametrize("nonsense", ["99999", "-1", "abc", "1e3"])
def test_a_sample_that_the_run_does_not_have_is_said(app: Open, here: Run, nonsense: str) -> None:
    test = app("samples", run=here.id, sample=nonsense)
    assert "This run has no sample" in texts(test) and "Nothing is picked" in texts(test)


def test_an_earlier_epoch_is_shown_as_it_was(app: Open, here: Run) -> None:
    test = app("samples", run=here.id, epoch="2")
    assert test.slider(key="epoch of 4").value == 2 and "of 2** epochs" in texts(test)
    test.slider(key="epoch of 4").set_value(4).run()
    assert "of 4** epochs" in texts(test) and test.session_state["linked epoch"] is None
    assert app("samples", run=here.id, epoch="99").slider(key="epoch of 4").value == 4


@pytest.mark.parametrize("measure", ["mean", "variability", "kept_share"])
def test_every_measure_can_be_drawn(app: Open, here: Run, measure: str) -> None:
    test = app("samples", run=here.id)
    test.selectbox(key="measure").set_value(measure).run()
    drawn = next(part for part in test.get("bidi_component") if "Calendar" in part.proto.json)
    assert MEASURES[measure] in drawn.proto.json


def test_plain_charts_take_the_place_of_the_canvases(app: Open, here: Run) -> None:
    test = app("samples", run=here.id)
    test.toggle(key="still").set_value(True).run()
    assert len(test.get("plotly_chart")) == 3 and not test.get("bidi_component")


@pytest.mark.parametrize(("words", "by"), [("complexity", "score"), ("kept share", "kept_share")])
def test_the_address_says_how_the_raster_is_sorted(app: Open, here: Run, words: str, by: str) -> None:
    test = app("samples", run=here.id, sort=words)
    assert test.session_state["sort"] == by
    drawn = next(part for part in test.get("bidi_component") if "Raster" in part.proto.json)
    assert SORTS[by] in drawn.proto.json


# ---- selections ----------------------------------------------------------------------------------------------------
def calling(monkeypatch: pytest.MonkeyPatch, **state: Any) -> None:
    """Session state as a callback finds it."""
    linked = {f"linked {name}": None for name in ("sample", "epoch", "selection")}
    monkeypatch.setattr(streamlit, "session_state", linked | state)
    monkeypatch.setattr(streamlit, "query_params", {})


def test_a_row_of_the_table_picks_its_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    calling(monkeypatch, table={"selection": {"rows": [1]}})
    listing.pick_line("table", pd.DataFrame(index=[5, 8, 2]))
    assert look.picked(9) == 8


def test_a_lasso_chooses_many_and_a_click_picks_one(app: Open, here: Run) -> None:
    test = app("samples", run=here.id)
    test.session_state["lasso"] = (here.id, np.array([3, 4, 5, 6]))
    test.run()
    assert "4 of 337 samples** are chosen" in texts(test)
    assert sorted(test.dataframe[-1].value["sample"]) == [3, 4, 5, 6]
    button(test, "Show all").click().run()
    assert len(test.dataframe[-1].value) == 337


def test_a_lasso_of_another_run_is_not_taken_over(app: Open, here: Run) -> None:
    test = app("samples", run=here.id)
    test.session_state["lasso"] = ("another", np.array([3]))
    test.run()
    assert "Showing all" in texts(test)


@pytest.mark.parametrize(
    ("state", "cell"),
    [
        ({"picked": {"row": 3, "column": 4}}, (3, 4)),
        ({"picked": None}, None),
        ({}, None),
        (None, None),
        ({"picked": {"row": -1, "column": 0}}, None),
        ({"picked": {"row": "x", "column": 0}}, None),
    ],
)
def test_only_a_cell_is_read_from_a_canvas(state: Any, cell: Any) -> None:
    assert raster.read(state) == cell


# ---- named selections ----------------------------------------------------------------------------------------------
@pytest.fixture
def own(folder: Any, finished: Run) -> Run:
    """A copy of the finished run, in which selections may be kept."""
    copytree(finished.path, folder / "own", ignore=ignore_patterns("lock"))
    return Run(folder / "own")


def test_a_lasso_can_be_named_and_its_link_opens_it_again(app: Open, own: Run) -> None:
    test = app("samples", run=own.id)
    test.session_state["lasso"] = (own.id, np.array([3, 4, 5, 6]))
    test.run()
    test.text_input(key="selection name").set_value("<b>four</b> *hard* ones").run()
    button(test, "Keep").click().run()
    (kept,) = selections(own)
    assert kept.samples.tolist() == [3, 4, 5, 6] and test.session_state["linked selection"] == kept.id
    assert sorted(test.dataframe[-1].value["sample"]) == [3, 4, 5, 6]
    again = app("samples", run=own.id, selection=kept.id)
    assert r"\<b\>four\</b\> \*hard\* ones**: 4 of 337 samples" in texts(again)
    assert sorted(again.dataframe[-1].value["sample"]) == [3, 4, 5, 6]
    assert again.selectbox(key="selection list").value == kept.id
    button(again, "Show all").click().run()
    assert len(again.dataframe[-1].value) == 337 and again.session_state["linked selection"] is None
    again.selectbox(key="selection list").set_value(kept.id).run()
    assert len(again.dataframe[-1].value) == 4
    button(again, "Delete").click().run()
    assert selections(own) == [] and len(again.dataframe[-1].value) == 337


def test_a_selection_without_a_name_is_asked_for_one(app: Open, own: Run) -> None:
    test = app("samples", run=own.id)
    test.session_state["lasso"] = (own.id, np.array([3]))
    test.run()
    button(test, "Keep").click().run()
    assert "Give the selection a name" in texts(test) and not selections(own)


@pytest.mark.parametrize("place", ["000000000000", "../../spec", "<script>"])
def test_a_selection_that_the_run_does_not_have_is_said(app: Open, own: Run, place: str) -> None:
    test = app("samples", run=own.id, selection=place)
    assert "This run has no selection" in texts(test) and len(test.dataframe[-1].value) == 337


def test_the_calendar_and_the_map_show_the_selection(app: Open, own: Run) -> None:
    kept = save(own, "a few", np.arange(20))
    test = app("samples", run=own.id, selection=kept.id)
    drawn = json.loads(canvas_of(test, "Calendar"))
    assert drawn["inside"] and json.loads(canvas_of(test, "Raster"))["rows"] == 20
    points = [
        part for part in json.loads(test.get("plotly_chart")[0].proto.spec)["data"] if part["type"] == "scattergl"
    ]
    assert len(points[0]["selectedpoints"]) <= 20
    bare = app("samples", run=own.id)
    assert (
        json.loads(next(part for part in bare.get("bidi_component") if "Calendar" in part.proto.json).proto.json)[
            "inside"
        ]
        is None
    )


def canvas_of(test: AppTest, what: str) -> str:
    """What the calendar or the raster is drawn from."""
    return str(next(part for part in test.get("bidi_component") if what in part.proto.json).proto.json)


def test_the_file_of_a_selection_says_from_when_to_when(here: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    calling(monkeypatch, **{"linked selection": None, "lasso": (here.id, np.array([5, 7]))})
    rows = listing.listed(look.look(here, 4, 4))
    assert rows["sample"].tolist() == [5, 7] and {"complexity", "mean", "kept_share"} <= set(rows)
    hours = [rows[name] - rows["input_from"] for name in ("input_until", "forecast_from", "forecast_until")]
    assert [part.iloc[0] / pd.Timedelta("1h") for part in hours] == [11, 12, 23]


# ---- how it chose --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("hours of the week", "of the hardest tenth of the hours it kept"),
        ("always or never", "by pure chance"),
        ("changes", "newly pruned"),
        ("weights", "of equal weight"),
        ("threshold", "count as easy"),
        ("age of scores", "last time it was met"),
        ("another method", "difference of taste"),
    ],
)
def test_each_figure_has_its_line_and_its_address(app: Open, here: Run, words: str, said: str) -> None:
    test = app("samples", run=here.id, choices=words)
    assert said in texts(test) and choices.WORDS[test.session_state["choices"]] == words


def test_a_run_that_prunes_nothing_says_so(app: Open, folder: Any, tiny_file: Any) -> None:
    run = trained(tiny_file, folder, "all", prune={"name": "full"})
    assert "kept every sample in every epoch" in texts(app("samples", run=run.id))


def test_before_the_first_pruned_epoch_the_figures_are_awaited(app: Open, in_state: Any) -> None:
    assert "Nothing has been pruned so far" in texts(app("samples", run=in_state("running", 1).id))


def test_an_epoch_before_the_first_pruned_one_says_so(app: Open, here: Run) -> None:
    assert "Nothing had been pruned up to this epoch" in texts(app("samples", run=here.id, epoch="1"))


def test_a_method_without_a_threshold_says_so(app: Open, folder: Any, tiny_file: Any) -> None:
    run = trained(tiny_file, folder, "random", prune={"name": "random", "keep": 0.5})
    assert "goes by no threshold" in texts(app("samples", run=run.id, choices="threshold"))


def test_what_only_another_method_keeps_can_be_chosen(app: Open, here: Run) -> None:
    test = app("samples", run=here.id, choices="another method")
    for method in test.selectbox(key="replayed").options:
        assert method not in ("el2n", "grand")
    only = next(part for part in test.button if part.label.startswith("Choose the"))
    count = int(only.label.split()[2].replace(",", ""))
    only.click().run()
    assert len(test.dataframe[-1].value) == count


# ---- cells ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("words", ["hours of the week", "always or never", "changes", "weights", "threshold"])
def test_a_run_on_cells_shows_shares_of_windows(app: Open, folder: Any, tiny_file: Any, words: str) -> None:
    run = trained(tiny_file, folder, "cells", data={"samples": "cells"})
    test = app("samples", run=run.id, sample="5", epoch="2", choices=words)
    share = 100 * float(run.trace()["kept"].values[1, 5])
    assert "of its cells kept in epoch 2" in texts(test) and f"{share:.3g}"[:4] in texts(test)
    assert '"parts": "cells"' in canvas_of(test, "Raster")
    test.toggle(key="still").set_value(True).run()
    assert not test.exception


def test_of_cells_no_figure_is_offered_that_has_nothing_to_show(app: Open, folder: Any, tiny_file: Any) -> None:
    prune = {"name": "guarded", "keep": 0.6}
    run = trained(tiny_file, folder, "few", data={"samples": "cells"}, prune=prune)
    for words in ("another method", "age of scores", "threshold", "nonsense"):
        test = app("samples", run=run.id, choices=words)
        assert test.session_state["choices"] == "hours" and "of the hardest tenth of the hours it kept" in texts(test)
        assert offered(test) == ["hours of the week", "always or never", "changes", "weights"]


def offered(test: AppTest) -> list[str]:
    """The names of the figures that can be chosen."""
    (part,) = [part for part in test.button_group if part.key == "choices"]
    return list(part.options)


def test_a_figure_that_another_run_lacks_gives_way_to_the_first(
    app: Open, finished: Run, folder: Any, tiny_file: Any
) -> None:
    copytree(finished.path, folder / "windows", ignore=ignore_patterns("lock"))
    trained(tiny_file, folder, "cells", data={"samples": "cells"})
    test = app("samples", run="windows", choices="another method")
    assert test.session_state["choices"] == "replay"
    test.selectbox(key="run list").set_value("cells").run()
    assert not test.exception and test.session_state["choices"] == "hours"
    assert "of the hardest tenth of the hours it kept" in texts(test)


def test_of_cells_often_and_seldom_are_relative_to_the_mean(app: Open, folder: Any, tiny_file: Any) -> None:
    prune = {"name": "guarded", "keep": 0.6}
    run = trained(tiny_file, folder, "few", data={"samples": "cells"}, prune=prune)
    said = texts(app("samples", run=run.id, choices="always or never"))
    mean = 100 * float(run.trace()["kept"].values.mean())
    assert mean < 50 and f"A pruned epoch keeps {mean:.3g} % in the mean" in said and "one and a half times" in said


@pytest.mark.parametrize(("method", "rounds"), [("guarded", True), ("random", False)])
def test_of_windows_the_groups_are_relative_in_rounds_only(
    app: Open, folder: Any, tiny_file: Any, method: str, rounds: bool
) -> None:
    run = trained(tiny_file, folder, "whole", prune={"name": method, "keep": 0.6})
    test = app("samples", run=run.id, choices="always or never")
    assert ("one and a half times" in texts(test)) == rounds
    (table,) = [part.value for part in test.dataframe if "by chance" in part.value]
    assert ("always (in at least 90 %)" in list(table["kept"])) != rounds


# ---- states --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("starting", "PyTorch is being loaded"),
        ("running", "The first epoch is in work"),
        ("paused", "Paused in the first epoch"),
        ("queued", "waits until another one has finished"),
        ("stopped", "ended before its first epoch"),
        ("failed", "diverged at epoch 3"),
        ("interrupted", "ended before its first epoch"),
    ],
)
def test_before_the_first_epoch_the_view_says_why_it_is_empty(app: Open, in_state: Any, status: str, said: str) -> None:
    test = app("samples", run=in_state(status, 0).id)
    assert said in texts(test)


@pytest.mark.parametrize("status", ["running", "paused", "stopped", "failed", "interrupted"])
def test_after_one_epoch_what_needs_two_says_so(app: Open, in_state: Any, status: str) -> None:
    test = app("samples", run=in_state(status, 1).id)
    assert "The data map needs two epochs" in texts(test) and "The raster needs two epochs" in texts(test)
    assert "The forecast is shown when the run is finished" in texts(test)


def test_a_live_run_stands_still_until_it_is_updated(app: Open, in_state: Any) -> None:
    run = in_state("running", 3)
    test = app("samples", run=run.id)
    test.session_state[f"frozen {run.id}"] = 2
    test.run()
    assert "of 2** epochs" in texts(test)
    button(test, "Epoch 3 available: update").click().run()
    assert "of 3** epochs" in texts(test)


def test_a_live_run_can_be_followed(app: Open, in_state: Any) -> None:
    run = in_state("running", 3)
    test = app("samples", run=run.id)
    test.session_state[f"frozen {run.id}"] = 2
    test.toggle(key="follow").set_value(True).run()
    assert "of 3** epochs" in texts(test)


# ---- data ----------------------------------------------------------------------------------------------------------
def test_without_its_data_a_run_still_shows_its_samples(app: Open, folder: Any, tmp_path: Any) -> None:
    source = tmp_path / "gone.nc"
    tiny(steps=300).save(source)
    run = trained(source, folder, "orphan")
    source.unlink()
    streamlit.cache_resource.clear()
    test = app("samples", run=run.id)
    assert "The window cannot be shown" in texts(test) and "sample" in texts(test)


def test_without_places_there_is_no_map_but_the_bars(app: Open, folder: Any, tmp_path: Any) -> None:
    source = tmp_path / "nowhere.nc"
    STData.of(
        tiny(steps=300).ds.drop_vars(["lat", "lon", "edge_from", "edge_to", "edge_weight"], errors="ignore")
    ).save(source)
    test = app("samples", run=trained(source, folder, "nowhere").id)
    assert [tab.label for tab in test.tabs] == ["Worst sensors", "Table"]


def test_planted_incidents_are_marked(app: Open, folder: Any, tmp_path: Any) -> None:
    data = tiny(steps=300)
    hour = data.ds["time"].values
    planted = {"incident_start": ("incident", hour[[40]]), "incident_end": ("incident", hour[[43]])}
    source = tmp_path / "planted.nc"
    STData.of(data.ds.assign(planted)).save(source)
    test = app("samples", run=trained(source, folder, "planted").id, sample="30")
    assert "overlaps a **planted incident**" in texts(test)
    table = test.dataframe[-1].value.set_index("sample")
    assert table["incident"].sum() == 27 and not table.at[0, "incident"]


def test_with_two_targets_one_is_chosen(app: Open, folder: Any, tmp_path: Any) -> None:
    source = tmp_path / "two.nc"
    tiny(steps=300, channels=2).save(source)
    run = trained(source, folder, "two", data={"targets": ["c0", "c1"]})
    test = app("samples", run=run.id)
    test.selectbox(key="target").set_value("c1").run()
    assert not test.exception and test.selectbox(key="target").value == "c1"


def test_a_forecast_that_was_not_stored_is_made_on_demand(app: Open, folder: Any, tmp_path: Any) -> None:
    source = tmp_path / "short.nc"
    tiny(steps=300).save(source)
    run = trained(source, folder, "unstored", train={**OPTIONS["train"], "forecasts": 0})
    test = app("samples", run=run.id, sample="5")
    button(test, "Forecast this window").click().run(timeout=60)
    assert "Where was it wrong?" in texts(test)
    made = test.session_state["forecasts"][(run.id, 5)]
    assert made == pytest.approx(jobs.predict(run, np.array([5]))[0], abs=1e-4)


def test_a_sensor_is_the_same_in_the_list_and_in_the_address(app: Open, here: Run) -> None:
    test = app("samples", run=here.id, sensor="s2")
    assert test.selectbox(key="sample sensor").value == "s2"
    test.selectbox(key="sample sensor").set_value("s1").run()
    assert test.session_state["linked sensor"] == "s1"


# ---- files ---------------------------------------------------------------------------------------------------------
def test_files_hold_what_the_page_shows(here: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    calling(monkeypatch)
    seen = look.look(here, 4, 4)
    window = listing.shown_window(seen)
    made = forecast_of(seen)
    assert made is not None and window.forecast == pytest.approx(made[:, :, 0])
    frame = pd.DataFrame({"sensor": ["=cmd()", "s1"], "value": [1.0, 2.0]})
    assert "'=cmd()" in listing.text(frame)


def test_a_saved_picture_says_what_it_is_and_of_which_run() -> None:
    page = listing.page(lambda: go.Figure(go.Scatter(y=[1, 2])), "Raster: <i>x</i>, run demo-run, after epoch 3")
    assert "<title>Raster: &lt;i&gt;x&lt;/i&gt;, run demo-run, after epoch 3</title>" in page and "<i>x</i>" not in page


def test_a_run_elsewhere_is_a_sentence(app: Open, folder: Any) -> None:
    test = app("samples", run="../x")
    assert "is not on this machine" in texts(test)
