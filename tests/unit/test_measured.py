"""What the README claims of accuracy, on the real week of METR-LA; longer measurements are in bench/."""

from pathlib import Path
from typing import Any

import pytest

from stcore import readers
from stcore.events import Finished
from stcore.options import RunOptions, merge
from stcore.runs.create import resolve
from stcore.training.trainer import Trainer

COMMON = {"prune": {"name": "full"}, "train": {"epochs": 15, "threads": 1}, "data": {"split": [0.6, 0.2, 0.2]}}


def finished(real_data: Path, recipe: dict[str, Any]) -> Finished:
    data = readers.open(real_data / "metr-la-week")
    options, _ = resolve(data, RunOptions.read(merge(COMMON, recipe)))
    last = list(Trainer(data, options))[-1]
    assert isinstance(last, Finished)
    return last


def test_the_default_recipe_is_on_its_way_after_four_epochs(real_data: Path) -> None:
    last = finished(real_data, {"train": {"epochs": 4}})
    assert last.metrics["test"]["mae"] <= 3.85 < last.naive["persistence"]["mae"]


@pytest.mark.slow
def test_the_default_recipe_on_metr_la(real_data: Path) -> None:
    assert finished(real_data, {}).metrics["test"]["mae"] <= 3.65


@pytest.mark.slow
def test_basicts_recipe_on_metr_la(real_data: Path) -> None:
    last = finished(real_data, {"model": {"width": 32}, "train": {"batch": 64, "lr": 2e-3, "milestones": [1, 50, 80]}})
    test = last.metrics["test"]
    assert test["mae"] <= 3.95
    for step, day, still in zip(
        test["by_horizon"],
        last.naive["seasonal_naive"]["by_horizon"],
        last.naive["persistence"]["by_horizon"],
        strict=True,
    ):
        assert step["mae"] < day["mae"]
        assert step["horizon"] < 3 or step["mae"] < still["mae"]
