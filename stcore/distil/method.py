"""What every method of distillation promises."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from stcore.distil.ground import Ground
from stcore.distil.small import Small


class Method(Protocol):
    """Built of its options, the ground and the choice of a surrogate; deterministic by the seed.

    Each of its ``rounds`` is an iterator of matching losses, one for each of its ``steps``. What a round draws comes from
    the seed and its number, so that ``state_dict`` at a round's end is all that resuming needs.
    """

    options: Any
    rounds: int
    steps: int
    check: int  # rounds from one validation to the next
    trained: int  # models that a validation trains
    epochs: int  # for how many epochs
    notes: list[str]

    def __init__(self, options: Any, ground: Ground, model: Mapping[str, Any], seed: int) -> None: ...

    def round(self, number: int) -> Iterator[float]:
        """Work for one round."""

    def current(self) -> Small:
        """The set as it stands."""

    def state_dict(self) -> dict[str, Any]:
        """Tensors and numbers only."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
