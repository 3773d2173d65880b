"""MaskTrial: a mask on small data. One that learns is given slopes that depend on the mask alone."""

from collections.abc import Iterator
from typing import Any, cast

import numpy as np

from stcore.data import STData
from stcore.registry import Card, MaskCard
from stcore.sensors.mask import SensorMask
from stcore.sensors.options import MaskOptions, SiteOptions
from stcore.sensors.sites import Sites
from stcore.testing.data import KINDS
from stcore.testing.promise import expect

EPOCHS, BATCHES = 8, 4
TRAINING_STEPS = 180

Gates = list[np.ndarray | None]


class MaskTrial:
    """A card's masks. What the card says decides which promises apply."""

    def __init__(self, card: Card) -> None:
        card.load()
        self.card, self.fields = cast(MaskCard, card), card.options.model_fields
        self.chooses = self.card.chooses and self.card.off == "good"
        without = ("bare", "one") if self.card.needs_graph else ()
        self.kinds = [kind for kind in KINDS if kind not in without]

    def has(self, *options: str) -> bool:
        """Whether the mask has all these options."""
        return all(name in self.fields for name in options)

    def make(self, data: STData, seed: int = 0, **options: Any) -> SensorMask:
        """A mask over the data; a ``sparsity`` is left out where it has no such option."""
        if not self.card.chooses and not options.keys() & {"on", "off"}:
            options = {"on": data.sensors[:1], **options}
        if "grid" in data.ds.attrs and self.has("region"):
            options = {"region": 2, **options}
        options = {name: value for name, value in options.items() if name != "sparsity" or self.has(name)}
        settings = self.card.options.read(options)
        shared = settings if isinstance(settings, SiteOptions) else MaskOptions()
        sites = Sites(data, shared, 0, np.arange(data.steps) < TRAINING_STEPS)
        mask: SensorMask = self.card.load()(settings, sites, EPOCHS, seed)
        return mask


def worth(count: int) -> np.ndarray:
    """What each site is worth to the model, which is not there [R]."""
    return np.random.default_rng(3).permutation(count) / count


def judge(masks: np.ndarray) -> np.ndarray:
    """Errors [M] under masks [M, R]: they grow with what is off."""
    return 1 + (~masks.astype(bool) * worth(masks.shape[1])).sum(axis=1)


def drive(mask: SensorMask, first: int = 0) -> Iterator[tuple[int, Gates]]:
    """Each epoch and the gates of its steps, as a trainer asks for them."""
    for epoch in range(first, EPOCHS):
        before = mask.keep.copy()
        changed = mask.begin(epoch, judge)
        truly = bool((mask.keep != before).any())
        expect(changed == truly, f"begin says {changed} in epoch {epoch}, but that keep changed is {truly}")
        gates: Gates = []
        for batch in range(BATCHES):
            gate = mask.gate(epoch, batch)
            gates.append(gate)
            if gate is not None and mask.learns:
                mask.learn(-worth(len(gate)) * (1.5 - gate) / BATCHES, 0.01)
        yield epoch, gates


def finish(mask: SensorMask) -> SensorMask:
    """The mask after all epochs."""
    for _ in drive(mask):
        pass
    return mask


def same_gates(left: list[tuple[int, Gates]], right: list[tuple[int, Gates]]) -> bool:
    """Whether two runs had the same gates in all steps."""
    ours, theirs = ([gate for _, gates in run for gate in gates] for run in (left, right))
    return len(ours) == len(theirs) and all(same_gate(one, other) for one, other in zip(ours, theirs, strict=True))


def same_gate(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    """Whether two gates are equal, or both None."""
    return one is other if one is None or other is None else np.array_equal(one, other)
