"""Every notebook runs from top to bottom, is short, and is committed without outputs."""

import ast
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import nbformat
import pytest
from _pytest.mark import ParameterSet
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))


def case(path: Path) -> ParameterSet:
    """The first is run each time, the others with what is slow."""
    return pytest.param(path, id=path.stem, marks=[] if path.stem[:2] == "01" else [pytest.mark.slow])


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_thin_and_without_outputs(path: Path) -> None:
    code = [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    assert len(code) <= 12
    assert not any(cell.outputs or cell.execution_count for cell in code)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_all_that_it_imports_exists(path: Path) -> None:
    """Quick, so that a renamed function is noticed even where a notebook itself is not run."""
    code = "\n".join(cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "code")
    imports = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.ImportFrom) and node.module]
    names = [(part.module or "", name.name) for part in imports for name in part.names]
    ours = [(module, name) for module, name in names if module.partition(".")[0] == "stcore"]
    missing = [
        f"{module}.{name}"
        for module, name in ours
        if not hasattr(import_module(module), name) and find_spec(f"{module}.{name}") is None
    ]
    assert not missing


@pytest.mark.filterwarnings("ignore::DeprecationWarning:zmq", "ignore:Proactor event loop")
@pytest.mark.parametrize("path", [case(path) for path in NOTEBOOKS])
def test_it_runs(path: Path, tmp_path: Path) -> None:
    notebook = nbformat.read(path, 4)
    NotebookClient(
        notebook, timeout=240, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    figures = [
        output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs if "data" in output
    ]
    assert len(figures) >= 5
