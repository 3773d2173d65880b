"""Run: one folder, read from evidence.

spec.json       what was asked for and of which data     events.jsonl    what the job said, a line each
starts.bin      first step of every training window      rows/*.bin      arrays, a row an epoch
progress.json   where the epoch stands; no state         control.json    run | pause | step | stop
checkpoint      the last epoch's state, sealed           checkpoint.prev the one before
weights         best and last weights of a finished run  result.json     done | failed | stopped, and the figures
lock            held by the worker as long as it lives   worker.json, log.txt, selections/*.json (named by people)
"""

import json
import re
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal, get_args

import numpy as np
import pandas as pd
import xarray as xr

from stcore.runs import files
from stcore.runs.lock import is_held
from stcore.runs.shape import is_event, is_result
from stcore.runs.spec import Kind, RunError, Spec, SpecError
from stcore.runs.trace import table, trace

Word = Literal["run", "pause", "step", "stop"]
LIVE = ("queued", "starting", "running", "paused")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


class Run:
    """A run's folder. Reading never changes it; only its worker writes, and ``control`` is anybody's."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        if files.leads_elsewhere(self.path):
            raise RunError(
                f"There is a link in the run {self.path.name!r}, which may lead anywhere; it was not opened."
            )
        try:
            self.spec = Spec.read(files.read_json(self.path / "spec.json") or {})
        except SpecError as error:
            if error.incomplete:
                text = f"There is no run in {self.path.name!r}: its spec.json is missing or unreadable."
            else:
                text = f"The spec.json of run {self.path.name!r} is damaged or was edited: {error}."
            raise RunError(text) from None

    @classmethod
    def create(cls, root: Path, spec: Mapping[str, Any], starts: np.ndarray, name: str | None = None) -> "Run":
        """A new run's folder under ``root``. ``starts`` [W]: first steps of the training windows. RunError if taken."""
        created = datetime.now(UTC)
        name = name or f"{created:%Y%m%d-%H%M%S}-{np.random.default_rng().integers(16**6):06x}"
        if not NAME.fullmatch(name):
            raise RunError(
                f"A run's id is letters, digits, dots and dashes, at most 80, and begins with a letter or digit; not {name!r}."
            )
        path = Path(root) / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.mkdir()
        except OSError as error:
            if path.is_dir():
                raise RunError(f"There is a run {name!r} already; resume it or choose another id.") from None
            raise RunError(f"No run can be made in {path.parent}: {error.strerror or error}.") from None
        whole = {"format": 1, "id": name, "created": created.isoformat(timespec="seconds"), **spec}
        try:
            (path / "rows").mkdir()
            (path / "starts.bin").write_bytes(np.asarray(starts, "<i8").tobytes())
            files.write_json(path / "spec.json", whole, durable=True)
        except OSError as error:  # as on a full disk: half a run would be none, and keep its id from others
            shutil.rmtree(path, ignore_errors=True)
            raise RunError(f"No run can be made in {path.parent}: {error.strerror or error}.") from None
        return cls(path)

    def __repr__(self) -> str:
        """What it is at a glance: ``<Run mine: done, st-prune, stid, 8 epochs of Ringstadt>``."""
        length = f"{self.passes} {self.pass_name}s of {self.spec.data.title}"
        return f"<Run {self.id}: {self.status}, {self.method}, {self.spec.model_name}, {length}>"

    # ---- evidence --------------------------------------------------------------------------------------------------
    @property
    def id(self) -> str:
        """The folder's name."""
        return self.path.name

    @property
    def samples(self) -> int:
        """How many samples can be pruned: training windows, or their cells."""
        return self.spec.windows.train if self.spec.samples is None else self.spec.samples

    @property
    def sample_name(self) -> str:
        """What a sample is: ``windows`` or ``cells``."""
        return self.spec.options.data.samples

    @property
    def kind(self) -> Kind:
        """What it is: ``train``, or ``distil`` for the making of a distilled set."""
        return self.spec.kind

    @property
    def method(self) -> str:
        """The name of its pruning strategy, or of its method of distillation."""
        return str((self.spec.distil or self.spec.options.prune)["name"])

    @property
    def pass_name(self) -> str:
        """What its passes are called: ``epoch``, or ``round`` of a distillation."""
        return "round" if self.kind == "distil" else "epoch"

    @property
    def passes(self) -> int:
        """How many epochs the run plans: as many as were asked for, or fewer where its visits end before."""
        started = [event["epochs"] for event in self.events() if event["event"] == "started"]
        return int(started[-1] if started else self.spec.options.train.epochs)

    @property
    def result(self) -> dict[str, Any] | None:
        """What the run ended with, or None."""
        result = files.read_json(self.path / "result.json")
        return result if is_result(result) else None

    @property
    def status(self) -> str:
        """done, failed, stopped; queued, starting, running, paused while a worker lives; else interrupted."""
        if result := self.result:
            return str(result["status"])
        if not self.locked:
            age = abs(time.time() - (self.path / "spec.json").stat().st_mtime)  # a clock set back makes it negative
            young = self.worker is None and age < 60
            return "starting" if young else "interrupted"
        last = self._last_event()
        return (
            {"queued": "queued", "paused": "paused", "opening": "starting"}.get(last, "running") if last else "starting"
        )

    @property
    def locked(self) -> bool:
        """Whether a worker lives: it holds the lock, which the kernel frees when it dies in whatever way."""
        return is_held(self.path / "lock")

    def events(self) -> list[dict[str, Any]]:
        """All events in order; of an epoch told twice the later telling."""
        return self.tail(0)[0]

    def tail(self, offset: int) -> tuple[list[dict[str, Any]], int]:
        """Events behind byte ``offset`` of the file, and the offset behind them; a torn last line is left for later."""
        try:
            with open(self.path / "events.jsonl", "rb") as file:
                file.seek(offset)
                content = file.read()
        except OSError:
            return [], offset
        whole = content[: content.rfind(b"\n") + 1]
        events: list[dict[str, Any]] = []
        for line in whole.splitlines():
            with suppress(ValueError, RecursionError):
                events += [event] if is_event(event := json.loads(line)) else []
        later = {event["epoch"]: place for place, event in enumerate(events) if event["event"] == "epoch"}
        kept = [
            event for place, event in enumerate(events) if event["event"] != "epoch" or later[event["epoch"]] == place
        ]
        return kept, offset + len(whole)

    def epochs(self) -> list[dict[str, Any]]:
        """The epoch events, in order of their epochs."""
        return sorted((event for event in self.events() if event["event"] == "epoch"), key=lambda event: event["epoch"])

    @property
    def progress(self) -> dict[str, Any]:
        """Where the worker stands; empty before its first batch."""
        return files.read_json(self.path / "progress.json") or {}

    def log(self, lines: int = 20) -> str:
        """The last lines of the worker's log."""
        with suppress(OSError):
            return "\n".join((self.path / "log.txt").read_text("utf-8", "replace").splitlines()[-lines:])
        return ""

    def trace(self) -> xr.Dataset:
        """The whole record as one dataset with dims (epoch, sample, sensor); see ``stcore.runs.trace``."""
        return trace(self)

    def table(self) -> pd.DataFrame:
        """One row an epoch; see ``stcore.runs.trace.table``."""
        return table(self)

    def summary(self) -> dict[str, Any]:
        """What ``show --json`` prints: options, metrics, visits and seconds as far as they are known."""
        result, epochs = self.result or {}, self.epochs()
        best = next((event for event in reversed(epochs) if event["best"]), None)
        kept = epochs[-1]["visits"] if epochs and self.kind == "train" else 0
        full = round(len(epochs) / max(self.passes, 1) * self.spec.options.train.epochs * self.samples)
        full = full if self.kind == "train" else 0  # how large a set is, is known at the end
        seconds = {
            kind: sum(event["seconds"][kind] for event in epochs) for kind in ("train", "score", "select", "evaluate")
        }
        so_far = {
            "metrics": {"validation": best["validation"] if best else None, "test": None},
            "naive": None,
            "visits": {"kept": kept, "full": full, "share": kept / full if full else None},
            "seconds": {"total": sum(seconds.values()), **seconds},
            "epochs": len(epochs),
            "best_epoch": best["epoch"] + 1 if best else None,
        }
        known = {key: result.get(key, value) for key, value in so_far.items()}
        reason = {"reason": result["reason"]} if "reason" in result else {}
        return {
            "run": self.id,
            "kind": self.kind,
            "status": self.status,
            "options": self.spec.options_json,
            **known,
            **reason,
            "path": str(self.path),
        }

    # ---- control ---------------------------------------------------------------------------------------------------
    @property
    def word(self) -> Word:
        """What the worker is asked to do."""
        word = (files.read_json(self.path / "control.json") or {}).get("word")
        return next((known for known in get_args(Word) if known == word), "run")

    def control(self, word: Word) -> None:
        """Ask the worker to run, pause, run one epoch and pause (step), or stop; it acts at the next batch."""
        files.write_json(self.path / "control.json", {"word": word})

    @property
    def unanswered(self) -> float:
        """Seconds since a worker that trains was asked to pause or stop and has not; 0 where it has or was not asked."""
        deaf = {"pause": ("running",), "stop": ("running", "paused")}.get(self.word, ())
        return abs(time.time() - (self.path / "control.json").stat().st_mtime) if self.status in deaf else 0.0

    def reopen(self) -> None:
        """Forget the result of a run that goes on, the stop that it was, and the line that a crash tore.

        Called by whoever holds its lock. A stop asked for after the result was written still counts.
        """
        for torn in self.path.glob("*.partial"):
            if not torn.name.startswith("control"):  # anybody may be writing that one just now
                torn.unlink(missing_ok=True)
        result, control = self.path / "result.json", self.path / "control.json"
        if self.word == "stop" and result.exists() and control.stat().st_mtime_ns <= result.stat().st_mtime_ns:
            self.control("run")
        result.unlink(missing_ok=True)
        files.cut_torn_line(self.path / "events.jsonl")

    def tidy(self) -> None:
        """Drop what only a worker needs, from a finished run that is to be shipped."""
        for name in ("lock", "worker.json", "log.txt"):
            (self.path / name).unlink(missing_ok=True)

    def open_log(self) -> BinaryIO:
        """The worker's log, to be appended to."""
        return open(self.path / "log.txt", "ab")

    def claim(self, worker: str, process: int, ranks: int) -> None:
        """Say who works on the run, and how many processes together; called by whoever holds its lock."""
        files.write_json(
            self.path / "worker.json", {"worker": worker, "process": process, "ranks": ranks}, durable=True
        )

    @property
    def worker(self) -> str | None:
        """Who works, or last worked, on the run, in words."""
        return (files.read_json(self.path / "worker.json") or {}).get("worker")

    @property
    def worker_process(self) -> int | None:
        """The worker's process number; meaningless unless the run is locked."""
        process = (files.read_json(self.path / "worker.json") or {}).get("process")
        return process if isinstance(process, int) and process > 1 else None  # others would mean many processes

    @property
    def ranks(self) -> int | None:
        """How many processes work, or last worked, on the run together."""
        ranks = (files.read_json(self.path / "worker.json") or {}).get("ranks")
        return ranks if isinstance(ranks, int) else None

    def _last_event(self) -> str | None:
        events = self.tail(max(0, self._size() - 65_536))[0] or self.events()  # where one line is longer than that
        return events[-1]["event"] if events else None

    def _size(self) -> int:
        with suppress(OSError):
            return (self.path / "events.jsonl").stat().st_size
        return 0
