"""Recording: a job's events go to its folder as they come, and the folder's control word goes to the job."""

import errno
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from stcore.events import Epoch, Event, Finished, Progress, Started
from stcore.runs import files, rows
from stcore.runs.folder import Run

TICK = 0.25  # seconds between two writings of progress.json


def record(
    run: Run,
    job: Iterable[Event],
    state: Callable[[], bytes],
    weights: Callable[[], bytes],
    agree: Callable[[bool], bool] = bool,
    *,
    beside: Mapping[str, Callable[[], bytes]] | None = None,
) -> Iterator[Event]:
    """Pass on the events of ``job`` while writing them down, until it ends or the control word is stop.

    ``state`` and ``weights`` give the bytes to keep at an epoch's end and at the end, ``beside`` those of more files then.
    ``agree`` makes all ranks stop together. A full disk and a diverged or failing job end the run as failed, with the
    reason, and are raised.
    """
    writer = Writer(run, state, weights, beside or {})
    try:
        for event in job:
            writer.take(event)
            yield event
            if agree(writer.wait() == "stop") and not isinstance(event, Finished):
                writer.end({"status": "stopped", "reason": "Stopped by you."})
                return
    except Exception as error:
        fail(run, error, writer.safe)
        raise


class Writer:
    """Writes one run's folder."""

    def __init__(
        self,
        run: Run,
        state: Callable[[], bytes],
        weights: Callable[[], bytes],
        beside: Mapping[str, Callable[[], bytes]],
    ) -> None:
        self.run, self.state, self.weights, self.beside = run, state, weights, beside
        self.path = run.path
        self.began, self.paused, self.last = time.perf_counter(), 0.0, 0.0
        self.first_visits: int | None = None
        self.before = False  # whether the last batch was one of the short trainings beforehand
        self.stamp: tuple[int, int] | None = None
        self.word: str = "run"
        self.epoch_ended = False
        self.safe = 0  # epochs in the last checkpoint

    def take(self, event: Event) -> None:
        """Write down one event."""
        self.epoch_ended = isinstance(event, Epoch)
        if isinstance(event, Progress):
            self._progress(event)
        elif isinstance(event, Epoch):
            rows.write_epoch(self.path / "rows", event.epoch, event.arrays)
            self.tell(event.to_json(), durable=True)
            self._checkpoint()
            self.safe = event.epoch + 1
        elif isinstance(event, Finished):
            for name, array in event.arrays.items():
                stored = array.astype("<f4") if name in ("test_error", "test_count") else array
                (self.path / "rows" / f"{name}.bin").write_bytes(stored.tobytes())
            files.replace(self.path / "weights", files.seal(self.weights()))
            for name, content in self.beside.items():
                files.replace(self.path / name, content())
            self.tell({"event": "finished"})
            figures = {key: value for key, value in event.to_json().items() if key != "event"}
            figures["seconds"] = {"total": sum(event.seconds.values()), **event.seconds}
            self.end({"status": "done", **figures})
            for name in ("checkpoint", "checkpoint.prev", "progress.json"):
                (self.path / name).unlink(missing_ok=True)
        else:
            self.safe = event.epoch if isinstance(event, Started) else self.safe
            self.tell(event.to_json())

    def wait(self) -> str:
        """The control word, after waiting out a pause. A step becomes a pause at its epoch's end."""
        self._read_word()
        if self.word == "step" and self.epoch_ended:
            self.run.control("pause")
            self._read_word()
        if self.word == "pause":
            before = time.perf_counter()
            self.tell({"event": "paused"})
            while self.word == "pause":
                time.sleep(0.05)
                self._read_word()
            self.tell({"event": "resumed"})
            self.paused += time.perf_counter() - before
        return self.word

    def tell(self, event: dict[str, Any], durable: bool = False) -> None:
        """Append an event with the time of day."""
        tell(self.run, event, durable)

    def end(self, result: dict[str, Any]) -> None:
        """Write the result, by which the run is over."""
        end(self.run, result)

    def _read_word(self) -> None:
        try:
            found = (self.path / "control.json").stat()
        except FileNotFoundError:
            return
        stamp = found.st_mtime_ns, found.st_ino  # two words may come within one tick of the clock
        if stamp != self.stamp:
            self.stamp, self.word = stamp, self.run.word

    def _progress(self, event: Progress) -> None:
        now = time.perf_counter()
        if self.first_visits is None or self.before != (event.epoch < 0):
            self.first_visits, self.before, self.began, self.paused = event.visits, event.epoch < 0, now, 0.0
        if now - self.last < TICK and event.batch < event.batches:
            return
        self.last = now
        visited = event.visits - self.first_visits
        left = (now - self.began - self.paused) / visited * (event.planned - event.visits) if visited else None
        where = {key: value for key, value in event.to_json().items() if key != "event"}
        files.write_json(self.path / "progress.json", {**where, "seconds_left": left})

    def _checkpoint(self) -> None:
        """Replace the checkpoint; the one before stays as a spare."""
        whole = self.path / "checkpoint"
        files.replace(self.path / "checkpoint.new", files.seal(self.state()))
        if whole.exists():
            whole.replace(self.path / "checkpoint.prev")
        (self.path / "checkpoint.new").replace(whole)
        files.sync_folder(self.path)


def tell(run: Run, event: dict[str, Any], durable: bool = False) -> None:
    """Append an event with the time of day."""
    stamped = {**event, "at": datetime.now(UTC).isoformat(timespec="milliseconds")}
    files.append_line(run.path / "events.jsonl", stamped, durable)


def end(run: Run, result: dict[str, Any]) -> None:
    """Write the result, by which the run is over."""
    files.write_json(run.path / "result.json", result, durable=True)


def fail(run: Run, error: BaseException, safe: int = 0) -> None:
    """End the run as failed, with the reason; where even that cannot be written, the log has it.

    ``safe`` epochs, or rounds, are in the last checkpoint. The progress makes room for the result where the disk is full.
    """
    with suppress(OSError):
        (run.path / "progress.json").unlink(missing_ok=True)
        end(run, {"status": "failed", "reason": sentence(error, safe, run.pass_name)})


def weights(run: Run) -> bytes | None:
    """The packed weights of a finished run, or None."""
    return files.unseal(run.path / "weights")


def checkpoint(run: Run) -> tuple[bytes | None, str | None]:
    """The newest whole checkpoint, and a note where it is not the last that was written."""
    for name, note in (
        ("checkpoint", None),
        ("checkpoint.new", None),
        ("checkpoint.prev", "the last checkpoint is damaged; the one before is used"),
    ):
        if (content := files.unseal(run.path / name)) is not None:
            damaged = name == "checkpoint.prev" and (run.path / "checkpoint").exists()
            return content, note if damaged else None
    tried = any((run.path / name).exists() for name in ("checkpoint", "checkpoint.new", "checkpoint.prev"))
    return None, "the checkpoints are damaged; the run starts over" if tried else None


def sentence(error: BaseException, safe: int = 0, passes: str = "epoch") -> str:
    """An error in words a person can act on; ``safe`` ``passes``, epochs or rounds, are in the last checkpoint."""
    intact = f" The last checkpoint ({passes} {safe}) is intact." if safe else ""
    cut = re.search(r"\d+ requested and \d+ written", str(error))  # numpy's words for it
    if isinstance(error, OSError) and (cut or error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)):
        return f"There is no space left on the device.{intact} Free some, then resume."
    if isinstance(error, MemoryError) or "DefaultCPUAllocator" in str(error) or "out of memory" in str(error):
        return f"The memory is not enough{asked_for(str(error))}. Lower the batch or the lookback.{intact}"
    return str(error) or type(error).__name__


def asked_for(text: str) -> str:
    """How much was asked for in vain, out of what torch or numpy say of it."""
    if found := re.search(r"tried to allocate (\d+) bytes", text):
        return f": {int(found[1]) / 2**30:.3g} GiB more were needed"
    if found := re.search(r"(?:Unable|Tried) to allocate ([\d.]+ \w+)", text):
        return f": {found[1]} more were needed"
    return f" ({text.splitlines()[0]})" if text else ""
