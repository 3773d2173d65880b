"""Commands given what nobody should give: absurd options, broken files of options and answers, run folders edited by hand."""

import json
import operator
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from running import SMALL

from stcore.cli import main
from stcore.processes.jobs import train
from stcore.runs import Run, RunError
from stcore.runs.files import seal

GOOD: dict[str, Any] = {
    "train": {"epochs": 2, "threads": 1, "batch": 64},
    "model": {"name": "stid", "width": 2},
    "prune": {"name": "full"},
}
DEEP = "[" * 100_000


def table(path: Path, steps: int = 150, step: str = "h", factor: float = 1.0) -> Path:
    values = np.random.default_rng(0).random((steps, 2)) * factor
    time = pd.date_range("2024-01-01", periods=steps, freq=step)
    pd.DataFrame(values, time, ["a", "b"]).to_csv(path, index_label="time")
    return path


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one finished run."""
    folder = tmp_path_factory.mktemp("commands")
    train(table(folder / "data.csv"), folder / "runs", "good", **GOOD).finish()
    return folder / "runs"


@pytest.fixture
def run(runs: Path, tmp_path: Path) -> Path:
    return shutil.copytree(runs / "good", tmp_path / "runs" / "good")


def refused(capsys: pytest.CaptureFixture[str], arguments: Sequence[str | Path], code: int = 2) -> str:
    """The one sentence with which a command is refused."""
    found = main([str(part) for part in arguments])
    said = capsys.readouterr()
    assert (found, said.out) == (code, ""), said.err
    assert said.err.count("\n") == 1, said.err
    return said.err


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("model.name={}", "there is no {} among the models"),
        ("prune.name=[1]", "there is no [1] among the strategies"),
        ("train.clip=inf", "finite number"),
        ("data.mape_floor=inf", "finite number"),
        ("data.split=[NaN,NaN,NaN]", "option 'data.split"),
        ("data.inputs=[]", "at least one channel"),
        ("data.targets=data,data", "none twice"),
        (f"x={DEEP}", "there is no option 'x'"),
        (f"data.lookback={'9' * 5000}", "option 'data.lookback'"),
    ],
)
def test_absurd_options(
    assignment: str, words: str, runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(capsys, ["train", runs.parent / "data.csv", "--runs", tmp_path / "new", "--set", assignment])
    assert words in said
    assert len(said) < 600
    assert not (tmp_path / "new").exists()


def test_what_has_no_options_says_so(runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--model", "persistence", "--set", "model.width=3"]
    said = refused(capsys, ["train", runs.parent / "data.csv", "--runs", tmp_path, *asked])
    assert said == "there is no option 'width'; there are none to choose here\n"


@pytest.mark.parametrize("content", [DEEP, '{"options": 5}', '{"options": [1]}', '{"train": [1]}', '{"seed": "x"}'])
def test_files_that_hold_no_options(
    content: str, runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.json"
    config.write_text(content)
    asked: list[str | Path] = ["--runs", tmp_path / "new", "--epochs", "2", "--seed", "1", "--config", config]
    refused(capsys, ["train", runs.parent / "data.csv", *asked])
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("content", [DEEP, '{"graph": [1]}', '{"graph": {}}', '{"zeros": 5}'])
def test_files_that_hold_no_answers(
    content: str, runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = tmp_path / "answers.json"
    answers.write_text(content)
    assert "answers.json" in refused(capsys, ["inspect", runs.parent / "data.csv", "--answers", answers])


@pytest.mark.parametrize("source", ["", "~nobody-is-called-so/x", "a\0b", "x" * 5000])
def test_names_of_no_file(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    refused(capsys, ["inspect", source])


@pytest.mark.parametrize("name", ["spec.json", "result.json", "progress.json", "control.json", "worker.json"])
@pytest.mark.parametrize(
    "content",
    ["", "[1]", "5", "null", '"x"', DEEP, '{"status": 5, "data": 5, "word": [1], "process": -1, "ranks": "x"}'],
)
def test_a_run_edited_by_hand(name: str, content: str, run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its spec.json is needed to call it a run; the rest is read as far as it makes sense."""
    (run / name).write_text(content)
    runs = ("--runs", run.parent)
    assert main(["runs", "--json", *map(str, runs)]) == 0
    listed = json.loads(capsys.readouterr().out)["runs"]
    if name == "spec.json":
        assert listed == []
        assert "There is no run in 'good'" in refused(capsys, ["show", "good", *runs])
        return
    assert [row["status"] for row in listed] == ["interrupted" if name == "result.json" else "done"]
    assert main(["show", "good", *map(str, runs)]) == 0
    found = Run(run)
    assert (found.word, found.unanswered, found.worker_process) == ("run", 0.0, found.worker_process)
    assert name != "worker.json" or (found.worker_process, found.ranks) == (None, None)


@pytest.mark.parametrize(
    "line",
    ["5", "[1]", "{}", '{"event": 5}', '{"event": "epoch"}', '{"event": "epoch", "epoch": []}', '{"event": "started"}'],
)
def test_lines_that_are_no_events(line: str, run: Path) -> None:
    whole = Run(run).events()
    with open(run / "events.jsonl", "a") as file:
        file.write(line + "\n")
    assert Run(run).events() == whole
    assert len(Run(run).table()) == 2


@pytest.mark.parametrize(
    "path", [("data", "sensors"), ("options", "model"), ("windows", "train"), ("scale",), ("targets",)]
)
@pytest.mark.parametrize("value", [None, 5.5, "x", {}])
def test_a_spec_with_a_hole(path: tuple[str, ...], value: Any, run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = json.loads((run / "spec.json").read_text())
    place = spec
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    (run / "spec.json").write_text(json.dumps(spec))
    refused(capsys, ["forecast", "good", "--runs", run.parent, "--out", run.parent / "a.csv"])


EDITS: dict[str, tuple[str, Any, str]] = {
    "no target": ("targets", [], "names no target"),
    "a foreign target": ("targets", ["x"], "its target 'x' is not among its channels"),
    "a huge lookback": ("options.data.lookback", 10**12, "'data.lookback'"),
    "a horizon of 0": ("options.data.horizon", 0, "'data.horizon'"),
    "no epochs": ("options.train.epochs", -1, "'train.epochs'"),
    "a distillation": ("kind", "distil", "its kind is 'distil', but its options are those of a training run"),
    "a training run": (
        "options.distil",
        {"name": "stemdist"},
        "its kind is 'train', but its options are those of a distillation",
    ),
    "another kind": ("kind", ["x"], "its 'kind'"),
    "a distillation by nothing": ("kind options.distil", ["distil", None], "option 'distil'"),
    "no sensors": ("data.sensors", [], "no sensors"),
    "numbers for sensors": ("data.sensors", [1, {}], "its 'data.sensors.0'"),
    "one place": ("data.places", [[1, 2]], "places"),
    "half places": ("data.places", [[1], [2]], "places"),
    "a scale of texts": ("scale.mean", ["x"], "its 'scale.mean.0'"),
    "a huge scale": ("scale.spread", [10**400], "scale"),
    "a step of 0": ("data.step_seconds", 0, "its 'data.step_seconds'"),
    "an endless step": ("data.step_seconds", 1e300, "its 'data.step_seconds'"),
    "no first step": ("data.first_step", "x", "its 'data.first_step'"),
    "a first step in the year 9999": ("data.first_step", "9999-01-01", "its 'data.first_step'"),
    "made never": ("created", "", "its 'created'"),
    "a mask without a name": ("options.mask", [1], "option 'mask'"),
    "a text to keep": ("options.prune.keep", "x", "keep"),
    "less than no windows": ("windows.test", -1, "its 'windows.test'"),
    "a text for an experiment": ("experiment", "x", "experiment"),
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_spec_that_cannot_be_is_told_once_and_all_other_runs_are_shown(
    edit: str, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, value, words = EDITS[edit]
    spec = json.loads((run / "spec.json").read_text())
    for place, part in zip(path.split(), value, strict=True) if " " in path else [(path, value)]:
        *parents, last = place.split(".")
        reduce(operator.getitem, parents, spec)[last] = part
    shutil.copytree(run, run.parent / "edited")
    (run.parent / "edited" / "spec.json").write_text(json.dumps(spec))
    said = refused(capsys, ["compare", "good", "edited", "--runs", run.parent])
    assert said.startswith("The spec.json of run 'edited' is damaged or was edited: ") and words in said
    assert main(["runs", "--runs", str(run.parent), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["run"] for row in found["runs"]] == ["good"]
    assert found["damaged"] == [said.strip()]


def test_steps_beyond_every_calendar_are_damage(run: Path) -> None:
    starts = np.fromfile(run / "starts.bin", "<i8")
    (starts + 2**60).tofile(run / "starts.bin")
    with pytest.raises(RunError, match="beyond every calendar"):
        Run(run).trace()


def test_a_state_that_is_none(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run / "weights").write_bytes(seal(b"junk"))
    refused(capsys, ["forecast", "good", "--runs", run.parent, "--out", run.parent / "a.csv"], 1)
    (run / "checkpoint").write_bytes(seal(b"junk"))
    (run / "result.json").unlink()
    refused(capsys, ["resume", "good", "--runs", run.parent, "--quiet"], 1)
    assert Run(run).status == "failed"


@pytest.mark.parametrize(("step", "factor"), [("ms", 1.0), ("h", 1e30), ("7D", 1e-30)])
def test_absurd_data_train_or_fail_in_words(step: str, factor: float, tmp_path: Path) -> None:
    """A step of a millisecond asks for no table of all milliseconds of a day; huge readings overflow nothing."""
    run = train(table(tmp_path / "data.csv", step=step, factor=factor), tmp_path / "runs", "run", **GOOD).finish()
    metrics = (run.result or {})["metrics"]["test"]
    assert metrics["mae"] <= metrics["rmse"] < 10 * factor
    assert (run.path / "weights").stat().st_size < 10**8


def test_a_rate_that_nearly_diverges_is_stored_without_infinity(tmp_path: Path) -> None:
    options = {**GOOD, "train": {**GOOD["train"], "lr": 1.0, "epochs": 6, "batch": 1, "clip": 0}}
    run = train(table(tmp_path / "data.csv", factor=1.0), tmp_path / "runs", "run", **options).finish()
    assert not np.isinf(run.trace()["score"].values.astype(float)).any()


def test_a_device_that_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    data = table(tmp_path / "data.csv")
    runs = tmp_path / "runs"
    asked = ["train", str(data), "--prune", "full", "--runs", str(runs), "--id", "run", "--set", "train.device=cuda"]
    assert "There is no CUDA device here" in refused(capsys, asked)
    assert Run(runs / "run").status == "failed"


def test_places_where_nothing_can_be_written(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file, data = tmp_path / "file", runs.parent / "data.csv"
    file.write_text("x")
    for folder in (file, file / "below"):
        assert "No run can be made" in refused(capsys, ["train", data, "--prune", "full", "--runs", folder])
    monkeypatch.setenv("STCORE_SLOTS", "many")
    assert "STCORE_SLOTS" in refused(capsys, ["train", data, "--prune", "full", "--runs", tmp_path, "--id", "run"])
    folder = tmp_path / "folder.csv"
    folder.mkdir()
    for command in (["forecast", str(runs / "good"), "--out"], ["simulate"]):
        assert "is a folder" in refused(capsys, [*command, folder])
        assert "There is no folder" in refused(capsys, [*command, tmp_path / "none" / "a.csv"])
    assert "not on this machine" in refused(capsys, ["show", "x" * 5000])


@pytest.mark.parametrize("start", ["-5", "139", "99999999"])
def test_windows_that_lie_outside(start: str, runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refused(capsys, ["window", runs / "good", tmp_path / "a.npy", "--", start])
    assert not (tmp_path / "a.npy").exists()


@pytest.mark.slow
def test_nobody_reads_the_progress(tmp_path: Path, small_file: Path) -> None:
    """A closed terminal or a full disk behind stderr does not end a training."""
    for number, words in enumerate(("2>&-", "2>/dev/full")):
        command = shlex.join([sys.executable, "-m", "stcore", "train", str(small_file), *SMALL, "--prune", "full"])
        asked = f"{command} --epochs 2 --runs {shlex.quote(str(tmp_path))} --id run-{number} {words}"
        assert subprocess.run(asked, shell=True, capture_output=True, timeout=120, check=False).returncode == 0
        assert Run(tmp_path / f"run-{number}").status == "done"
