"""Distiller: the promises of every distiller. Those that pick real windows share ``PickedWindows``, those that learn windows
share ``LearnedWindows``."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from stcore.distil.ground import Ground
from stcore.distil.small import Small


class Distiller(Protocol):
    """Makes a small set from ``ground``, the training data, in ``rounds``. The same seed gives the same set.

    ``model`` chooses the surrogate, the model through which real and synthetic windows are compared. A distiller may ignore it.
    All draws of a round come from the seed and the round's number, so ``state_dict`` at a round's end suffices for resuming.
    """

    options: Any
    rounds: int
    steps: int  # matching steps in a round
    check: int  # rounds from one validation to the next
    trained: int  # models that a validation trains
    epochs: int  # epochs that it trains each for
    notes: list[str]  # where the set differs from what was asked for

    def __init__(self, options: Any, ground: Ground, model: Mapping[str, Any], seed: int) -> None: ...

    def round(self, number: int) -> Iterator[float]:
        """Do one round. Yields the loss of each of its ``steps``."""

    def current(self) -> Small:
        """The current set."""

    def state_dict(self) -> dict[str, Any]:
        """The state, as tensors and numbers only."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Resume from a state."""
