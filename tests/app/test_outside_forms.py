"""The forms offer what another package brings, with its options, and estimate it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from outside_package import install
from pages import button, texts
from tiny import tiny

from stcore import registry
from stcore.processes import jobs


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    install(monkeypatch)
    yield
    registry.forget()


def side(test) -> str:
    return "\n".join(str(part.value) for part in test.sidebar.markdown)


def test_a_run_can_be_made_of_theirs(app, tiny_file: Path) -> None:
    test = app(data=str(tiny_file))
    test.selectbox(key="new.model").set_value("their-model").run()
    test.selectbox(key="new.mask").set_value("their-mask").run()
    test.selectbox(key="new.prune").set_value("their-strategy").run()
    assert not test.exception
    drawn = {part.key for part in [*test.number_input, *test.checkbox, *test.selectbox, *test.multiselect]}
    assert {"model.depth", "mask.backwards", "prune.keep"} <= drawn
    assert "Their model" in test.selectbox(key="new.model").options and "About" in side(test)
    assert not button(test, "Start training").disabled


def test_a_set_can_be_made_by_theirs(app, distil_file: Path) -> None:
    test = app("distil", data=str(distil_file))
    test.selectbox(key="distil.method").set_value("their-distiller").run()
    test.selectbox(key="distil.model").set_value("their-model").run()
    assert not test.exception
    assert "distil distil.sensors" in {part.key for part in test.selectbox} and "**About " in side(test)


def test_a_run_of_theirs_is_named_and_shown(app, folder: Path) -> None:
    theirs = {"model": {"name": "their-model"}, "prune": {"name": "their-strategy"}, "mask": {"name": "their-mask"}}
    small = {"data": {"lookback": 6, "horizon": 4}, "train": {"epochs": 2, "batch": 32, "threads": 1}}
    jobs.train(tiny(300, 6), folder, name="theirs", **small, **theirs).finish()
    test = app(run="theirs")
    assert "Their model" in str(test.selectbox(key="run list").options)
    assert "their-mask mask" in str(test.selectbox(key="run list").options) + texts(test)
    assert not app("sensors", run="theirs").exception
