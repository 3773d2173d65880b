"""Answers saved beside the data, so that a question is asked once."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from stcore.findings import Finding, refuse

MOST_BYTES = 2**20


def answers_path(source: Path) -> Path:
    """The file with the answers for a file or a folder."""
    return source / "answers.json" if source.is_dir() else source.with_name(f"{source.name}.answers.json")


def load_answers(source: Path) -> tuple[dict[str, str], list[Finding]]:
    """The answers saved beside the data, and a note that they were used; both empty where there are none."""
    path = answers_path(source)
    if not path.is_file():
        return {}, []
    if path.is_symlink():
        raise refuse("answers", f"{path.name} beside the data is a link that may lead anywhere; it was not read.")
    if path.stat().st_size > MOST_BYTES:
        raise refuse("answers", f"{path.name} is too large for a list of answers.")
    try:
        answers = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise refuse("answers", f"{path.name} beside the data is not JSON: {error}.") from error
    if not isinstance(answers, dict) or not all(isinstance(part, str) for part in answers.values()):
        raise refuse("answers", f'{path.name} must hold answers as {{"question": "choice"}}.')
    summary = ", ".join(f"{code} = {choice}" for code, choice in answers.items())
    return answers, [
        Finding("note", "answers", f"Answers saved in {path.name} were used: {summary[:300]}.")
    ] if answers else []


def save_answers(source: str | Path, chosen: Mapping[str, str]) -> Path:
    """Save answers beside the data, on top of earlier ones; returns the file. Raises OSError where it cannot be written."""
    path = answers_path(Path(source).expanduser())
    answers, _ = load_answers(Path(source).expanduser())
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(answers | dict(chosen), indent=1, sort_keys=True) + "\n", encoding="utf-8")
    os.replace(partial, path)
    return path
