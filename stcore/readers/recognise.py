"""Which reader a file or a folder belongs to: all are asked, the surest one reads."""

import pkgutil
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from stcore import registry
from stcore.readers.reader import Answers, FolderReader, Raw, Reader
from stcore.readers.safe.child import read_apart
from stcore.readers.safe.guard import guarded
from stcore.readers.source import Folder, Source
from stcore.registry import Card
from stcore.sandbox import inside

FAMILIES = ("tables", "grids", "archives")


class Recognised(NamedTuple):
    """A file or a folder, the card of its reader, the reader, and of a folder the files that are read."""

    source: Source | Folder
    card: Card
    reader: Reader | FolderReader
    members: tuple[Path, ...] = ()

    def read(self, answers: Answers) -> Raw:
        """The file as its reader reads it, with a note where its suffix is another's."""
        with guarded(self.source.name):
            if (
                isinstance(self.reader, Reader)
                and isinstance(self.source, Source)
                and self.reader.apart
                and not inside()
            ):
                raw = read_apart(self.source, self.card.name, answers)
            else:
                raw = self.reader.read(self.source, answers)  # type: ignore[arg-type]  # a folder's reader has a folder
        raw.ds.attrs.setdefault("reader", self.card.name)  # saved data remember who read them first
        lies = self.source.lies() if isinstance(self.source, Source) else []
        return Raw(raw.ds, [*lies, *raw.findings], raw.layers)


@cache
def cards_here() -> tuple[Card, ...]:
    """The ``CARD`` of every module in the folders of formats that has one, ours first, then by name."""
    modules = [
        import_module(f"stcore.readers.{family}.{module.name}")
        for family in FAMILIES
        for module in pkgutil.iter_modules([str(Path(__file__).parent / family)])
    ]
    found = [module.CARD for module in modules if isinstance(getattr(module, "CARD", None), Card)]
    return tuple(sorted(found, key=lambda card: (not card.ours, card.name)))


def recognise(source: Source) -> Recognised | None:
    """The reader that is surest that the file is its own, or None; one that is wholly sure (1) ends the asking."""
    best, found = 0.0, None
    if source.content == "empty":
        return None
    with guarded(source.name):
        for card in registry.cards("readers").values():
            reader = card.load()
            if isinstance(reader, FolderReader):
                continue
            if (score := reader.recognises(source)) > best:
                best, found = score, Recognised(source, card, reader)
            if best >= 1:
                break
    return found


def recognise_folder(folder: Folder) -> Recognised | None:
    """The reader to which files of this folder are one dataset, or None; readers of whole folders are asked first."""
    readers = [(card, card.load()) for card in registry.cards("readers").values()]
    known = [(card, reader) for card, reader in readers if isinstance(reader, FolderReader)]
    with guarded(folder.name):
        for card, reader in sorted(known, key=lambda pair: (not pair[1].whole, pair[1].order)):
            if members := tuple(source.path for source in reader.members(folder)):
                return Recognised(folder, card, reader, members)
    return None
