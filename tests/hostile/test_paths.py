"""A page reads from the folders that its server was started with, whatever is typed and wherever links lead."""

import os
from pathlib import Path

import pytest
import streamlit as st
from tiny import tiny

from app import session
from app.data import source as sources
from app.samples.detail import persistence
from app.samples.look import Look
from stcore.charts.theme import LIGHT
from stcore.evidence.experiment import create_experiment
from stcore.findings import DataError
from stcore.processes import jobs
from stcore.runs import RunError, create, create_distillation, derived, selections, uploads
from stcore.runs.quota import check_inside, folders, own_folder


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A dataset in a folder that may be read, and one beside it."""
    for name in ("inside", "outside"):
        (tmp_path / name).mkdir()
        tiny().save(tmp_path / name / "data.nc")
    monkeypatch.setenv("STCORE_DATA", str(tmp_path / "inside"))
    monkeypatch.setenv("STCORE_RUNS", str(tmp_path / "runs"))
    st.cache_resource.clear()
    return tmp_path / "inside" / "data.nc", tmp_path / "outside" / "data.nc"


def test_what_lies_inside_is_opened(two: tuple[Path, Path]) -> None:
    assert session.open_dataset(str(two[0])).steps == tiny().steps
    assert session.open_dataset("demo").simulated


@pytest.mark.parametrize("how", ["plain", "dots", "file link", "folder link", "system"])
def test_what_lies_outside_is_not_however_it_is_named(how: str, two: tuple[Path, Path], tmp_path: Path) -> None:
    inside, outside = two
    ways = {
        "plain": outside,
        "dots": inside.parent / ".." / "outside" / "data.nc",
        "file link": inside.parent / "link.nc",
        "folder link": inside.parent / "linked",
        "system": Path("/etc/passwd"),
    }
    (inside.parent / "link.nc").symlink_to(outside)
    (inside.parent / "linked").symlink_to(outside.parent)
    with pytest.raises(DataError, match="outside the folders that this page may read") as caught:
        session.open_dataset(str(ways[how]))
    assert caught.value.findings[0].code == "outside"
    assert "--data" in str(caught.value)


def test_a_name_that_begins_alike_is_another_folder(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data-secret").mkdir()
    check_inside(tmp_path / "data", [tmp_path / "data"])
    with pytest.raises(DataError, match="outside"):
        check_inside(tmp_path / "data-secret", [tmp_path / "data"])


def test_the_folders_are_those_of_the_variable_else_the_own_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STCORE_DATA", os.pathsep.join([str(tmp_path), "", "~"]))
    assert folders() == [tmp_path.resolve(), Path.home().resolve()]
    monkeypatch.delenv("STCORE_DATA")
    assert folders(tmp_path) == [Path.home().resolve(), tmp_path.resolve()]


def test_the_data_of_a_run_are_read_from_there_too(
    two: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, outside = (create(path, {}, tmp_path / "runs", path.parent.name) for path in two)
    copied = create(tiny(), {}, tmp_path / "runs", "copied")
    assert session.run_dataset(inside).fingerprint == session.run_dataset(copied).fingerprint
    with pytest.raises(DataError, match="outside the folders that this page may read"):
        session.run_dataset(outside)
    (copied.path / "data.nc").unlink()
    (copied.path / "data.nc").symlink_to(two[1])
    with pytest.raises(DataError, match="outside the folders that this page may read"):
        session.run_dataset(copied)
    assert jobs.dataset(outside).steps == tiny().steps  # whoever made it on this machine may
    monkeypatch.setenv("STCORE_CLASS", "1")
    with pytest.raises(DataError, match="outside the folders"):
        jobs.dataset(outside)
    assert jobs.dataset(inside).steps == tiny().steps


@pytest.mark.parametrize(
    "typed",
    ["a\0b", "~nobody-of-this-name/x", f"/tmp/{'x' * 300}", f"/tmp/{'x/' * 5000}"],
    ids=["null", "home", "name", "path"],
)
def test_what_can_be_no_path_is_refused_in_words(typed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STCORE_DATA", "/tmp")
    with pytest.raises(DataError, match=r"can be called|cannot be opened"):
        session.open_dataset(typed)


# ---- a class -------------------------------------------------------------------------------------------------------
@pytest.fixture
def visitor(two: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The runs folder of one visitor of a class that shares the folder ``inside``."""
    monkeypatch.setenv("STCORE_CLASS", "1")
    monkeypatch.setattr(session, "_secret", lambda: "a" * 32)
    return own_folder(tmp_path / "runs", "a" * 32)


@pytest.mark.parametrize("how", ["plain", "home", "file link"])
def test_a_visitor_makes_nothing_of_what_lies_elsewhere(
    how: str, two: tuple[Path, Path], visitor: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a browser sends, past fields that are switched off too: data, a distilled set, an experiment's data."""
    monkeypatch.setenv("HOME", str(tmp_path / "outside"))
    (two[0].parent / "link.nc").symlink_to(two[1])
    path = {"plain": str(two[1]), "home": "~/data.nc", "file link": str(two[0].parent / "link.nc")}[how]
    for make in (
        lambda: create(path, {}, visitor, "run"),
        lambda: create(two[0], {"distilled": {"source": path}}, visitor, "run"),
        lambda: create(two[0], {"distilled": {"source": path, "warm": 1}}, visitor, "run"),
        lambda: create_distillation(path, {}, visitor, "run"),
        lambda: create_experiment({"name": "mine", "data": path, "methods": ["st-prune"]}, visitor),
    ):
        with pytest.raises(DataError, match="outside the folders"):
            make()
    assert list(visitor.iterdir()) == []
    assert create(two[0], {}, visitor, "run").status == "starting"


def test_a_visitor_finds_no_other_ones_uploads_and_writes_nothing_there(
    two: tuple[Path, Path], visitor: Path, tmp_path: Path
) -> None:
    other = own_folder(tmp_path / "runs", "b" * 32)
    kept = {place: uploads.keep({"d.nc": two[0].read_bytes()}, place) for place in (visitor, other)}
    foreign = kept[other].parent.parent / "checked-0" / "d.nc"
    detour = visitor / uploads.FOLDER / ".." / ".." / foreign.relative_to(tmp_path / "runs")
    back = foreign.parent / ".." / ".." / ".." / ".." / visitor.name / uploads.FOLDER / "d.nc"
    before = sorted(other.rglob("*"))
    for address in map(str, (foreign, detour, back)):
        with pytest.raises(DataError, match=r"cannot be opened here|There is no file"):
            sources.open_data(address)
        assert sources.current_answers(address) == {} and not sources.can_save(address)
        sources.save_answers_beside(address)
    assert sorted(other.rglob("*")) == before
    assert sources.own_upload(str(uploads.checked_place(kept[visitor], {}))) == kept[visitor]


def test_a_visitor_writes_nothing_into_the_demo_run(visitor: Path, two: tuple[Path, Path], tmp_path: Path) -> None:
    mine, shared = create(two[0], {}, visitor, "mine"), create(two[0], {}, tmp_path, "demo-run")
    with pytest.raises(RunError, match="everybody's"):
        selections.save(shared, "peak", [0])
    for run in (mine, shared):
        derived.keep(run, "curve", {"a": 1})
    assert derived.find(mine, "curve") and not (shared.path / "found").exists()
    assert selections.save(mine, "peak", [0]) in selections.selections(mine)


def test_what_a_page_keeps_of_a_run_is_not_taken_for_another_visitors(tmp_path: Path) -> None:
    """Experiments call their runs alike for everybody, so an id does not tell whose run it is."""
    levels = []
    for seed, name in enumerate(("mine", "theirs")):
        data = tiny(seed=seed)
        run = create(data, {}, tmp_path / name, "experiment-1.full.s0")
        look = Look(run, run.trace(), 0, data, "", LIGHT)
        levels.append(persistence(str(run.path), data.fingerprint, "c0", look).series)
    assert (levels[0] != levels[1]).all()
