"""Promises: what every thing of a kind keeps, each a sentence and a check. A broken one names itself in its error."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar, cast

from stcore import registry
from stcore.registry import Card, Kind

Subject = TypeVar("Subject")


class BrokenPromise(AssertionError):
    """A promise that does not hold: of what, which promise, and what was seen instead."""


@dataclass(frozen=True)
class Promise:
    """One promise of one thing: a short ``name``, the ``sentence``, and ``hold``, which raises BrokenPromise."""

    name: str
    sentence: str
    hold: Callable[[], None]


class Promises(Generic[Subject]):
    """The promises of one kind of things, in the order in which they are checked.

    A check takes a ``Subject``: the card and whatever the checks of one thing share. Its docstring is the promise.
    """

    def __init__(self, kind: Kind, word: str) -> None:
        self.kind, self.word = kind, word
        self.checks: list[tuple[Callable[[Subject], None], Callable[[Subject], bool]]] = []

    def __call__(
        self, when: Callable[[Subject], bool] = lambda subject: True
    ) -> Callable[[Callable[[Subject], None]], Callable[[Subject], None]]:
        """Decorate a check; it applies to those things of which ``when`` holds."""

        def add(check: Callable[[Subject], None]) -> Callable[[Subject], None]:
            self.checks.append((check, when))
            return check

        return add

    def of(self, card: Card, subject: Callable[[Card], Subject]) -> list[Promise]:
        """The promises that apply to a thing; ``subject`` makes what its checks share."""
        prepared: list[Subject] = []
        self.hold(card, can_be_made, lambda: prepared.append(subject(card)))
        described = Promise("card", sentence(describes_itself), partial(self.hold, card, describes_itself, card))
        return [described] + [
            Promise(check.__name__.strip("_"), sentence(check), partial(self.hold, card, check, prepared[0]))
            for check, when in self.checks
            if when(prepared[0])
        ]

    def hold(self, card: Card, check: Callable[[Any], None], subject: Any) -> None:
        """Run one check. Whatever it raises becomes a BrokenPromise."""
        try:
            with as_installed(self.kind, card):
                check(subject)
        except Exception as error:
            seen = str(error) if isinstance(error, AssertionError) else f"it raised {type(error).__name__}: {error}"
            raise BrokenPromise(
                f"The {self.word} {card.name!r} breaks a promise. Promised: {sentence(check)} Seen: {seen}"
            ) from error


def sentence(check: Callable[..., None]) -> str:
    """The promise: the check's docstring on one line."""
    return " ".join((check.__doc__ or check.__name__).split())


def expect(holds: Any, seen: str) -> None:
    """AssertionError with what was ``seen``, unless it holds."""
    if not holds:
        raise AssertionError(seen)


def card_of(kind: Kind, card: Card | str) -> Card:
    """The card itself, as one of its kind, or the one that an installed package brings under that name."""
    if isinstance(card, str):
        return registry.card(kind, card)
    if not isinstance(card, Card):
        raise TypeError(f"a card or the name of an installed one is needed, not {card!r}")
    return registry.of_kind(kind, card)


@contextmanager
def as_installed(kind: Kind, card: Card) -> Iterator[None]:
    """Have a card among those of its kind for a while, as if its package were installed."""
    known = cast(dict[str, Card], registry.cards(kind))
    before = known.get(card.name)
    known[card.name] = card
    try:
        yield
    finally:
        if before is None:
            del known[card.name]
        else:
            known[card.name] = before


def describes_itself(card: Card) -> None:
    """Its card has a name of small letters, a summary that ends with a full stop, a source, and a help for each option."""
    expect(
        card.name and card.name == card.name.lower() and " " not in card.name,
        f"the name is {card.name!r}; write it in small letters with hyphens",
    )
    expect(card.summary.endswith("."), f"the summary is {card.summary!r}")
    expect(card.source, "the source is empty; name a paper, or say that it is yours")
    card.options.read({})
    silent = [option["name"] for option in card.options.describe() if not option["help"]]
    expect(not silent, f"the options {', '.join(silent)} have no help")


def can_be_made(make: Callable[[], None]) -> None:
    """It can be loaded and made with its default options."""
    make()
