"""A method replayed on the scores of a run: how far another choice would have been the same."""

from typing import Any

import numpy as np
import pytest
import xarray as xr
from choosing import setting, trace_of

from stcore import registry
from stcore.evidence.replay import ReplayError, overlap_by_chance, overlap_by_epoch, replay, why_not_replayable
from stcore.prune.strategy import Samples


def trained(method: str, epochs: int = 10, count: int = 300, **options: Any) -> xr.Dataset:
    """What a strategy that goes by the error leaves behind in a run of its own."""
    card = registry.card("strategies", method)
    known = setting(epochs, count)
    strategy = card.load()(card.options.read(options), Samples(count, epochs, 0, known.feature))
    rng = np.random.default_rng(3)
    kept, level = np.zeros((epochs, count), bool), np.full((epochs, count), np.nan, np.float16)
    for epoch in range(epochs):
        level[epoch] = level[epoch - 1]
        indices = strategy.select(epoch).indices
        kept[epoch, indices] = True
        level[epoch, indices] = np.exp(rng.normal(size=len(indices)))
        columns = {"error": level[epoch, indices].astype(np.float32), "batch": np.zeros(len(indices), np.float32)}
        strategy.observe(epoch, indices, columns)
        strategy.judge(epoch, 1.0)
    return trace_of(kept, level, level=level)


@pytest.mark.parametrize("method", ["infobatch", "random", "static-random", "stride"])
def test_a_method_replayed_on_its_own_run_keeps_what_it_kept(method: str) -> None:
    found = replay(trained(method, keep=0.5), method, {"keep": 0.5}, setting(10, 300))
    assert (found.overlap == 1).all()


def test_another_seed_overlaps_as_much_as_chance() -> None:
    found = replay(trained("random", 12, 4000, keep=0.5), "random", {"keep": 0.5}, setting(12, 4000, seed=9))
    assert found.overlap[1:].mean() == pytest.approx(found.chance[1:].mean(), abs=0.02)


@pytest.mark.parametrize("method", [name for name in registry.cards("strategies") if why_not_replayable(name) is None])
def test_every_method_that_can_be_replayed_is_replayed_from_what_is_recorded(method: str) -> None:
    trace = trained("infobatch", keep=0.5)
    found = replay(trace, method, {}, setting(10, 300))
    assert found.kept.shape == (10, 300) and found.kept[0].any()
    assert ((found.overlap >= 0) & (found.overlap <= 1)).all()


def test_methods_with_a_pilot_say_why_they_cannot_be_replayed() -> None:
    for method in ("el2n", "grand", "forgetting", "craig"):
        assert "training of its own" in (why_not_replayable(method) or "")
        with pytest.raises(ReplayError, match="cannot be replayed"):
            replay(trained("random"), method, {}, setting(10, 300))


def test_what_is_left_out_of_account_is_said() -> None:
    trace = trained("random", keep=0.5)
    assert "the error alone" in " ".join(replay(trace, "st-prune", {}, setting(10, 300)).notes)
    old = trace.drop_vars("level")
    assert "only its own method's scores" in " ".join(replay(old, "infobatch", {}, setting(10, 300)).notes)


def test_overlap_is_the_jaccard_index() -> None:
    one, other = np.array([[1, 1, 0, 0]], bool), np.array([[0, 1, 1, 0]], bool)
    assert overlap_by_epoch(one, other).tolist() == [pytest.approx(1 / 3)]
    assert overlap_by_chance(one, other).tolist() == [pytest.approx(1 / 3)]
    assert overlap_by_epoch(one & False, other & False).tolist() == [0.0]
