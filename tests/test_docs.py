"""What the documents name is there: files, the functions behind them, links, and every registered thing."""

import ast
import re
from pathlib import Path

import pytest

from stcore import registry

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
IDENTIFIER = re.compile(r"`([A-Za-z_]\w*)`")


def names_of(path: Path) -> set[str]:
    """Every function, class and constant that a file defines or brings in."""
    tree = ast.parse(path.read_text("utf-8"))
    defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    return defined | {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_files_that_are_named_exist(document: Path) -> None:
    text = re.sub(r"^```.*?^```", "", document.read_text("utf-8"), flags=re.S | re.M)
    named = re.findall(r"`((?:app|stcore|tests|bench|data|docs|notebooks)/[\w./-]+\.\w+)`", text)
    missing = [name for name in named if not (ROOT / name).is_file()]
    assert not missing, f"{document.name} names files that are not there: {missing}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text("utf-8"))
    assert not [link for link in links if not (document.parent / link).exists()]


def test_each_step_of_a_walk_names_what_its_file_holds() -> None:
    steps = re.findall(r"^\d+\. `([\w./]+\.py)`([^:]*):", (ROOT / "docs" / "house.md").read_text("utf-8"), re.M)
    assert len(steps) > 20
    wrong = [
        f"{path}: {name}"
        for path, names in steps
        for name in IDENTIFIER.findall(names)
        if name not in names_of(ROOT / path)
    ]
    assert not wrong, f"docs/house.md names what is not in these files: {wrong}"


@pytest.mark.parametrize(
    ("kind", "document"),
    [("models", "methods"), ("strategies", "methods"), ("masks", "sensors"), ("distillers", "distilling")],
)
def test_every_registered_thing_has_a_line(kind: registry.Kind, document: str) -> None:
    text = (ROOT / "docs" / f"{document}.md").read_text("utf-8")
    missing = [name for name in registry.cards(kind) if f"`{name}`" not in text]
    assert not missing, f"docs/{document}.md lacks {missing}"
