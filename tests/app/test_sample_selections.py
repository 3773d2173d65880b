"""One selection of samples for all parts of the Samples view: by lasso, by name, by link."""

import json
from collections.abc import Callable
from shutil import copytree, ignore_patterns
from typing import Any

import numpy as np
import pandas as pd
import pytest
from cases import only
from pages import button, calling, canvas_of, texts
from streamlit.testing.v1 import AppTest

from app.samples import listing, look
from app.stage import canvas
from stcore.runs import Run
from stcore.runs.selections import save, selections

Open = Callable[..., AppTest]


def test_a_row_of_the_table_picks_its_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    calling(monkeypatch, table={"selection": {"rows": [1]}})
    listing.pick_row("table", pd.DataFrame(index=[5, 8, 2]))
    assert look.picked_sample(9) == 8


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
    assert canvas.clicked_cell(state) == cell


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


@pytest.mark.parametrize("place", only([1], ["000000000000", "../../spec", "<script>"]))
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


def test_the_file_of_a_selection_says_from_when_to_when(here: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    calling(monkeypatch, **{"linked selection": None, "lasso": (here.id, np.array([5, 7]))})
    rows = listing.sample_rows(look.look_at(here, 4, 4))
    assert rows["sample"].tolist() == [5, 7] and {"complexity", "mean", "kept_share"} <= set(rows)
    hours = [rows[name] - rows["input_from"] for name in ("input_until", "forecast_from", "forecast_until")]
    assert [part.iloc[0] / pd.Timedelta("1h") for part in hours] == [11, 12, 23]
