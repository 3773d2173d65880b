"""Which reader a file belongs to: all readers of this folder are asked, the surest one reads."""

import pkgutil
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from stcore import registry
from stcore.readers.reader import Answers, Raw, Reader
from stcore.readers.source import Source
from stcore.registry import Card


class Recognised(NamedTuple):
    """A file, the card of its reader, and the reader."""

    source: Source
    card: Card
    reader: Reader

    def read(self, answers: Answers) -> Raw:
        """The file as its reader reads it, with a note where its suffix is another's."""
        raw = self.reader.read(self.source, answers)
        raw.ds.attrs["reader"] = self.card.name
        return Raw(raw.ds, [*self.source.lies(), *raw.findings], raw.layers)


@cache
def cards_here() -> tuple[Card, ...]:
    """The ``CARD`` of every module in this folder that has one, ours first, then by name."""
    folder = str(Path(__file__).parent)
    modules = [import_module(f"stcore.readers.{found.name}") for found in pkgutil.iter_modules([folder])]
    found = [module.CARD for module in modules if isinstance(getattr(module, "CARD", None), Card)]
    return tuple(sorted(found, key=lambda card: (not card.ours, card.name)))


def recognise(source: Source) -> Recognised | None:
    """The reader that is surest that the file is its own, or None."""
    if source.content == "empty":
        return None
    readers = [(card, card.load()) for card in registry.cards("readers").values()]
    scored = [(reader.recognises(source), number) for number, (_, reader) in enumerate(readers)]
    best, number = max(scored, key=lambda pair: (pair[0], -pair[1]))
    return Recognised(source, *readers[number]) if best > 0 else None
