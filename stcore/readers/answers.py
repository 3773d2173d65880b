"""Answers that are kept beside the data, so that a question is asked once."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from stcore.findings import Finding, refuse

MOST_BYTES = 2**20


def path_of(source: Path) -> Path:
    """Where the answers for a file or a folder are kept."""
    return source / "answers.json" if source.is_dir() else source.with_name(f"{source.name}.answers.json")


def kept_answers(source: Path) -> tuple[dict[str, str], list[Finding]]:
    """The answers beside the data and a note that they were used; nothing where there are none."""
    path = path_of(source)
    if not path.is_file():
        return {}, []
    if path.is_symlink():
        raise refuse("answers", f"{path.name} beside the data is a link, which may lead anywhere; it was not read.")
    if path.stat().st_size > MOST_BYTES:
        raise refuse("answers", f"{path.name} is too large for a list of answers.")
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise refuse("answers", f"{path.name} beside the data is not JSON: {error}.") from error
    if not isinstance(held, dict) or not all(isinstance(part, str) for part in held.values()):
        raise refuse("answers", f'{path.name} must hold answers as {{"question": "choice"}}.')
    said = ", ".join(f"{code} = {choice}" for code, choice in held.items())
    return held, [Finding("note", "answers", f"Answers kept in {path.name} were used: {said[:300]}.")] if held else []


def save_answers(source: str | Path, chosen: Mapping[str, str]) -> Path:
    """Keep answers beside the data, on top of earlier ones; returns the file. Raises OSError where it cannot be written."""
    path = path_of(Path(source).expanduser())
    held, _ = kept_answers(Path(source).expanduser())
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(held | dict(chosen), indent=1, sort_keys=True) + "\n", encoding="utf-8")
    os.replace(partial, path)
    return path
