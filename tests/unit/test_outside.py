"""What another package brings takes part in everything that ours takes part in."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from outside_package import GROUPS, install
from tiny import tiny

from stcore import registry
from stcore.cli import main
from stcore.distil import estimate
from stcore.evidence.plan import plan
from stcore.options import RunOptions
from stcore.processes import jobs
from stcore.registry import Card, DistillerCard, MaskCard, ModelCard
from stcore.runs import create_distillation
from stcore.runs.create import resolve_distillation
from stcore.sensors.candidates import best_order, candidate_orders, candidates, cost_notes
from stcore.sensors.options import MaskOptions
from stcore.sensors.sites import Sites
from stcore.training import cost

SMALL = {"data": {"lookback": 6, "horizon": 4}, "train": {"epochs": 2, "batch": 32, "threads": 1}}


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    install(monkeypatch)
    yield
    registry.forget()


def work(sensors: int = 10, **choices: object) -> cost.Work:
    options = RunOptions.read({"model": {"name": "stid"}, "prune": {"name": "full"}, "train": {"batch": 8}, **choices})
    return cost.work(options, (100, 30, 30), sensors, 1, 1)


def test_they_are_listed_after_ours_with_their_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["methods", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    for group, names in GROUPS.items():
        listed = [card["name"] for card in shown[group.removeprefix("stcore.")]]
        assert all(name.startswith("their-") for name in listed[-len(names) :])
    model = next(card for card in shown["models"] if card["name"] == "their-model")
    assert model["title"] == "Their model" and [option["name"] for option in model["options"]] == ["depth"]


def test_a_plain_card_is_one_of_its_kind() -> None:
    model, mask, distiller = (
        registry.card("models", "their-old-model"),
        registry.card("masks", "their-old-mask"),
        registry.card("distillers", "their-old-distiller"),
    )
    assert type(model) is ModelCard and model.mixes_sensors and model.trains and model.speed == 0.5
    assert type(mask) is MaskCard and mask.off == "good" and not mask.candidate
    assert type(distiller) is DistillerCard and not distiller.learns


def test_a_card_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="among the models, whose cards are ModelCards"):
        registry.of_kind("models", registry.card("masks", "random"))
    with pytest.raises(TypeError, match="unheard"):
        registry.of_kind("models", Card("x", "X.", "x", "x:Y", unheard=1))


def test_the_estimate_of_a_run_asks_their_cards() -> None:
    one, two = (work(model={"name": "their-model", "depth": depth}) for depth in (1, 2))
    assert (one.products, two.products) == (1e6 + 10 / 80, 2e6 + 10 / 80)
    assert one.pairs == 4 * 7 * 10**2 and one.width == 10
    assert work(model={"name": "their-old-model"}).products == pytest.approx(2 * work().products, rel=0.01)
    assert work(prune={"name": "their-strategy"}).cells == 3 * work().cells
    masked = work(mask={"name": "their-mask"})
    assert (masked.deciding, masked.ranking) == (20, 1e10)
    assert cost.seconds(masked) == pytest.approx(cost.seconds(work()) + 20)
    assert cost.memory(RunOptions(), masked, 0) > 1e10


def test_their_mask_is_compared_like_ours() -> None:
    assert candidates()[0] == "their-mask" and "their-old-mask" not in candidates()
    assert "their-mask" in candidates(500) and "their-mask" not in candidates(501)
    sites = Sites(tiny(200, 6), MaskOptions(sparsity=0.5))
    assert candidate_orders(sites, 0)["their-mask"].tolist() == [5, 4, 3, 2, 1, 0]

    def judge(masks: np.ndarray) -> np.ndarray:
        return np.abs(masks - [0, 0, 0, 1, 1, 1]).sum(axis=1).astype(float)

    order, note = best_order(sites, judge, 0)
    assert note.startswith("their-mask is the best simple mask") and order[0] == 5
    best = registry.card("masks", "best")
    assert "their-mask would take too long" in cost_notes(best, best.options(), 600)[0]
    assert work(40, mask={"name": "best"}).deciding > work(40, mask={"name": "their-mask"}).deciding == 80


def test_a_run_with_theirs_is_trained_planned_and_said(tmp_path: Path) -> None:
    theirs = {"model": {"name": "their-model"}, "prune": {"name": "their-strategy"}, "mask": {"name": "their-mask"}}
    run = jobs.train(tiny(300, 6), tmp_path / "runs", **SMALL, **theirs).finish()
    assert run.status == "done" and run.spec.options.mask["backwards"] is True
    drawn = plan(run, keep=3, with_curve=True)
    assert drawn.curve is not None and {"their-mask", "own", "farthest-first"} <= set(drawn.curve.orders)


def test_their_distiller_is_estimated_and_distils(tmp_path: Path) -> None:
    def expected(name: str) -> float:
        options, _ = resolve_distillation(tiny(400, 12), {"distil": {"name": name}})
        return estimate.expected_seconds(options, estimate.Shape(4000, 1300, 120, 2, 1))

    assert expected("their-distiller") == pytest.approx(expected("their-old-distiller") + 5000)
    options = {**SMALL, "train": {"threads": 1}, "distil": {"name": "their-distiller", "space": 0.5, "epochs": 1}}
    small = jobs.Job(create_distillation(tiny(300, 6), options, tmp_path, "small")).finish()
    assert small.status == "done"
    assert jobs.distilled(small).ds["origin"].values.tolist() == list(range(jobs.distilled(small).ds["start"].size))
