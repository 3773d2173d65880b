"""Sensors: layers that a visitor brings, districts, differences, several sensors together, neighbours and hardest windows."""

import base64
import io
import json
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
from geopandas import GeoDataFrame
from pages import button, texts
from shapely.geometry import box
from tiny import tiny
from training_runs import copied, trained

from stcore.data import STData
from stcore.runs import Run

HALVES = [box(10.99, 47.99, 11.015, 48.015), box(11.015, 48.015, 11.04, 48.04), box(20, 20, 21, 21)]


def halves(crs: str = "EPSG:4326") -> GeoDataFrame:
    """s0 and s1 stand in the west, s2 and s3 in the east, nobody far away."""
    return GeoDataFrame({"name": ["West", "East", "Far"]}, geometry=HALVES, crs=4326).to_crs(crs)


def packed(frame: GeoDataFrame) -> bytes:
    frame.to_parquet(buffer := io.BytesIO())
    return buffer.getvalue()


def said(test) -> str:
    return texts(test).replace("\\", "")


def layers(test) -> dict[str, Any]:
    """The layers of the page's map by their id."""
    (chart,) = test.get("deck_gl_json_chart")
    return {layer["id"]: layer for layer in json.loads(chart.proto.json)["layers"]}


def frame_with(test, *columns: str):
    return next(part.value for part in test.dataframe if set(columns) <= set(part.value))


def add(test, name: str, content: bytes) -> None:
    """Choose a file in the box of layers and add it."""
    test.session_state["layers box"] = True
    test.run()
    test.get("file_uploader")[0].upload(name, content).run()
    button(test, "Add it").click().run()
    assert not test.exception


@pytest.fixture
def done(folder: Path, finished: Run) -> Run:
    """A finished run in the app's own folder."""
    copied(finished, folder)
    return finished


@pytest.fixture
def pair(done: Run, folder: Path, tiny_file: Path) -> tuple[Run, Run]:
    """Two finished runs of the same data."""
    return done, trained(tiny_file, folder, "other", seed=3)


# ---- layers ----------------------------------------------------------------------------------------------------------
def test_a_layer_is_added_drawn_hidden_and_removed(app, done: Run, folder: Path) -> None:
    test = app("sensors", run="finished")
    add(test, "halves.parquet", packed(halves("EPSG:25832")))
    assert "converted from" in said(test)
    shapes = layers(test)["layer-0"]["data"]
    assert [shape["properties"]["said"] for shape in shapes] == [
        f"halves\nname: {name}" for name in ("West", "East", "Far")
    ]
    test.switch_page("data/page.py")
    test.query_params["data"] = done.spec.data.source
    test.run()
    assert "layer-0" in layers(test)
    test.switch_page("sensors/page.py").run()
    test.session_state["layers box"] = True
    test.run()
    next(part for part in test.checkbox if part.label.startswith("halves")).uncheck().run()
    assert "layer-0" not in layers(test)
    button(test, "Remove").click().run()
    assert not any(part.label.startswith("halves") for part in test.checkbox)
    assert not any(folder.rglob("*.parquet")), "nothing of an upload stays on the disk"


def test_a_layer_without_a_system_asks_for_it(app, done: Run) -> None:
    test = app("sensors", run="finished")
    add(test, "bare.parquet", packed(halves("EPSG:25832").set_crs(None, allow_override=True)))
    assert "are no degrees" in said(test)
    test.text_input(key="layer crs").set_value("EPSG:25832").run()
    button(test, "Add it").click().run()
    assert "layer-0" in layers(test)


def test_a_file_that_is_no_layer_is_refused_in_words(app, done: Run) -> None:
    test = app("sensors", run="finished")
    add(test, "notes.txt", b"hello")
    assert "is not a known map layer" in said(test) and "layer-0" not in layers(test)


def test_the_internet_is_asked_only_when_wanted_and_says_whose_map_it_is(app, done: Run) -> None:
    def style(test) -> str:
        (chart,) = test.get("deck_gl_json_chart")
        return base64.b64decode(json.loads(chart.proto.json)["mapStyle"].split(",", 1)[1]).decode()

    test = app("sensors", run="finished")
    assert "http" not in style(test)
    test.session_state["layers box"] = True
    test.run()
    switch = next(part for part in test.toggle if part.key == "online basemap")
    assert switch.value is False and "sends map positions to openstreetmap.org" in switch.label
    switch.set_value(True).run()
    assert "tile.openstreetmap.org" in style(test) and "OpenStreetMap contributors" in style(test)


# ---- districts -------------------------------------------------------------------------------------------------------
def test_the_map_and_a_table_show_means_by_district(app, done: Run) -> None:
    test = app("sensors", run="finished")
    add(test, "halves.parquet", packed(halves()))
    test.session_state["drawn by"] = "halves"
    test.run()
    table = frame_with(test, "district", "sensors")
    error = done.trace()["sensor_error"].values[-1]
    assert sorted(table["district"][:2]) == ["East", "West"] and table["sensors"].tolist() == [2, 2, 0]
    west = table.set_index("district").loc["West", "error"]
    assert west == pytest.approx(error[:2].mean(), rel=1e-5) and "1 of 3 have no sensor and are hatched" in said(test)
    colours = {
        part["properties"]["said"].split("\n")[0]: part["properties"]["colour"]
        for part in layers(test)["layer-0"]["data"]
    }
    assert len(set(map(tuple, colours.values()))) == 3


def test_a_district_clicked_on_the_map_or_in_the_table_chooses_its_sensors(app, done: Run) -> None:
    test = app("sensors", run="finished")
    add(test, "halves.parquet", packed(halves()))
    test.session_state["sensor-map"] = {"selection": {"indices": {"layer-0": [1]}, "objects": {}}}
    test.run()
    assert "**2 of 4 sensors**, in East" in said(test) and test.multiselect[0].value == ["s2", "s3"]
    test.session_state["drawn by"] = "halves"
    test.run()
    rows = frame_with(test, "district", "sensors")["district"].tolist()
    test.session_state["district table"] = {"selection": {"rows": [rows.index("West")], "columns": [], "cells": []}}
    test.run()
    assert test.multiselect[0].value == ["s0", "s1"] and "in West" in said(test)


def test_the_demo_city_has_its_own_districts(app) -> None:
    test = app("sensors")
    test.session_state["drawn by"] = "districts"
    test.run()
    assert len(layers(test)["layer-0"]["data"]) == 15 and len(frame_with(test, "district", "sensors")) == 15


# ---- several sensors -------------------------------------------------------------------------------------------------
def test_a_lasso_and_the_list_choose_several_sensors(app, done: Run) -> None:
    test = app("sensors", run="finished")
    test.session_state["sensor-map-kind"] = True
    points = [{"customdata": place, "curve_number": 0, "point_index": place} for place in (0, 2)]
    test.session_state["sensor-map-flat"] = {
        "selection": {"points": points, "point_indices": [0, 2], "box": [], "lasso": []}
    }
    test.run()
    assert test.multiselect[0].value == ["s0", "s2"] and "inside the lasso" in said(test)
    error = done.trace()["sensor_error"].values[-1]
    assert f"mean error **{error[[0, 2]].mean():.3g}"[:18] in said(test)
    assert frame_with(test, "error", "change")["sensor"].tolist() == ["s0", "s2"]
    test.multiselect[0].set_value(["s1"]).run()
    assert "**1 of 4 sensors**, chosen in the list" in said(test)
    button(test, "Let go of all").click().run()
    assert "of 4 sensors**" not in said(test)


# ---- one sensor ------------------------------------------------------------------------------------------------------
def test_neighbours_are_tied_on_the_map_and_a_row_goes_to_one(app, done: Run) -> None:
    test = app("sensors", run="finished", sensor="s0")
    table = frame_with(test, "weight", "direction")
    assert set(table["sensor"]) == {"s1", "s2", "s3"} and len(layers(test)["neighbours"]["data"]) == 3
    test.session_state["neighbours"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    test.run()
    assert test.selectbox(key="sensor list").value == table["sensor"].iloc[0] != "s0"


def test_the_hardest_windows_of_a_sensor_lead_to_the_samples(app, done: Run) -> None:
    test = app("sensors", run="finished", sensor="s1")
    table = frame_with(test, "part", "time")
    assert len(table) == 10 and (np.diff(table["error"]) <= 0).all()
    row = table["part"].tolist().index("training")
    test.session_state["hardest windows"] = {"selection": {"rows": [row], "columns": [], "cells": []}}
    test.run()
    label = next(part.label for part in test.button if part.label.startswith("Open sample"))
    button(test, label).click().run()
    assert test.number_input(key="sample number").value == int(label.split()[2])
    assert test.selectbox(key="sample sensor").value == "s1"


def test_a_run_that_goes_on_says_when_they_come(app, in_state) -> None:
    assert "They appear when the run is finished" in said(app("sensors", run=in_state("running", 2).id))


# ---- differences -----------------------------------------------------------------------------------------------------
def test_two_runs_are_compared_sensor_by_sensor_on_one_symmetric_scale(app, pair: tuple[Run, Run]) -> None:
    run, other = pair
    test = app("sensors", run="finished")
    test.session_state["shown"] = "difference"
    test.run()
    apart = run.trace()["test_sensor_error"].values - other.trace()["test_sensor_error"].values
    assert test.selectbox(key="other run").value == "other" and test.slider(key="epoch").disabled
    shown = frame_with(test, "difference")
    assert np.allclose(shown["difference"], apart) and f"**{(apart < 0).sum()}** of 4 sensors" in said(test)
    dots = [dot["properties"] for dot in layers(test)["sensors"]["data"][1::2]]
    assert max(dots, key=lambda dot: dot["radius"])["said"].startswith(f"s{np.abs(apart).argmax()}\n")
    test.session_state["compared part"] = "validation"
    test.run()
    assert "each at its best epoch" in said(test)


def test_without_another_run_of_the_data_no_comparison_is_offered(app, done: Run) -> None:
    assert not any(
        "Compared" in option for option in app("sensors", run="finished").segmented_control(key="shown").options
    )


# ---- grids, and no places --------------------------------------------------------------------------------------------
def test_a_grid_is_drawn_as_cells_on_both_pages(app, folder: Path, tmp_path: Path) -> None:
    places = {
        "lat": ("sensor", [50.0, 50, 51, 51]),
        "lon": ("sensor", [0.0, 1, 0, 1]),
        "cell": ("sensor", np.arange(4)),
    }
    STData.of(tiny().ds.assign(places).assign_attrs(grid=[2, 2])).save(tmp_path / "grid.nc")
    trained(tmp_path / "grid.nc", folder, "grid")
    test = app("sensors", run="grid")
    assert [part["geometry"]["type"] for part in layers(test)["sensors"]["data"]] == ["Polygon"] * 4
    test = app("data", data=str(tmp_path / "grid.nc"))
    assert [part["geometry"]["type"] for part in layers(test)["sensors"]["data"]] == ["Polygon"] * 4


def test_without_places_layers_are_not_offered_and_the_drawing_is_said(app, folder: Path, tmp_path: Path) -> None:
    STData.of(tiny().ds.drop_vars(["lat", "lon"])).save(tmp_path / "bare.nc")
    trained(tmp_path / "bare.nc", folder, "bare")
    test = app("sensors", run="bare")
    test.session_state["layers box"] = True
    test.run()
    assert (
        "drawing of the graph" in said(test) and "and these have none" in said(test) and not test.get("file_uploader")
    )


def test_projected_coordinates_come_to_the_map_in_degrees(app, tmp_path: Path) -> None:
    shapes = geopandas.points_from_xy(tiny().ds["lon"], tiny().ds["lat"], crs=4326).to_crs(25832)
    places = {"lat": ("sensor", shapes.y), "lon": ("sensor", shapes.x)}
    data = STData.of(tiny().ds.assign(places), answers={"projected": "EPSG:25832"})
    data.save(tmp_path / "projected.nc")
    dots = layers(app("data", data=str(tmp_path / "projected.nc")))["sensors"]["data"][1::2]
    assert np.allclose(
        [dot["geometry"]["coordinates"] for dot in dots],
        [[11 + step / 100, 48 + step / 100] for step in range(4)],
        atol=1e-4,
    )
