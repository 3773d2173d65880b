"""Findings: what we noticed, changed or refused in a person's data, in words that the person can act on."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Level = Literal["error", "repaired", "note"]


@dataclass(frozen=True)
class Finding:
    """One sentence about the data: something refused (error), changed (repaired) or only noticed (note).

    ``choices`` maps each possible answer to what it does; ``chosen`` is the current answer. A finding with choices is a
    question. ``{code: choice}`` answers it.
    """

    level: Level
    code: str
    text: str
    choices: Mapping[str, str] = field(default_factory=dict)
    chosen: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values. The keys of a question appear only if there is one."""
        plain = asdict(self)
        return plain if self.choices else {key: plain[key] for key in ("level", "code", "text")}


class DataError(ValueError):
    """Data that we cannot use as they are. ``findings`` say why."""

    def __init__(self, *findings: Finding) -> None:
        self.findings = findings
        super().__init__(" ".join(finding.text for finding in findings))

    def __reduce__(self) -> tuple[type["DataError"], tuple[Finding, ...]]:
        """For pickle: another process rebuilds the error from its findings, not from their text."""
        return type(self), self.findings


def refuse(code: str, text: str, choices: Mapping[str, str] | None = None) -> DataError:
    """A DataError with one finding, for the caller to raise."""
    return DataError(Finding("error", code, text, choices or {}))
