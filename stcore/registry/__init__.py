"""Names for everything that can be chosen: models, strategies, masks, distillers, readers.

A card says what a thing is, where its code lies, and what the rest of the program has to know of it. The rest knows no
thing by its name: it asks the card. Listing cards loads no code of the things and no torch. Folders of stcore bring their
cards as ``CARDS`` in their ``__init__``. Another package brings its own through an entry point in the group
``stcore.models``, ``stcore.strategies``, ``stcore.masks``, ``stcore.distillers`` or ``stcore.readers``, whose value is the
card of that kind; a plain ``Card`` is taken for one with that kind's defaults.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules
from typing import Any, Literal, overload

from stcore.options import Options
from stcore.registry.kinds import (
    Card,
    DistilCost,
    DistillerCard,
    DistilShape,
    Layout,
    MaskCard,
    MaskCost,
    ModelCard,
    ModelCost,
    ReaderCard,
    Shape,
    StrategyCard,
    pilot_by_options,
)

__all__ = [
    "Card",
    "DistilCost",
    "DistilShape",
    "DistillerCard",
    "Layout",
    "MaskCard",
    "MaskCost",
    "ModelCard",
    "ModelCost",
    "ReaderCard",
    "Shape",
    "StrategyCard",
    "pilot_by_options",
]

Kind = Literal["models", "strategies", "masks", "distillers", "readers"]
KINDS: dict[Kind, str] = {
    "models": "stcore.models",
    "strategies": "stcore.prune",
    "masks": "stcore.sensors",
    "distillers": "stcore.distil",
    "readers": "stcore.readers",
}
CARD_OF: dict[Kind, type[Card]] = {
    "models": ModelCard,
    "strategies": StrategyCard,
    "masks": MaskCard,
    "distillers": DistillerCard,
    "readers": ReaderCard,
}


def discovered(package: str, path: Iterable[str], order: Sequence[str]) -> tuple[Card, ...]:
    """The cards of a ``package``'s files, which lie at ``path``: those in ``order`` first, then the others by name."""
    modules = (import_module(f"{package}.{module.name}") for module in iter_modules(path))
    cards_there: list[Card] = [module.CARD for module in modules if hasattr(module, "CARD")]
    rank = {name: number for number, name in enumerate(order)}
    return tuple(sorted(cards_there, key=lambda card: (rank.get(card.name, len(rank)), card.name)))


@overload
def cards(kind: Literal["models"]) -> dict[str, ModelCard]: ...
@overload
def cards(kind: Literal["strategies"]) -> dict[str, StrategyCard]: ...
@overload
def cards(kind: Literal["masks"]) -> dict[str, MaskCard]: ...
@overload
def cards(kind: Literal["distillers"]) -> dict[str, DistillerCard]: ...
@overload
def cards(kind: Literal["readers"]) -> dict[str, ReaderCard]: ...
@overload
def cards(kind: Kind) -> Mapping[str, Card]: ...
def cards(kind: Kind) -> Mapping[str, Card]:
    """All cards of a kind by name, ours first, then those of installed packages. ValueError for a name that two have."""
    return _cards(kind)


@overload
def find(kind: Literal["models"], name: str) -> ModelCard | None: ...
@overload
def find(kind: Literal["strategies"], name: str) -> StrategyCard | None: ...
@overload
def find(kind: Literal["masks"], name: str) -> MaskCard | None: ...
@overload
def find(kind: Literal["distillers"], name: str) -> DistillerCard | None: ...
@overload
def find(kind: Literal["readers"], name: str) -> ReaderCard | None: ...
@overload
def find(kind: Kind, name: str) -> Card | None: ...
def find(kind: Kind, name: str) -> Card | None:
    """The card of that name, or of a former name; None where there is none, as of a package that is not installed here."""
    known = _cards(kind)
    return known.get(name) or next((card for card in known.values() if name in card.former), None)


@overload
def card(kind: Literal["models"], name: str) -> ModelCard: ...
@overload
def card(kind: Literal["strategies"], name: str) -> StrategyCard: ...
@overload
def card(kind: Literal["masks"], name: str) -> MaskCard: ...
@overload
def card(kind: Literal["distillers"], name: str) -> DistillerCard: ...
@overload
def card(kind: Literal["readers"], name: str) -> ReaderCard: ...
@overload
def card(kind: Kind, name: str) -> Card: ...
def card(kind: Kind, name: str) -> Card:
    """The card of that name, or of a former name. ValueError for an unknown name; it lists the known ones."""
    one = find(kind, name) if isinstance(name, str) else None
    if one is None:
        raise ValueError(f"there is no {name!r} among the {kind}: {', '.join(_cards(kind))}")
    return one


def options_of(kind: Kind, choice: Mapping[str, Any]) -> Options:
    """The options of a ``choice``, which is a dict of the thing's ``name`` and its options. OptionError, ValueError."""
    return card(kind, choice["name"]).options.read({key: value for key, value in choice.items() if key != "name"})


def forget() -> None:
    """Look for cards anew at the next call, such as after a package was installed."""
    _cards.cache_clear()


@cache
def _cards(kind: Kind) -> dict[str, Card]:
    try:
        ours: Sequence[Card] = import_module(KINDS[kind]).CARDS
    except ModuleNotFoundError as error:
        if error.name != KINDS[kind]:
            raise
        ours = ()
    known: dict[str, Card] = {}
    for one in (*ours, *(point.load() for point in entry_points(group=f"stcore.{kind}"))):
        if one.name in known:
            raise ValueError(f"two {kind} are called {one.name!r}: {known[one.name].target} and {one.target}")
        known[one.name] = of_kind(kind, one)
    return known


def of_kind(kind: Kind, card: Card) -> Card:
    """A card as one of its kind: a plain one, as packages from before cards had kinds bring it, gets the kind's defaults."""
    wanted = CARD_OF[kind]
    if isinstance(card, wanted):
        return card
    if type(card) is not Card:
        raise ValueError(f"{card!r} is among the {kind}, whose cards are {wanted.__name__}s")
    return wanted(**{part.name: getattr(card, part.name) for part in fields(Card)}, **vars(card)["more"])
