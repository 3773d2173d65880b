"""What is off in the steps that an any-mask model is trained with."""

import numpy as np
import pytest
from tiny import tiny

from stcore.options import RunOptions
from stcore.sensors.any import AnyMask, AnyOptions, random_gate
from stcore.sensors.candidates import candidate_orders
from stcore.sensors.choose import silent_last
from stcore.sensors.sites import Sites
from stcore.training.pilots import compare_masks
from stcore.training.trainer import Trainer

DATA = tiny(300, 12, missing=0.02)
STEPS = 300


def made(**options: object) -> AnyMask:
    chosen = AnyOptions.read(options)
    return AnyMask(chosen, Sites(DATA, chosen, 0, np.arange(DATA.steps) < 180), 1, 3)


def gates(mask: AnyMask, epoch: int = 0) -> np.ndarray:
    """[STEPS, R] bool: what is on in each step of an epoch."""
    return np.stack([gate > 0 for step in range(STEPS) if (gate := mask.gate(epoch, step)) is not None])


def test_every_third_step_has_all_on_and_every_third_the_last_of_a_simple_mask_off() -> None:
    mask = made()
    on = gates(mask)
    known = [silent_last(order, mask.sites) for order in candidate_orders(mask.sites, 3).values()]
    assert len(known) > 3 and on[2::3].all()
    met = set()
    for step in on[1::3]:
        like = [place for place, order in enumerate(known) if not step[order[step.sum() :]].any()]
        assert like
        if 0 < (~step).sum() < 6 and len(like) == 1:
            met.add(like[0])
    assert len(met) == len(known)  # each of them has its turn
    random = [step for step in on[::3] if not any(not step[order[step.sum() :]].any() for order in known)]
    assert len(random) > STEPS / 3 / 2


def test_what_is_forced_is_so_in_every_turn() -> None:
    on = gates(made(on=["s1"], off=["s4", "s5"], sparsity=0.9))
    assert on[:, 1].all() and not on[:, [4, 5]].any()
    assert on[2::3].sum(axis=1).min() == 10


def test_on_a_grid_random_ones_are_off_in_every_step() -> None:
    data, options = tiny(300, 21, grid=(4, 6)), {"region": 1}
    for turns, third in (("auto", False), ("three", True)):
        chosen = AnyOptions.read({**options, "turns": turns})
        mask = AnyMask(chosen, Sites(data, chosen, 0, np.arange(data.steps) < 180), 1, 3)
        assert gates(mask)[2::3].all() == third
    chosen = AnyOptions.read(options)
    mask = AnyMask(chosen, Sites(data, chosen, 0, np.arange(data.steps) < 180), 1, 3)
    expected = random_gate(mask.generator(1, 0, 2), mask.sites, chosen.sparsity)
    np.testing.assert_array_equal(mask.gate(0, 2), expected)


def test_few_steps_an_epoch_still_come_to_every_turn() -> None:
    mask = made()
    assert {epoch for epoch in range(3) if mask.gate(epoch, 0).all()} == {2}  # type: ignore[union-attr]


def test_an_order_decides_who_is_off() -> None:
    sites, order = made(off=["s4"]).sites, np.arange(12)[::-1]
    on = random_gate(np.random.default_rng(0), sites, 0.9, order) > 0
    free = [site for site in range(12) if site != 4]
    off = (~on).sum() - 1
    assert 0 < off < 11 and not on[free[:off]].any() and on[free[off:]].all()


@pytest.mark.parametrize("mask", ["best", "dynst"])
def test_models_that_compare_masks_are_trained_under_random_ones(mask: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """They judge simple masks, so they must not have been trained for some of them more than for others."""
    seen: list[str] = []
    whole = AnyMask.gate

    def noted(self: AnyMask, epoch: int, batch: int) -> np.ndarray | None:
        seen.append(self.options.turns)
        return whole(self, epoch, batch)

    monkeypatch.setattr(AnyMask, "gate", noted)
    wanted = {
        "train": {"epochs": 4, "batch": 64, "threads": 1, "forecasts": 0},
        "model": {"name": "stid-neighbours", "width": 4},
        "data": {"lookback": 6, "horizon": 3},
        "prune": {"name": "full"},
        "mask": {"name": mask, "sparsity": 0.5},
    }
    trainer = Trainer(DATA, RunOptions.read(wanted))
    assert list(compare_masks(trainer.masking.mask, trainer.options.mask, trainer.pupil, trainer.stopwatch))
    assert seen and set(seen) == {"random"}
