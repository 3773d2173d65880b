"""The report out of run folders: every table, plain values, controls found by themselves, and what is missing said."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evidence import seeds, written
from tiny import tiny

from stcore import readers
from stcore.evidence import Arm, report

TABLES = [
    "summary",
    "differences",
    "by_horizon",
    "by_hour",
    "by_sensor",
    "hardest",
    "incidents",
    "split",
    "front",
    "costs",
    "verdicts",
]
LEVELS = {  # label: (role, keep, samples, level)
    "ST-Prune": ("method", 0.5, "cells", 0.99),
    "full": ("full", None, "cells", 0.985),
    "equal at a quarter": ("full-equal", 0.25, "cells", 1.05),
    "equal": ("full-equal", 0.5, "cells", 1.0),
    "equal windows": ("full-equal", 0.5, "windows", 1.08),
    "random": ("random-equal", 0.5, "cells", 1.003),
    "full windows": ("full-windows", None, "windows", 1.03),
    "the field's recipe": ("field", None, "windows", 1.1),
}


def arms(**other: Any) -> list[Arm]:
    return [
        Arm(label, role, "m", keep, samples, tests=seeds(level, 0.01, **other))
        for label, (role, keep, samples, level) in LEVELS.items()
    ]


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return report(arms())


def test_all_tables_are_plain(found: dict[str, Any]) -> None:
    assert list(found) == [*TABLES, "notes"]
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    for name in set(TABLES) - {"incidents"}:
        assert found[name], name
        assert len({tuple(row) for row in found[name]}) == 1, f"the records of {name} differ in their columns"


def test_every_method_meets_its_own_controls(found: dict[str, Any]) -> None:
    rows = {(row["label"], row["control"]): row for row in found["differences"]}
    assert {control for label, control in rows if label == "ST-Prune"} == {"full", "equal", "random"}
    won = rows["ST-Prune", "equal"]
    assert won["high"] < 0 and won["estimate"] == pytest.approx(-0.01, abs=0.002)
    assert (won["seeds"], won["block_hours"]) == (3, 48.0)
    assert rows["equal", "full"]["low"] > 0
    assert ("random", "equal") in rows and ("equal", "random") not in rows


def test_the_verdict_agrees_with_the_figures(found: dict[str, Any]) -> None:
    (row,) = found["verdicts"]
    assert row["answer"] == "worth it"
    assert row["sentence"].startswith("At 50 % of the visits ST-Prune lost 0.50 % +- ")


def test_the_split_runs_from_the_fields_recipe_to_the_method(found: dict[str, Any]) -> None:
    rows = {row["step"]: row for row in found["split"]}
    steps = ["batch and learning rate", "samples", "schedule", "pruning"]
    assert list(rows) == [*steps, "total", "pruning at random"]
    assert sum(rows[step]["log_ratio"] for step in steps) == pytest.approx(rows["total"]["log_ratio"])
    assert rows["samples"]["control"] == "full windows" and rows["samples"]["arm"] == "full"


def test_visits_are_counted_in_cells_and_passes_without_gradient_count() -> None:
    made = arms(visits={"kept": 100, "full": 200, "share": 0.5, "refresh": 30, "pilot": 7})
    visits = {row["label"]: row["cell_visits"] for row in report(made)["front"]}
    assert visits["ST-Prune"] == 137 and visits["full windows"] == 3 * 137


def test_seconds_of_the_processor_decide_where_all_tell_them() -> None:
    slow = {"total": 99.0, "train": 99.0, "score": 0.0, "select": 0.0, "evaluate": 0.0}
    method = Arm("m", "method", "m", 0.5, "windows", tests=seeds(0.98, seconds=slow, cpu={"train": 5.0, "score": 1.0}))
    control = Arm("c", "full-equal", "full", 0.5, "windows", tests=seeds(1.0, cpu={"train": 6.0}))
    found = report([method, control])
    assert [row["front_seconds"] for row in found["front"]] == [True, False]
    assert "longer" not in found["verdicts"][0]["sentence"]  # 99 s on a busy machine, but no more work
    assert method.longer(control) == 0.0


def test_incidents_and_the_clock_come_from_the_data() -> None:
    data = tiny(steps=720)
    data.ds["incident_start"] = "incident", data.time[[50, 300]].to_numpy()
    data.ds["incident_end"] = "incident", data.time[[60, 320]].to_numpy()
    data.ds.attrs["local_zone"] = "Asia/Tokyo"
    found = report(arms(windows=600, fingerprint=data.fingerprint), data)
    parts = {(row["part"], row["control_role"]): row["windows"] for row in found["incidents"]}
    assert parts["incident windows", "full"] == parts["incident windows", "full-equal"] == 12 + 22
    assert parts["other windows", "full"] == 600 - 34
    assert found["by_hour"][11]["windows"] == 4 and found["notes"] == []  # Monday 2:00 in UTC is 11:00 there


def test_data_of_other_runs_are_not_asked() -> None:
    found = report(arms(windows=600), tiny())
    assert found["incidents"] == []
    assert any("not those of the runs" in note for note in found["notes"])


def test_runs_are_read_from_their_folders(tmp_path: Path) -> None:
    levels = {"method": 0.98, "full": 1.0, "full-equal": 1.01}
    made = [
        {
            "label": role,
            "role": role,
            "method": role,
            "keep": None if role == "full" else 0.5,
            "samples": "windows",
            "runs": [written(tmp_path, test, f"{role}-{test.seed}") for test in seeds(level)],
            "key": "more than an arm has to have",
        }
        for role, level in levels.items()
    ]
    (row,) = report(made)["verdicts"]
    assert row["answer"] == "worth it" and "method won" in row["sentence"]


def test_runs_without_evidence_are_left_out_and_said(tmp_path: Path) -> None:
    good, bad = seeds(1.0, windows=48)[:2]
    runs = [written(tmp_path, good, "good"), written(tmp_path, bad, "bad", ["test_error"])]
    old = [written(tmp_path, bad, "old", ["test_start"])]
    found = report([Arm("a", "method", "m", 0.5, "windows", runs), Arm("b", "full", "full", None, "windows", old)])
    assert [(row["label"], row["seeds"]) for row in found["summary"]] == [("a", 1)]
    assert any("a: Run bad was finished by a version" in note for note in found["notes"])
    assert any("b has no finished run" in note for note in found["notes"])
    assert found["verdicts"][0]["answer"] == "cannot be told"


def test_different_tests_are_not_compared_and_said() -> None:
    method = Arm("m", "method", "m", 0.5, "windows", tests=seeds(1.0, windows=72))
    control = Arm("c", "full-equal", "full", 0.5, "windows", tests=seeds(1.0, windows=48))
    found = report([method, control])
    assert found["differences"] == found["by_horizon"] == found["hardest"] == []
    assert any(note.startswith("m against c:") and "different windows" in note for note in found["notes"])


def test_nothing_gives_an_empty_report() -> None:
    assert report([]) == {name: [] for name in [*TABLES, "notes"]}


def test_the_same_runs_give_the_same_report(found: dict[str, Any]) -> None:
    assert report(arms()) == found


def test_the_demo_has_incidents_in_its_test() -> None:
    data = readers.open("demo")
    first = int(0.8 * data.steps)
    tests = [
        seeds(level, start=first + np.arange(1000), windows=1000, fingerprint=data.fingerprint) for level in (1, 1.01)
    ]
    made = [
        Arm("m", "method", "m", 0.5, "windows", tests=tests[0]),
        Arm("c", "full", "full", None, "windows", tests=tests[1]),
    ]
    assert [row["part"] for row in report(made, data)["incidents"]] == ["incident windows", "other windows"]


def test_visits_that_are_not_equal_are_said() -> None:
    less = Arm("less", "method", "m", 0.5, "cells", tests=seeds(1.0, visits={"kept": 80, "full": 200, "share": 0.4}))
    notes = report([*arms(), less])["notes"]
    assert "less made 20% fewer visits than equal: they are not equal." in notes
    assert not any("not equal" in note for note in report(arms())["notes"])
