"""All runs: found, labelled, put away, deleted with a way back; one that is trained cannot be deleted."""

from collections.abc import Callable
from pathlib import Path

import pytest
from distillations import distilled
from pages import button, texts
from tiny import tiny
from training_runs import copied

from app import session
from stcore.runs import Run, label, runs_in, trash, uploads, write_label


@pytest.fixture
def two(folder: Path, finished: Run) -> list[Run]:
    """Two finished runs in the app's folder, the second with a title and tags."""
    one = copied(finished, folder)
    other = Run(one.path.rename(folder / "other"))
    write_label(other, title="The <b>better</b> one", tags=["paper", "seed 0"], note="found by hand")
    return [copied(finished, folder), other]


def rows(test) -> list[str]:
    return [title for frame in test.dataframe if "Title" in frame.value for title in frame.value["Title"]]


def select(test, *places: int):
    """The page with these rows selected, as a click would."""
    state = test.session_state
    drawn = state["all runs drawn"] if "all runs drawn" in state else 0  # noqa: SIM401  (it has no get)
    test.session_state[f"all runs {drawn}"] = {"selection": {"rows": list(places), "columns": [], "cells": []}}
    return test.run()


def test_all_are_listed_and_found_by_any_word(app: Callable, two: list[Run]) -> None:
    test = app("compare", part="all")
    assert set(rows(test)) >= {"finished", "The <b>better</b> one"}
    for words, expected in (("paper", 1), ("HAND paper", 1), ("paper nothing", 0), ("st-prune tiny", 2)):
        test.text_input(key="find runs").set_value(words).run()
        assert len(rows(test)) == expected, words
    assert "No run matches" in texts(test.text_input(key="find runs").set_value("zzz").run())


def test_a_damaged_one_is_told_beside_all_others(app: Callable, two: list[Run]) -> None:
    spec = two[0].path / "spec.json"
    spec.write_text(spec.read_text().replace('"c0"\n ],\n "', '],\n "'))
    test = app("compare", part="all")
    assert "The <b>better</b> one" in rows(test) and "finished" not in rows(test)
    assert "spec.json of run 'finished' is damaged" in texts(test).replace("\\", "")


def test_a_distillation_with_an_option_that_cannot_be_is_told_too(
    app: Callable, two: list[Run], tmp_path: Path
) -> None:
    tiny(400, 12).save(file := tmp_path / "tiny.nc")
    spec = distilled(file, two[0].path.parent, "edited").path / "spec.json"
    spec.write_text(spec.read_text().replace('"time": 0.05', '"time": "x"'))
    test = app("compare", part="all")
    assert not test.exception and "finished" in rows(test) and "edited" not in rows(test)
    assert "spec.json of run 'edited' is damaged or was edited: option 'time'" in texts(test).replace("\\", "")
    test = app("distil", distillation="edited")
    assert not test.exception and "option 'time'" in texts(test).replace("\\", "")


def test_archived_ones_are_left_out_everywhere_until_asked_for(app: Callable, two: list[Run]) -> None:
    write_label(two[1], archived=True)
    test = app("compare", part="all")
    assert "The <b>better</b> one" not in rows(test)
    test.toggle(key="archived runs").set_value(True).run()
    assert "The <b>better</b> one" in rows(test)
    assert two[1].id not in [run.id for run in session.listed_runs()]
    assert two[1].id in [run.id for run in session.listed_runs(two[1].id)]


def test_a_title_is_shown_letter_for_letter(app: Callable, two: list[Run]) -> None:
    test = app("compare", part="runs", runs="other")
    assert "The \\<b\\>better\\</b\\> one" in texts(test)


def test_what_is_chosen_is_deleted_and_comes_back(
    app: Callable, folder: Path, two: list[Run], without_demo: None
) -> None:
    test = app("compare", part="all")
    place = rows(test).index("finished")
    select(test, place)
    button(test, "Delete").click().run()
    assert [run.id for run in runs_in(folder)] == ["other"]
    assert "Deleted: finished" in texts(test).replace("\\", "")
    assert button(test, "Delete").disabled, "the row that came into its place is not selected"
    button(test, "Undo").click().run()
    assert {run.id for run in runs_in(folder)} == {"other", "finished"}
    assert trash.deleted(folder) == []


def test_one_that_is_trained_cannot_be_deleted(
    app: Callable, in_state: Callable[[str, int], Run], without_demo: None
) -> None:
    run = in_state("running", 1)
    test = app("compare", part="all")
    select(test, 0)
    assert button(test, "Delete").disabled and "stop it first" in button(test, "Delete").help
    assert run.path.is_dir()


def test_the_demo_run_stays_as_it_is(app: Callable, folder: Path) -> None:
    test = app("compare", part="all")
    select(test, 0)
    for name in ("Delete", "Archive"):
        assert button(test, name).disabled and "cannot be changed" in button(test, name).help


@pytest.fixture
def with_set(tiny_file: Path, folder: Path, two: list[Run]) -> Run:
    """A finished distillation beside the two runs."""
    return distilled(tiny_file, folder, "small-set", name="random", time=0.05, space=0.5, epochs=1)


def test_distillations_are_listed_among_runs_named_and_found_by_their_kind(
    app: Callable, with_set: Run, without_demo: None
) -> None:
    test = app("compare", part="all")
    assert set(rows(test)) == {"finished", "The <b>better</b> one", "small-set"}
    test.text_input(key="find runs").set_value("distillation random").run()
    (frame,) = (part.value for part in test.dataframe if "Title" in part.value)
    assert frame["Kind"].tolist() == ["Distillation"] and frame["Method"][0].endswith(" × 2")
    select(test, 0)
    test.text_input(key="title of small-set").set_value("Two sensors")
    test.multiselect(key="tags of small-set").set_value(["paper"])
    button(test, "Save").click().run()
    assert (label(with_set).title, label(with_set).tags) == ("Two sensors", ("paper",))


def test_a_distillation_is_deleted_with_a_way_back_and_never_compared(
    app: Callable, folder: Path, with_set: Run, without_demo: None
) -> None:
    test = app("compare", part="all")
    select(test, rows(test).index("small-set"), rows(test).index("finished"))
    assert button(test, "Compare").disabled and not button(test, "Delete").disabled
    select(test, rows(test).index("small-set"))
    button(test, "Delete").click().run()
    assert runs_in(folder, "distil") == [] and len(runs_in(folder)) == 2
    button(test, "Undo").click().run()
    assert [run.id for run in runs_in(folder, "distil")] == ["small-set"]
    select(test, rows(test).index("small-set"))
    button(test, "Look at it").click().run()
    assert "Clusters of sensors" in texts(test) or "Windows of the set" in texts(test)


def test_an_archived_distillation_is_left_out_of_the_distil_view(app: Callable, with_set: Run) -> None:
    write_label(with_set, archived=True)
    assert "A small set that trains models like the big one" in texts(app("distil"))
    assert "Windows of the set" in texts(app("distil", distillation="small-set"))


def test_a_label_is_written(app: Callable, two: list[Run], without_demo: None) -> None:
    test = app("compare", part="all")
    select(test, rows(test).index("finished"))
    test.text_input(key="title of finished").set_value("Mine")
    test.text_area(key="note of finished").set_value("Why")
    button(test, "Save").click().run()
    assert (label(two[0]).title, label(two[0]).note) == ("Mine", "Why")
    assert "Mine" in rows(test)


def test_uploads_that_no_run_uses_are_not_called_trash(app: Callable, folder: Path, two: list[Run]) -> None:
    uploads.keep({"a.csv": b"1"}, folder)
    test = app("compare", part="all")
    assert "No run was deleted" in texts(test) and "1 upload of data that no run was made of" in texts(test)
    assert test.button(key="empty trash").label == "Delete unused uploads"


def test_the_trash_is_emptied_only_when_one_is_sure(app: Callable, folder: Path, two: list[Run]) -> None:
    trash.delete(two[1])
    test = app("compare", part="all")
    assert test.button(key="empty trash").disabled
    test.checkbox(key="empty trash sure").check().run()
    test.button(key="empty trash").click().run()
    assert trash.deleted(folder) == []


def test_the_health_of_the_machine_is_the_doctors(app: Callable, two: list[Run]) -> None:
    test = app("compare", part="all")
    test.toggle(key="check health").set_value(True).run()
    said = texts(test)
    assert "**python**" in said and "**disk**" in said and "2 runs, none interrupted" in said
