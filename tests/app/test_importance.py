"""Which sensors matter, on the page: what each run can give, whether views agree, and measuring in a process of its own."""

import time
from pathlib import Path

import pytest
from pages import button, texts
from tiny import tiny
from training_runs import trained

from app.sensors import measuring
from stcore.evidence.permuting import permute
from stcore.processes import worker
from stcore.runs import Run
from stcore.runs.derived import FILE, find_permutation

SHORT = {"train": {"epochs": 3, "batch": 64, "threads": 1, "forecasts": 0}, "prune": {"name": "full"}}
MODEL = {"name": "stid-neighbours", "width": 4}


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "twelve.nc"
    tiny(300, 12).save(path)
    return path


@pytest.fixture
def masked(source: Path, folder: Path) -> Run:
    return trained(source, folder, "masked", **SHORT, model=MODEL, mask={"name": "dynst", "sparsity": 0.5})


def said(test) -> str:
    return texts(test).replace("\\", "")


def charts(test) -> int:
    return len(test.get("vega_lite_chart")) + len(test.get("arrow_vega_lite_chart"))


def test_a_masked_run_shows_its_views_and_what_to_add(app, masked: Run) -> None:
    test = app("sensors", run="masked")
    assert "Which sensors matter?" in said(test) and "**Mask**" in said(test) and "**Gradient**" in said(test)
    assert "agree with the mask by themselves" in said(test)
    assert "No sensor looks faulty" in said(test)
    assert "12" in said(test) and button(test, "Permute histories") and button(test, "Leave regions out")
    assert "7 trainings of 3 epochs each, about" in said(test)
    table = next(frame.value for frame in test.dataframe if "mask_rank" in frame.value)
    assert len(table) == 12 and table["kept"].sum() == 6


def test_what_the_mask_noted_while_it_trained_is_in_the_log(app, masked: Run) -> None:
    test = app("train", run="masked")
    log = next(frame.value for frame in test.dataframe if {"time", "event"} == set(frame.value))
    assert log["event"].str.contains("note: .* is the best simple mask by validation error").sum() == 1


def test_other_runs_are_held_beside_it(app, masked: Run, source: Path, folder: Path) -> None:
    trained(source, folder, "seed-1", **SHORT, model=MODEL, mask={"name": "dynst", "sparsity": 0.5}, seed=1)
    free = trained(source, folder, "free", **SHORT, model=MODEL, mask={"name": "any"})
    list(permute(free, tiny(300, 12), 1, 20))
    test = app("sensors", run="masked")
    test.multiselect(key="importance runs masked").set_value(["seed-1", "free"]).run()
    assert not test.exception
    assert "**Permuted**" in said(test) and "agree with the mask by themselves" not in said(test)
    assert "**masked** and **seed-1** share" in said(test)
    rows = next(frame.value for frame in test.dataframe if "tau" in frame.value)
    assert {("mask", "mask"), ("gradient", "permutation")} <= set(zip(rows["view"], rows["other"], strict=True))


def test_histories_are_permuted_by_a_child(app, masked: Run) -> None:
    test = app("sensors", run="masked")
    button(test, "Permute histories").click().run()
    end = time.monotonic() + 60
    while measuring.is_permuting(masked) and time.monotonic() < end:
        time.sleep(0.2)
    assert find_permutation(masked) is not None, masked.log()
    test.run()
    assert "**Permuted**" in said(test) and "test windows" in said(test)


@pytest.mark.slow
def test_a_child_that_fails_says_why(app, masked: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(run: Run) -> None:
        with run.open_log() as log:
            worker.start_command(["importance", "no-such-run", "--permutation"], run.path / FILE, log)

    monkeypatch.setattr(measuring, "start_permuting", nothing)
    test = app("sensors", run="masked")
    button(test, "Permute histories").click().run()
    while measuring.is_permuting(masked):
        time.sleep(0.1)
    test.run()
    assert any("not on this machine" in error.value.replace("\\", "") for error in test.error)


@pytest.mark.slow
def test_regions_are_left_out_stopped_and_gone_on_with(app, masked: Run) -> None:
    test = app("sensors", run="masked")
    test.number_input(key="regions").set_value(2).run()
    test.number_input(key="region epochs").set_value(2).run()
    assert "3 trainings of 2 epochs each" in said(test)
    button(test, "Leave regions out").click().run()
    (asked,) = [one for key, one in test.session_state["regions asked"].items() if key[1:] == (2, 2)]
    end = time.monotonic() + 90
    while asked.done <= asked.count and time.monotonic() < end:
        time.sleep(0.3)
    while measuring.is_busy(asked) and time.monotonic() < end:
        time.sleep(0.1)
    test.run()
    assert "**Left out**" in said(test) and "All 2 regions have been left out" in said(test)
    assert "masked.2-epochs.all" not in str(test.selectbox(key="run list").options), "they are kept out of lists"


def test_what_cannot_be_measured_is_said(app, folder: Path, source: Path, in_state) -> None:
    trained(source, folder, "alone", **SHORT)
    test = app("sensors", run="alone")
    assert "models that mix sensors are" in said(test) and "This run has no mask" in said(test)
    assert "cannot be changed" in said(app("sensors"))
    assert "when the run is finished" in said(app("sensors", run=in_state("stopped", 2).id))
    assert "when the run has ended" in said(app("sensors", run=in_state("running", 2).id))
