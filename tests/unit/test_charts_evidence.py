"""Figures of a report say what its tables say, in both themes, and no name in them becomes HTML."""

import json

import numpy as np
import pytest
from reported import HOSTILE, hostile, made

from stcore.charts import evidence, forest, frontier, payers
from stcore.charts.arms import arm_looks, arm_title, method_arms, only_method
from stcore.charts.evidence import SECTIONS, TABLES, section_figures, sections_of
from stcore.charts.theme import DARK, LIGHT

REPORT = made()
GOOD = only_method(REPORT, ("good", 0.5, "windows"))


def test_every_section_is_drawn_in_both_themes_and_about_each_method() -> None:
    assert {section.name for section in sections_of(REPORT)} == {section.name for section in SECTIONS}
    for section in SECTIONS:
        for theme in (LIGHT, DARK):
            figures = list(section_figures(section, REPORT, theme))
            assert [arm for arm, _ in figures] == (["good 50 %", "bad 50 %"] if section.each else [""])
            for _, figure in figures:
                assert figure.layout.paper_bgcolor == theme.background and figure.layout.font.color == theme.text
                assert any(len(trace.x if trace.x is not None else []) for trace in figure.data)
        assert set(section.tables) <= set(TABLES) <= {*REPORT, "search"}


def test_what_is_not_there_is_not_shown() -> None:
    empty = {name: [] for name in REPORT}
    assert list(sections_of(empty)) == []
    assert "split" not in {section.name for section in sections_of({**REPORT, "split": []})}


def test_no_name_becomes_html() -> None:
    report = hostile()
    for section in sections_of(report):
        for _, figure in section_figures(section, report, LIGHT):
            said = json.loads(figure.to_json())
            assert "<img" not in json.dumps(said), section.name
    forest_rows = forest.differences_figure(report["differences"], LIGHT).layout.yaxis.ticktext
    assert any("&lt;img" in row for row in forest_rows), "it is shown letter for letter"
    assert arm_title((HOSTILE, 0.5, "windows")).startswith(HOSTILE), "a title alone is not harmless yet"


def test_one_seed_and_intervals_that_are_not_known_are_drawn() -> None:
    report = made(1)
    unknown = [{**record, "low": None, "high": None} for record in report["differences"]]
    for section in sections_of(report):
        assert list(section_figures(section, report, LIGHT)), section.name
    marks = forest.differences_figure(unknown, LIGHT).data
    assert all(set(trace.error_x.array) == {0.0} and "open" in trace.marker.symbol[0] for trace in marks)


def test_the_forest_shows_estimate_interval_and_whether_it_is_clear_of_zero() -> None:
    figure = forest.differences_figure(REPORT["differences"], LIGHT)
    rows = list(figure.layout.yaxis.ticktext)
    assert rows[:2] == ["good 50 %", "bad 50 %"], "methods come first"
    for trace in figure.data:
        for place, (height, symbol) in enumerate(zip(trace.y, trace.marker.symbol, strict=True)):
            row = rows[round(height)]
            record = next(
                one
                for one in REPORT["differences"]
                if f"{one['label']} 50 %" == row and forest.AGAINST[one["control_role"]][0] == trace.name
            )
            assert trace.x[place] == pytest.approx(100 * record["estimate"])
            assert trace.x[place] + trace.error_x.array[place] == pytest.approx(100 * record["high"])
            assert trace.x[place] - trace.error_x.arrayminus[place] == pytest.approx(100 * record["low"])
            assert ("open" not in symbol) == (record["low"] > 0 or record["high"] < 0)


def test_the_parts_of_the_windows_stand_together_by_method() -> None:
    rows = list(forest.parts_figure([*REPORT["hardest"], *REPORT["incidents"]], LIGHT).layout.yaxis.ticktext)
    assert [row.split(" ")[0] for row in rows] == sorted((row.split(" ")[0] for row in rows), reverse=True)


def test_the_front_joins_those_that_nobody_beats_and_every_arm_is_named() -> None:
    figure = frontier.frontier_figure(REPORT, "visits", LIGHT)
    on = [record for record in REPORT["front"] if record["front_visits"]]
    line = figure.data[0]
    assert sorted(line.x) == sorted(record["cell_visits"] / 1e6 for record in on)
    assert list(line.x) == sorted(line.x) and line.line.shape == "hv"
    names = [note.text for note in figure.layout.annotations]
    assert len(names) == len(REPORT["summary"])
    assert sum(name.startswith("<b>") for name in names) == len(on)
    whiskers = {trace.name: trace.error_y.array for trace in figure.data[1:]}
    good = next(record for record in REPORT["summary"] if record["label"] == "good")
    assert whiskers["good 50 %"][0] == pytest.approx(good["mae_spread"])


def test_an_arm_far_worse_than_all_others_does_not_flatten_them() -> None:
    figure = frontier.frontier_figure(REPORT, "visits", LIGHT)
    field = next(record for record in REPORT["summary"] if record["role"] == "field")
    top = figure.layout.yaxis.range[1]
    assert top < field["mae"] and max(y for trace in figure.data for y in trace.y) <= top
    assert any(note.text.startswith("field ↑ ") for note in figure.layout.annotations)


def test_arms_that_are_the_same_runs_stand_there_once() -> None:
    full = next(record for record in REPORT["front"] if record["role"] == "full")
    again = {**full, "label": "the same", "role": "full-windows"}
    summary = [*REPORT["summary"], {**REPORT["summary"][0], "label": "the same", "role": "full-windows"}]
    figure = frontier.frontier_figure(
        {**REPORT, "front": [*REPORT["front"], again], "summary": summary}, "visits", LIGHT
    )
    assert not any("the same" in note.text for note in figure.layout.annotations)


def test_names_cover_neither_points_nor_each_other_where_there_is_room() -> None:
    rng = np.random.default_rng(0)
    x, y, letters = rng.uniform(0.1, 0.9, 9), rng.uniform(0.1, 0.9, 9), [16] * 9
    x[1], y[1] = x[0] + 0.005, y[0]  # two that nearly coincide
    shifts = frontier.name_positions(x, y, letters)
    points = np.column_stack([x, y]) * frontier.PAGE
    half = 16 * frontier.LETTER / 2
    boxes = [(a + right, b + up, half, frontier.LINE / 2) for (a, b), (right, up) in zip(points, shifts, strict=True)]
    marks = [(a, b, frontier.MARK, frontier.MARK) for a, b in points]
    for place, box in enumerate(boxes):
        assert frontier.outside_area(box) == pytest.approx(0)
        assert all(frontier.shared_area(box, other) < 1 for other in [*boxes[:place], *marks])


def test_boxes_overlap_by_their_common_area() -> None:
    assert frontier.shared_area((0, 0, 2, 1), (3, 0, 2, 1)) == 2
    assert frontier.shared_area((0, 0, 5, 5), (0, 0, 1, 2)) == 8, "one inside the other"
    assert frontier.shared_area((0, 0, 1, 1), (5, 0, 1, 1)) == 0


def test_steps_of_the_gain_stand_on_each_other_and_add_up() -> None:
    records = GOOD["split"]
    bars = [trace for trace in forest.split_figure(records, LIGHT).data if trace.type == "bar"]
    ends = {record["step"]: (bar.base[0], bar.base[0] + bar.y[0]) for record, bar in zip(records, bars, strict=True)}
    assert ends["batch and learning rate"][0] == 0 and ends["total"][0] == 0
    assert ends["schedule"][0] == pytest.approx(ends["batch and learning rate"][1])
    assert ends["pruning"][0] == pytest.approx(ends["schedule"][1]) == pytest.approx(ends["pruning at random"][0])
    assert ends["pruning"][1] == pytest.approx(ends["total"][1])
    total = next(record for record in records if record["step"] == "total")
    assert ends["total"][1] == pytest.approx(100 * total["estimate"])


def test_hours_stand_at_their_place_in_the_week() -> None:
    values = np.array(payers.hours_figure(GOOD["by_hour"], LIGHT).data[0].z, float)
    assert values.shape == (7, 24)
    for record in GOOD["by_hour"]:
        assert values[record["hour"] // 24, record["hour"] % 24] == pytest.approx(100 * record["difference"])
    gaps = payers.hours_figure(GOOD["by_hour"][:5], LIGHT).data[0]
    assert np.isfinite(np.array(gaps.z, float)).sum() == 5 and gaps.zmin == -gaps.zmax


def test_sensors_are_in_order_and_on_a_map_where_places_are_known() -> None:
    records = [
        {**record, "difference": value} for record, value in zip(GOOD["by_sensor"], (0.02, -0.01, 0.0), strict=True)
    ]
    alone = payers.sensors_figure(records, LIGHT)
    assert len(alone.data) == 1 and list(alone.data[0].y) == pytest.approx([-1, 0, 2])
    places = [(48.0, 11.0), (None, None), (48.2, 11.1)]
    placed = [{**record, "lat": lat, "lon": lon} for record, (lat, lon) in zip(records, places, strict=True)]
    both = payers.sensors_figure(placed, LIGHT)
    assert list(both.data[1].y) == [48.2, 48.0] and list(both.data[1].marker.color) == pytest.approx([0, 2])


def test_horizons_are_filled_where_the_test_finds_a_difference() -> None:
    chances = (0.001, 0.2)
    records = [{**record, "p_holm": p} for record, p in zip(GOOD["by_horizon"], chances, strict=True)]
    line = payers.horizons_figure(records, LIGHT).data[0]
    assert list(line.marker.symbol) == ["circle", "circle-open"]
    assert list(line.y) == pytest.approx([100 * record["difference"] for record in records])
    assert payers.horizons_figure([{**records[0], "p_holm": None, "p": None}], LIGHT).data[0].marker.symbol == (
        "circle-open",
    )


def test_the_work_is_stacked_and_its_overhead_told() -> None:
    figure = evidence.effort_figure(REPORT["costs"], LIGHT)
    stacked = np.sum([trace.x for trace in figure.data], axis=0)
    kinds = ("seconds_train", "seconds_score", "seconds_select")
    assert stacked == pytest.approx([sum(record[kind] for kind in kinds) for record in REPORT["costs"]])
    assert evidence.overhead(REPORT["costs"][0]) == pytest.approx(2 / 12)
    told = [note.text for note in figure.layout.annotations if note.text]
    assert len(told) == 2 and all("16.7 %" in note for note in told), "of the two methods"


def test_methods_keep_their_look_and_differ_from_controls_by_more_than_colour() -> None:
    found = arm_looks(REPORT, LIGHT)
    good, bad = (found[arm] for arm in method_arms(REPORT))
    assert good.colour != bad.colour
    symbols = {found[(record["label"], record["keep"], record["samples"])].symbol for record in REPORT["summary"]}
    assert len(symbols) == 5, "the methods' and one for each control"


def test_a_report_narrowed_to_a_method_leaves_the_others_out() -> None:
    assert {record["label"] for record in GOOD["by_hour"]} == {"good"} and GOOD["summary"] == REPORT["summary"]
    assert len(GOOD["split"]) * 2 == len(REPORT["split"])


@pytest.mark.parametrize(("share", "text"), [(0.0123, "+1.2 %"), (-0.0004, "−0.04 %"), (0.0, "0.00 %"), (None, "–")])
def test_differences_are_written_with_their_sign(share: float | None, text: str) -> None:
    assert forest.signed(share) == text
