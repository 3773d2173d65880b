"""Masks over sensors on plain arrays, one a file: a file that holds a ``CARD`` is one, nothing else to do."""

from importlib import import_module
from pkgutil import iter_modules

from stcore.registry import Card

ORDER = (
    *("none", "dynst", "any", "best", "random", "spread", "variance", "coverage"),
    *("conditional-variance", "predictive", "degree", "gradient"),
)


def _found() -> tuple[Card, ...]:
    modules = (import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__))
    found = [module.CARD for module in modules if hasattr(module, "CARD")]
    return tuple(
        sorted(found, key=lambda card: (ORDER.index(card.name) if card.name in ORDER else len(ORDER), card.name))
    )


CARDS = _found()
