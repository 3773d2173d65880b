"""Experiments given what nobody should give: absurd files, plans edited by hand, arrays and names that harm."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import evidence
import numpy as np
import pytest
from reported import made

from stcore import exports
from stcore.cli import main
from stcore.evidence import paired
from stcore.evidence.experiment import create_experiment, open_experiment
from stcore.evidence.paired import EvidenceError
from stcore.runs import Run, RunError

GOOD: dict[str, Any] = {
    "methods": ["infobatch"],
    "seeds": 1,
    "tune": False,
    "controls": False,
    "options": {"model": {"width": 2}, "train": {"epochs": 4}},
}
DEEP: dict[str, Any] = {}
for _ in range(900):
    DEEP = {"a": DEEP}


def refused(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    """The one sentence with which a command is refused."""
    code, said = main([str(part) for part in arguments]), capsys.readouterr()
    assert (code, said.out, said.err.count("\n")) == (2, "", 1), said.err
    return said.err


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"seeds": 10**30}, "1 to 10000"),
        ({"seeds": -1}, "1 to 10000"),
        ({"options": {"data": 5}}, "option 'data'"),
        ({"options": {"model": DEEP}}, "tables deep"),
        ({"methods": [{"name": "infobatch", "label": "a\u202eb"}]}, "printable"),
        ({"methods": [{"name": "infobatch", "label": "a\nb"}]}, "printable"),
        ({"data": "x" * 5000}, "x" * 100),
        ({"data": "~nobody-is-called-so/x"}, "home directory"),
        ({"tune": {"cells": [16], "rates": [number / 1e5 for number in range(1, 9000)]}}, "at most 20"),
    ],
)
def test_absurd_files_are_refused_in_a_sentence(
    values: dict[str, Any], words: str, small_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "e.json"
    file.write_text(json.dumps({**GOOD, "data": str(small_file), **values}))
    assert words in refused(capsys, "experiment", file, "--runs", tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_a_date_in_toml_is_no_option(small_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "e.toml"
    file.write_text(f"data = {str(small_file)!r}\n[options.model]\nwidth = 2020-01-01\n")
    assert "no dates" in refused(capsys, "experiment", file, "--runs", tmp_path / "runs")


def test_a_name_too_long_for_any_file_is_no_experiment(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "There is no experiment" in refused(capsys, "experiment", "x" * 5000, "--runs", tmp_path)


@pytest.mark.parametrize("name", ["../victim", "..", ".slots", "/tmp", ""])
def test_a_plan_edited_by_hand_leads_to_no_other_folder(name: str, small_file: Path, tmp_path: Path) -> None:
    """What a killed process left of a run is removed before it is made again, and nothing else."""
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "letter").write_text("dear")
    found = create_experiment({**GOOD, "data": str(small_file)}, tmp_path / "runs", "e")
    content = json.loads((found.folder.path / "experiment.json").read_text())
    content["plan"]["runs"][0]["id"] = name
    (found.folder.path / "experiment.json").write_text(json.dumps(content))
    (tmp_path / "runs" / ".slots").mkdir()
    for told in open_experiment("e", tmp_path / "runs").work(in_turn=True):
        assert told.done == 0
    assert open_experiment("e", tmp_path / "runs").progress["failed"][0]["run"] == name
    assert (victim / "letter").read_text() == "dear" and (tmp_path / "runs" / ".slots").is_dir()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("plan", "runs", 0, "options"), None),
        (("plan", "runs", 0, "id"), [1]),
        (("plan", "arms", 0, "keep"), {}),
        (("plan", "arms", 0), 5),
        (("chosen",), {"infobatch-50": None}),
        (("chosen",), {"infobatch-50": {"batch": 16}}),
    ],
)
def test_an_experiment_edited_by_hand_is_none(
    path: tuple[str | int, ...], value: Any, small_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = create_experiment({**GOOD, "data": str(small_file)}, tmp_path, "e")
    content = place = json.loads((found.folder.path / "experiment.json").read_text())
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    (found.folder.path / "experiment.json").write_text(json.dumps(content))
    assert "cannot be read by this version" in refused(capsys, "experiment", "e", "--runs", tmp_path)


# ---- arrays --------------------------------------------------------------------------------------------------------
@pytest.fixture
def run(tmp_path: Path) -> Run:
    return evidence.written(tmp_path, evidence.seeds(1.0, 0.1, 1)[0], "one")


def numbers(name: str, change: Callable[[np.ndarray], object], dtype: str = "<f4") -> Callable[[Path], object]:
    """A change of the numbers in one of a run's arrays."""

    def changed(rows: Path) -> None:
        array = np.fromfile(rows / f"{name}.bin", dtype)
        change(array)
        array.tofile(rows / f"{name}.bin")

    return changed


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (numbers("test_error", lambda array: array.fill(np.nan)), "no number of 0 or above"),
        (numbers("test_error", lambda array: array.fill(np.inf)), "no number of 0 or above"),
        (numbers("test_count", lambda array: array.fill(-1)), "no number of 0 or above"),
        (numbers("test_count", lambda array: array.fill(0)), "no observed target"),
        (numbers("test_start", lambda array: array.fill(2**62), "<i8"), "do not rise"),
        (numbers("test_start", lambda array: array.fill(7), "<i8"), "do not rise"),
        (lambda rows: (rows / "test_start.bin").write_bytes(b""), "do not rise"),
        (
            lambda rows: shutil.move(rows / "test_error.bin", rows / "x") and (rows / "test_error.bin").mkdir(),
            "version",
        ),
    ],
)
def test_damaged_errors_are_no_evidence(harm: Callable[[Path], object], words: str, run: Run) -> None:
    assert paired.Evidence.of(run).mae > 0
    harm(run.path / "rows")
    with pytest.raises(EvidenceError, match=words):
        paired.Evidence.of(run)


def test_without_any_error_nothing_relative_is_told(run: Run) -> None:
    """As where the target is constant."""
    numbers("test_error", lambda array: array.fill(0))(run.path / "rows")
    with pytest.raises(EvidenceError, match="no error at all"):
        paired.pair_by_seed([paired.Evidence.of(run)], [paired.Evidence.of(run)])


def test_a_trace_of_cut_files_says_which(run: Run) -> None:
    run.trace()
    (run.path / "starts.bin").write_bytes(b"12345678")
    with pytest.raises(RunError, match=r"starts\.bin is missing or cut"):
        run.trace()


# ---- names ---------------------------------------------------------------------------------------------------------
def texts(value: Any) -> Iterator[str]:
    """All texts in plain values."""
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from texts(part)
    elif isinstance(value, str):
        yield value


def test_no_name_of_the_data_is_markup_in_a_figure() -> None:
    """Plotly reads a few tags, of which a style could ask for a picture and a link could lead away."""
    name = '<b style="background:url(https://example.invalid)">b</b>'
    found = made(**{name: 1.0})
    sensors = [{**record, "sensor": name} for record in found["by_sensor"]]
    page = exports.report_page(
        {**found, "by_sensor": sensors, "experiment": name, "unit": name, "about": {"title": name}}
    )
    figures = re.findall(r'<script type="application/json" id="figure\d+-\w+">(.*?)</script>', page, re.DOTALL)
    shown = [text for figure in figures for text in texts(json.loads(figure))]
    assert any("&lt;b style" in text for text in shown)
    assert [text for text in shown if "<b style" in text] == []
