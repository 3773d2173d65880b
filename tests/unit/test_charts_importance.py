"""The figures of importance: every view on one scale, every pair with its interval, and no figure that fails on odd data."""

import numpy as np
import pandas as pd
import pytest

from stcore.charts.importance import agreement_matrix, rank_shares, ranked_dots, small_maps, spans, stability_chart
from stcore.charts.theme import DARK, LIGHT, Theme
from stcore.evidence.agreement import overlap_by_epoch
from stcore.evidence.importance import GRADIENT, MASK, ImportanceViews, View, agreement_table
from stcore.sensors.faulty import Fault

COUNT = 20


def views(count: int = COUNT, runs: int = 2) -> ImportanceViews:
    rng = np.random.default_rng(0)
    found = {
        MASK: View(MASK, rng.normal(size=(runs, count)), [f"run-{place}" for place in range(runs)]),
        GRADIENT: View(GRADIENT, rng.normal(size=(1, count)), ["free"], "%"),
    }
    faults = [Fault(0, "stuck", 1, 2, "stuck at <b>3</b> on 4 Mar")]
    names = ["@@=x", "<script>", *(f"s{place}" for place in range(count))][:count]
    return ImportanceViews(
        names, found, agreement_table(found, None), {}, pd.DataFrame(), faults, None, None, np.ones(count), []
    )


def places(count: int = COUNT) -> np.ndarray:
    rng = np.random.default_rng(1)
    return np.stack([rng.uniform(47, 48, count), (179.5 + rng.uniform(0, 1, count) + 180) % 360 - 180], axis=1)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_every_view_has_its_map_on_one_scale(theme: Theme) -> None:
    found = views()
    chart = small_maps(found, places(), theme, 3).to_dict()
    assert [part["title"]["text"] for part in chart["hconcat"]] == ["Mask", "Gradient"]
    assert chart["resolve"]["scale"] == {"color": "shared", "size": "shared"}
    held = [part["layer"][0] for part in chart["hconcat"]]
    assert all(layer["encoding"]["color"]["scale"]["domain"] == [0, 1] for layer in held)
    share = rank_shares(found, MASK)
    assert (
        share.max() == 1
        and share.min() == pytest.approx(1 / COUNT)
        and share.argmax() == found.views[MASK].mean.argmax()
    )


def test_maps_go_across_the_date_line_and_leave_out_who_has_no_place() -> None:
    somewhere = places()
    somewhere[4] = np.nan
    chart = small_maps(views(), somewhere, LIGHT).to_dict()
    (rows,) = {len(rows) for rows in chart["datasets"].values()}
    assert rows == COUNT - 1
    low, high = chart["hconcat"][0]["layer"][0]["encoding"]["x"]["scale"]["domain"]
    assert high - low < 5


@pytest.mark.parametrize("count", [1, 3])
def test_few_sensors_are_no_error(count: int) -> None:
    found = views(count)
    for chart in (small_maps(found, places(count), LIGHT), ranked_dots(found, LIGHT), agreement_matrix(found, LIGHT)):
        assert chart.to_dict()


def test_a_map_is_as_round_as_the_earth() -> None:
    frame = pd.DataFrame({"lon": [0.0, 2.0], "lat": [60.0, 61.0]})
    (west, east), (south, north) = spans(frame, 2.0)
    assert (east - west) / (north - south) == pytest.approx(2.0 * 275 / 250)
    assert west < 0 and east > 2 and south < 60 and north > 61


def test_the_matrix_tells_every_pair_both_ways() -> None:
    chart = agreement_matrix(views(), LIGHT).to_dict()
    (rows,) = chart["datasets"].values()
    pairs = {(row["one"], row["two"]): row for row in rows}
    assert set(pairs) == {(one, two) for one in ("Mask", "Gradient") for two in ("Mask", "Gradient")}
    assert pairs["Mask", "Gradient"]["told"] == pairs["Gradient", "Mask"]["told"]
    assert pairs["Gradient", "Gradient"]["told"] == "–" and pairs["Gradient", "Gradient"]["reach"] == "1 run"
    assert " to " in pairs["Mask", "Mask"]["reach"]


def test_ranks_are_those_of_the_first_sensors() -> None:
    found = views()
    chart = ranked_dots(found, DARK, 5).to_dict()
    rows = max(chart["datasets"].values(), key=len)
    assert len(rows) == 10 and {row["view"] for row in rows} == {"Mask", "Gradient"}


def test_stability_is_drawn_beside_chance() -> None:
    active = np.random.default_rng(0).random((4, 12)) < 0.5
    chart = stability_chart({"a": overlap_by_epoch(active)}, "a", LIGHT).to_dict()
    (rows,) = chart["datasets"].values()
    assert len(rows) == 3 * 4 - 1 and all(0 <= row["overlap"] <= 1 for row in rows)
