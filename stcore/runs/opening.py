"""Runs by their name, and all of a folder."""

import shutil
from contextlib import suppress
from pathlib import Path

from stcore.runs.folder import NAME, Run, RunError


def open_run(path: str | Path, root: str | Path = "runs", kind: str | None = None) -> Run:
    """A run by its path, or by its id in the ``root`` folder; RunError where there is none, or none of the ``kind``."""
    candidates = [Path(path), Path(root) / str(path)]
    for candidate in candidates:
        with suppress(OSError):  # such as a name too long for any file
            if (candidate / "spec.json").is_file():
                return _of(kind, Run(candidate))
    raise RunError(f"Run {str(path)[:200]!r} is not on this machine; `python -m stcore runs` lists those that are.")


def _of(kind: str | None, run: Run) -> Run:
    """The run, if it is of this kind. RunError."""
    if kind in (None, run.kind):
        return run
    if kind == "train":
        raise RunError(
            f"{run.id} is a distillation, and this needs a run that trained a model, such as one on its set."
        )
    raise RunError(f"{run.id} is a run that trained a model, and this needs a distillation.")


def runs_in(root: str | Path, kind: str | None = "train") -> list[Run]:
    """The runs of a folder and of one kind (None: of every kind), newest first; folders that hold none are passed over."""
    found = [run for run in opened_in(root)[0] if kind in (None, run.kind)]
    return sorted(found, key=lambda run: (str(run.spec.get("created", "")), run.id), reverse=True)


def damaged_in(root: str | Path) -> list[str]:
    """What is to be said of the runs of a folder that cannot be opened, one sentence each."""
    return sorted(opened_in(root)[1])


def opened_in(root: str | Path) -> tuple[list[Run], list[str]]:
    """The runs of a folder, and why others cannot be opened."""
    found, problems = [], []
    for path in Path(root).iterdir() if Path(root).is_dir() else ():
        if NAME.fullmatch(path.name) and (path / "spec.json").is_file():
            try:
                found.append(Run(path))
            except RunError as error:
                problems.append(str(error))
    return found, problems


def remove(path: str | Path) -> None:
    """Delete a run's folder, if there is one. RunError while a worker holds it."""
    if not (Path(path) / "spec.json").is_file():
        return
    if Run(Path(path)).locked:
        raise RunError(f"Run {Path(path).name} is being trained; stop it first.")
    shutil.rmtree(path)
