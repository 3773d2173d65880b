"""The shell: every view opens, the header finds the run that the address names, and names are names."""

import pytest
from cases import only
from pages import texts

from app import forms, labels, session
from stcore.options import DataOptions, TrainOptions
from stcore.prune.st_prune import STPruneOptions
from stcore.words import duration

VIEWS = ("data", "train", "samples", "sensors", "distil", "compare")


@pytest.mark.parametrize("view", [view for view in VIEWS if view != "distil"])  # which looks at distillations
def test_every_view_opens_on_the_demo_run(app, view: str) -> None:
    test = app(view)
    assert "Simulated" in texts(test)


@pytest.mark.parametrize("view", only([1], ("train", "samples", "sensors", "compare")))
def test_a_link_to_a_run_that_is_not_here_is_a_sentence_in_every_view(app, view: str) -> None:
    test = app(view, run="nowhere")
    assert "Run nowhere is not on this machine" in texts(test)


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_opens_without_any_run(app, without_demo, view: str) -> None:
    app(view)


@pytest.mark.parametrize("view", only([0, 3], VIEWS))
def test_a_run_that_works_can_be_paused_from_every_view(app, in_state, view: str) -> None:
    run = in_state("running", 2)
    test = app(view, run=run.id)
    next(part for part in test.button if part.label == "Pause").click().run()
    assert run.word == "pause"


def test_choosing_a_run_changes_the_address(app, in_state) -> None:
    run = in_state("stopped", 2)
    test = app()
    test.selectbox(key="run list").set_value(run.id).run()
    assert test.session_state["linked run"] == run.id and "Stopped by you" in texts(test)


def test_the_run_stays_when_the_view_changes(app, in_state) -> None:
    run = in_state("paused", 2)
    test = app(run=run.id)
    test.switch_page("compare/page.py")
    del test.query_params["run"]  # as the browser does
    test.run()
    assert test.selectbox(key="run list").value == run.id


def test_runs_have_names_of_their_own(in_state) -> None:
    runs = [in_state("stopped", 1), in_state("stopped", 2)]
    names = labels.run_labels(runs)
    assert len(set(names.values())) == 2 and all(
        name.startswith("ST-Prune 60% · STID · ") and name.endswith(" · tiny") for name in names.values()
    )


def test_ids_never_become_paths(folder) -> None:
    assert session.find_run("../elsewhere") is None


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, "0.2 s"),
        (8.34, "8.3 s"),
        (59, "59 s"),
        (200, "3 min 20 s"),
        (900, "15 min"),
        (7500, "2 h 5 min"),
        (108_000, "1 day 6 h"),
    ],
)
def test_a_length_of_time_reads_in_its_two_largest_units(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize("kind", [DataOptions, TrainOptions, STPruneOptions])
def test_every_option_has_a_field_with_its_help_and_bounds(kind) -> None:
    for option in kind.describe():
        assert forms.option_label(option)[0].isupper() and forms.option_help(option).startswith(option["help"])
        assert "type" in option, option


def test_a_click_moves_a_number_by_a_sensible_amount() -> None:
    assert [forms.number_step(value) for value in (0.5, 1e-4, 5.0, 0.125, None)] == pytest.approx(
        [0.1, 1e-5, 1, 0.01, 0.01]
    )
