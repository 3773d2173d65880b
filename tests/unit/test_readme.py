"""What the README says: each promise has a test that always runs, and the method of one's own works as it stands there."""

import ast
import re
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from tiny import tiny

from stcore import registry
from stcore.processes import jobs

README = Path(__file__).parents[2] / "README.md"


def own_method() -> str:
    """The example's code."""
    found = re.search(r"### A pruning method of your own.*?```python\n(.*?)```", README.read_text("utf-8"), re.S)
    assert found
    return found[1]


def test_a_method_of_ones_own_is_ten_lines() -> None:
    assert len([line for line in own_method().splitlines() if line.strip()]) <= 10


def test_an_entry_point_makes_it_train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hardest_first.py").write_text(own_method(), "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    point = EntryPoint("hardest", "hardest_first:CARD", "stcore.strategies")
    monkeypatch.setattr(registry, "entry_points", lambda group: [point] if group == point.group else [])
    registry.forget()
    try:
        assert "hardest" in registry.cards("strategies")
        options = {"prune": {"name": "hardest", "keep": 0.5}, "train": {"epochs": 4, "batch": 16, "threads": 1}}
        small = {"model": {"name": "stid", "width": 4}, "data": {"lookback": 8, "horizon": 4}}
        run = jobs.train(tiny(300, 3), tmp_path / "runs", **options, **small).finish()
        trace = run.trace()
        score, kept = trace.score.values.astype(float), trace.kept.values
        assert run.summary()["visits"]["share"] == pytest.approx(0.5, rel=0.01)
        assert score[0][kept[1]].min() >= np.nextafter(score[0][~kept[1]].max(), -1, dtype=np.float32)
    finally:
        registry.forget()
        assert isinstance(sys.modules.pop("hardest_first"), ModuleType)


# ---- promises ------------------------------------------------------------------------------------------------------
def promises() -> dict[str, list[str]]:
    """The files of tests that the table names, by promise."""
    text = README.read_text("utf-8")
    table = text[text.index("| promise | test |") :].split("\n\n")[0].splitlines()[2:]
    rows = [row.strip("| ").split(" | ") for row in table]
    return {promise: re.findall(r"`(tests/[^`]*)`", named) for promise, named in rows}


def always_run(text: str) -> list[str]:
    """The tests of a file that are not marked slow as a whole."""
    tests = [
        node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    return [test.name for test in tests if "pytest.mark.slow" not in map(ast.unparse, test.decorator_list)]


def test_each_promise_names_files_with_a_test_that_always_runs() -> None:
    root, named = README.parent, promises()
    assert len(named) >= 19
    for promise, files in named.items():
        assert files, f"no test is named for: {promise}"
        for file in files:
            assert (root / file).is_file(), f"{file} is named for a promise and is not there"
            assert always_run((root / file).read_text("utf-8")), f"{file} has no test of the default selection"


def test_a_file_whose_tests_are_all_slow_would_be_seen() -> None:
    assert always_run("@pytest.mark.slow\ndef test_a(): ...") == []
    assert always_run("@pytest.mark.parametrize('a', only([0], [1, 2]))\ndef test_a(a): ...\ndef b(): ...") == [
        "test_a"
    ]
