"""Commands in processes of their own, quick to start and safe to kill, and what a run left on the disk.

The processes are forked from a server that has torch loaded already, so that a test can afford to kill many.
"""

import gc
import json
import multiprocessing
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr

from stcore.data import STData
from stcore.events import Event
from stcore.runs import Run
from stcore.runs.files import unseal
from stcore.runs.record import Writer
from stcore.training.tensors import from_bytes

KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
LIMIT = 150.0  # seconds after which a process is taken to hang; the first one loads torch, beside another worker
Undisturbed = Callable[..., Run]  # arguments of `train` to a finished run
COMMANDS = ("data", "experiment", "exporting", "importance", "keeping", "reading", "sensors", "training")
LOADED = [*(f"stcore.cli.{name}" for name in COMMANDS), "stcore.evidence.experiment", "stcore.training.trainer"]
LOADED += ["stcore.readers.grids.stdata", "h5netcdf.legacyapi", "pyarrow.pandas_compat", "scipy.stats", "torch._dynamo"]
LOADED += ["pytest", "pydantic.type_adapter"]  # modules of the tests themselves are found by the children alone
SMALL = ("--set", "model.width=4", "--batch", "64", "--epochs", "5", "--set", "train.threads=1")
LONGER = ("--batch", "4")  # some seconds, to be met at any moment


def small_data(steps: int = 600, sensors: int = 4, seed: int = 0) -> STData:
    """Hourly series [steps, sensors, 1] with a daily wave, noise and some missing values."""
    rng = np.random.default_rng(seed)
    hours = np.arange(steps)[:, None]
    values = 50 + 10 * np.sin(2 * np.pi * (hours / 24 + rng.random(sensors))) + rng.normal(0, 2, (steps, sensors))
    values[rng.random(values.shape) < 0.02] = np.nan
    time = pd.date_range("2024-01-01", periods=steps, freq="h")
    coords = {"time": time, "sensor": [f"s{place}" for place in range(sensors)], "channel": ["flow"]}
    dims = ("time", "sensor", "channel")
    return STData.of(xr.Dataset({"value": (dims, values[..., None].astype(np.float32))}, coords, {"title": "small"}))


def free_port() -> int:
    """A port of this machine that nobody uses."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


# ---- processes -----------------------------------------------------------------------------------------------------
def _context() -> Any:
    """Forked from a server with torch loaded where the system can, else started from nothing."""
    method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    context = multiprocessing.get_context(method)
    if method == "forkserver":
        context.set_forkserver_preload(LOADED)
    return context


def _command(arguments: list[str], out: str, environment: dict[str, str], first: Callable[[], None] | None) -> None:
    """What the child does: the command line, with its output in two files."""
    gc.freeze()  # what is loaded stays, and need not be searched, which would copy all its pages
    for number, name in ((1, "stdout"), (2, "stderr")):
        file = os.open(f"{out}.{name}", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(file, number)
        os.close(file)
    sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.update(environment)
    if first:
        first()
    from stcore.cli import main

    code = main(arguments)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


class Command:
    """``python -m stcore`` with some arguments, under way in its own process."""

    number = 0

    def __init__(
        self,
        folder: Path,
        *arguments: str | Path,
        environment: Mapping[str, str] | None = None,
        first: Callable[[], None] | None = None,
    ) -> None:
        Command.number += 1
        self.out = folder / f"command-{Command.number}"
        known = {"STCORE_SLOTS": "16", "OMP_NUM_THREADS": "1", **(environment or {})}
        self.process = _context().Process(
            target=_command, args=([str(part) for part in arguments], str(self.out), known, first), daemon=True
        )
        self.process.start()

    @property
    def alive(self) -> bool:
        return bool(self.process.is_alive())

    def kill(self, word: int = KILL) -> None:
        """Send a signal and wait for the end."""
        with suppress(ProcessLookupError):
            os.kill(self.process.pid, word)
        self.wait()

    def wait(self, limit: float = LIMIT) -> int:
        """The exit code; minus the signal's number where one ended it."""
        self.process.join(limit)
        if self.alive:
            self.process.kill()
            pytest.fail(f"the command hangs; it said {self.stdout} {self.stderr}")
        return int(self.process.exitcode)

    @property
    def stdout(self) -> str:
        return self._read("stdout")

    @property
    def stderr(self) -> str:
        return self._read("stderr")

    @property
    def document(self) -> dict[str, Any]:
        """What --json printed: one line, nothing else."""
        lines = self.stdout.splitlines()
        assert len(lines) == 1, f"one line was promised: {self.stdout!r} {self.stderr!r}"
        found = json.loads(lines[0])
        assert isinstance(found, dict)
        return found

    def _read(self, name: str) -> str:
        with suppress(FileNotFoundError):
            return Path(f"{self.out}.{name}").read_text("utf-8")
        return ""


def done(folder: Path, *arguments: str | Path, code: int = 0, **more: Any) -> Command:
    """A command that has ended with the expected exit code."""
    command = Command(folder, *arguments, **more)
    found = command.wait()
    assert found == code, f"exit code {found}: {command.stdout} {command.stderr}"
    return command


def until(truth: Callable[[], Any], what: str, command: Command | None = None, limit: float = LIMIT) -> Any:
    """What ``truth`` gives as soon as it gives anything; a failure where the ``command`` ends before."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        over = command is not None and not command.alive
        if found := truth():
            return found
        if over and command:
            pytest.fail(f"the command ended before {what}: {command.stdout} {command.stderr}")
        time.sleep(0.02)
    return pytest.fail(f"waited {limit:g} s in vain until {what}")


def begun(command: Command, path: Path) -> Run:
    """The run at ``path`` as soon as the command works on it."""
    until((path / "worker.json").exists, "the worker is there", command)
    return Run(path)


def trained(run: Run, epochs: int, command: Command | None = None) -> None:
    """Wait until so many epochs are told."""
    until(lambda: len(run.epochs()) >= epochs, f"{epochs} epochs are done", command)


def die_at(boundary: str) -> None:
    """Have this process killed the instant before it opens for writing, renames or removes a file: "open score.bin 1" is
    the second time that it opens a file of that name."""
    doing, wanted, times = boundary.split()
    left = [int(times)]

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in (doing, f"os.{doing}") or isinstance(arguments[0], int | type(None)):
            return
        if event == "open" and not arguments[2] & (os.O_WRONLY | os.O_RDWR):
            return
        if os.path.basename(os.fsdecode(arguments[0])) == wanted:
            if left[0] == 0:
                os.kill(os.getpid(), KILL)
            left[0] -= 1

    sys.addaudithook(watch)


class Killed(BaseException):
    """What a process that is only said to be killed meets instead."""


_dying: list[Callable[[str, tuple[Any, ...]], None]] = []


@contextmanager
def dying_at(boundary: str, folder: Path) -> Iterator[None]:
    """Like ``die_at``, but this process lives: from that instant on whatever it does to files in the folder is Killed."""
    doing, wanted, times = boundary.split()
    left = [int(times)]

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        kind = event.removeprefix("os.")
        if kind not in ("open", "rename", "remove") or isinstance(arguments[0], int | type(None)):
            return
        path = Path(os.fsdecode(arguments[0]))
        if not path.is_relative_to(folder) or path.name == "lock":
            return
        if kind == "open" and not arguments[2] & (os.O_WRONLY | os.O_RDWR):
            return
        left[0] -= kind == doing and path.name == wanted
        if left[0] < 0:
            raise Killed

    if not _dying:
        sys.addaudithook(lambda event, arguments: _dying[-1](event, arguments))  # which nobody can remove again
        _dying.append(lambda event, arguments: None)
    _dying.append(watch)
    try:
        yield
    finally:
        _dying.remove(watch)


def hold(epochs: int) -> None:
    """Have this process wait after so many epochs until it is told a word or killed."""
    take = Writer.take

    def held(writer: Writer, event: Event) -> None:
        take(writer, event)
        if event.name == "epoch" and len(writer.run.epochs()) == epochs:
            word = writer.path / "control.json"
            end = time.monotonic() + LIMIT
            while not word.exists() and time.monotonic() < end:
                time.sleep(0.01)

    Writer.take = held  # type: ignore[method-assign]


# ---- what is on the disk -------------------------------------------------------------------------------------------
def weights(run: Run) -> dict[str, torch.Tensor]:
    """The best and the last weights of a finished run, by name."""
    content = unseal(run.path / "weights")
    assert content is not None, f"{run.id} has no weights; it is {run.status}"
    packed = from_bytes(content)
    return {f"{part} {name}": tensor for part in ("best", "last") for name, tensor in packed[part].items()}


def bits(tensor: torch.Tensor) -> bytes:
    return tensor.numpy().tobytes()


def without_clock(event: Mapping[str, Any]) -> dict[str, Any]:
    """An event's values but for those that tell how long things took."""
    return {name: value for name, value in event.items() if name not in ("at", "seconds", "cpu")}


def assert_same_run(one: Run, other: Run) -> None:
    """Weights, curves, visits, metrics, forecasts and trace are equal bit for bit; only the clock may differ."""
    first, second = weights(one), weights(other)
    assert first.keys() == second.keys()
    assert [name for name in first if bits(first[name]) != bits(second[name])] == []
    assert list(map(without_clock, one.epochs())) == list(map(without_clock, other.epochs()))
    results = [run.result or {} for run in (one, other)]
    assert without_clock(results[0]) == without_clock(results[1])
    for path in sorted((one.path / "rows").iterdir()):
        assert path.read_bytes() == (other.path / "rows" / path.name).read_bytes(), path.name
    traces = [run.trace() for run in (one, other)]
    timed = [name for name in traces[0] if str(name).startswith(("seconds", "cpu"))]
    xr.testing.assert_equal(*(trace.drop_vars(timed) for trace in traces))


def assert_each_epoch_once(run: Run, epochs: int) -> None:
    assert [event["epoch"] for event in run.epochs()] == list(range(epochs))


def repeated_epochs(run: Run) -> int:
    """How many epochs were trained more than once, as the file itself tells."""
    told = [json.loads(line) for line in (run.path / "events.jsonl").read_bytes().splitlines()]
    epochs = [event["epoch"] for event in told if event["event"] == "epoch"]
    return len(epochs) - len(set(epochs))


def is_finite(tensors: Iterable[torch.Tensor]) -> bool:
    return all(bool(torch.isfinite(tensor).all()) for tensor in tensors)
