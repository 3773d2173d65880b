"""Distil: a form that says how large the set will be, every state, a finished set looked at, taken away and trained on."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from distillations import SMALL, distilled
from pages import button, texts
from states import states
from tiny import tiny
from training_runs import copied, trained

from app.distil import live, result, versus, windows
from stcore import elsewhere, jobs, readers, registry
from stcore.data import STData
from stcore.runs import Run, create_distillation, files, runs_in, trash
from stcore.runs.record import fail


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """12 sensors with places and 400 hours."""
    path = tmp_path_factory.mktemp("data") / "tiny.nc"
    tiny(400, 12).save(path)
    return path


@pytest.fixture(scope="module")
def made(file: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """A finished set and one of a baseline, a run on the first and one on all data."""
    place = tmp_path_factory.mktemp("made")
    found = {"set": distilled(file, place, "set")}
    found["random"] = distilled(file, place, "random", name="random", time=0.05, space=0.3, epochs=1)
    same = {
        "data": SMALL["data"],
        "model": SMALL["model"],
        "train": {"epochs": 2, "threads": 1},
        "prune": {"name": "full"},
    }
    found["full"] = trained(file, place, "full", **same)
    found["small"] = trained(
        file, place, "small", **same, distilled={"source": str(found["set"].path / "distilled.nc")}
    )
    return found


@pytest.fixture
def in_state(file: Path, folder: Path) -> Iterator[Callable[[str, int], Run]]:
    """A distillation that has told of some rounds and is queued, running, paused, stopped, failed or interrupted."""
    reason = "diverged at round 2: the matching loss is not finite."
    with states(lambda name: create_distillation(file, SMALL, folder, name), reason) as make:
        yield make


def test_nothing_there_says_what_it_is_for_and_how_large_a_set_will_be(app) -> None:
    test = app("distil")
    assert "A small set that trains models like the big one" in texts(test)
    side = "\n".join(str(part.value) for part in test.sidebar.markdown)
    assert "clusters**: 1" in side and "of the whole" in side
    assert "**About " in side
    options = {part.label: part for part in test.sidebar.selectbox}
    assert options["Surrogate"].options == [
        registry.card("models", name).label for name in ("dlinear", "stid", "stid-neighbours", "graph-wavenet", "mtgnn")
    ]


def test_the_size_follows_the_sliders_and_the_method(app, file: Path) -> None:
    test = app("distil", data=str(file))

    def side() -> str:
        return "\n".join(str(part.value) for part in test.sidebar.markdown)

    assert "8 clusters" in side() and "two for each subset" in side()
    test.select_slider(key="distil.space").set_value(0.5).run()
    test.select_slider(key="distil.time").set_value(1.0).run()
    test.number_input(key="distil distil.subsets").set_value(1).run()
    assert "217 windows × 6 clusters**: 50" in side() and "10 rounds of 10 steps" in side()
    test.selectbox(key="distil.method").set_value("random").run()
    assert "217 windows × 6 sensors" in side() and "rounds of" not in side()


def test_the_time_is_estimated_before_the_start_from_what_was_timed_here(
    app, folder: Path, file: Path, finished
) -> None:
    test = app("distil", data=str(file))

    def said() -> tuple[str, str]:
        part = next(part for part in test.sidebar.markdown if str(part.value).startswith("**About"))
        return str(part.value), str(part.help)

    short, basis = said()
    assert "from earlier distillations with this surrogate here" in basis
    test.segmented_control(key="distil.schedule").set_value("paper").run()
    assert said()[0] != short
    test.selectbox(key="distil.model").set_value("dlinear").run()
    assert "from a quick look at this machine's speed" in said()[1]


@pytest.mark.parametrize(
    ("status", "rounds", "said", "offered"),
    [
        ("queued", 0, "A run is training", {"Pause", "Stop"}),
        ("starting", 0, "loading PyTorch", {"Pause", "Stop"}),
        ("running", 0, "Curves appear after the first round", {"Pause", "Stop"}),
        ("running", 1, "Matching loss by round", {"Pause", "Stop"}),
        ("paused", 1, "Paused in round 2. Nothing is lost.", {"Resume", "Stop"}),
        ("stopped", 1, "Stopped by you after round 1 of 2", {"Resume from round 2"}),
        ("failed", 1, "Diverged at round 2", {"Resume from round 2"}),
        ("interrupted", 1, "Crashed after round 1 of 2", {"Resume from round 2"}),
        ("interrupted", 0, "Crashed after round 0", {"Start over"}),
    ],
)
def test_each_state_is_said_and_offers_what_makes_sense(app, in_state, status, rounds, said, offered) -> None:
    run = in_state(status, rounds)
    test = app("distil", distillation=run.id)
    assert said in texts(test)
    assert offered <= {part.label for part in test.button}


def test_what_comes_before_the_first_round_is_said(app, in_state) -> None:
    run = in_state("paused", 0)
    files.write_json(run.path / "progress.json", {"epoch": -1, "visits": 1, "planned": 9, "seconds_left": 3.0})
    said = texts(app("distil", distillation=run.id))
    assert "Paused before the first round. Nothing is lost." in said
    assert "First a teacher, whose forecasts become the windows' targets, is trained on all data." in said


def test_real_sensors_are_not_called_clusters_and_one_round_has_no_first(app, file: Path, folder: Path) -> None:
    run = distilled(file, folder, "picked", name="random", time=0.1, space=0.5, epochs=1)
    test = app("distil", distillation=run.id)
    said = texts(test)
    assert "Sensors of the set" in said and "Clusters of sensors" not in said
    assert "The real windows are those nearest to these." in said and "after round" not in said
    assert "Choose it as the method in the form on the left." in said
    assert any({"number", "sensor"} == set(part.value) for part in test.dataframe)
    assert next(part for part in test.selectbox if part.key == "cluster").label == "Sensor"


def test_the_form_starts_what_it_says(app, folder: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Run] = []
    monkeypatch.setattr(jobs, "start", started.append)
    test = app("distil", data=str(file))
    test.segmented_control(key="distil.schedule").set_value("paper").run()
    test.selectbox(key="distil.model").set_value("dlinear").run()
    test.number_input(key="distil data.horizon").set_value(4).run()
    button(test, "Start distilling").click().run()
    (run,) = started
    options = run.spec["options"]
    assert run.kind == "distil" and options["distil"]["schedule"] == "paper" and options["data"]["horizon"] == 4
    assert (options["model"]["name"], options["distil"]["time"], options["distil"]["space"]) == ("dlinear", 0.1, 0.1)
    assert test.session_state["linked distillation"] == run.id


def test_what_cannot_be_is_said_before_the_start(app, file: Path) -> None:
    test = app("distil", data=str(file))
    test.number_input(key="distil data.lookback").set_value(400).run()
    assert "choose a shorter lookback" in "\n".join(str(part.value) for part in test.error)
    assert button(test, "Start distilling").disabled


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


def test_the_planned_rounds_are_known_before_it_has_told_of_any(app, in_state) -> None:
    test = app("distil", distillation=in_state("starting", 0).id)
    figures = {part.label: part.value for part in test.metric}
    assert figures["Rounds done"] == "0 of 2"


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
    assert said in versus.sentence(row, "km/h").replace("\\", "")


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
    assert "1: 2.00, 3: 0.500." in windows.apart_of(np.array([1, 3]), np.array([4.0, 0.25])).replace("\\", "")


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
    content = elsewhere.saved(finished["set"].path / "distilled.nc", "stemdist", ".pt")
    (tmp_path / "small.pt").write_bytes(content)
    assert readers.open(tmp_path / "small.pt").ds.sizes["window"] == jobs.distilled(finished["set"]).ds.sizes["window"]


@pytest.mark.parametrize(("way", "warm"), [(result.ALONE, None), (result.WARM, 20), (result.ALL, None)])
def test_training_on_it_starts_a_run(
    app, finished, monkeypatch: pytest.MonkeyPatch, way: str, warm: int | None
) -> None:
    started: list[Run] = []
    monkeypatch.setattr(jobs, "start", started.append)
    test = app("distil", distillation="set")
    test.segmented_control(key="train on.way").set_value(way).run()
    button(test, "Start training").click().run()
    (run,) = started
    asked = run.spec["options"]["distilled"]
    own = str((finished["set"].path / "distilled.nc").resolve())
    assert asked == {"source": None if way == result.ALL else own, "warm": warm}
    assert run.spec["options"]["prune"]["name"] == "full" and run.spec["options"]["data"]["horizon"] == 4
    assert "is on its way" in "\n".join(str(part.value) for part in test.success)
    assert test.session_state["linked run"] == run.id


def test_how_the_run_that_was_started_stands_is_told_until_its_end(
    app, finished: dict[str, Run], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Run] = []
    monkeypatch.setattr(jobs, "start", started.append)

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


def test_one_that_works_cannot_be_deleted(app, in_state) -> None:
    run = in_state("running", 1)
    test = app("distil", distillation=run.id)
    test.session_state["distillations 0"] = {"selection": {"rows": [0]}}
    test.run()
    assert button(test, "Delete").disabled and not button(test, "Look at it").disabled


def test_a_damaged_record_is_a_sentence(app, finished: dict[str, Run]) -> None:
    (finished["set"].path / "rows" / "synthetic.bin").write_bytes(b"short")
    (finished["set"].path / "rows" / "cluster.bin").write_bytes(b"")
    test = app("distil", distillation="set")
    said = "\n".join(str(part.value) for part in test.error).replace("\\", "")
    assert "its file synthetic.bin is missing or holds fewer than 2 rounds" in said and "its file cluster.bin" in said


def test_data_that_are_gone_leave_the_record(app, finished: dict[str, Run], file: Path) -> None:
    hidden = shutil.move(file, file.with_suffix(".away"))
    try:
        test = app("distil", distillation="set")
        assert "The real windows cannot be shown" in "\n".join(str(part.value) for part in test.warning)
    finally:
        shutil.move(hidden, file)


def test_a_link_to_a_distillation_that_is_not_here_is_a_sentence(app, finished) -> None:
    assert "Distillation nowhere is not on this machine" in texts(app("distil", distillation="nowhere"))


def test_every_event_has_words(in_state) -> None:
    said = [live.said(event) for event in in_state("paused", 1).events()]
    assert said[0] == "opens the data" and said[1].startswith("begins at round 1 of 2") and said[-1] == "pauses"
    assert "round 1: matching loss" in said[2]
    picked = {"event": "epoch", "epoch": 0, "train_loss": 0.0, "best": True, "validation": {"mae": 2.0}}
    assert live.said(picked) == "round 1: windows picked; validation MAE 2.00, the best so far"


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


@pytest.mark.parametrize("kind", ["grid", "no places"])
def test_cells_of_a_grid_and_sensors_without_places_have_their_clusters_shown(app, folder: Path, kind: str) -> None:
    data = tiny(300, 12, grid=(3, 4) if kind == "grid" else None)
    if kind == "no places":
        data = STData.of(data.ds.drop_vars(["lat", "lon"]))
    data.save(folder / "data.nc")
    distilled(folder / "data.nc", folder, "made", name="cluster-mean", time=0.05, space=0.3, epochs=1)
    test = app("distil", distillation="made")
    assert not test.error and ("No coordinates" in texts(test)) == (kind == "no places")
    assert "nothing is learned" in texts(test)
    node = "cell" if kind == "grid" else "sensor"
    assert f"Clusters of {node}s" in texts(test) and f"{node}s" in next(
        p.value for p in test.dataframe if "members" in p.value
    )
    assert any(f"forecasts the real {node}s" in str(part.value) for part in test.success)
    form = app("distil", data=str(folder / "data.nc"))
    assert f"In space: {node}s kept" in {part.label for part in form.select_slider}
    test.toggle(key="cluster-map-kind").set_value(True).run()
    assert not test.exception and not test.error
