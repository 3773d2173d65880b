"""Distillations among runs on the command line: listed, named, deleted, refused where a trained model is needed."""

import errno
import json
from pathlib import Path

import pytest
from distillations import SMALL, distilled
from tiny import tiny
from training_runs import trained

from stcore.cli import main
from stcore.evidence import compare
from stcore.runs import Run, RunError, damaged_in, runs_in
from stcore.runs.record import fail


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished distillation and a run."""
    place = tmp_path_factory.mktemp("listed")
    tiny(400, 12).save(file := place / "data.nc")
    distilled(file, place, "small", name="random", time=0.05, space=0.3, epochs=1)
    trained(file, place, "full", data=SMALL["data"], model=SMALL["model"])
    return place


def test_both_kinds_are_listed(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", "--runs", str(runs), "--json"]) == 0
    rows = {row["run"]: (row["kind"], row["method"]) for row in json.loads(capsys.readouterr().out)["runs"]}
    assert rows == {"small": ("distil", "random"), "full": ("train", "st-prune")}
    assert main(["runs", "--runs", str(runs)]) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("small"))
    assert "distillation" in line and "random" in line
    assert main(["show", "small", "--runs", str(runs)]) == 0
    said = capsys.readouterr().out
    assert "of the full data" in said and "visits" not in said
    assert repr(Run(runs / "small")).startswith("<Run small: done, random, stid, 1 rounds of ")


def test_a_distillation_is_named_deleted_and_brought_back(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--runs", str(runs)]
    assert main(["label", "small", "--title", "Mine", "--tag", "paper", *where]) == 0
    assert main(["delete", "small", *where]) == 0
    assert not (runs / "small").exists()
    capsys.readouterr()
    assert main(["trash", *where]) == 0 and "small" in capsys.readouterr().out
    assert main(["restore", "small", *where]) == 0
    capsys.readouterr()
    assert main(["runs", *where]) == 0 and "Mine" in capsys.readouterr().out


@pytest.mark.parametrize(
    "command",
    [
        ("compare", "full", "small"),
        ("forecast", "small"),
        ("importance", "small"),
        ("sensors", "small", "--keep", "3"),
        ("export", "small", "--kept", "kept.csv"),
    ],
)
def test_what_needs_a_trained_model_refuses_a_distillation(
    command: tuple[str, ...],
    runs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*command, "--runs", str(runs)]) == 2
    assert "small is a distillation" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_distillation_is_not_set_beside_runs(runs: Path) -> None:
    with pytest.raises(RunError, match="small is a distillation"):
        compare([Run(runs / "full"), Run(runs / "small")])


def test_a_distillation_that_failed_speaks_of_rounds(runs: Path, tmp_path: Path) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    for name, said in (("small", "(round 3)"), ("full", "(epoch 3)")):
        run = Run.create(tmp_path, Run(runs / name).spec.to_json(), [0], f"{name}-failed")  # type: ignore[arg-type]
        fail(run, full, 3)
        assert said in (run.result or {})["reason"]


def test_a_spec_that_names_no_method_is_no_distillation(runs: Path, tmp_path: Path) -> None:
    spec = json.loads((runs / "small" / "spec.json").read_text("utf-8"))
    del spec["options"]["distil"]
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "spec.json").write_text(json.dumps(spec), "utf-8")
    with pytest.raises(RunError, match=r"spec\.json"):
        Run(tmp_path / "torn")


@pytest.mark.parametrize(("name", "value"), [("time", "x"), ("space", 7), ("nothing", 1)])
def test_a_spec_with_an_option_that_cannot_be_is_told_with_the_option(
    name: str, value: object, runs: Path, tmp_path: Path
) -> None:
    spec = json.loads((runs / "small" / "spec.json").read_text("utf-8"))
    spec["options"]["distil"][name] = value
    (tmp_path / "edited").mkdir()
    (tmp_path / "edited" / "spec.json").write_text(json.dumps(spec), "utf-8")
    assert runs_in(tmp_path, None) == []
    assert damaged_in(tmp_path) and f"'{name}'" in damaged_in(tmp_path)[0]
    spec["options"]["distil"] = {"name": "of another package", "size": "x"}
    (tmp_path / "edited" / "spec.json").write_text(json.dumps(spec), "utf-8")
    assert [run.method for run in runs_in(tmp_path, None)] == ["of another package"]
