"""The house as a whole: a graph of its files, what breaks the rules for it, and the figures that tell how it stands.

``python tests/architecture.py`` prints the figures, ``--exceptions`` what tests/exceptions.txt has to hold.
"""

import ast
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from architecture import ROWS, Source

ROOT = Path(__file__).parents[1]
CROWDED, SMALL, OFTEN = 25, 40, 3  # files in a folder, lines of a file, files with functions of one name: at most


@dataclass
class House:
    """The sources of stcore and app by path, and who imports whom: at once, late, or for types alone."""

    sources: dict[str, ast.Module]
    lines: dict[str, int]
    imports: dict[str, set[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, texts: dict[str, str]) -> "House":
        """A house of texts by path."""
        house = cls({path: ast.parse(text) for path, text in texts.items()}, {})
        house.lines = {path: len(text.splitlines()) for path, text in texts.items()}
        modules = {path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): path for path in texts}
        for path, tree in house.sources.items():
            names = (name for _, name, _ in Source(path, tree).imports())
            house.imports[path] = {other for name in names if (other := file_of(name, modules)) not in (None, path)}  # type: ignore[misc]
        return house

    def importers(self) -> Counter[str]:
        """By how many files each is imported."""
        return Counter(other for others in self.imports.values() for other in others)

    def cards(self) -> set[str]:
        """The files that hold a card, and those that a card points at."""
        held: set[str] = set()
        for path, tree in self.sources.items():
            for node in ast.walk(tree):
                target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
                if isinstance(target, ast.Name) and target.id == "CARD":
                    held.add(path)
                if isinstance(node, ast.Constant) and re.fullmatch(r"stcore(\.\w+)+:\w+", str(node.value)):
                    held.add(str(node.value).split(":")[0].replace(".", "/") + ".py")
        return held & self.sources.keys()

    def circles(self) -> list[list[str]]:
        """The files that import each other, directly or through others, one list a circle."""
        reach: dict[str, set[str]] = {}
        for path in self.sources:
            seen, left = set[str](), [path]
            while left:
                new = self.imports[left.pop()] - seen
                seen |= new
                left += new
            reach[path] = seen
        joined = {path: sorted(other for other in reach[path] if path in reach[other]) for path in reach}
        return sorted({tuple(circle): circle for path, circle in joined.items() if path in circle}.values())

    def crowded(self) -> dict[str, int]:
        """The folders of too many files, and of how many; a folder in it counts as one, what holds a card as none."""
        inside: dict[str, set[str]] = defaultdict(set)
        for path in self.sources.keys() - self.cards():
            parts = path.split("/")
            for depth in range(1, len(parts)):
                inside["/".join(parts[:depth])].add(parts[depth])
        return {folder: len(names) for folder, names in sorted(inside.items()) if len(names) > CROWDED}

    def hops(self) -> list[str]:
        """The small files that one other imports and that hold no card; the door of a folder is none."""
        importers, doors = self.importers(), self.cards() | {p for p in self.sources if p.endswith("__init__.py")}
        return sorted(p for p, lines in self.lines.items() if lines < SMALL and importers[p] == 1 and p not in doors)

    def repeated(self) -> dict[str, int]:
        """The names of public functions, not methods, that stand in too many files, and in how many."""
        found = Counter(
            name
            for tree in self.sources.values()
            for name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
            if not name.startswith("_")
        )
        return {name: count for name, count in found.most_common() if count > OFTEN}

    def exceptions(self) -> list[str]:
        """What breaks the rules of the house as a whole, a line each."""
        circles = [f"circle {' '.join(circle)}" for circle in self.circles()]
        return [*circles, *(f"crowded {folder}" for folder in self.crowded()), *(f"hop {path}" for path in self.hops())]


def file_of(name: str, modules: dict[str, str]) -> str | None:
    """The file that a dotted name leads to: of a module, or of what holds the name."""
    while name not in modules and "." in name:
        name = name.rpartition(".")[0]
    return modules.get(name)


def texts_of(*folders: str) -> dict[str, str]:
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def figures() -> dict[str, object]:
    """What is counted of the house."""
    texts = texts_of("stcore", "app")
    house = House.of(texts)
    importers, cards, mark = house.importers(), house.cards(), "fmt: " + "skip"
    own = len(texts) - len(cards)
    folders = {path.rpartition("/")[0] for path in texts} - {"stcore"}
    skips = [sum(text.count(mark) for text in texts_of(*where).values()) for where in (("stcore", "app"), ("tests",))]
    return {
        "rooms (names with a row)": sum(len(row) for row in ROWS),
        "folders": len(folders),
        "floors": len(ROWS),
        "circles": len(house.circles()),
        "crowded folders": house.crowded(),
        "files (without those of a card)": f"{len(texts)} ({own})",
        f"files under {SMALL} lines, cards apart": sum(
            lines < SMALL for p, lines in house.lines.items() if p not in cards
        ),
        "files with one importer, cards apart": sum(importers[path] == 1 for path in texts if path not in cards),
        "of these small: hops": len(house.hops()),
        f"names of functions in more than {OFTEN} files": f"{len(house.repeated())} {house.repeated()}",
        f"{mark} in stcore and app, in tests": skips,
        "lines": sum(house.lines.values()),
    }


def main(arguments: list[str]) -> None:
    """Print the figures, or what breaks the rules."""
    if "--exceptions" in arguments:
        print("\n".join(House.of(texts_of("stcore", "app")).exceptions()))
        return
    for what, count in figures().items():
        print(f"{what}: {count}")
