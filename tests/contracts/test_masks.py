"""Every registered mask against the contract of ``stcore.testing``, the contract against broken ones, and our own words."""

from typing import Any

import numpy as np
import pytest

from stcore import registry
from stcore.options import OptionError
from stcore.registry import MaskCard
from stcore.sensors.options import MaskOptions
from stcore.sensors.random import Random
from stcore.testing import BrokenPromise, Promise, check_mask
from stcore.testing.data import grid_data, plain_data, two_rings
from stcore.testing.masks import mask_promises
from stcore.testing.trials import MaskTrial, finish

CASES = [
    pytest.param(promise, id=f"{name}-{promise.name}")
    for name in registry.cards("masks")
    for promise in mask_promises(name)
]
NAMED = [name for name, card in registry.cards("masks").items() if "on" in card.options.model_fields]


@pytest.mark.parametrize("promise", CASES)
def test_it_keeps_its_promise(promise: Promise) -> None:
    promise.hold()


def trial(name: str) -> MaskTrial:
    return MaskTrial(registry.card("masks", name))


def test_another_seed_draws_others() -> None:
    first, second = (finish(trial("random").make(plain_data(), seed)).keep for seed in (0, 1))
    assert (first != second).any()


def test_an_unknown_mask_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="conditional-variance"):
        registry.card("masks", "nobody")


@pytest.mark.parametrize("name", NAMED)
def test_a_note_says_why_a_mask_can_do_nothing(name: str) -> None:
    masks = trial(name)
    idle: list[tuple[str, Any, dict[str, Any]]] = [
        ("every", plain_data(), {"on": plain_data().sensors, "sparsity": 0.0})
    ]
    if not masks.card.needs_graph:
        idle.append(("one sensor only" if masks.card.chooses else "sensor", plain_data(1), {}))
        idle.append(("one region only" if masks.card.chooses else "sensor", grid_data(), {"region": 64}))
    if masks.card.chooses:
        idle.append(("less than", two_rings() if masks.card.needs_graph else plain_data(2), {"sparsity": 0.01}))
    if masks.has("budget"):
        idle.append(("pays for all", two_rings(), {"budget": 99.0}))
    for words, data, options in idle:
        assert words in " ".join(masks.make(data, **options).notes), options


@pytest.mark.parametrize("name", ["any", "given"])
def test_options_that_did_nothing_are_still_read_where_old_runs_name_them(name: str) -> None:
    options = registry.card("masks", name).options
    old = {**options(on=["s1"]).model_dump(mode="json"), "budget": None, "connected": True}
    assert options.read({**old, **({"sparsity": 0.4} if name == "given" else {})}) == options(on=["s1"])
    assert not {"budget", *(["sparsity"] if name == "given" else [])} & options.model_fields.keys()
    with pytest.raises(OptionError, match="no option 'budget'"):
        options.read({"budget": 3.0})


def test_unknown_sensors_are_named_with_those_that_are_nearly_so() -> None:
    make = trial("random").make
    with pytest.raises(OptionError, match=r"'s111', 'zz' \(near: 's11'.*which are no sensors of tiny"):
        make(plain_data(), on=["s1", "s111", "zz"])
    with pytest.raises(OptionError, match=r"mask.costs names 'S1' .near: 's1'.*which is no sensor"):
        make(plain_data(), costs=["S1=2"])
    with pytest.raises(OptionError, match="and 3 more"):
        make(plain_data(), off=[f"nobody {number}" for number in range(8)])


# ---- the contract sees what is broken -----------------------------------------------------------------------------------
class Generous(Random):
    def switch(self, keep: np.ndarray) -> bool:
        return super().switch(keep | (np.arange(len(keep)) == np.flatnonzero(~keep)[:1].sum()))


class Forgetful(Random):
    arrays = ("score", "moved")


class Doubled(Random):
    def gate(self, epoch: int, batch: int) -> np.ndarray | None:
        gate = super().gate(epoch, batch)
        return None if gate is None else gate.astype(np.float64)


class Blind(Random):
    def begin(self, epoch: int, judge: object) -> bool:
        super().begin(epoch, judge)
        return False


@pytest.mark.parametrize(
    ("broken", "more", "words"),
    [
        (Generous, {}, "sites are on, not"),
        (Forgetful, {}, "holds all that resuming needs"),
        (Doubled, {}, "the gate is float64"),
        (Blind, {}, "begin says False in epoch 0"),
        (Random, {"needs_graph": True}, "refuses data without one"),
    ],
)
def test_a_broken_promise_is_named(broken: type, more: dict[str, Any], words: str) -> None:
    card = MaskCard("broken", "Breaks a promise.", "these tests", f"{__name__}:{broken.__name__}", MaskOptions, **more)
    with pytest.raises(BrokenPromise, match="The mask 'broken' breaks a promise") as refused:
        check_mask(card)
    assert words in str(refused.value)
