"""Which reader a file or a folder belongs to: every reader gives a score, the highest one reads."""

import pkgutil
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from stcore import registry
from stcore.readers.reader import Answers, FolderReader, Raw, Reader
from stcore.readers.safe.child import read_apart
from stcore.readers.safe.limits import guard
from stcore.readers.source import Folder, Source
from stcore.registry import Card
from stcore.sandbox import is_child

FAMILIES = ("tables", "grids", "archives")


class Match(NamedTuple):
    """A file or a folder, the card of its reader, the reader, and for a folder the files that are read."""

    source: Source | Folder
    card: Card
    reader: Reader | FolderReader
    members: tuple[Path, ...] = ()

    def read(self, answers: Answers) -> Raw:
        """Read the file; a note says where its suffix belongs to another format."""
        with guard(self.source.name):
            if (
                isinstance(self.reader, Reader)
                and isinstance(self.source, Source)
                and self.reader.apart
                and not is_child()
            ):
                raw = read_apart(self.source, self.card.name, answers)
            else:
                raw = self.reader.read(self.source, answers)  # type: ignore[arg-type]  # a FolderReader comes with a Folder
        raw.ds.attrs.setdefault("reader", self.card.name)  # saved data keep the name of their first reader
        findings = self.source.suffix_findings() if isinstance(self.source, Source) else []
        return raw._replace(findings=[*findings, *raw.findings])


@cache
def own_cards() -> tuple[Card, ...]:
    """The ``CARD`` of every module of the families that has one: our own formats first, then by name."""
    modules = [
        import_module(f"stcore.readers.{family}.{module.name}")
        for family in FAMILIES
        for module in pkgutil.iter_modules([str(Path(__file__).parent / family)])
    ]
    cards = [module.CARD for module in modules if isinstance(getattr(module, "CARD", None), Card)]
    return tuple(sorted(cards, key=lambda card: (not card.ours, card.name)))


def recognise(source: Source) -> Match | None:
    """The reader with the highest score, or None. A score of 1 ends the search."""
    best, match = 0.0, None
    if source.content == "empty":
        return None
    with guard(source.name):
        for card in registry.cards("readers").values():
            reader = card.load()
            if isinstance(reader, FolderReader):
                continue
            if (score := reader.recognises(source)) > best:
                best, match = score, Match(source, card, reader)
            if best >= 1:
                break
    return match


def recognise_folder(folder: Folder) -> Match | None:
    """The reader that takes files of this folder for one dataset, or None. Readers of whole folders go first."""
    readers = [(card, card.load()) for card in registry.cards("readers").values()]
    folder_readers = [(card, reader) for card, reader in readers if isinstance(reader, FolderReader)]
    with guard(folder.name):
        for card, reader in sorted(folder_readers, key=lambda pair: (not pair[1].whole, pair[1].order)):
            if members := tuple(source.path for source in reader.members(folder)):
                return Match(folder, card, reader, members)
    return None
