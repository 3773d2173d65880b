"""Distiller: what every method of distillation promises. Methods that pick real windows share ``PickedWindows``, methods that
learn windows share ``LearnedWindows``."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from stcore.distil.ground import Ground
from stcore.distil.small import Small


class Distiller(Protocol):
    """It makes a small set out of ``ground``, the training data, in ``rounds``. It is deterministic by the seed.

    ``model`` is the choice of a surrogate: the model on which real and synthetic windows are compared, if any are. All draws of
    a round come from the seed and the round's number, so ``state_dict`` at a round's end is all that resuming needs.
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
        """The work of one round, as an iterator over the losses of its ``steps``."""

    def current(self) -> Small:
        """The set as it stands."""

    def state_dict(self) -> dict[str, Any]:
        """Tensors and numbers only."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
