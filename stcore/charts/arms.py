"""The names and looks of an experiment's arms, the same in every figure of its report."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

from stcore.charts.theme import Theme

Record = Mapping[str, Any]
Records = Sequence[Record]
Report = Mapping[str, Any]
Key = tuple[str, float | None, str]

SYMBOLS = ("circle", "diamond", "triangle-up", "pentagon", "hexagon", "star")
CONTROLS = {  # what a control looks like, wherever it stands
    "full": "square",
    "full-equal": "square-open",
    "random-equal": "x",
    "full-windows": "square-cross",
    "field": "cross",
}


class Look(NamedTuple):
    """The look of an arm's marks; symbols differ, too, for readers who do not see the colours."""

    colour: str
    symbol: str


def arm_key(record: Record) -> Key:
    """The values that identify an arm."""
    return str(record["label"]), record["keep"], str(record["samples"])


def method_arms(report: Report) -> list[Key]:
    """The arms that are methods, each once, in the report's order."""
    return list(dict.fromkeys(arm_key(record) for record in report["summary"] if record["role"] == "method"))


def arm_title(arm: Key) -> str:
    """An arm as text: ``st-prune 50 %``, ``infobatch 30 % of cells``. Any text: not yet harmless in a page."""
    label, keep, samples = arm
    budget = "" if keep is None or keep >= 1 else f" {100 * keep:.3g} %"
    return f"{label}{budget}{' of cells' if samples == 'cells' and '(cells)' not in label else ''}"


def plotly_text(text: object) -> str:
    """A text that plotly and a page show letter for letter."""
    return escape(" ".join(str(text).split()), quote=False)


def arm_looks(report: Report, theme: Theme) -> dict[Key, Look]:
    """A look for each arm: a method keeps its colour through its budgets, controls are grey with a symbol for each role."""
    labels = list(dict.fromkeys((label, samples) for label, _, samples in method_arms(report)))
    found = {}
    for record in report["summary"]:
        arm = arm_key(record)
        if record["role"] == "method":
            place = labels.index((arm[0], arm[2]))
            found[arm] = Look(theme.runs[place % len(theme.runs)], SYMBOLS[place // len(theme.runs) % len(SYMBOLS)])
        else:
            found[arm] = Look(theme.muted, CONTROLS.get(str(record["role"]), "circle-open"))
    return found


def only_method(report: Report, arm: Key) -> dict[str, Any]:
    """The report with only the records of one method in every table that has methods."""
    whole = ("summary", "front", "costs", "search", "notes")
    return {
        name: [record for record in part if arm_key(record) == arm]
        if isinstance(part, list) and name not in whole and part and "label" in part[0]
        else part
        for name, part in report.items()
    }
