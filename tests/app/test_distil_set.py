"""A set that is finished: looked at, held against others, taken away, trained on, deleted."""

from pathlib import Path

import numpy as np
import pytest
from cases import only
from pages import button, texts
from training_runs import copied

from app.distil import result, versus, windows
from stcore import readers
from stcore.processes import jobs, oneshot, worker
from stcore.runs import Run, runs_in, trash
from stcore.runs.record import fail


@pytest.fixture
def finished(made: dict[str, Run], folder: Path) -> dict[str, Run]:
    """All of them in the folder of the page; the run on the set still names where that was made."""
    return {name: copied(run, folder) for name, run in made.items()}


def test_a_finished_set_is_shown_with_everything_around_it(app, finished: dict[str, Run]) -> None:
    test = app("distil", distillation="set")
    assert not test.error and not test.warning
    said = texts(test)
    assert "nearest:" in said and "Clusters of sensors" in said and "Error against size and time" in said
    assert "Window 1" in said and "Root mean squared distance of each window" in said
    figures = {part.label: part.value for part in test.metric}
    assert figures["Rounds done"] == "2 of 2" and "6" in figures["Size of the set"]
    assert "After" in said or "Never" in said
    tables = [part.value for part in test.dataframe]
    assert any({"cluster", "members", "sensors"} <= set(table) for table in tables)
    assert any("trained on" in table and len(table) == 2 for table in tables)
    labels = {part.label for part in test.get("download_button")}
    assert {"Rounds as CSV", "Rounds as Parquet", "Record as JSON", "Figure as HTML", "Figure as Vega-Lite"} <= labels


def test_what_to_do_next_with_a_finished_set_is_said(app, finished: dict[str, Run]) -> None:
    def said() -> str:
        return "\n".join(str(part.value) for part in app("distil", distillation="set").success)

    assert "Whether it was worth it stands below" in said()
    trash.delete(finished["full"])
    assert "Next: train STID on all data, too, to compare" in said()
    trash.delete(finished["small"])
    assert "Next: train a model on it" in said()


@pytest.mark.parametrize(
    ("small", "full", "models", "said"),
    [
        (1.1, 1.0, 2.3, "**After 3 trained models** it has paid in time"),
        (1.1, 1.0, 2.3, "The price: a test MAE of 1.10 km/h instead of 1.00 km/h, +10.0 %"),
        (0.9, 1.0, 2.3, "There is no price: the test MAE is 0.900 km/h, and 1.00 km/h on all data"),
        (1.1, 1.0, float("inf"), "**Never, so far**"),
    ],
)
def test_the_answer_says_what_it_costs(small: float, full: float, models: float, said: str) -> None:
    row = {
        "small_error": small,
        "full_error": full,
        "full": 100.0,
        "small": 20.0,
        "distilling": 160.0,
        "models": models,
        "clock": "seconds",
    }
    assert said in versus.break_even_text(row, "km/h").replace("\\", "")


def test_windows_are_those_of_the_chosen_round_and_cluster(app, finished: dict[str, Run]) -> None:
    test = app("distil", distillation="set")

    def column() -> list[float]:
        table = next(part.value for part in test.dataframe if "as it stands" in part.value)
        return table["as it stands"].tolist()

    last = column()
    test.slider(key="round").set_value(1).run()
    first = column()
    assert first != last
    test.selectbox(key="shown cluster").set_value(3).run()
    assert column() != first


def test_a_distance_stands_beside_its_own_window() -> None:
    """Also where a window between is not shown, since nothing is known of it."""
    assert "1: 2.00, 3: 0.500." in windows.distance_text(np.array([1, 3]), np.array([4.0, 0.25])).replace("\\", "")


def test_a_run_on_a_set_is_told_from_one_on_all_data_in_all_runs(app, finished: dict[str, Run]) -> None:
    listed = app("compare", part="all").dataframe[0].value.set_index("Title")["Method"]
    assert listed["full"].startswith("full") and listed["small"].startswith("on a set of ")


def test_what_it_took_is_a_table_with_units_and_every_curve_is_a_file(app, finished: dict[str, Run]) -> None:
    test = app("distil", distillation=finished["set"].id)
    table = next(set(part.value) for part in test.dataframe if "models until it has paid" in part.value)
    assert all(any(name.startswith(f"test MAE on {on}") for name in table) for on in ("all data", "the set"))
    assert sum(name.endswith(" s)") or name.endswith("(s)") for name in table) == 3
    labels = {part.label for part in test.get("download_button")}
    assert {"The matching loss as Vega-Lite", "The validation MAE as Vega-Lite"} <= labels


def test_choosing_a_cluster_shows_its_members(app, finished: dict[str, Run]) -> None:
    test = app("distil", distillation="set")
    test.selectbox(key="cluster").set_value(2).run()
    table = next(part.value for part in test.dataframe if "members" in part.value)
    assert table["cluster"].tolist() == [3]


def test_the_set_is_handed_over_as_the_authors_have_it(app, finished: dict[str, Run], tmp_path: Path) -> None:
    content = oneshot.save_as(finished["set"].path / "distilled.nc", "stemdist", ".pt")
    (tmp_path / "small.pt").write_bytes(content)
    assert readers.open(tmp_path / "small.pt").ds.sizes["window"] == jobs.distilled(finished["set"]).ds.sizes["window"]


@pytest.mark.slow
def test_how_the_run_that_was_started_stands_is_told_until_its_end(
    app, finished: dict[str, Run], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Run] = []
    monkeypatch.setattr(worker, "start", started.append)

    def said(test) -> str:
        return "\n".join(str(part.value) for part in [*test.success, *test.warning])

    test = app("distil", distillation="set")
    test.number_input(key="train on.epochs").set_value(1).run()
    button(test, "Start training").click().run()
    (run,) = started
    assert "is on its way" in said(test)
    fail(run, RuntimeError("no"))
    assert "was not finished: it is failed" in said(test.run())
    jobs.Job(run).finish()
    assert "has finished and is counted below" in said(test.run()) and "is on its way" not in said(test)
    trash.delete(run)
    assert run.id.replace("-", "") not in said(test.run()).replace("\\-", "")


@pytest.mark.slow
def test_a_distillation_is_deleted_and_brought_back(app, finished: dict[str, Run], folder: Path) -> None:
    test = app("distil", distillation="set")
    rows = next(part.value for part in test.dataframe if "surrogate" in part.value)
    test.session_state["distillations 0"] = {"selection": {"rows": [rows["id"].tolist().index("random")]}}
    test.run()
    button(test, "Delete").click().run()
    assert [run.id for run in runs_in(folder, "distil")] == ["set"] and "Deleted: random" in texts(test)
    assert button(test, "Delete").disabled, "the row that came into its place is not selected"
    button(test, "Undo").click().run()
    assert {run.id for run in runs_in(folder, "distil")} == {"set", "random"}


def test_a_damaged_record_is_a_sentence(app, finished: dict[str, Run]) -> None:
    (finished["set"].path / "rows" / "synthetic.bin").write_bytes(b"short")
    (finished["set"].path / "rows" / "cluster.bin").write_bytes(b"")
    test = app("distil", distillation="set")
    said = "\n".join(str(part.value) for part in test.error).replace("\\", "")
    assert "its file synthetic.bin is missing or holds fewer than 2 rounds" in said and "its file cluster.bin" in said


def test_data_that_are_gone_leave_the_record(app, finished: dict[str, Run], distil_file: Path) -> None:
    spec = finished["set"].path / "spec.json"
    spec.write_text(spec.read_text("utf-8").replace(str(distil_file), str(distil_file.with_suffix(".gone"))), "utf-8")
    test = app("distil", distillation="set")
    assert "The real windows cannot be shown" in "\n".join(str(part.value) for part in test.warning)


def test_a_link_to_a_distillation_that_is_not_here_is_a_sentence(app, finished) -> None:
    assert "Distillation nowhere is not on this machine" in texts(app("distil", distillation="nowhere"))


def test_the_newest_round_is_shown_until_another_is_chosen_and_at_the_end_the_one_that_is_kept(
    app, folder: Path, finished: dict[str, Run]
) -> None:
    run = finished["set"]
    told = (run.path / "result.json").read_text("utf-8")
    (run.path / "result.json").unlink()
    test = app("distil", distillation="set")
    assert test.slider(key="round").value == 2 and "found when the set is finished" in texts(test)
    (run.path / "result.json").write_text(told.replace('"best_epoch": 2', '"best_epoch": 1'), "utf-8")
    test.run()
    assert test.slider(key="round").value == 1 and "kept as it was after round 1" in texts(test)
    test.slider(key="round").set_value(2).run()
    assert test.run().slider(key="round").value == 2


def test_the_time_is_estimated_before_the_start_from_what_was_timed_here(
    app, folder: Path, distil_file: Path, finished
) -> None:
    test = app("distil", data=str(distil_file))

    def said() -> tuple[str, str]:
        part = next(part for part in test.sidebar.markdown if str(part.value).startswith("**About"))
        return str(part.value), str(part.help)

    short, basis = said()
    assert "from earlier distillations with this surrogate here" in basis
    test.segmented_control(key="distil.schedule").set_value("paper").run()
    assert said()[0] != short
    test.selectbox(key="distil.model").set_value("dlinear").run()
    assert "from a quick look at this machine's speed" in said()[1]


@pytest.mark.parametrize(("way", "warm"), only([1], [(result.ALONE, None), (result.WARM, 20), (result.ALL, None)]))
def test_training_on_it_starts_a_run(
    app, finished, monkeypatch: pytest.MonkeyPatch, way: str, warm: int | None
) -> None:
    started: list[Run] = []
    monkeypatch.setattr(worker, "start", started.append)
    test = app("distil", distillation="set")
    test.segmented_control(key="train on.way").set_value(way).run()
    button(test, "Start training").click().run()
    (run,) = started
    asked = run.spec.options.distilled
    own = str((finished["set"].path / "distilled.nc").resolve())
    assert (asked.source, asked.warm) == (None if way == result.ALL else own, warm)
    assert run.spec.options.prune["name"] == "full" and run.spec.horizon == 4
    assert "is on its way" in "\n".join(str(part.value) for part in test.success)
    assert test.session_state["linked run"] == run.id
