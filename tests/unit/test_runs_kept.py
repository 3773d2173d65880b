"""What people say of runs, throwing them away with a way back, and links that are not followed."""

import json
import shutil
from pathlib import Path

import filelock
import pytest

from stcore.cli import main
from stcore.runs import Label, Run, RunError, label, open_run, runs_in, trash, write_label
from stcore.runs.labels import FILE

FINISHED = Path(__file__).parent.parent / "legacy" / "masks" / "done"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A finished run that may be changed."""
    return Run(Path(shutil.copytree(FINISHED, tmp_path / "runs" / "mine")))


def test_a_run_without_a_label_has_an_empty_one(run: Run) -> None:
    assert label(run) == Label()


def test_what_is_said_is_kept_and_the_rest_stays(run: Run) -> None:
    write_label(run, title="  The\tsecond one ", tags=["paper", "", "paper", "seed 0"])
    write_label(run, note="Line one.\nLine two.\x00")
    assert label(run) == Label("The second one", ("paper", "seed 0"), "Line one.\nLine two.", False)
    write_label(run, title="", tags=[], archived=True)
    assert label(run) == Label("", (), "Line one.\nLine two.", True)
    assert run.id == "mine"


@pytest.mark.parametrize(
    "wrong", [{"title": "x" * 81}, {"tags": ["x" * 31]}, {"tags": map(str, range(13))}, {"note": "x" * 4001}]
)
def test_what_is_too_long_is_refused_and_changes_nothing(run: Run, wrong: dict) -> None:
    write_label(run, title="before")
    with pytest.raises(RunError, match="at most"):
        write_label(run, **wrong)
    assert label(run) == Label("before")


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"title": 3, "tags": "a", "note": null, "archived": "yes"}'])
def test_a_spoilt_label_says_nothing(run: Run, content: str) -> None:
    (run.path / FILE).write_text(content)
    assert label(run) == Label()


def test_a_deleted_run_is_gone_and_comes_back_as_it_was(run: Run) -> None:
    root = run.path.parent
    before = {path.name: path.read_bytes() for path in run.path.iterdir() if path.is_file() and path.name != "lock"}
    gone = trash.delete(run)
    assert runs_in(root) == []
    with pytest.raises(RunError, match="not on this machine"):
        open_run("mine", root)
    assert [(one.id, one.path) for one in trash.deleted(root)] == [("mine", gone.path)]
    again = trash.restore(root, "mine")
    assert trash.deleted(root) == []
    assert {name: (again.path / name).read_bytes() for name in before} == before
    assert again.status == "done"


def test_a_run_that_is_worked_on_is_not_deleted(run: Run) -> None:
    (run.path / "result.json").unlink()
    with filelock.FileLock(run.path / "lock"), pytest.raises(RunError, match="being trained; stop it first"):
        trash.delete(run)
    assert run.path.is_dir()


def test_the_last_one_deleted_comes_back_first_and_never_over_another(run: Run) -> None:
    root = run.path.parent
    kept = shutil.copytree(run.path, root / "copy")
    write_label(run, title="first")
    trash.delete(run)
    second = Run(Path(shutil.copytree(kept, root / "mine")))
    write_label(second, title="second")
    trash.delete(second)
    assert len(trash.deleted(root)) == 2
    assert label(trash.restore(root, "mine")).title == "second"
    with pytest.raises(RunError, match="another run mine"):
        trash.restore(root, "mine")
    assert trash.empty(root) == 1
    with pytest.raises(RunError, match="no deleted run"):
        trash.restore(root, "mine2")


def test_the_trash_only_knows_what_it_has_put_there(tmp_path: Path, run: Run) -> None:
    root = run.path.parent
    (root / ".trash").mkdir()
    (root / ".trash" / "odd").mkdir()
    shutil.copytree(run.path, root / ".trash" / "x~99999999T999999")
    (root / ".trash" / "evil~20240101T000000").symlink_to(tmp_path)
    (tmp_path / "spec.json").write_text("{}")
    assert trash.deleted(root) == []
    assert trash.empty(root) == 0
    assert (tmp_path / "spec.json").is_file()


def test_size_counts_files_and_follows_no_links(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "one").write_bytes(bytes(1000))
    (tmp_path / "a" / "b" / "two").write_bytes(bytes(500))
    (tmp_path / "large").write_bytes(bytes(10**6))
    (tmp_path / "a" / "link").symlink_to(tmp_path / "large")
    assert 1500 <= trash.size(tmp_path / "a") < 2000


@pytest.mark.parametrize("name", ["result.json", "rows/kept.bin", "whole"])
def test_a_run_with_a_link_in_it_is_not_opened(run: Run, name: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("{}")
    if name == "whole":
        (run.path.parent / "other").symlink_to(run.path)
        target = run.path.parent / "other"
    else:
        (run.path / name).unlink()
        (run.path / name).symlink_to(secret)
        target = run.path
    with pytest.raises(RunError, match="link"):
        Run(target)
    assert target.name not in [one.id for one in runs_in(run.path.parent)]


# ---- the command line ----------------------------------------------------------------------------------------------
def said(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> dict:
    assert main([*map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_commands(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    root = run.path.parent
    told = said(capsys, "label", "mine", "--title", "Best", "--tag", "a", "--tag", "b", "--runs", root)
    assert (told["title"], told["tags"]) == ("Best", ["a", "b"])
    [row] = said(capsys, "runs", "--runs", root)["runs"]
    assert (row["title"], row["tags"], row["archived"]) == ("Best", ["a", "b"], False)
    assert row["bytes"] == pytest.approx(trash.size(run.path), abs=100)
    said(capsys, "label", "mine", "--archive", "--no-tags", "--runs", root)
    assert said(capsys, "runs", "--runs", root)["runs"] == []
    assert said(capsys, "runs", "--archived", "--runs", root)["runs"][0]["tags"] == []
    assert said(capsys, "delete", "mine", "--runs", root)["deleted"] == ["mine"]
    assert [one["run"] for one in said(capsys, "trash", "--runs", root)["trash"]] == ["mine"]
    assert said(capsys, "restore", "mine", "--runs", root)["run"] == "mine"
    assert main(["delete", "mine", "nobody", "--runs", str(root)]) == 2
    assert run.path.is_dir(), "where one name is wrong none is deleted"
    said(capsys, "delete", "mine", "--runs", root)
    assert len(said(capsys, "trash", "--empty", "--runs", root)["emptied"]) == 1
    assert said(capsys, "trash", "--runs", root)["trash"] == []
