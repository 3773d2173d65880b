"""Every registered forecaster against one contract."""

import numpy as np
import pytest
import torch
from tiny import tiny

from stcore import registry
from stcore.models.forecaster import Forecaster, Gated
from stcore.models.stid import STID
from stcore.options import DataOptions, RunOptions
from stcore.training import evaluate
from stcore.training.build import build_model
from stcore.training.tensors import Feed

TRAINED = [card.name for card in registry.cards("models").values() if card.trains]
MIXING = [card.name for card in registry.cards("models").values() if card.mixes_sensors]
NAIVE = [card.name for card in registry.cards("models").values() if not card.trains]


def made(name: str, sensors: int = 3, channels: int = 2, missing: float = 0.2) -> tuple[Feed, Forecaster]:
    grid = (3, 5) if registry.card("models", name).needs_grid else None
    feed = Feed(tiny(300, sensors, channels, missing, grid=grid), DataOptions(lookback=8, horizon=5))
    return feed, build_model(feed, RunOptions(model={"name": name}))


def loss(model: Forecaster, feed: Feed, ids: np.ndarray) -> torch.Tensor:
    batch = feed.batch(feed.parts.train, ids)
    return evaluate.absolute(model(batch.x, batch.calendar), batch.y, batch.mask).mean()


@pytest.mark.parametrize("name", TRAINED)
@pytest.mark.parametrize("sensors", [1, 3])
def test_forecasts_have_their_shape_and_no_nan(name: str, sensors: int) -> None:
    feed, model = made(name, sensors)
    batch = feed.batch(feed.parts.train, np.arange(6))
    forecast = model(batch.x, batch.calendar)
    assert forecast.shape == (6, 5, sensors, 1) == batch.y.shape
    assert torch.isfinite(forecast).all()


@pytest.mark.parametrize("name", TRAINED)
def test_gradients_reach_every_parameter_and_a_step_helps(name: str) -> None:
    feed, model = made(name)
    ids = np.arange(0, len(feed.parts.train))
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    before = loss(model, feed, ids)
    before.backward()
    for label, parameter in model.named_parameters():
        assert parameter.grad is not None and torch.isfinite(parameter.grad).all(), label
        assert parameter.grad.abs().sum() > 0, label
    optimizer.step()
    assert loss(model, feed, ids) < before


@pytest.mark.parametrize("name", TRAINED)
def test_bfloat16_is_close_to_float32(name: str) -> None:
    feed, model = made(name)
    batch = feed.batch(feed.parts.train, np.arange(6))
    with torch.autocast("cpu", torch.bfloat16):
        rough = model(batch.x, batch.calendar)
    torch.testing.assert_close(rough.float(), model(batch.x, batch.calendar), atol=0.05, rtol=0.05)


@pytest.mark.parametrize("name", TRAINED)
def test_samples_do_not_mix(name: str) -> None:
    feed, model = made(name)
    batch = feed.batch(feed.parts.train, np.arange(6))
    torch.testing.assert_close(model(batch.x, batch.calendar)[2:3], model(batch.x[2:3], batch.calendar[2:3]))


@pytest.mark.parametrize("name", TRAINED)
def test_sensors_mix_only_where_it_is_said(name: str) -> None:
    feed, model = made(name)
    batch = feed.batch(feed.parts.train, np.arange(6))
    changed = batch.x.clone()
    changed[:, :, 1] += 1
    moved = (model(changed, batch.calendar) - model(batch.x, batch.calendar)).abs().amax((0, 1, 3))
    assert moved[1] > 0
    assert model.mixes_sensors or (moved[[0, 2]] == 0).all()


@pytest.mark.parametrize("name", TRAINED)
def test_cells_give_what_windows_give(name: str) -> None:
    feed, model = made(name)
    if model.mixes_sensors:
        pytest.skip("a model that mixes sensors has no cells")
    batch = feed.batch(feed.parts.train, np.arange(6))
    cell = model(batch.x[:, :, 2:], batch.calendar, torch.full((6, 1), 2))
    torch.testing.assert_close(cell, model(batch.x, batch.calendar)[:, :, 2:])


@pytest.mark.parametrize("name", NAIVE)
def test_naive_forecasts(name: str) -> None:
    data = tiny(300, 3, 1, 0.3)
    feed = Feed(data, DataOptions(lookback=8, horizon=5))
    make, windows, train = registry.card("models", name).load(), feed.parts.test, feed.parts.label == 0
    ids = np.arange(4)
    forecast = make(data.values, train, 3600).forecast(windows, ids)
    assert forecast.shape == (4, 5, 3, 1) and np.isfinite(forecast).all()
    later = data.values.copy()
    later[windows.origins[3] + 1 :] += 100
    np.testing.assert_array_equal(make(later, train, 3600).forecast(windows, ids), forecast)


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_factored_stid_is_the_plain_one(layers: int) -> None:
    """Same parameters, same function, same gradients (up to rounding)."""
    feed = Feed(tiny(300, 5, 2), DataOptions(lookback=8, horizon=5), dtype=torch.float64)
    options = RunOptions(model={"name": "stid", "layers": layers}, train={"precision": "float64"})
    model = build_model(feed, options)
    assert isinstance(model, STID)
    batch = feed.batch(feed.parts.train, np.arange(20))
    gradients = []
    for forward in (model.forward, model.plain):
        model.zero_grad()
        forecast = forward(batch.x, batch.calendar)
        evaluate.absolute(forecast, batch.y, batch.mask).mean().backward()
        gradients.append((forecast.detach(), [parameter.grad.clone() for parameter in model.parameters()]))
    torch.testing.assert_close(gradients[0], gradients[1], atol=1e-12, rtol=1e-9)


# ---- models that mix sensors, under a gate --------------------------------------------------------------------------
@pytest.mark.parametrize("name", TRAINED)
def test_the_card_says_whether_a_model_mixes_sensors(name: str) -> None:
    assert registry.card("models", name).mixes_sensors == made(name)[1].mixes_sensors


def under(model: Forecaster, off: list[int], sensors: int = 6) -> tuple[Gated, torch.Tensor]:
    gate = torch.ones(sensors)
    gate[off] = 0
    return Gated(model, gate), gate


@pytest.mark.parametrize("name", MIXING)
def test_a_sensor_that_is_off_passes_on_nothing_and_is_forecast_from_the_others(name: str) -> None:
    feed, model = made(name, 6)
    batch = feed.batch(feed.parts.train, np.arange(6))
    masked, _ = under(model, [1, 4])
    before = masked(batch.x, batch.calendar)
    changed = batch.x.clone()
    changed[:, :, [1, 4]] += 3
    assert torch.equal(masked(changed, batch.calendar), before)
    changed[:, :, [0, 2]] += 3
    moved = (masked(changed, batch.calendar) - before).abs().amax((0, 1, 3))
    assert (moved[[0, 1, 2]] > 0).all()


@pytest.mark.parametrize("name", MIXING)
@pytest.mark.parametrize("active", [[3, 0, 5], [2], [0, 1, 2, 3, 4, 5]])
def test_gathered_is_forward_under_a_gate(name: str, active: list[int]) -> None:
    feed, model = made(name, 6)
    model.eval()
    batch = feed.batch(feed.parts.train, np.arange(6))
    masked, _ = under(model, [place for place in range(6) if place not in active])
    whole = masked(batch.x, batch.calendar)
    on = torch.tensor(active, dtype=torch.long)
    for wanted in (torch.arange(6), on, torch.tensor([4, 1])):
        found = model.gathered(batch.x[:, :, on], batch.calendar, on, wanted)
        torch.testing.assert_close(found, whole[:, :, wanted], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", MIXING)
@pytest.mark.parametrize("off", [[], [1, 4], [0, 1, 2, 3, 4], [0, 1, 2, 3, 4, 5]])
def test_the_gate_of_every_sensor_on_or_off_has_a_finite_slope(name: str, off: list[int]) -> None:
    feed, model = made(name, 6)
    batch = feed.batch(feed.parts.train, np.arange(20))
    masked, gate = under(model, off)
    gate.requires_grad_(True)
    forecast = masked(batch.x, batch.calendar)
    evaluate.absolute(forecast, batch.y, batch.mask).mean().backward()
    assert gate.grad is not None and torch.isfinite(gate.grad).all() and (gate.grad != 0).all()
    assert all(parameter.grad is None or torch.isfinite(parameter.grad).all() for parameter in model.parameters())


@pytest.mark.parametrize("name", TRAINED)
def test_weights_fit_unseen_sensors_where_it_is_said(name: str) -> None:
    (_, model), (feed, other) = made(name, 6), made(name, 4)
    if not model.unseen_sensors:
        with pytest.raises(RuntimeError, match="size mismatch"):
            other.load_state_dict(model.state_dict())
        return
    other.load_state_dict(model.state_dict())
    batch = feed.batch(feed.parts.train, np.arange(6))
    assert torch.isfinite(other(batch.x, batch.calendar)).all()
