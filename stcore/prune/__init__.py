"""Live sample pruning on plain arrays, one strategy a file: a file that holds a ``CARD`` is one, nothing else to do."""

from importlib import import_module
from pkgutil import iter_modules

from stcore.registry import Card

ORDER = (
    *("full", "random", "infobatch", "st-prune", "epsilon-greedy", "ucb", "seta", "repb"),
    *("static-random", "stride", "el2n", "grand", "forgetting", "k-center", "herding", "craig"),
)


def _found() -> tuple[Card, ...]:
    modules = (import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__))
    found = [module.CARD for module in modules if hasattr(module, "CARD")]
    return tuple(
        sorted(found, key=lambda card: (ORDER.index(card.name) if card.name in ORDER else len(ORDER), card.name))
    )


CARDS = _found()
