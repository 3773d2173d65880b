"""Compare: the first run is the baseline, what differs is listed, and what may not be compared is said."""

from pathlib import Path

import pytest
from once import Once
from pages import button, texts
from tiny import tiny
from training_runs import copied, trained

from app.compare.side import kept_overlap
from stcore.runs import Run


@pytest.fixture(scope="module")
def pair(tiny_file: Path, once: Once) -> tuple[Run, Run]:
    """One run with pruning and one without."""

    def make(runs: Path) -> None:
        trained(tiny_file, runs, "pruned")
        trained(tiny_file, runs, "full", prune={"name": "full"})

    runs = once("pair", make)
    return Run(runs / "pruned"), Run(runs / "full")


@pytest.fixture
def both(folder: Path, pair: tuple[Run, Run]) -> tuple[Run, Run]:
    for run in pair:
        copied(run, folder)
    return pair


def frame_with(test, column: str):
    return next(frame.value for frame in test.dataframe if column in frame.value)


def test_the_address_brings_the_runs_and_the_first_is_the_baseline(app, both) -> None:
    test = app("compare", runs="full,pruned")
    assert test.multiselect(key="compared").value == ["full", "pruned"]
    figures = frame_with(test, "figure").set_index("figure")
    visits = [run.summary()["visits"]["kept"] for run in (both[1], both[0])]
    assert figures.loc["visits", "A"] == f"{visits[0]:,}"
    assert figures.loc["visits", "B"] == f"{visits[1]:,} ({100 * (visits[1] / visits[0] - 1):.1f} %)"
    assert figures.loc["visits saved", "B"] == f"{both[0].summary()['visits']['full'] - visits[1]:,}"
    differing = frame_with(test, "option").set_index("option")
    assert list(differing.loc["prune: name"]) == ["full", "ST-Prune"] and "train: epochs" not in differing.index
    assert {part.label for part in test.get("download_button")} >= {"Figures as CSV", "Options as CSV", "Curves as CSV"}


def test_choosing_writes_the_address(app, both) -> None:
    test = app("compare", runs="full,pruned")
    test.multiselect(key="compared").set_value(["pruned", "full"]).run()
    assert test.session_state["linked runs"] == "pruned,full"
    assert texts(test).index("**A** · ST\\-Prune") < texts(test).index("**B** · full")


def test_one_run_alone_says_what_to_do_and_unknown_ones_are_named(app, both) -> None:
    test = app("compare", runs="pruned,gone")
    assert "One run alone answers nothing" in texts(test) and "Not on this machine: gone" in texts(test)
    assert frame_with(test, "figure")["A"].tolist()[0] != "–", "what it came to is shown all the same"
    button(test, "Plan that experiment").click().run()
    assert test.segmented_control(key="compare part").value == "worth"
    assert test.multiselect(key="experiment.methods").value == ["st-prune"]
    assert test.text_input(key="experiment.keep").value == "0.6"
    assert test.selectbox(key="experiment.data").value.endswith("tiny.nc")


def test_no_run_at_all_is_no_empty_page(app, both) -> None:
    test = app("compare", runs="full")
    test.multiselect(key="compared").set_value([]).run()
    assert "Choose the runs to compare" in texts(test)


def test_the_overlap_of_what_runs_kept_is_told_beside_chance(both) -> None:
    pruned, full = both
    found = kept_overlap(pruned, full)
    kept = pruned.trace()["kept"].values
    assert found is not None and found["epoch"].tolist() == [place + 1 for place in range(4) if not kept[place].all()]
    assert found["overlap"].tolist() == pytest.approx([row.mean() for row in kept if not row.all()])
    assert found["chance"].tolist() == pytest.approx(found["overlap"].tolist()), "full training keeps whatever there is"
    assert kept_overlap(full, full).empty


def test_runs_that_cannot_be_compared_say_so(app, both, folder: Path, tmp_path: Path, in_state) -> None:
    other = tmp_path / "other.nc"
    tiny(seed=1).save(other)
    trained(other, folder, "elsewhere", data={"lookback": 6})
    in_state("stopped", 2)
    said = texts(app("compare", runs="pruned,elsewhere,stopped-2"))
    for sentence in ("different data", "not the same", "Not all of these runs are finished"):
        assert sentence in said.replace("\\", "")


def test_a_run_without_epochs_does_not_break_the_page(app, both, in_state) -> None:
    in_state("running", 0)
    test = app("compare", runs="pruned,running-0")
    assert frame_with(test, "figure")["B"].tolist()[0] == "–"


def test_a_run_that_pruned_nothing_says_nothing_of_savings_or_overlap(app, both) -> None:
    shown = texts(app("compare", runs="pruned,full"))
    assert shown.count("pruning saved about") == 1
    assert "Overlap of the kept windows" not in shown, "full training keeps whatever there is"
