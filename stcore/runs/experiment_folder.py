"""The folder of an experiment, ``RUNS/.experiments/NAME``; its runs are ordinary ones beside it.

experiment.json  options, plan, what the searches chose   progress.json  how far it is; no state
control.json     run | pause | stop                       report.json    the answer, when all is done
lock             held as long as somebody works on it     log.txt
"""

import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from stcore.runs import files
from stcore.runs.folder import NAME, Run, Word
from stcore.runs.lock import is_held, take
from stcore.runs.spec import RunError

FOLDER = ".experiments"
YOUNG = 60.0  # seconds in which a worker that was asked for is taken to be on its way


class Folder:
    """An experiment's folder, read from evidence. Only who holds it writes, and ``control`` is anybody's."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self.content: dict[str, Any] = files.read_json(self.path / "experiment.json") or {}
        if not all(isinstance(self.content.get(part), dict) for part in ("options", "plan", "chosen")):
            raise RunError(
                f"There is no experiment in {self.path.name!r}: its experiment.json is missing or unreadable."
            )

    @classmethod
    def create(cls, root: Path, name: str, content: Mapping[str, Any]) -> "Folder":
        """A new folder under ``root``. RunError where none can be made."""
        path = Path(root) / FOLDER / name
        created = datetime.now(UTC).isoformat(timespec="seconds")
        try:
            path.mkdir(parents=True, exist_ok=True)
            files.write_json(path / "experiment.json", {"format": 1, "created": created, **content}, durable=True)
        except OSError as error:
            raise RunError(f"No experiment can be made in {path}: {error.strerror or error}.") from None
        return cls(path)

    @property
    def name(self) -> str:
        """The experiment's name."""
        return self.path.name

    @property
    def root(self) -> Path:
        """Where its runs are."""
        return self.path.parent.parent

    @property
    def status(self) -> str:
        """running or paused while somebody works on it; else done where its report is; starting; else interrupted."""
        if self.locked:
            return "paused" if self.progress.get("state") == "paused" else "running"
        if (self.path / "report.json").is_file():
            return "done"
        asked = self.path / "progress.json"
        young = self.progress.get("state") == "starting" and abs(time.time() - asked.stat().st_mtime) < YOUNG
        return "starting" if young else "interrupted"

    @property
    def locked(self) -> bool:
        """Whether somebody works on it."""
        return is_held(self.path / "lock")

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the experiment as long as it is worked on, read anew; RunError where another process does."""
        lock = take(self.path / "lock")
        if lock is None:
            raise RunError(f"Another process works on experiment {self.name} already.")
        try:
            self.content = files.read_json(self.path / "experiment.json") or self.content
            yield
        finally:
            lock.release()

    @property
    def progress(self) -> dict[str, Any]:
        """How far it is; empty before it begins."""
        return files.read_json(self.path / "progress.json") or {}

    @property
    def report(self) -> dict[str, Any] | None:
        """The stored report of a finished experiment."""
        return files.read_json(self.path / "report.json")

    @property
    def word(self) -> Word:
        """What whoever works on it is asked to do: run, pause or stop."""
        words: dict[str, Word] = {"pause": "pause", "stop": "stop"}
        return words.get(str((files.read_json(self.path / "control.json") or {}).get("word")), "run")

    def control(self, word: Word) -> None:
        """Ask to pause, stop or run."""
        files.write_json(self.path / "control.json", {"word": word})

    def remember(self, **parts: Any) -> None:
        """Replace parts of experiment.json; called by whoever holds the lock."""
        self.content = {**self.content, **files.plain(parts)}
        files.write_json(self.path / "experiment.json", self.content, durable=True)

    def tell(self, progress: Mapping[str, Any]) -> None:
        """Write down how far it is."""
        files.write_json(self.path / "progress.json", dict(progress))

    def finish(self, report: Mapping[str, Any]) -> None:
        """Write the report, by which the experiment is done."""
        files.write_json(self.path / "report.json", dict(report), durable=True)

    def reopen(self) -> None:
        """Forget the report of an experiment that goes on; called by whoever holds the lock."""
        (self.path / "report.json").unlink(missing_ok=True)

    def run(self, name: str) -> Run | None:
        """One of its runs, or None where it has not been made."""
        path = self.root / name
        return Run(path) if NAME.fullmatch(name) and (path / "spec.json").is_file() else None

    def clear(self, name: str) -> None:
        """Remove what a process left that was killed while it made a run; called by whoever holds the lock."""
        if not NAME.fullmatch(name):  # a plan edited by hand leads to no other folder
            raise RunError(f"{name[:80]!r} is no run's id.")
        path = self.root / name
        if path.is_dir() and not (path / "spec.json").is_file():
            shutil.rmtree(path)

    def open_log(self) -> BinaryIO:
        """The log of a worker in the background, to be appended to."""
        return open(self.path / "log.txt", "ab")


def folders_in(root: str | Path) -> list[Folder]:
    """The experiments of a runs folder, newest first; folders that hold none are passed over."""
    parent = Path(root) / FOLDER
    found = []
    for path in parent.iterdir() if parent.is_dir() else ():
        if (path / "experiment.json").is_file():
            try:
                found.append(Folder(path))
            except RunError:
                continue
    return sorted(found, key=lambda folder: (str(folder.content.get("created", "")), folder.name), reverse=True)


def open_folder(name: str, root: str | Path = "runs") -> Folder:
    """An experiment by its name. RunError where there is none."""
    path, there = Path(root) / FOLDER / name, False
    with suppress(OSError):  # such as a name too long for any file
        there = Path(name).name == name and (path / "experiment.json").is_file()
    if not there:
        raise RunError(f"There is no experiment {name[:80]!r} in {root}.")
    return Folder(path)
