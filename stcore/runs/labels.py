"""What people say of a run: a title, tags, a note, and whether it is put away. Its id and its record stay as they are."""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from stcore.runs import files
from stcore.runs.folder import Run
from stcore.runs.spec import RunError

FILE = "label.json"
LONGEST_TITLE, LONGEST_TAG, MOST_TAGS, LONGEST_NOTE = 80, 30, 12, 4000


@dataclass(frozen=True)
class Label:
    """``title`` stands where the run's own name would; ``archived`` runs are left out of lists until asked for."""

    title: str = ""
    tags: tuple[str, ...] = ()
    note: str = ""
    archived: bool = False


def label(run: Run) -> Label:
    """The run's label; what is missing, torn or of another kind in its file counts as not said."""
    held = files.read_json(run.path / FILE) or {}
    told = {name: held.get(name) for name in ("title", "note")}
    tags = held.get("tags")
    return Label(
        **{name: text if isinstance(text, str) else "" for name, text in told.items()},
        tags=tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else (),
        archived=held.get("archived") is True,
    )


def write_label(
    run: Run,
    *,
    title: str | None = None,
    tags: Iterable[str] | None = None,
    note: str | None = None,
    archived: bool | None = None,
) -> Label:
    """Change what is given of a run's label, and give the whole. RunError where something is too long."""
    known = asdict(label(run))
    new: dict[str, Any] = known | {
        "title": known["title"] if title is None else _line(title, LONGEST_TITLE, "title"),
        "tags": known["tags"] if tags is None else _tags(tags),
        "note": known["note"] if note is None else _text(note),
        "archived": known["archived"] if archived is None else archived,
    }
    files.write_json(run.path / FILE, new)
    return label(run)


def _line(text: str, most: int, what: str) -> str:
    plain = " ".join(re.sub(r"[\x00-\x1f\x7f]+", " ", text).split())
    if len(plain) > most:
        raise RunError(f"A {what} has at most {most} letters; this one has {len(plain)}.")
    return plain


def _tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Tags in the order given, each once."""
    plain = tuple(dict.fromkeys(name for tag in tags if (name := _line(tag, LONGEST_TAG, "tag"))))
    if len(plain) > MOST_TAGS:
        raise RunError(f"A run has at most {MOST_TAGS} tags; these are {len(plain)}.")
    return plain


def _text(note: str) -> str:
    plain = re.sub(r"[\x00-\x08\x0b-\x1f\x7f]+", " ", note).strip()
    if len(plain) > LONGEST_NOTE:
        raise RunError(f"A note has at most {LONGEST_NOTE} letters; this one has {len(plain)}.")
    return plain
