"""Named selections: kept with the run, found by an id, harmless whatever they are called."""

import json
from pathlib import Path

import numpy as np
import pytest

from stcore.runs import Run, RunError
from stcore.runs.selections import LONGEST, delete, save, selection, selections

SPEC = {
    "data": {
        "title": "t",
        "source": "s",
        "answers": {},
        "fingerprint": "f",
        "first_step": "2026-01-01",
        "step_seconds": 60,
        "sensors": ["a"],
        "channels": ["c"],
        "places": None,
        "units": {},
        "simulated": False,
    },
    "targets": ["c"],
    "windows": {"train": 50, "validation": 1, "test": 1},
    "scale": {"mean": [0], "spread": [1]},
    "options": {
        "data": {"lookback": 1, "horizon": 1},
        "train": {"epochs": 1, "threads": 1},
        "model": {"name": "stid"},
        "prune": {"name": "full"},
    },
    "versions": {},
}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run.create(tmp_path, SPEC, np.arange(50), "one")


def test_what_was_kept_comes_back_by_its_id(run: Run) -> None:
    kept = save(run, "  hard   mornings ", [7, 3, 3, 49])
    found = selection(Run(run.path), kept.id)
    assert found is not None and found.name == "hard mornings" and found.samples.tolist() == [3, 7, 49]
    assert [one.id for one in selections(run)] == [kept.id]
    delete(run, kept.id)
    assert selection(run, kept.id) is None and selections(run) == []


def test_the_same_selection_is_kept_once_and_another_name_is_another(run: Run) -> None:
    first = save(run, "a", [1, 2])
    assert save(run, "a", [2, 1]).id == first.id
    assert save(run, "b", [1, 2]).id != first.id
    assert [one.name for one in selections(run)] == ["a", "b"]


@pytest.mark.parametrize(
    "name", ["../../escape", "/etc/passwd", "a\x00b", "<b>x</b>", "..", "con", "ü" * 500, "a\u202eb\n\t"]
)
def test_a_name_is_only_text(run: Run, name: str) -> None:
    before = {path for path in run.path.parent.rglob("*") if run.path / "selections" not in path.parents}
    kept = save(run, name, [0])
    written = set(run.path.parent.rglob("*")) - before - {run.path / "selections"}
    assert written == {run.path / "selections" / f"{kept.id}.json"}
    assert kept.name.isprintable() and len(kept.name) <= LONGEST


@pytest.mark.parametrize("name", ["", "   ", "\n\t", "\u202e"])
def test_a_selection_needs_a_name(run: Run, name: str) -> None:
    with pytest.raises(RunError, match="a name"):
        save(run, name, [0])


@pytest.mark.parametrize("samples", [[], [-1], [50], [0, 10**12]])
def test_only_samples_of_the_run_can_be_kept(run: Run, samples: list[int]) -> None:
    with pytest.raises(RunError, match="0 to 49"):
        save(run, "x", samples)


@pytest.mark.parametrize("place", ["", "..", "../spec", "abc", "ABCDEFABCDEF", "0" * 11, "0" * 13, "000000000000\n"])
def test_only_an_id_leads_to_a_file(run: Run, place: str) -> None:
    (run.path / "selections").mkdir()
    (run.path / "spec.json").write_text(json.dumps({"name": "x", "created": "", "samples": [1]} | SPEC))
    assert selection(run, place) is None
    delete(run, place)
    assert (run.path / "spec.json").exists()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{",
        '{"name": "x"}',
        '{"name": "x", "created": "", "samples": [1, 99]}',
        '{"name": 1, "created": "", "samples": [1]}',
        '{"name": "x", "created": "", "samples": [true]}',
        '{"name": "x", "created": "", "samples": []}',
    ],
)
def test_a_damaged_file_is_passed_over(run: Run, content: str) -> None:
    good = save(run, "good", [1])
    (run.path / "selections" / f"{'0' * 12}.json").write_text(content)
    assert [one.id for one in selections(run)] == [good.id]


def test_a_folder_that_cannot_be_written_to_is_said(run: Run) -> None:
    (run.path / "selections").write_text("in the way")
    with pytest.raises(RunError, match="cannot be kept"):
        save(run, "x", [1])
