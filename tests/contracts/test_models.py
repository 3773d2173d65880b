"""Every registered forecaster against the contract of ``stcore.testing``, and the contract against broken ones."""

import numpy as np
import pytest
import torch
from tiny import tiny
from torch import Tensor

from stcore import registry
from stcore.models.forecaster import Forecaster
from stcore.models.stid import STID
from stcore.options import DataOptions, Options, RunOptions
from stcore.registry import ModelCard
from stcore.testing import BrokenPromise, Promise, check_model
from stcore.testing.models import model_promises
from stcore.training import evaluate
from stcore.training.build import build_model
from stcore.training.tensors import DataTensors

CASES = [
    pytest.param(promise, id=f"{name}-{promise.name}")
    for name in registry.cards("models")
    for promise in model_promises(name)
]


@pytest.mark.parametrize("promise", CASES)
def test_it_keeps_its_promise(promise: Promise) -> None:
    promise.hold()


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_factored_stid_is_the_plain_one(layers: int) -> None:
    """Same parameters, same function, same gradients (up to rounding)."""
    tensors = DataTensors(tiny(300, 5, 2), DataOptions(lookback=8, horizon=5), dtype=torch.float64)
    options = RunOptions(model={"name": "stid", "layers": layers}, train={"precision": "float64"})
    model = build_model(tensors, options)
    assert isinstance(model, STID)
    batch = tensors.batch(tensors.parts.train, np.arange(20))
    gradients = []
    for forward in (model.forward, model.plain):
        model.zero_grad()
        forecast = forward(batch.x, batch.calendar)
        evaluate.scaled_absolute_error(forecast, batch.y, batch.mask).mean().backward()
        gradients.append((forecast.detach(), [parameter.grad.clone() for parameter in model.parameters()]))
    torch.testing.assert_close(gradients[0], gradients[1], atol=1e-12, rtol=1e-9)


# ---- the contract sees what is broken -----------------------------------------------------------------------------------
class Linear(Forecaster):
    """Keeps all promises: a linear map of a sensor's own lookback."""

    def __init__(self, setting: object, options: Options) -> None:
        super().__init__()
        self.settle(setting)
        self.map = torch.nn.Linear(setting.lookback * setting.inputs, setting.horizon * setting.targets)

    def forward(self, x: Tensor, calendar: Tensor, sensor: Tensor | None = None, gate: Tensor | None = None) -> Tensor:
        rows = x.transpose(1, 2).flatten(2)
        return self.map(rows).unflatten(2, (self.setting.horizon, -1)).transpose(1, 2)


class Mixing(Linear):
    def forward(self, x: Tensor, calendar: Tensor, sensor: Tensor | None = None, gate: Tensor | None = None) -> Tensor:
        return super().forward(x + x.mean(2, keepdim=True), calendar, sensor, gate)


class Normalised(Linear):
    def forward(self, x: Tensor, calendar: Tensor, sensor: Tensor | None = None, gate: Tensor | None = None) -> Tensor:
        return super().forward(x - x.mean(0), calendar, sensor, gate)


class Idle(Linear):
    def __init__(self, setting: object, options: Options) -> None:
        super().__init__(setting, options)
        self.unused = torch.nn.Parameter(torch.ones(3))


class Transposed(Linear):
    def forward(self, x: Tensor, calendar: Tensor, sensor: Tensor | None = None, gate: Tensor | None = None) -> Tensor:
        return super().forward(x, calendar, sensor, gate).transpose(1, 2)


def linear(model: type, **more: object) -> ModelCard:
    return ModelCard("linear", "A linear map.", "these tests", f"{__name__}:{model.__name__}", **more)


def test_a_plain_model_keeps_all_promises() -> None:
    check_model(linear(Linear))


@pytest.mark.parametrize(
    ("broken", "more", "words"),
    [
        (Mixing, {}, "another sensor's input moves a forecast"),
        (Linear, {"mixes_sensors": True}, "the class says False, its card True"),
        (Normalised, {}, "does not depend on the other windows"),
        (Idle, {}, "the gradient of unused is None"),
        (Transposed, {}, "the shape is (6, 1, 5, 1), not (6, 5, 1, 1)"),
        (Linear, {"unseen": {}}, "unseen_sensors is False"),
        (Mixing, {"mixes_sensors": True}, "the class says False"),
    ],
)
def test_a_broken_promise_is_named(broken: type, more: dict[str, object], words: str) -> None:
    with pytest.raises(BrokenPromise, match="The model 'linear' breaks a promise") as refused:
        check_model(linear(broken, **more))
    assert words in str(refused.value)
