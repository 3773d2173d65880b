"""Findings: what was seen, changed or refused in somebody's data, in words they can act on."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Level = Literal["error", "repaired", "note"]


@dataclass(frozen=True)
class Finding:
    """One sentence about the data: refused (error), changed (repaired) or only seen (note).

    ``choices`` maps an answer to what it does; ``chosen`` is the answer in force. A finding with choices is a question:
    answer it with ``{code: choice}``.
    """

    level: Level
    code: str
    text: str
    choices: Mapping[str, str] = field(default_factory=dict)
    chosen: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values; the question's keys only where there is a question."""
        plain = asdict(self)
        return plain if self.choices else {key: plain[key] for key in ("level", "code", "text")}


class DataError(ValueError):
    """Data that cannot be taken as they are; carries the findings that say why."""

    def __init__(self, *findings: Finding) -> None:
        self.findings = findings
        super().__init__(" ".join(finding.text for finding in findings))

    def __reduce__(self) -> tuple[type["DataError"], tuple[Finding, ...]]:
        """So that another process can tell it: made of its findings, not of their text."""
        return type(self), self.findings


def refuse(code: str, text: str, choices: Mapping[str, str] | None = None) -> DataError:
    """The error for one reason, ready to be raised."""
    return DataError(Finding("error", code, text, choices or {}))
