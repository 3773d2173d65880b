"""The cards of a package that is not ours, one of each kind and plain ones from before cards had kinds. No torch here."""

from importlib.metadata import EntryPoint

import numpy as np
import pytest

from stcore import registry
from stcore.distil.options import PickOptions
from stcore.options import option
from stcore.prune.schedule import BudgetOptions
from stcore.registry import (
    Card,
    DistilCost,
    DistillerCard,
    DistilShape,
    MaskCard,
    MaskCost,
    ModelCard,
    ModelCost,
    Options,
    Shape,
    StrategyCard,
)
from stcore.sensors.mask import Ranked
from stcore.sensors.options import MaskOptions, SiteOptions


class PlainOptions(Options):
    """Options of their model."""

    depth: int = option(2, "How deep it is.", ge=1, le=9)


class LastNameOptions(SiteOptions):
    """Options of their mask."""

    backwards: bool = option(True, "From the last name to the first.")


class LastName(Ranked):
    """Sensors by their position, the last first."""

    def order(self) -> np.ndarray:
        return np.arange(self.sites.count)[::-1]


def model_cost(options: PlainOptions, shape: Shape) -> ModelCost:
    return ModelCost(1e6 * options.depth, 10.0, pairs=7, step=float(shape.sensors))


def strategy_visits(options: BudgetOptions, epochs: int) -> float:
    return 3.0 * epochs


def mask_cost(sites: int) -> MaskCost:
    return MaskCost(2.0 * sites, 1e9 * sites)


def distiller_cost(options: PickOptions, shape: DistilShape) -> DistilCost:
    return DistilCost(seconds=1000.0 + shape.windows)


WHERE = "outside_things"
MODEL = ModelCard(
    "their-model",
    "Theirs.",
    "them",
    f"{WHERE}:Mean",
    PlainOptions,
    mixes_sensors=True,
    unseen={},
    cost=model_cost,
    title="Their model",
)
OLD_MODEL = Card("their-old-model", "Theirs.", "them", f"{WHERE}:Mean", PlainOptions, mixes_sensors=True, speed=0.5)
STRATEGY = StrategyCard(
    "their-strategy", "Theirs.", "them", "stcore.prune.random:Random", BudgetOptions, visits=strategy_visits
)
MASK = MaskCard(
    "their-mask", "Theirs.", "them", f"{__name__}:LastName", LastNameOptions, candidate=True, cost=mask_cost, most=500
)
OLD_MASK = Card("their-old-mask", "Theirs.", "them", f"{__name__}:LastName", MaskOptions)
DISTILLER = DistillerCard("their-distiller", "Theirs.", "them", f"{WHERE}:First", PickOptions, cost=distiller_cost)
OLD_DISTILLER = Card("their-old-distiller", "Theirs.", "them", f"{WHERE}:First", PickOptions)
GROUPS = {
    "stcore.models": ("MODEL", "OLD_MODEL"),
    "stcore.strategies": ("STRATEGY",),
    "stcore.masks": ("MASK", "OLD_MASK"),
    "stcore.distillers": ("DISTILLER", "OLD_DISTILLER"),
}


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the package were installed here, until the test ends and forgets it."""
    points = {
        group: [EntryPoint(name.lower(), f"{__name__}:{name}", group) for name in names]
        for group, names in GROUPS.items()
    }
    monkeypatch.setattr(registry, "entry_points", lambda group: points.get(group, []))
    registry.forget()
