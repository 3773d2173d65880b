"""Names for everything that can be chosen: models, strategies, masks, distillers, readers.

A card says what a thing is and where its code lies, so that listing things loads none of them (and no torch). Folders of
stcore bring their cards as ``CARDS`` in their ``__init__``; another package brings its own through an entry point in the
group ``stcore.models``, ``stcore.strategies`` and so on, whose value is a ``Card``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules
from typing import Any, Literal

from stcore.options import Options

Kind = Literal["models", "strategies", "masks", "distillers", "readers"]
KINDS: dict[Kind, str] = {
    "models": "stcore.models",
    "strategies": "stcore.prune",
    "masks": "stcore.sensors",
    "distillers": "stcore.distil",
    "readers": "stcore.readers",
}
REFERENCE = (
    "parameters: 207 sensors with a graph, 12 steps of 5 minutes in and 12 out, one channel, default options; speed: windows "
    "trained on in a second over those of stid, about 1024 readings of 207 sensors (simvp: a grid of 33 x 49) in a step, one "
    "of two processor cores"
)


@dataclass(frozen=True)
class Card:
    """What one registered thing is: its name, a sentence, its source, and ``module:Class`` to load when it is used."""

    name: str
    summary: str
    source: str
    target: str
    options: type[Options] = Options
    ours: bool = False
    trains: bool = True  # models only: whether there is anything to train
    mixes_sensors: bool = False  # models only: whether a sensor's forecast depends on others
    needs_grid: bool = False  # models only: whether the sensors have to be cells of a grid
    rate: float = 1.0  # models only: how much of the default learning rate suits it
    decay: float = 1e-4  # models only: the weight decay that suits it
    unseen: Mapping[str, str] | None = (
        None  # models only: options with which its weights fit sensors never seen; none can
    )
    parameters: int | None = None  # models only: how many it has, see REFERENCE
    speed: float | None = None  # models only: how fast it is, see REFERENCE
    title: str = ""  # as its authors write it, where that is not its name

    @property
    def label(self) -> str:
        """What people are shown."""
        return self.title or self.name

    def load(self) -> Any:
        """The class (or function) behind the card, imported now."""
        module, attribute = self.target.split(":")
        return getattr(import_module(module), attribute)

    def to_json(self) -> dict[str, Any]:
        """The card as plain values, its options with default, range, unit and help."""
        size = {"parameters": self.parameters, "speed": self.speed, "reference": REFERENCE}
        return {
            "name": self.name,
            "title": self.label,
            "summary": self.summary,
            "source": self.source,
            "ours": self.ours,
            "options": self.options.describe(),
            **(size if self.parameters is not None else {}),
        }


def discovered(package: str, path: Iterable[str], order: Sequence[str]) -> tuple[Card, ...]:
    """The cards of a ``package``'s files, which lie at ``path``: those in ``order`` first, then the others by name."""
    modules = (import_module(f"{package}.{module.name}") for module in iter_modules(path))
    found: list[Card] = [module.CARD for module in modules if hasattr(module, "CARD")]
    place = {name: number for number, name in enumerate(order)}
    return tuple(sorted(found, key=lambda card: (place.get(card.name, len(place)), card.name)))


@cache
def cards(kind: Kind) -> dict[str, Card]:
    """All cards of a kind by name, ours first, then those of installed packages. A name taken twice is an error."""
    try:
        found: Sequence[Card] = import_module(KINDS[kind]).CARDS
    except ModuleNotFoundError as error:
        if error.name != KINDS[kind]:
            raise
        found = ()
    named: dict[str, Card] = {}
    for card in (*found, *(point.load() for point in entry_points(group=f"stcore.{kind}"))):
        if card.name in named:
            raise ValueError(f"two {kind} are called {card.name!r}: {named[card.name].target} and {card.target}")
        named[card.name] = card
    return named


def card(kind: Kind, name: str) -> Card:
    """The card of that name; an unknown name is answered with the known ones."""
    known = cards(kind)
    if not isinstance(name, str) or name not in known:
        raise ValueError(f"there is no {name!r} among the {kind}: {', '.join(known)}")
    return known[name]
