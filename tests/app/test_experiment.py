"""Was it worth it?: the form says what it will cost and starts it, the list steers it, the report answers in a sentence."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cases import only
from once import Once
from pages import button, texts

from stcore.evidence.experiment import create_experiment, open_experiment
from stcore.processes import worker

ASKED: dict[str, Any] = {
    "name": "asked",
    "seeds": 2,
    "tune": False,
    "options": {"model": {"width": 4}, "train": {"epochs": 3, "batch": 32}},
}
PARTS = ("How much better or worse", "Accuracy against visits", "Accuracy against seconds", "Where the gain comes from")


@pytest.fixture(scope="module")
def experiment(tiny_file: Path, once: Once) -> Path:
    """A runs folder with a finished experiment."""
    asked = {**ASKED, "data": str(tiny_file)}
    return once("experiment", lambda root: list(create_experiment(asked, root).work(in_turn=True)))


@pytest.fixture
def finished(folder: Path, experiment: Path) -> Path:
    shutil.copytree(experiment, folder, dirs_exist_ok=True)
    return folder


@pytest.fixture
def half(tiny_file: Path, folder: Path) -> Iterator[Path]:
    """One of which five runs are finished, and that nobody works on."""
    told = create_experiment({**ASKED, "name": "half", "data": str(tiny_file)}, folder).work(in_turn=True)
    for one in told:
        if one.done >= 5:
            break
    told.close()  # type: ignore[attr-defined]
    yield folder


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """Experiments for which a process was asked, which is not started, and whether one run at a time."""
    asked: list[tuple[str, bool]] = []
    monkeypatch.setattr(worker, "start_experiment", lambda name, root, in_turn=False: asked.append((name, in_turn)))
    return asked


def labels(test) -> set[str]:
    return {part.label for part in (*test.button, *test.get("download_button"))}


def test_a_finished_experiment_answers_in_a_sentence_and_shows_why(app, finished: Path) -> None:
    test = app("compare", experiment="asked")
    said = texts(test).replace("\\", "")
    sentence = open_experiment("asked", finished).report()["verdicts"][0]["sentence"]
    assert f"### {sentence.replace('+-', '±').replace(' -', ' −')}" in said
    assert all(f"##### {title}" in said for title in PARTS) and "Diebold-Mariano" in said
    assert len(test.get("plotly_chart")) == 9
    assert {"HTML", "JSON", "CSV and Parquet", "Figure as HTML", "summary as CSV"} - labels(test) == {"summary as CSV"}
    assert {"differences as CSV", "by sensor as Parquet", "costs as CSV"} <= labels(test)
    assert "Resume" not in labels(test)


def test_the_address_keeps_the_part_and_the_experiment(app, finished: Path) -> None:
    test = app("compare", part="worth")
    assert "##### How much better or worse" in texts(test), "the newest is shown"
    test.segmented_control(key="compare part").set_value("runs").run()
    assert test.session_state["linked part"] == "runs" and test.multiselect(key="compared")
    assert "not on this machine" in texts(app("compare", experiment="gone"))


def test_the_form_says_how_much_it_is_and_starts_it(app, folder: Path, tiny_file: Path, started: list[Any]) -> None:
    test = app("compare", part="worth")
    button(test, "Small (demo city, minutes)").click().run()
    assert "**10 runs, about" in texts(test) and "5 arms with 2 seeds each" in texts(test)
    test = app("compare", part="worth", data=str(tiny_file))
    test.checkbox(key="experiment.tune").uncheck().run()
    test.text_input(key="experiment.seeds").set_value("2").run()
    test.multiselect(key="experiment.methods").set_value(["infobatch", "seta"]).run()
    test.text_input(key="experiment.keep").set_value("0.5, 0.75").run()
    test.text_input(key="experiment.name").set_value("mine").run()
    test.number_input(key="experiment train.epochs").set_value(8).run()
    test.checkbox(key="experiment.in turn").check().run()
    assert "**20 runs, about" in texts(test)
    button(test, "Start experiment").click().run()
    assert started == [("mine", True)]
    made = open_experiment("mine", folder)
    assert made.options.keep == [0.5, 0.75] and made.options.seeds == [0, 1] and made.options.tune is None
    assert [one.name for one in made.options.methods] == ["infobatch", "seta"]
    assert made.options.options["train"]["epochs"] == 8
    assert "**mine** · InfoBatch, SeTa at 50 %, 75 %" in texts(test).replace("\\", "")


def test_the_search_comes_from_its_own_options(app, folder: Path, started: list[Any]) -> None:
    test = app("compare", part="worth")
    test.text_input(key="experiment tune.cells").set_value("256, 512").run()
    test.text_input(key="experiment.seeds").set_value("3, 7").run()
    assert "2 seeds each and 8 of the search" in texts(test)
    button(test, "Start experiment").click().run()
    made = open_experiment("experiment-1", folder)
    assert made.options.tune and made.options.tune.cells == [256, 512] and made.options.seeds == [3, 7]


@pytest.mark.parametrize(
    ("key", "value", "said"),
    only(
        [0, 3],
        [
            ("experiment.keep", "half", "option 'keep"),
            ("experiment.keep", "0.5, 0.5", "each may stand there once"),
            ("experiment.keep", "0.01", "cannot be met"),
            ("experiment.name", "../x", "letters, digits and dashes"),
            ("experiment.seeds", "0, 1000", "the search's seed"),
        ],
    ),
)
def test_what_cannot_be_is_said_and_not_started(app, folder: Path, key: str, value: str, said: str) -> None:
    test = app("compare", part="worth")
    test.text_input(key=key).set_value(value).run()
    assert said.lower() in texts(test).replace("\\", "").lower()
    assert button(test, "Start experiment").disabled
    test.multiselect(key="experiment.methods").set_value([]).run()
    assert "Choose at least one method" in texts(test) or said.lower() in texts(test).replace("\\", "").lower()


def test_one_that_was_left_can_be_looked_into_and_goes_on(app, half: Path, started: list[Any]) -> None:
    test = app("compare", part="worth")
    assert "How much better" not in texts(test)
    assert {"Resume", "Show the report so far"} <= labels(test)
    button(test, "Show the report so far").click().run()
    assert "Not all runs are finished" in texts(test) and "##### How much better or worse" in texts(test)
    button(test, "Resume").click().run()
    assert started == [("half", False)]


def test_one_that_is_worked_on_can_be_paused_and_stopped(app, tiny_file: Path, folder: Path) -> None:
    made = create_experiment({**ASKED, "name": "live", "data": str(tiny_file)}, folder)
    told = made.work(in_turn=True)
    next(step for step in told if step.done >= 1)
    test = app("compare", part="worth")
    assert {"Pause", "Stop"} <= labels(test) and "Resume" not in labels(test)
    button(test, "Pause").click().run()
    assert made.folder.word == "pause"
    button(test, "Stop").click().run()
    assert made.folder.word == "stop"
    told.close()  # type: ignore[attr-defined]
