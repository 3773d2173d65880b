"""What the README says: each promise has a test that always runs. Its method of one's own: tests/contracts/test_outside.py."""

import ast
import re
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"


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
