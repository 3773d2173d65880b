"""Stopwatch: seconds by kind of work, on the wall and of the processor."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")

KINDS = ("train", "score", "select", "evaluate")


class Stopwatch:
    """``seconds`` and ``cpu`` [s] by kind; what happens between two measurements, such as a pause, does not count."""

    def __init__(self) -> None:
        self.seconds, self.cpu = dict.fromkeys(KINDS, 0.0), dict.fromkeys(KINDS, 0.0)

    @contextmanager
    def timed(self, kind: str) -> Iterator[None]:
        """Add the time spent inside to ``kind``."""
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.seconds[kind] += time.perf_counter() - wall
        self.cpu[kind] += time.process_time() - cpu

    def each(self, kind: str, events: Iterable[T]) -> Iterator[T]:
        """Pass on ``events``, and add the time of making them to ``kind``; what is done with them does not count."""
        source, end = iter(events), object()
        while True:
            with self.timed(kind):
                event = next(source, end)
            if event is end:
                return
            yield event  # type: ignore[misc]

    def add(self, other: "Stopwatch", as_kind: str | None = None) -> None:
        """Add another stopwatch's times, each to its own kind or all to one."""
        for kind in KINDS:
            self.seconds[as_kind or kind] += other.seconds[kind]
            self.cpu[as_kind or kind] += other.cpu[kind]

    def times(self) -> tuple[dict[str, float], dict[str, float]]:
        """Copies of ``seconds`` and ``cpu``."""
        return dict(self.seconds), dict(self.cpu)

    def state_dict(self) -> dict[str, dict[str, float]]:
        """Plain numbers."""
        return {"seconds": dict(self.seconds), "cpu": dict(self.cpu)}

    def load_state_dict(self, state: dict[str, dict[str, float]]) -> None:
        """The numbers back."""
        self.seconds, self.cpu = dict(state["seconds"]), dict(state["cpu"])
