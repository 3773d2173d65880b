"""Files that come through the browser: checked elsewhere, opened, asked about, refused by their own name; a class's paths."""

import os
from pathlib import Path

import pytest
from cases import only
from pages import button, texts

from app import session
from stcore import readers
from stcore.findings import DataError
from stcore.processes import oneshot
from stcore.runs import uploads


def said(test) -> str:
    """The page's words without the marks that keep Markdown from reading them."""
    return texts(test).replace("\\", "")


def test_an_upload_is_checked_elsewhere_opened_and_answered(app, folder: Path, zeros_file: Path) -> None:
    test = app("data")
    test.session_state["upload box"] = True
    test.run()
    test.get("file_uploader")[0].upload("counts.csv", zeros_file.read_bytes(), "text/csv").run()
    button(test, "Open the upload").click().run()
    assert test.header[0].value == "counts" and "25 % of the readings are exactly zero" in said(test)
    first = test.session_state["linked data"]
    assert first.startswith(str(folder / ".uploads")) and first.endswith("counts.nc")
    next(part for part in test.radio if part.key.startswith("answer-zeros")).set_value("missing").run()
    assert "They were taken as missing" in said(test) and test.session_state["linked data"] != first
    assert "Save answers beside the data" not in {part.label for part in test.button}
    second = test.session_state["linked data"]
    assert readers.open(second).answers["zeros"] == "missing"
    fresh = app("data", data=second)  # another visitor, or the same one after a reload
    assert "They were taken as missing" in said(fresh)
    button(fresh, "Take back").click().run()
    assert fresh.session_state["linked data"] == first and "They stay measurements" in said(fresh)


def test_a_broken_upload_is_refused_in_words_and_the_page_stays(app) -> None:
    test = app("data")
    test.session_state["upload box"] = True
    test.run()
    test.get("file_uploader")[0].upload("broken.h5", b"\x89HDF\r\n\x1a\n" + b"x" * 3000, "application/x-hdf5").run()
    button(test, "Open the upload").click().run()
    assert "broken.h5 cannot be opened" in said(test) and not test.header
    button(test, "Demo city").click().run()
    assert "Ringstadt" in test.header[0].value


@pytest.mark.parametrize(
    ("name", "content", "words"),
    only(
        [2],
        [
            (
                "square.csv",
                "\n".join(",".join(f"{row + column}.5" for column in range(9)) for row in range(9)),
                "sensors x sensors",
            ),
            ("what.bin", "\0\1\2 x", "What what.bin holds is of no kind that is known here."),
            (
                "two.csv",
                "time,a,b\n2024-01-01 00:00,1,2\n2024-01-01 01:00,x,3",
                "Column 2 (a) of two.csv holds text where numbers belong: 'x' in line 3",
            ),
        ],
    ),
)
def test_a_refused_upload_is_called_by_its_own_name(app, name: str, content: str, words: str) -> None:
    test = app("data")
    test.session_state["upload box"] = True
    test.run()
    test.get("file_uploader")[0].upload(name, content.encode(), "text/plain").run()
    button(test, "Open the upload").click().run()
    assert words in said(test) and ".uploads" not in said(test) and "wide-table" not in said(test)
    assert test.text_input(key="data path").value == f"{name} (uploaded)"


def test_a_class_is_told_what_it_may_open_and_no_other_path(
    app, tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    monkeypatch.setenv("STCORE_CLASS", "1")
    monkeypatch.setattr(session, "_secret", lambda: "a" * 32)  # AppTest has no cookies
    monkeypatch.setenv("STCORE_DATA", os.pathsep.join([str(session.ROOT / "data"), str(shared), str(shared)]))
    test = app("data", data="/etc/hosts")
    (text,) = (part.value.replace("\\", "") for part in test.error)
    assert text.count(str(shared)) == 1 and "your uploads" in text
    assert str(session.ROOT) not in text and "workbench" not in text
    assert test.text_input(key="data path").label == "File or folder on the server"


def test_uploads_stay_in_their_folder_whatever_they_are_called(tmp_path: Path) -> None:
    place = uploads.keep({"../../etc/pass wd": b"1"}, tmp_path)
    assert place.name == "pass-wd" and tmp_path in place.parents
    several = uploads.keep({"a.csv": b"1", "C:\\b\\.hidden": b"22"}, tmp_path)
    assert several.is_dir() and {file.name for file in several.iterdir()} == {"a.csv", "hidden"}
    assert uploads.keep({"a.csv": b"1", "C:\\b\\.hidden": b"22"}, tmp_path) == several
    for given in ({}, {"x/a": b"1", "y/a": b"2"}):
        with pytest.raises(DataError, match="different names"):
            uploads.keep(given, tmp_path)
    checked = uploads.checked_place(place, {"zeros": "keep"})
    assert uploads.upload_of(checked) == place and uploads.answers_of(checked) == {"zeros": "keep"}
    assert uploads.answers_of(place) == {}
    assert uploads.upload_of(tmp_path / "other.nc") is None


def test_a_reader_that_dies_takes_nobody_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, zeros_file: Path
) -> None:
    module = tmp_path / "stcore_stand_in.py"
    module.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    launcher = tmp_path / "python"
    launcher.write_text(f'#!/bin/sh\nexec "{oneshot.sys.executable}" "{module}"\n')
    launcher.chmod(0o755)
    monkeypatch.setattr(oneshot.sys, "executable", str(launcher))
    with pytest.raises(DataError, match=r"counts.csv brought down the process"):
        oneshot.open_data(zeros_file, tmp_path / "out.nc")
    module.write_text("while True: pass\n")
    with pytest.raises(DataError, match="took longer than"):
        oneshot.open_data(zeros_file, tmp_path / "out.nc", seconds=-19)
    assert not (tmp_path / "out.nc").exists()


def test_what_is_read_elsewhere_may_not_take_all_memory_or_time(tmp_path: Path, zeros_file: Path) -> None:
    from stcore.cli import data as commands

    code = f"import sys\nfrom stcore.cli import data\ndata.MEMORY_SHARE = 1e-9\nsys.exit(data.take({str(zeros_file)!r}, 'x'))"
    done = oneshot.subprocess.run([oneshot.sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode != 0 and not (tmp_path / "x").exists()
    assert 0 < commands.MEMORY_SHARE < 1
