"""What an experiment says while it is worked on."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Told:
    """How far an experiment is: ``done`` runs of ``all``, the ``failed`` ones and why, those under way, seconds.

    ``said`` is a sentence where something happened, else empty. ``state``: searching, training, paused, stopped or done.
    """

    state: str
    done: int
    all: int
    failed: list[dict[str, str]]
    current: list[dict[str, Any]]
    elapsed: float
    seconds_left: float
    said: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)
