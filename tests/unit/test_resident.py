"""Residents: a child that answers, dies, comes back and makes room, and the server inside it."""

import json
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from planning import masked_run

from stcore.evidence.plan import plan
from stcore.evidence.plan.serving import Server, serve
from stcore.processes import resident as module
from stcore.processes.resident import Resident, resident
from stcore.runs import Run, RunError


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return masked_run(tmp_path_factory.mktemp("resident"), "any", {"name": "any"})


def test_a_child_answers_like_this_process_and_comes_back_after_its_death(run: Run) -> None:
    child = Resident(["answer", str(run.path)])
    try:
        made = plan(run, 3)
        mask = "".join("01"[int(on)] for on in made.keep)
        told = child.ask({"keep": mask})["answers"]
        np.testing.assert_allclose(told[0]["absolute"], made.answers["validation"].absolute)
        np.testing.assert_allclose(told[1]["absolute"], made.answers["test"].absolute)
        assert child.child is not None
        os.kill(child.child.pid, signal.SIGTERM)
        began = time.monotonic()
        while not child.ready and time.monotonic() - began < 60:
            time.sleep(0.05)
        assert child.ask({"keep": mask})["answers"] == told and child.ready
        with pytest.raises(RunError, match="A mask of 8 sensors"):
            child.ask({"keep": "0" * 8})
        assert child.ask({"keep": "1" * 8})["answers"]  # one bad question is no harm
    finally:
        child.end()


@pytest.mark.slow
def test_what_cannot_be_answered_is_told_in_the_childs_own_words(tmp_path: Path) -> None:
    child = Resident(["answer", str(tmp_path)])
    with pytest.raises(RunError, match="is not on this machine"):
        child.ask({"keep": "1"})
    child.end()


@pytest.mark.slow
def test_a_child_that_cannot_begin_is_not_waited_for_again_and_again(tmp_path: Path) -> None:
    child, end = Resident(["answer", str(tmp_path)]), time.monotonic() + 60
    while not child.ready and time.monotonic() < end:
        time.sleep(1)  # as a page looks again, by when the child has said why and gone
    assert child.ready
    with pytest.raises(RunError, match="is not on this machine"):
        child.ask({"keep": "1"})
    child.end()


def test_a_child_that_dies_in_the_middle_of_a_word_has_not_answered() -> None:
    child = Resident([])
    child.command = [sys.executable, "-c", 'print("{}", flush=True); input(); print(\'{"answers": [1\', end="")']
    with pytest.raises(RunError, match="ended without a word"):
        child.ask({"keep": "1"})
    child.end()


def test_only_a_few_live_at_a_time() -> None:
    before = dict(module._residents)
    try:
        first = resident("a")
        assert resident("a") is first
        resident("b")
        resident("a")
        resident("c")
        assert list(module._residents)[-2:] == [("a",), ("c",)] and len(module._residents) == module.MOST_RESIDENTS
    finally:
        module._residents.clear()
        module._residents.update(before)


def test_between_questions_the_curve_is_drawn_and_kept(run: Run) -> None:
    said: list[dict] = []

    def questions():
        settings = Server(run).run.spec.options.mask
        asked = {name: settings[name] for name in ("on", "off", "connected", "costs", "region")}
        while not said or not any(one.get("share") == 1 for one in said):
            yield json.dumps({"curve": asked}) + "\n"
            time.sleep(0.02)
        yield "no json\n"
        yield json.dumps({"speed": "10000000"}) + "\n"

    serve(run, questions(), lambda line: said.append(json.loads(line)))
    assert said[0] == {"ready": True} and said[-1]["speed"]["kept"] == 1 and "error" in said[-2]
    shares = [one["share"] for one in said if "share" in one]
    assert shares == sorted(shares) and shares[-1] == 1
    assert list((run.path / "found").glob("curve-*.json"))
