"""Task: work that is iterated for its events. A Trainer is one, and so is a Distilling.

Whoever runs a task (a worker, a notebook, the command line) needs nothing but this to record it, stop it and resume it.
"""

from collections.abc import Callable, Iterator
from typing import Any, Protocol

from stcore.events import Event
from stcore.ranks import Ranks
from stcore.training.tensors import from_bytes, to_bytes


class Task(Protocol):
    """``for event in task: ...``. Nothing is written or printed.

    ``state_dict`` is complete whenever an ``Epoch`` has come (at the end of an epoch, or of a round): a new task of the same
    data and options that loads it gives the same events, bit for bit, as one that was never stopped.
    """

    ranks: Ranks  # the processes that work on it
    extra_notes: list[str]  # notes of whoever runs the task, such as that it goes on under another version
    told: list[str]  # notes that an event has told already
    stopping: bool = False

    def events(self) -> Iterator[Event]:
        """Events from where the state stands to the end: ``Started``, ``Progress`` and ``Epoch``, ``Finished``."""

    @property
    def epoch(self) -> int:
        """How many epochs, or rounds, are done."""

    @property
    def notes(self) -> list[str]:
        """Where this task differs from what was asked for."""

    def state_dict(self) -> dict[str, Any]:
        """All that resuming needs, at an epoch's end: tensors, numbers and text only."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a state."""

    def weights(self) -> bytes:
        """The result as bytes: best and last weights, or the best set."""

    @property
    def beside(self) -> dict[str, Callable[[], bytes]]:
        """More files that are kept of the result, by name; none unless a task says otherwise."""
        return {}

    # ---- the same for every task -----------------------------------------------------------------------------------
    def __iter__(self) -> Iterator[Event]:
        for event in self.events():
            yield event
            if self.stopping:
                return

    def stop(self) -> None:
        """End the iteration after the event in hand. The epoch in hand is lost: go on from the checkpoint of the last one."""
        self.stopping = True

    def news(self) -> list[str]:
        """The notes that no event has told yet; they count as told from now on, also in a task that is resumed."""
        new = [note for note in self.notes if note not in self.told]
        self.told = [*self.told, *new]
        return new

    def checkpoint(self) -> bytes:
        """``state_dict`` as bytes."""
        return to_bytes(self.state_dict())

    def load(self, content: bytes) -> None:
        """Go on from the bytes of ``checkpoint``."""
        self.load_state_dict(from_bytes(content))
