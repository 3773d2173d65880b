"""The Samples view in every state, and one selection for all of its parts."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
import streamlit
from cases import only
from pages import button, calling, texts
from streamlit.testing.v1 import AppTest
from tiny import tiny
from training_runs import OPTIONS, trained

from app.samples import listing, look
from app.samples.detail import window_forecast
from stcore.charts.raster import SORTS
from stcore.charts.samples import MEASURES
from stcore.data import STData
from stcore.processes import jobs
from stcore.runs import Run

Open = Callable[..., AppTest]


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


@pytest.mark.parametrize("nonsense", only([2], ["99999", "-1", "abc", "1e3"]))
def test_a_sample_that_the_run_does_not_have_is_said(app: Open, here: Run, nonsense: str) -> None:
    test = app("samples", run=here.id, sample=nonsense)
    assert "This run has no sample" in texts(test) and "Nothing is picked" in texts(test)


def test_an_earlier_epoch_is_shown_as_it_was(app: Open, here: Run) -> None:
    test = app("samples", run=here.id, epoch="2")
    assert test.slider(key="epoch of 4").value == 2 and "of 2** epochs" in texts(test)
    test.slider(key="epoch of 4").set_value(4).run()
    assert "of 4** epochs" in texts(test) and test.session_state["linked epoch"] is None
    assert app("samples", run=here.id, epoch="99").slider(key="epoch of 4").value == 4


@pytest.mark.parametrize("measure", only([0], ["mean", "variability", "kept_share"]))
def test_every_measure_can_be_drawn(app: Open, here: Run, measure: str) -> None:
    test = app("samples", run=here.id)
    test.selectbox(key="measure").set_value(measure).run()
    drawn = next(part for part in test.get("bidi_component") if "Calendar" in part.proto.json)
    assert MEASURES[measure] in drawn.proto.json


def test_plain_charts_take_the_place_of_the_canvases(app: Open, here: Run) -> None:
    test = app("samples", run=here.id)
    test.toggle(key="still").set_value(True).run()
    assert len(test.get("plotly_chart")) == 3 and not test.get("bidi_component")


@pytest.mark.parametrize(("words", "by"), only([0], [("complexity", "score"), ("kept share", "kept_share")]))
def test_the_address_says_how_the_raster_is_sorted(app: Open, here: Run, words: str, by: str) -> None:
    test = app("samples", run=here.id, sort=words)
    assert test.session_state["sort"] == by
    drawn = next(part for part in test.get("bidi_component") if "Raster" in part.proto.json)
    assert SORTS[by] in drawn.proto.json


# ---- states --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("status", "said"),
    only(
        [0, 1, 5],
        [
            ("starting", "PyTorch is being loaded"),
            ("running", "The first epoch is running"),
            ("paused", "Paused in the first epoch"),
            ("queued", "waits until another one has finished"),
            ("stopped", "ended before its first epoch"),
            ("failed", "diverged at epoch 3"),
            ("interrupted", "ended before its first epoch"),
        ],
    ),
)
def test_before_the_first_epoch_the_view_says_why_it_is_empty(app: Open, in_state: Any, status: str, said: str) -> None:
    test = app("samples", run=in_state(status, 0).id)
    assert said in texts(test)


@pytest.mark.parametrize("status", only([0, 3], ["running", "paused", "stopped", "failed", "interrupted"]))
def test_after_one_epoch_what_needs_two_says_so(app: Open, in_state: Any, status: str) -> None:
    test = app("samples", run=in_state(status, 1).id)
    assert "The data map needs two epochs" in texts(test) and "The raster needs two epochs" in texts(test)
    assert "The forecast appears when the run is finished" in texts(test)


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
    seen = look.look_at(here, 4, 4)
    window = listing.window_numbers(seen)
    made = window_forecast(seen)
    assert made is not None and window.forecast == pytest.approx(made[:, :, 0])
    frame = pd.DataFrame({"sensor": ["=cmd()", "s1"], "value": [1.0, 2.0]})
    assert "'=cmd()" in listing.rows_as_csv(frame)


def test_a_saved_picture_says_what_it_is_and_of_which_run() -> None:
    page = listing.figure_page(lambda: go.Figure(go.Scatter(y=[1, 2])), "Raster: <i>x</i>, run demo-run, after epoch 3")
    assert "<title>Raster: &lt;i&gt;x&lt;/i&gt;, run demo-run, after epoch 3</title>" in page and "<i>x</i>" not in page


def test_a_run_elsewhere_is_a_sentence(app: Open, folder: Any) -> None:
    test = app("samples", run="../x")
    assert "is not on this machine" in texts(test)
