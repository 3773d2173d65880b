"""Every registered method of distillation against the contract of ``stcore.testing``, and with models of all kinds."""

from functools import cache

import pytest
from cases import mostly_slow

from stcore import registry
from stcore.distil.random import Random
from stcore.registry import DistillerCard
from stcore.testing import BrokenPromise, check_distiller
from stcore.testing.distillers import DistillerTrial, distiller_promises, forecast_with

NAMES = list(registry.cards("distillers"))
LEARNS = [name for name in NAMES if registry.card("distillers", name).learns]
PROMISES = {name: {promise.name: promise for promise in distiller_promises(name)} for name in NAMES}
CASES = [(name, promise) for name in NAMES for promise in PROMISES[name]]
TWICE = ("the_seed_decides", "resumed_is_uninterrupted", "it_uses_as_many_threads_as_asked_for")  # distil once more
MODELS = ("stid-neighbours", "graph-wavenet", "mtgnn", "dlinear")  # beside stid


def by_default(name: str, promise: str) -> bool:
    """What distils once more is left to ``--all`` for learned sets, but for the first method that learns."""
    return promise not in TWICE or name not in LEARNS[1:]


@pytest.mark.parametrize(("name", "promise"), mostly_slow(CASES, [case for case in CASES if by_default(*case)]))
def test_it_keeps_its_promise(name: str, promise: str) -> None:
    PROMISES[name][promise].hold()


@cache
def trial(name: str) -> DistillerTrial:
    return DistillerTrial(registry.card("distillers", name))


@pytest.mark.parametrize(
    ("name", "model"),
    mostly_slow(
        [(name, model) for name in ("stemdist", "random") for model in MODELS],
        [("stemdist", "stid-neighbours"), ("random", "graph-wavenet")],
    ),
)
def test_models_of_all_kinds_are_trained_on_it(name: str, model: str) -> None:
    forecast_with(trial(name), {"name": model, **(registry.card("models", model).unseen or {})})


# ---- the contract sees what is broken -----------------------------------------------------------------------------------
class Scaled(Random):
    """Its values are in no unit of the data."""

    def current(self) -> object:
        small = super().current()
        return small._replace(values=small.values + 9)


def test_a_broken_promise_is_named() -> None:
    card = DistillerCard(
        "scaled",
        "Real windows in wrong units.",
        "these tests",
        f"{__name__}:Scaled",
        registry.card("distillers", "random").options,
    )
    with pytest.raises(BrokenPromise, match=r"The distiller 'scaled' breaks a promise.*the set between"):
        check_distiller(card)
