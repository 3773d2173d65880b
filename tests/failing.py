"""A method of somebody else's that breaks down in its second epoch."""

import stcore.prune
from stcore import registry
from stcore.options import Options
from stcore.prune.random import CARD as RANDOM
from stcore.prune.strategy import Selection
from stcore.registry import Card


def strategy(options: Options, samples: object) -> object:
    kind = RANDOM.load()

    class Failing(kind):  # type: ignore[misc,valid-type]
        def select(self, epoch: int) -> Selection:
            if epoch == 1:
                raise RuntimeError("this method has a fault of its own")
            return super().select(epoch)  # type: ignore[no-any-return]

    return Failing(options, samples)


CARD = Card("failing", "Breaks down.", "a test", f"{__name__}:strategy", RANDOM.options)


def installed() -> None:
    """As if its package were installed, for this process."""
    stcore.prune.CARDS = (*stcore.prune.CARDS, CARD)
    registry.forget()
