"""Jobs: a run in its own process, outliving browser and server; and the same in this one, for notebooks and the command line.

The page never trains: it starts ``python -m stcore resume RUN`` and reads the folder. Torch is imported only where work
is done, and only after the run has its slot.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from stcore import readers
from stcore.data import STData
from stcore.events import Event
from stcore.findings import DataError, Finding, refuse
from stcore.options import RunOptions
from stcore.readers.layers import Layer, parse_layer
from stcore.runs import Run, RunError, create, record, uploads
from stcore.runs.create import versions
from stcore.runs.experiments import open_folder
from stcore.runs.locks import held, slot
from stcore.runs.record import checkpoint, fail, tell, weights

if TYPE_CHECKING:
    from stcore.training.trainer import Trainer

LAYER_SECONDS = 60
APART = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | getattr(subprocess, "CREATE_NO_WINDOW", 0)
"""What start_new_session is elsewhere, on Windows: Ctrl-C in the server's console does not reach a worker."""
_children: list[tuple[Path, float, subprocess.Popen[bytes]]] = []
"""Workers that this process started: run folder, time of day, process."""


class Job:
    """A run to be worked on in this process: iterate it for its events, or ``finish()`` it."""

    def __init__(self, run: Run) -> None:
        self.run = run

    def __iter__(self) -> Iterator[Event]:
        return work(self.run)

    def finish(self) -> Run:
        """Work to the end, whatever is said on the way."""
        for _ in self:
            continue
        return self.run


def train(
    source: str | Path | STData = "demo", runs: str | Path = "runs", name: str | None = None, **options: Any
) -> Job:
    """A new run on ``source``, to be iterated or finished: ``train("demo", prune={"name": "infobatch"}).finish()``.

    ``options`` are those of RunOptions, nested as plain values. Raises OptionError, DataError or RunError before anything
    is written.
    """
    return Job(create(source, options, runs, name))


# ---- in this process -----------------------------------------------------------------------------------------------
def work(run: Run) -> Generator[Event, None, None]:
    """Train ``run`` in this process, from its last checkpoint where it has one; a finished run has nothing left to say.

    RunError where another process works on it or where its data have changed since it was made.
    """
    if finished(run):
        return
    if int(os.environ.get("RANK", 0)):
        yield from follow(run)
        return
    before = run.ranks
    with held(run):
        if finished(run):  # by another worker, while this one waited
            return
        run.reopen()
        with slot(run) as free:
            if not free:
                return
            trainer = begin(run, before)
            yield from record(run, trainer, trainer.state, trainer.weights, trainer.ranks.agree)
            trainer.ranks.close()


def finished(run: Run) -> bool:
    """Whether nothing is left to do."""
    return (run.result or {}).get("status") == "done"


def begin(run: Run, before: int | None) -> "Trainer":
    """The run's trainer where its checkpoint stands; a failure is written into the run before it is raised.

    ``before``: how many processes worked on it until now.
    """
    tell(run, {"event": "opening"})
    try:
        trainer = prepare(run)
    except Exception as error:
        fail(run, error)
        raise
    world = trainer.ranks.world
    if trainer.epoch and before not in (None, world):
        trainer.more_notes.append(
            f"worked on by {before} processes before and by {world} now: not bit for bit the same"
        )
    return trainer


def follow(run: Run) -> Iterator[Event]:
    """The part of a rank other than the first: the same work, nothing written."""
    trainer = prepare(run)
    for event in trainer:
        yield event
        if trainer.ranks.agree(False) and event.name != "finished":
            break
    trainer.ranks.close()


def prepare(run: Run) -> "Trainer":
    """Open the run's data, build its trainer and load its checkpoint."""
    from stcore.training.trainer import Trainer

    trainer = Trainer(dataset(run), RunOptions.read(run.spec["options"]))
    content, note = checkpoint(run)
    trainer.more_notes += [note] if note else []
    if content:
        trainer.load(content)
    made, here = run.spec["versions"].get("torch"), versions().get("torch")
    if made != here:
        trainer.more_notes.append(f"the run began with torch {made} and goes on with {here}: not bit for bit the same")
    return trainer


def dataset(run: Run) -> STData:
    """The data that the run was made of. RunError where they are gone or have changed."""
    source = run.spec["data"]["source"]
    path = run.path / source if source == "data.nc" else source
    data = readers.open(path, run.spec["data"]["answers"])
    if data.fingerprint != run.spec["data"]["fingerprint"]:
        raise RunError(f"The data in {source} have changed since run {run.id} was made; start a new run on them.")
    return data


def predict(run: Run, starts: np.ndarray, data: STData | None = None) -> np.ndarray:
    """Forecasts [K, H, N, C'] in units by the best weights, for windows whose inputs begin at ``starts`` [K].

    ``data`` may be newer data of the same sensors and channels. RunError where the run is not finished.
    """
    from stcore.training.predict import predict as forecast

    content = weights(run)
    if content is None:
        raise RunError(f"Run {run.id} has no finished weights yet; it is {run.status}.")
    return forecast(data or dataset(run), RunOptions.read(run.spec["options"]), content, starts)


# ---- in a process of its own ---------------------------------------------------------------------------------------
def start(run: Run, word: str = "run") -> None:
    """Begin or go on with ``run`` in a process of its own that outlives this one. ``word`` may be step."""
    run.control(word)  # type: ignore[arg-type]
    threads = str(run.spec["options"]["train"]["threads"])
    with run.open_log() as log:
        _start(["resume", str(run.path), "--quiet"], run.path, log, {"OMP_NUM_THREADS": threads})


def start_experiment(name: str, root: str | Path = "runs", in_turn: bool = False) -> None:
    """Begin or go on with an experiment in a process of its own that outlives this one. RunError where there is none."""
    folder = open_folder(name, root)
    if folder.locked:
        raise RunError(f"Another process works on experiment {name} already.")
    folder.tell({**folder.progress, "state": "starting"})
    folder.control("run")
    more = ["--in-turn"] if in_turn else []
    with folder.open_log() as log:
        _start(["experiment", name, "--runs", str(folder.root), "--quiet", *more], folder.path, log)


def _start(arguments: list[str], path: Path, log: BinaryIO, environment: Mapping[str, str] | None = None) -> None:
    """A command in a session of its own, so that it outlives this process; ``path`` is the folder that it works on."""
    _reap()
    child = subprocess.Popen(
        [sys.executable, "-m", "stcore", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
        creationflags=APART,
        env={**os.environ, "STCORE_BACKGROUND": "1", **(environment or {})},
    )
    _children.append((path, time.time(), child))


def _reap() -> None:
    """Wait for workers that have ended, so that no zombie stays."""
    _children[:] = [child for child in _children if child[2].poll() is None]


def launching(run: Run) -> bool:
    """Whether a worker that this process started has not yet come so far as to hold the run's lock."""
    _reap()
    if run.locked:
        return False
    result = run.path / "result.json"
    ended = result.stat().st_mtime if result.exists() else 0.0
    return any(path == run.path and began > ended for path, began, _ in list(_children))


def kill(run: Run) -> None:
    """End a worker that does not answer. Nothing is lost but the epoch in hand."""
    process = run.worker_process if run.locked else None
    if process is None:
        return
    for word in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(process, word)
        for _ in range(20):
            if not run.locked:
                return
            time.sleep(0.1)


def predict_elsewhere(run: Run, starts: np.ndarray, timeout: float = 120) -> np.ndarray:
    """``predict`` in a short child process, so that a page needs no torch. RunError with the child's own words."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "forecast.npy"
        _forecasting("window", str(run.path), str(out), *map(str, starts), timeout=timeout)
        return np.load(out)


def forecast_elsewhere(run: Run, suffix: str, test: bool = False, timeout: float = 600) -> bytes:
    """The file that ``forecast RUN`` writes, made in a child process. ``suffix``: .csv, .parquet or .nc. RunError likewise."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / f"forecast{suffix}"
        more = ["--test"] if test else []
        _forecasting("forecast", str(run.path), "--out", str(out), *more, timeout=timeout)
        return out.read_bytes()


def _forecasting(*arguments: str, timeout: float) -> None:
    """A command in a child process; RunError with its last words where it fails."""
    command = [sys.executable, "-m", "stcore", *arguments]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        raise RunError(f"The forecast took longer than {timeout:g} s, so it was left.") from None
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise RunError(said[-1] if said else "The forecast could not be made.")


def layer_elsewhere(name: str, content: bytes, answers: Mapping[str, str] | None = None) -> Layer:
    """A layer for the map out of an uploaded file, read by a child process with limits; nothing of it is kept. DataError."""
    with tempfile.TemporaryDirectory() as folder:
        kept = uploads.keep({name: content}, Path(folder))
        found = open_elsewhere(kept, Path(folder) / "layer.json", answers, LAYER_SECONDS, layer=True)
        return parse_layer(found.read_text("utf-8"))


def open_elsewhere(
    path: Path, out: Path, answers: Mapping[str, str] | None = None, seconds: float = 180, layer: bool = False
) -> Path:
    """Have a child process with limits of memory and time open ``path``, and give its checked form, the NetCDF ``out``,
    of a ``layer`` a JSON file.

    What a hostile or broken file can bring down is then that child, not the page. DataError with what the child found,
    its questions included, or with a plain sentence where it crashed or ran out of time.
    """
    if out.is_file():
        return out
    partial = out.with_name(f"{os.getpid()}-{time.monotonic_ns()}.partial")
    given = [part for code, choice in (answers or {}).items() for part in ("--answer", f"{code}={choice}")]
    given += ["--layer"] if layer else []
    command = [sys.executable, "-m", "stcore", "take", str(path), str(partial), "--seconds", str(int(seconds)), *given]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds + 20, env=environment
        )
    except subprocess.TimeoutExpired:
        raise refuse("too-slow", f"{path.name} took longer than {seconds:g} s to open, so it was left.") from None
    if done.returncode == 0 and partial.is_file():
        uploads.settle(partial, out)
        return out
    if done.returncode == 2 and done.stdout.strip():
        raise DataError(*(Finding(**found) for found in json.loads(done.stdout.strip().splitlines()[-1])))
    if done.returncode < 0 and -done.returncode in (getattr(signal, "SIGXCPU", 0), signal.SIGTERM):
        raise refuse("too-slow", f"{path.name} took longer than {seconds:g} s to open, so it was left.")
    raise refuse("crashed", f"{path.name} brought down the process that read it; is the file damaged, or too large?")
