"""Runs brought into any state that a run can be in, as their folders tell it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from stcore.processes import jobs
from stcore.runs import Run
from stcore.runs.record import fail, tell


@contextmanager
def states(create: Callable[[str], Run], reason: str) -> Iterator[Callable[[str, int], Run]]:
    """``make(status, epochs)``: a run by its name, after so many epochs queued, starting, running, paused, stopped,
    interrupted, or failed for a ``reason``."""
    held = []

    def make(status: str, epochs: int = 2) -> Run:
        run = create(f"{status}-{epochs}")
        if status == "starting":
            return run
        events = jobs.work(run)
        while len(run.epochs()) < epochs or next(events).name == "started":
            next(events)
        if status in ("running", "paused", "queued"):
            held.append(events)  # the lock is held as long as this lives
            if status != "running":
                tell(run, {"event": status})
        elif status == "stopped":
            run.control("stop")
            list(events)
        else:
            events.close()
            if status == "failed":
                fail(run, RuntimeError(reason), epochs)
        assert run.status == status
        return run

    yield make
    for events in held:
        events.close()
