"""Curves: what they show is what the table says, and only the data change while a run is live."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tiny import tiny
from training_runs import trained

from stcore.charts import curves
from stcore.charts.theme import DARK, LIGHT
from stcore.evidence import compare, saved_work
from stcore.runs import Run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("curves")
    tiny().save(folder / "tiny.nc")
    return trained(folder / "tiny.nc", folder / "runs", "pruned")


def spec(chart) -> str:
    """A figure without its data and their names."""
    plain = chart.to_dict()
    plain.pop("datasets", None)
    return re.sub(r"data-[0-9a-f]+", "data", json.dumps(plain, sort_keys=True))


def rows(chart) -> pd.DataFrame:
    return pd.DataFrame([row for part in chart.to_dict()["datasets"].values() for row in part])


def test_labels_at_the_ends_of_curves_do_not_lie_on_each_other() -> None:
    drawn = pd.Series([1.0, 2.0])
    places = curves.spread_out(np.array([1.34, 1.343, 1.9]), drawn)
    assert (np.diff(places) >= 0.069).all() and abs(places - [1.34, 1.343, 1.9]).max() < 0.07
    assert curves.spread_out(np.array([1.0, 2.0]), drawn).tolist() == [1.0, 2.0]


def test_the_table_tells_what_the_events_told(run: Run) -> None:
    table, epochs = run.table(), run.epochs()
    assert table["epoch"].tolist() == [1, 2, 3, 4] and table["kept"].tolist() == [event["kept"] for event in epochs]
    assert (table["kept"] + table["pruned"] == run.spec.windows.train).all()
    assert table["visits"].iloc[-1] == table["kept"].sum() == run.summary()["visits"]["kept"]
    assert table["validation_mae"].tolist() == [event["validation"]["mae"] for event in epochs]


def test_the_training_error_of_a_pruned_epoch_is_comparable_to_that_of_a_full_one(run: Run) -> None:
    table = run.table()
    np.testing.assert_allclose(table["train_mae"], table["train_loss"] * run.spec.scale.std[0])
    assert table["pruned"].iloc[1] and 0.5 < table["train_mae"].iloc[1] / table["train_mae"].iloc[0] < 1.5


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_a_new_epoch_changes_the_data_and_nothing_else(run: Run, theme) -> None:
    table = run.table()
    for draw in (
        lambda part: curves.loss_chart(part, 4, "km/h", theme),
        lambda part: curves.kept_pruned_chart(part, 4, theme),
    ):
        assert spec(draw(table.iloc[:2])) == spec(draw(table)), "the page would lose its zoom"


def test_bars_stack_to_all_windows(run: Run) -> None:
    bars = rows(curves.kept_pruned_chart(run.table(), 4, LIGHT))
    kept, pruned = (bars[bars["what"] == what] for what in ("kept", "pruned"))
    assert (kept["low"] == 0).all() and (kept["high"].to_numpy() == pruned["low"].to_numpy()).all()
    assert (pruned["high"] == run.spec.windows.train).all()


def test_long_runs_are_thinned_and_keep_their_last_epoch() -> None:
    thin = curves.thin_rows(pd.DataFrame({"epoch": range(1, 9_988)}))
    assert len(thin) <= curves.MOST_POINTS and thin["epoch"].iloc[-1] == 9_987


def test_runs_are_told_apart_by_colour_and_dash(run: Run) -> None:
    encoding = curves.run_styles("run", ["A", "B", "C"], LIGHT)
    for channel in ("color", "strokeDash"):
        shown = encoding[channel].to_dict()["scale"]["range"]
        assert len({json.dumps(part) for part in shown}) == 3
    assert set(
        rows(curves.runs_chart({"A · x": run.table(), "B · y": run.table()}, "validation_mae", "MAE", LIGHT))["run"]
    ) == {
        "A · x",
        "B · y",
    }


def test_what_was_saved_is_the_pruned_visits_less_the_scoring(run: Run) -> None:
    summary = run.summary()
    visits, seconds = summary["visits"], summary["seconds"]
    spared = saved_work(summary)
    assert spared["visits"] == run.table()["pruned"].sum()
    a_visit = seconds["train"] / visits["kept"]
    assert spared["seconds"] == pytest.approx(spared["visits"] * a_visit - seconds["score"] - seconds["select"])
    assert compare([run, run])["figures"]["visits saved"] == [spared["visits"]] * 2


def test_nothing_trained_has_nothing_saved(tmp_path: Path) -> None:
    from training_runs import OPTIONS

    from stcore.runs import create

    fresh = create(tiny(), OPTIONS, tmp_path, "fresh")
    assert saved_work(fresh.summary()) == {"visits": None, "seconds": None} and fresh.table().empty
