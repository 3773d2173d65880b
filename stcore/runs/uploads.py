"""Files that came through the browser, kept beside the runs so that a run on them can go on after a restart."""

import hashlib
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stcore.findings import refuse
from stcore.runs import files
from stcore.runs.quota import check_quota
from stcore.runs.spec import RunError
from stcore.runs.trash import deleted

FOLDER = ".uploads"
MOST_FILES = 100
CHECKED = "checked-"
ANSWERS = "given.json"


def keep(uploaded: Mapping[str, bytes], runs: Path) -> Path:
    """Write uploaded files {name: content} under ``runs`` and give the one file, or the folder where there are several.

    The place follows from names and contents: the same upload twice is one. Names lose what is not a letter, a digit, a
    dot or a dash, so that none leads out of the folder. DataError where there is nothing, too much, or a name twice.
    """
    named = {_plain(name): content for name, content in uploaded.items()}
    if not named or len(named) > MOST_FILES or len(named) < len(uploaded):
        raise refuse("upload", f"Choose 1 to {MOST_FILES} files with different names.")
    digest = hashlib.sha256()
    for name in sorted(named):
        digest.update(f"{name}\0{len(named[name])}\0".encode() + named[name])
    folder = runs / FOLDER / digest.hexdigest()[:16] / "original"
    if len(named) > 1:  # a folder is called like its largest file, which is what people will see
        folder = folder / max(named, key=lambda name: len(named[name])).split(".")[0]
    new = {name: content for name, content in named.items() if not _is_here(folder / name, len(content))}
    try:
        check_quota(runs, sum(map(len, new.values())))
    except RunError as error:
        raise refuse("upload", str(error)) from None
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in new.items():
        files.replace(folder / name, content, durable=False)
    return folder / next(iter(named)) if len(named) == 1 else folder


def _is_here(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size


def unused(runs: Path) -> list[Path]:
    """Folders of uploads that no run is made of, none in the trash either."""
    kept = [path for path in (runs / FOLDER).iterdir() if path.is_dir()] if (runs / FOLDER).is_dir() else []
    folders = [*runs.iterdir(), *(gone.path for gone in deleted(runs))] if kept else []
    needed = {_source(files.read_json(folder / "spec.json")) for folder in folders}  # of damaged runs, too
    return [path for path in kept if not any(Path(source).is_relative_to(path.resolve()) for source in needed)]


def _source(spec: Any) -> str:
    """What the data of a run are, as far as its spec tells."""
    return str(spec["data"].get("source")) if isinstance(spec, dict) and isinstance(spec.get("data"), dict) else ""


def remove_unused(runs: Path) -> int:
    """Delete for good the uploads that no run is made of; gives how many those were."""
    gone = unused(runs)
    for path in gone:
        shutil.rmtree(path)
    return len(gone)


def _plain(name: str) -> str:
    """The last part of a name, harmless and never hidden."""
    last = re.split(r"[/\\]", name)[-1]
    return re.sub(r"[^A-Za-z0-9._-]+", "-", last).lstrip(".-")[-120:] or "upload"


def checked_place(kept: Path, answers: Mapping[str, str]) -> Path:
    """Where the checked form of an upload belongs, one for each set of answers; the answers are written down there."""
    folder = next(parent for parent in (kept, *kept.parents) if parent.name == "original").parent
    said = "\0".join(f"{code}={answers[code]}" for code in sorted(answers))
    place = folder / (CHECKED + hashlib.sha256(said.encode()).hexdigest()[:8])
    place.mkdir(exist_ok=True)
    files.write_json(place / ANSWERS, dict(answers))
    name = re.sub(r"[^A-Za-z0-9]+", "-", kept.name.split(".")[0]).strip("-") or "data"
    return place / f"{name[:60]}.nc"


def answers_of(source: str | Path) -> dict[str, str]:
    """The answers that a checked form was, or shall be, made with; none for anything else."""
    place = Path(source).parent
    return dict(files.read_json(place / ANSWERS) or {}) if place.name.startswith(CHECKED) else {}


def settle(partial: Path, whole: Path) -> None:
    """Give a file that is whole its name."""
    os.replace(partial, whole)


def upload_of(source: str | Path) -> Path | None:
    """The upload that a source is, or was made of; None for any other source."""
    parts = Path(source).parts
    if FOLDER not in parts:
        return None
    place = len(parts) - 1 - parts[::-1].index(FOLDER)
    folder = Path(*parts[: place + 2]) / "original"
    return next(iter(sorted(folder.iterdir())), None) if folder.is_dir() else None
