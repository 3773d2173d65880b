"""Figures of distillations: they draw what they are given, nobody's colours meet, and damaged names stay text."""

import json

import numpy as np
import pandas as pd
import pytest

from stcore.charts import distil, frontier
from stcore.charts.maps.clusters import ClusterMap, cluster_colours, cluster_map, flat_cluster_map
from stcore.charts.theme import DARK, LIGHT, Theme
from stcore.evidence.distilled import PAID, SET

THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])


def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "round": [1, 2, 3],
            "loss": [3.0, 2.0, 1.0],
            "mae": [np.nan, 4.0, np.nan],
            "best": [False, True, False],
            "seconds": [1.0] * 3,
            "windows": [5] * 3,
        }
    )


@THEMES
def test_rounds_without_a_validation_are_left_out_and_the_best_is_ringed(theme: Theme) -> None:
    chart = distil.rounds_chart(table(), "mae", 3, "MAE", theme).to_dict()
    kept = [rows for rows in chart["datasets"].values() if rows]
    assert [row["value"] for row in kept[0]] == [4.0] and kept[1][0]["what"] == "the best so far"
    losses = distil.rounds_chart(table(), "loss", 3, "loss", theme).to_dict()
    assert [row["value"] for rows in losses["datasets"].values() for row in rows] == [3.0, 2.0, 1.0]


def test_steps_are_counted_from_the_last_that_a_model_sees() -> None:
    values = np.arange(5.0)
    frame = distil.window_forms(values, values + 1, None, 3)
    assert set(frame["form"]) == {distil.FIRST, distil.NOW}
    assert frame.loc[frame["step"] == 0, "value"].tolist() == [2.0, 3.0]
    three = distil.window_forms(values, values, values, 3)
    drawn = distil.window_forms_chart(three, (0, 5), "speed", LIGHT).to_dict()
    assert set(three["form"]) == set(distil.FORMS) and drawn["layer"][1]["encoding"]["y"]["scale"]["domain"] == [0, 5]


def made() -> pd.DataFrame:
    rows = [
        ("a", "stemdist", "stid", "preview", 10, 4, 0.01, 3.0, 20.0, 18.0),
        ("b", "random", "stid", "", 10, 4, 0.01, 4.0, 2.0, 1.0),
        ("c", "random", "stid", "", 100, 4, 0.1, np.nan, 2.0, np.nan),
    ]
    return pd.DataFrame(rows, columns=list(SET))


@THEMES
@pytest.mark.parametrize("cost", distil.COSTS)
def test_sets_are_drawn_by_method_beside_all_data(cost: str, theme: Theme) -> None:
    names = {"stemdist": "<b>STemDist"}
    figure = distil.sets_figure(made(), cost, {"all data": 2.5}, names, unit="mph", theme=theme)
    assert {trace.name for trace in figure.data} == {"&lt;b&gt;STemDist", "random"}
    drawn = sorted({float(trace.x[0]) for trace in figure.data})
    assert drawn == pytest.approx([1.0] if cost == "share" else [2.0, 20.0])
    assert any("all data: 2.5" in note.text for note in figure.layout.annotations)
    low, high = figure.layout.yaxis.range
    assert low < 2.5 and high > 4.0


def test_a_method_keeps_its_colour_and_mark_whatever_is_beside_it() -> None:
    def look(sets: pd.DataFrame) -> dict[str, tuple[str, str]]:
        drawn = distil.sets_figure(sets, "share", {}, {}, unit="", theme=LIGHT).data
        return {trace.name: (trace.marker.color, trace.marker.symbol) for trace in drawn}

    both = look(made())
    assert len(set(both.values())) == 2
    assert look(made().iloc[1:2]) == {"random": both["random"]} and look(made().iloc[::-1]) == both


def test_names_in_half_a_page_cover_no_point() -> None:
    sets = made().iloc[[0, 0, 1]].assign(validation=[1.5005, 1.5005, 1.563], seconds=[64.0, 148.0, 2.8])
    figure = distil.sets_figure(sets, "seconds", {}, {}, unit="", theme=LIGHT)
    (left, right), (low, high) = figure.layout.xaxis.range, figure.layout.yaxis.range
    wide, tall = distil.HALF
    points = [(np.log10(x), y) for trace in figure.data for x, y in zip(trace.x, trace.y, strict=True)]
    marks = np.array([((x - left) / (right - left) * wide, (y - low) / (high - low) * tall) for x, y in points])
    for note in figure.layout.annotations:
        across = (note.x - left) / (right - left) * wide + note.ax
        up = (note.y - low) / (high - low) * tall - note.ay
        half = len(note.text) * frontier.LETTER / 2
        assert half <= across <= wide - half
        assert not ((np.abs(marks[:, 0] - across) < half) & (np.abs(marks[:, 1] - up) < frontier.LINE / 2)).any()


def test_the_legend_names_what_is_drawn() -> None:
    assert distil.window_forms(None, np.arange(4.0), None, 2)["form"].unique().tolist() == [distil.NOW]
    told = distil.window_legend(False, True, LIGHT).to_dict()["datasets"]
    assert [row["form"] for row in next(iter(told.values()))] == [distil.NOW, distil.REAL]


def test_nothing_to_draw_is_an_empty_figure() -> None:
    assert not distil.sets_figure(made().iloc[:0], "share", {}, {}, unit="", theme=LIGHT).data


@THEMES
def test_lines_meet_where_it_has_paid(theme: Theme) -> None:
    row = dict(zip(PAID, ("a", "stid", 300.0, 100.0, 40.0, 5.0, 2.0, 2.1, "seconds"), strict=True))
    full, small, mark = distil.break_even_figure(row, theme).data
    assert np.interp(5, full.x, full.y) == pytest.approx(np.interp(5, small.x, small.y)) == mark.y[0] == 500
    assert distil.break_even_figure(row, theme).layout.yaxis.title.text == "seconds in all"
    assert distil.break_even_figure(row | {"clock": "cpu"}, theme).layout.yaxis.title.text == "processor seconds in all"
    assert len(distil.break_even_figure(row | {"models": np.inf, "full": 30.0}, theme).data) == 2


def clusters(chosen: int | None = None) -> ClusterMap:
    """Ten sensors in a row of five clusters, the last one of none."""
    places = np.column_stack([np.full(10, 48.0), 11 + 0.01 * np.arange(10)])
    label = np.array([0, 0, 0, 1, 1, 2, 2, 3, 4, -1])
    return ClusterMap([f"<i>{n}" for n in range(10)], places, label, np.array([3, 2, 2, 1, 1]), chosen=chosen)


def test_clusters_beside_each_other_have_other_colours() -> None:
    assert len(set(clusters().colour)) == 5
    places = np.column_stack([np.full(200, 48.0), 11 + 0.01 * np.arange(200)])
    label = np.repeat(np.arange(20), 10)
    colour = cluster_colours(places, label, 20)
    assert (colour[:-1] != colour[1:]).all() and set(colour) == set(range(6))
    assert len(cluster_colours(np.full((3, 2), np.nan), np.array([0, 1, 1]), 2)) == 2


@THEMES
def test_the_map_shows_each_sensor_in_its_cluster(theme: Theme) -> None:
    rows = json.loads(cluster_map(clusters(), theme).to_json())["layers"][0]["data"]
    sizes = [row["properties"]["radius"] for row in rows]
    assert sizes[0] == max(sizes) and sizes[-1] == min(sizes) and sizes[7] == sizes[8] < sizes[3]
    assert rows[0]["properties"]["fill"] == rows[2]["properties"]["fill"] != rows[3]["properties"]["fill"]
    assert (
        rows[3]["properties"]["said"] == "<i>3\ncluster 2, 2 sensors"
        and "of no cluster" in rows[-1]["properties"]["said"]
    )
    pale = json.loads(cluster_map(clusters(1), theme).to_json())["layers"][0]["data"]
    assert [row["properties"]["fill"][3] == 255 for row in pale[:5]] == [False, False, False, True, True]
    assert clusters().sensor(4) == 4 and clusters().sensor(10) is None


def test_all_sensors_are_on_the_map_of_a_small_page() -> None:
    wide = ClusterMap(["a", "b"], np.array([[0.0, 0.0], [0.1, 2.0]]), np.array([0, 1]), np.array([1, 1]))
    zoom = json.loads(cluster_map(wide, LIGHT).to_json())["initialViewState"]["zoom"]
    assert 2.0 / 360 * 512 * 2**zoom < 0.9 * 500, "of half a page at 1280 pixels"


@THEMES
def test_the_flat_map_has_a_mark_a_cluster(theme: Theme) -> None:
    figure = flat_cluster_map(clusters(), theme)
    assert [trace.name for trace in figure.data] == ["of no cluster", *(f"cluster {n}" for n in range(1, 6))]
    assert "&lt;i>0" in figure.data[1].text[0]


def test_the_set_as_it_stands_is_on_top_and_the_real_window_a_band_below() -> None:
    drawn = distil.window_forms_chart(
        distil.window_forms(values := np.arange(5.0), values, values, 3), (0, 5), "speed", LIGHT
    ).to_dict()
    lines = [layer for layer in drawn["layer"] if layer["mark"]["type"] == "line"]
    assert [layer["transform"][0]["filter"].split("'")[1] for layer in lines] == [distil.REAL, distil.FIRST, distil.NOW]
    widths = [layer["mark"]["strokeWidth"] for layer in lines]
    assert widths == sorted(widths, reverse=True) and len(set(widths)) == 3


def test_one_round_has_round_numbers_around_it() -> None:
    table = pd.DataFrame({"round": [1], "loss": [109.251], "mae": [np.nan], "best": [False]})
    drawn = distil.rounds_chart(table, "loss", 10, "matching loss", LIGHT).to_dict()
    low, high = drawn["layer"][0]["encoding"]["y"]["scale"]["domain"]
    assert low < 109.251 < high


def test_a_part_of_a_model_is_the_first_model() -> None:
    assert [distil.models_text(models) for models in (0.3, 1.0, 1.2, 1500.0)] == [
        "1 model",
        "1 model",
        "2 models",
        "1,500 models",
    ]
