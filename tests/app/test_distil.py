"""Distil before the end: a form that says how large the set will be, and every state on the way."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cases import only
from distillations import SMALL, distilled
from pages import button, texts
from states import states
from tiny import tiny

from app import live
from stcore import registry
from stcore.data import STData
from stcore.processes import jobs, worker
from stcore.runs import Run, create_distillation, files


@pytest.fixture
def in_state(distil_file: Path, folder: Path) -> Iterator[Callable[[str, int], Run]]:
    """A distillation that has told of some rounds and is queued, running, paused, stopped, failed or interrupted."""
    reason = "diverged at round 2: the matching loss is not finite."
    with states(lambda name: create_distillation(distil_file, SMALL, folder, name), reason) as make:
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


def test_the_size_follows_the_sliders_and_the_method(app, distil_file: Path) -> None:
    test = app("distil", data=str(distil_file))

    def side() -> str:
        return "\n".join(str(part.value) for part in test.sidebar.markdown)

    assert "8 clusters" in side() and "two for each subset" in side()
    test.select_slider(key="distil.space").set_value(0.5).run()
    test.select_slider(key="distil.time").set_value(1.0).run()
    test.number_input(key="distil distil.subsets").set_value(1).run()
    assert "217 windows × 6 clusters**: 50" in side() and "10 rounds of 10 steps" in side()
    test.selectbox(key="distil.method").set_value("random").run()
    assert "217 windows × 6 sensors" in side() and "rounds of" not in side()


@pytest.mark.parametrize(
    ("status", "rounds", "said", "offered"),
    only(
        [0, 3, 4],
        [
            ("queued", 0, "Another run is training", {"Pause", "Stop"}),
            ("starting", 0, "loading PyTorch", {"Pause", "Stop"}),
            ("running", 0, "Curves appear after the first round", {"Pause", "Stop"}),
            ("running", 1, "Matching loss by round", {"Pause", "Stop"}),
            ("paused", 1, "Paused in round 2. Nothing is lost.", {"Resume", "Stop"}),
            ("stopped", 1, "Stopped by you after round 1 of 2", {"Resume from round 2"}),
            ("failed", 1, "Diverged at round 2", {"Resume from round 2"}),
            ("interrupted", 1, "Interrupted after round 1 of 2", {"Resume from round 2"}),
            ("interrupted", 0, "Interrupted after round 0", {"Start over"}),
        ],
    ),
)
def test_each_state_is_said_and_offers_what_makes_sense(app, in_state, status, rounds, said, offered) -> None:
    run = in_state(status, rounds)
    test = app("distil", distillation=run.id)
    assert said in texts(test)
    assert offered <= {part.label for part in test.button}


def test_a_set_that_was_better_as_it_began_is_said_to_be(app, distil_file: Path, folder: Path) -> None:
    worse = SMALL | {"distil": SMALL["distil"] | {"rate": 10, "check": 1, "rounds": 3, "targets": "own"}}
    run = create_distillation(distil_file, worse, folder, "worse")
    for event in jobs.work(run):
        if event.name == "epoch":
            run.control("stop")
    (found,) = [part for part in app("distil", distillation="worse").metric if part.label == "Best validation MAE"]
    assert (found.value, found.delta) == ("–", "better as it began")


def test_what_comes_before_the_first_round_is_said(app, in_state) -> None:
    run = in_state("paused", 0)
    files.write_json(run.path / "progress.json", {"epoch": -1, "visits": 1, "planned": 9, "seconds_left": 3.0})
    said = texts(app("distil", distillation=run.id))
    assert "Paused before the first round. Nothing is lost." in said
    assert "First a teacher, whose forecasts become the windows' targets, is trained on all data." in said


def test_real_sensors_are_not_called_clusters_and_one_round_has_no_first(app, distil_file: Path, folder: Path) -> None:
    run = distilled(distil_file, folder, "picked", name="random", time=0.1, space=0.5, epochs=1)
    test = app("distil", distillation=run.id)
    said = texts(test)
    assert "Sensors of the set" in said and "Clusters of sensors" not in said
    assert "The real windows are those nearest to these." in said and "after round" not in said
    assert "Choose it as the method in the form on the left." in said
    assert any({"number", "sensor"} == set(part.value) for part in test.dataframe)
    assert next(part for part in test.selectbox if part.key == "cluster").label == "Sensor"


def test_the_form_starts_what_it_says(app, folder: Path, distil_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Run] = []
    monkeypatch.setattr(worker, "start", started.append)
    test = app("distil", data=str(distil_file))
    test.segmented_control(key="distil.schedule").set_value("paper").run()
    test.selectbox(key="distil.model").set_value("dlinear").run()
    test.number_input(key="distil data.horizon").set_value(4).run()
    button(test, "Start distilling").click().run()
    (run,) = started
    spec = run.spec
    assert run.kind == "distil" and spec.distil["schedule"] == "paper" and spec.horizon == 4
    assert (spec.model_name, spec.distil["time"], spec.distil["space"]) == ("dlinear", 0.1, 0.1)
    assert test.session_state["linked distillation"] == run.id


def test_what_cannot_be_is_said_before_the_start(app, distil_file: Path) -> None:
    test = app("distil", data=str(distil_file))
    test.number_input(key="distil data.lookback").set_value(400).run()
    assert "choose a shorter lookback" in "\n".join(str(part.value) for part in test.error)
    assert button(test, "Start distilling").disabled


def test_the_planned_rounds_are_known_before_it_has_told_of_any(app, in_state) -> None:
    test = app("distil", distillation=in_state("starting", 0).id)
    figures = {part.label: part.value for part in test.metric}
    assert figures["Rounds done"] == "0 of 2"


def test_one_that_works_cannot_be_deleted(app, in_state) -> None:
    run = in_state("running", 1)
    test = app("distil", distillation=run.id)
    test.session_state["distillations 0"] = {"selection": {"rows": [0]}}
    test.run()
    assert button(test, "Delete").disabled and not button(test, "Look at it").disabled


def test_every_event_has_words(in_state) -> None:
    said = [live.event_text(event, "round") for event in in_state("paused", 1).events()]
    assert said[0] == "opens the data" and said[1].startswith("begins at round 1 of 2") and said[-1] == "pauses"
    assert "round 1: matching loss" in said[2]
    picked = {"event": "epoch", "epoch": 0, "train_loss": 0.0, "best": True, "validation": {"mae": 2.0}}
    assert live.event_text(picked, "round") == "round 1: windows picked; validation MAE 2.00, the best so far"


@pytest.mark.parametrize("kind", only([0], ["grid", "no places"]))
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
