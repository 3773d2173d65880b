"""Trials: strategies and masks on data that are made up, so that their promises can be checked without training a model."""

from collections.abc import Callable, Iterator
from typing import Any, cast

import numpy as np

from stcore.data import STData
from stcore.options import OptionError
from stcore.prune.strategy import PruningStrategy, Samples, Selection
from stcore.registry import Card, MaskCard
from stcore.sensors.mask import SensorMask
from stcore.sensors.options import MaskOptions, SiteOptions
from stcore.sensors.sites import Sites
from stcore.testing.data import KINDS
from stcore.testing.promise import expect
from stcore.training.scores import WIDTHS

COLUMNS = [name for name, width in WIDTHS.items() if width == 1 and name != "batch"]
SCORES: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "lognormal": lambda rng, count: np.exp(rng.normal(size=count) * 0.6),
    "equal": lambda rng, count: np.ones(count),
    "all easy": lambda rng, count: np.full(count, 1e-9),
    "zero": lambda rng, count: np.zeros(count),
    "all hard": lambda rng, count: np.full(count, 1e4),
}
EPOCHS, BATCHES = 8, 4
TRAINING_STEPS = 180

Gates = list[np.ndarray | None]


# ---- strategies --------------------------------------------------------------------------------------------------------
class StrategyTrial:
    """A card's strategies on samples that are made up. What it says of itself decides which promises apply."""

    def __init__(self, card: Card) -> None:
        self.card, self.fields = card, card.options.model_fields
        strategy = self.make()
        self.decides = getattr(strategy, "decides", "epoch")
        self.by_chance = getattr(strategy, "by_chance", True)
        self.unbiased = getattr(strategy, "unbiased", None)
        self.annealed = "trim" in self.fields and self.decides == "epoch"
        self.needs_keep = not self.allows(keep=None)

    def allows(self, **options: Any) -> bool:
        """Whether the strategy has these options."""
        try:
            self.card.options.read(options)
        except OptionError:
            return False
        return True

    def make(self, count: int = 500, epochs: int = 12, seed: int = 0, **options: Any) -> PruningStrategy:
        """A strategy over ``count`` samples; a ``keep`` is left out where it has no such option."""
        if "keep" not in self.fields:
            options.pop("keep", None)
        rng = np.random.default_rng(9)
        features: dict[str, np.ndarray] = {
            "stationarity": rng.permutation(count) / max(count - 1, 1),
            "naive": np.ones(count, np.float32),
            "hour": np.arange(count) % 168,
            "window": np.arange(count),
            "sensor": np.zeros(count, int),
            "series": rng.normal(size=(count, 64)).astype(np.float32),
        }
        samples = Samples(count, epochs, seed, features.__getitem__)
        strategy: PruningStrategy = self.card.load()(self.card.options.read(options), samples)
        return strategy


def columns(error: np.ndarray) -> dict[str, np.ndarray]:
    """All columns of samples with these errors, visited in batches of 64."""
    error = error.astype(np.float32)
    batch = (np.arange(len(error)) // 64).astype(np.float32)
    wide = np.random.default_rng(5).normal(size=(len(error), 64)).astype(np.float32)
    return dict.fromkeys(COLUMNS, error) | {"batch": batch, "gradients": wide, "embedding": wide}


def run_pilot(strategy: PruningStrategy, error: np.ndarray) -> PruningStrategy:
    """The strategy after the short trainings that it wants, in which samples had these errors [W]."""
    pilot = strategy.pilot
    if pilot is not None:
        for repeat in range(pilot.repeats):
            for epoch in range(pilot.epochs) if pilot.every_epoch else [pilot.epochs - 1]:
                strategy.learn(repeat, epoch, columns(error))
    return strategy


def train(strategy: PruningStrategy, kind: str = "lognormal", seed: int = 1, until: int = 99) -> list[Selection]:
    """The strategy's selections over a run in which samples have errors of that ``kind``."""
    count = len(strategy.score())
    run_pilot(strategy, SCORES[kind](np.random.default_rng(seed), count))
    selections = []
    for epoch in range(min(len(strategy.plan), until)):
        if strategy.refresh(epoch):
            error = SCORES[kind](np.random.default_rng([seed, epoch, 1]), count)
            strategy.observe(epoch, np.arange(count), columns(error))
        selection = strategy.select(epoch)
        error = SCORES[kind](np.random.default_rng([seed, epoch]), len(selection.indices))
        strategy.observe(epoch, selection.indices, columns(error))
        strategy.judge(epoch, 1.0 / (epoch + 1))
        selections.append(selection)
    return selections


def same(left: Selection, right: Selection) -> bool:
    """Whether two selections are equal."""
    return np.array_equal(left.indices, right.indices) and np.array_equal(left.weights, right.weights)


def all_same(left: list[Selection], right: list[Selection]) -> bool:
    """Whether two runs selected the same."""
    return len(left) == len(right) and all(map(same, left, right))


def visits(selections: list[Selection]) -> np.ndarray:
    """Visits in each epoch [E]."""
    return np.array([len(selection.indices) for selection in selections])


# ---- masks -------------------------------------------------------------------------------------------------------------
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
