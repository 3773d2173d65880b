"""Reports and exports from the command line: files where they were asked for, sentences where they cannot be."""

import json
from pathlib import Path

import pytest
from tiny import tiny
from training_runs import trained

import stcore
from stcore.cli import main
from stcore.evidence.experiment import create_experiment

ASKED = {"name": "small", "seeds": 2, "tune": False, "options": {"model": {"width": 4}, "train": {"epochs": 3}}}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs: a pair of loose ones, and those of a small experiment."""
    folder = tmp_path_factory.mktemp("reports")
    data = folder / "tiny.nc"
    tiny().save(data)
    root = folder / "runs"
    trained(data, root, "mine")
    trained(data, root, "full", prune={"name": "full"})
    list(create_experiment({**ASKED, "data": str(data)}, root).work(in_turn=True))
    return root


def test_loose_runs_are_reported(runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.html"
    assert main(["compare", "full", "mine", "--runs", str(runs), "--report", str(out), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    (verdict,) = said["report"]["verdicts"]
    assert verdict["answer"] == "cannot be told" and "full training at equal visits was not run" in verdict["sentence"]
    assert said["written"] == [str(out)] and "Was it worth it?" in out.read_text()
    assert main(["compare", "full", "mine", "--runs", str(runs), "--report", str(tmp_path / "out.docx")]) == 2
    assert "must end in" in capsys.readouterr().err


def test_an_experiment_is_exported(runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.json"
    assert main(["export", "small", "--runs", str(runs), "--report", str(out)]) == 0
    report = json.loads(out.read_text())
    assert report["experiment"] == "small" and len(report["summary"]) == 5
    assert report["about"]["title"] == "tiny" and report["by_sensor"][0]["lat"] == 48.0
    assert "bytes to" in capsys.readouterr().out
    assert repr(stcore.open_experiment("small", runs)).startswith("<Experiment small: done, ")
    assert repr(stcore.open_run("full", runs)).startswith("<Run full: done, full, ")
    assert stcore.open_experiment("small", runs).report()["verdicts"] == report["verdicts"]


def test_a_run_is_exported(runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept, dynamics = tmp_path / "kept.csv", tmp_path / "td.jsonl"
    asked = ["export", "mine", "--runs", str(runs), "--kept", str(kept), "--cartography", str(dynamics), "--json"]
    assert main(asked) == 0
    written = {row["path"]: row["rows"] for row in json.loads(capsys.readouterr().out)["written"]}
    assert written[str(kept)] == len(kept.read_text().splitlines()) - 1
    assert written[str(dynamics)] == len(dynamics.read_text().splitlines())


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["export", "mine"], "Nothing to write"),
        (["export", "gone", "--report", "out.html"], "no experiment 'gone'"),
        (["export", "gone", "--kept", "out.csv"], "gone"),
        (["export", "mine", "--kept", "out.xlsx"], "must end in"),
    ],
)
def test_what_cannot_be_exported_is_said_in_one_line(
    runs: Path, asked: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*asked, "--runs", str(runs)]) == 2
    found = capsys.readouterr().err
    assert said in found and len(found.splitlines()) == 1
