"""Which models can be trained on a distilled set: those whose weights fit sensors that they have never seen."""

from collections.abc import Mapping
from typing import Any

from stcore import registry
from stcore.options import OptionError

UNFIT = "table"  # an option's value that stands for a table learned for certain sensors alone


def fitted(choice: Mapping[str, Any]) -> dict[str, Any]:
    """A model's name and options, with what it needs to run on sensors never seen. OptionError where it cannot."""
    card = registry.card("models", choice.get("name", "stid"))
    if card.unseen is None or any(choice.get(name) == UNFIT for name in card.unseen):
        able = [other for other in registry.cards("models").values() if other.unseen is not None]
        told = [[other.name, *(f"with {key} {value}" for key, value in (other.unseen or {}).items())] for other in able]
        words = ", ".join(map(" ".join, told))
        raise OptionError(
            f"the weights of {card.name}{' with a table' if card.unseen else ''} fit its own sensors alone, and a distilled "
            f"set has others; {words} can be trained on it"
        )
    return {**card.unseen, "name": card.name, **choice}
