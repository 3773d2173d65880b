"""A learned mask finds what was planted in the simulated city: of sensors that read the same, one stays on."""

import numpy as np
import pytest

from stcore import readers
from stcore.data import STData
from stcore.options import RunOptions
from stcore.training.trainer import Trainer


def on_in_groups(data: STData, epochs: int) -> np.ndarray:
    """How many sensors of each planted group stay on when DynST has switched off 40 % of all."""
    train = {"epochs": epochs, "threads": 1, "forecasts": 0}
    mask, model = {"name": "dynst", "sparsity": 0.4}, {"name": "stid-neighbours"}
    trainer = Trainer(data, RunOptions.read({"model": model, "prune": {"name": "full"}, "mask": mask, "train": train}))
    list(trainer)
    keep, group = trainer.masking.mask.keep, data.ds["redundant_group"].values
    assert keep.sum() == round(0.6 * len(keep))
    return np.bincount(group[group >= 0], keep[group >= 0]).astype(int)


def test_in_five_days_one_of_each_planted_group_stays_on() -> None:
    days = readers.open("demo").ds.isel(time=slice(5 * 288))
    on = on_in_groups(STData.of(days), 4)
    assert len(on) >= 5 and (on >= 1).all() and (on == 1).mean() >= 0.9


@pytest.mark.slow
def test_in_the_demo_city_one_of_each_planted_group_stays_on() -> None:
    on = on_in_groups(readers.open("demo"), 6)
    assert len(on) >= 5 and (on >= 1).all() and (on == 1).mean() >= 0.9
