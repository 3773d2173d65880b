"""A page reads from the folders that its server was started with, whatever is typed and wherever links lead."""

import os
from pathlib import Path

import pytest
import streamlit as st
from tiny import tiny

from app import session
from stcore import jobs
from stcore.findings import DataError
from stcore.readers.allowed import check_inside, folders
from stcore.runs import create


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
    assert session.dataset(str(two[0])).steps == tiny().steps
    assert session.dataset("demo").simulated


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
        session.dataset(str(ways[how]))
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
