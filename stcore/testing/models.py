"""What every forecaster promises."""

from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from stcore.models.forecaster import Forecaster, Gated
from stcore.options import DataOptions, RunOptions
from stcore.registry import Card, ModelCard
from stcore.testing.data import small_data
from stcore.testing.promise import Promise, Promises, card_of, expect
from stcore.training import evaluate
from stcore.training.build import build_model
from stcore.training.tensors import Batch, DataTensors

DATA = DataOptions(lookback=8, horizon=5)


class ModelTrial:
    """A card's models on small data."""

    def __init__(self, card: Card) -> None:
        card.load()
        self.card = cast(ModelCard, card)

    def tensors(self, sensors: int = 3, channels: int = 2, missing: float = 0.2) -> DataTensors:
        """Data of so many sensors, on a grid for models that need one."""
        grid = (3, 5) if self.card.needs_grid else None
        return DataTensors(small_data(300, sensors, channels, missing, grid=grid), DATA)

    def build(self, sensors: int = 3, seed: int = 0, **options: Any) -> tuple[DataTensors, Forecaster]:
        """A model and its data."""
        tensors = self.tensors(sensors)
        return tensors, build_model(tensors, RunOptions(seed=seed, model={"name": self.card.name, **options}))

    def six(self, sensors: int = 3) -> tuple[Forecaster, Batch]:
        """A model and six windows."""
        tensors, model = self.build(sensors)
        return model, tensors.batch(tensors.parts.train, np.arange(6))


def loss(model: Forecaster, tensors: DataTensors) -> Tensor:
    """Mean absolute error over all training windows."""
    batch = tensors.batch(tensors.parts.train, np.arange(len(tensors.parts.train)))
    return evaluate.scaled_absolute_error(model(batch.x, batch.calendar), batch.y, batch.mask).mean()


def close(one: Tensor, other: Tensor, atol: float = 1e-5, rtol: float = 1e-4) -> bool:
    """Whether two tensors are equal up to rounding."""
    return one.shape == other.shape and torch.allclose(one, other, atol=atol, rtol=rtol)


PROMISES = Promises[ModelTrial]("models", "model")
trains = PROMISES(when=lambda trial: trial.card.trains)
mixes = PROMISES(when=lambda trial: trial.card.trains and trial.card.mixes_sensors)


@trains
def _forecasts_have_their_shape(trial: ModelTrial) -> None:
    """``forward`` gives forecasts [B, H, N, C'] that are finite, of one sensor and of several."""
    for sensors in (1, 3):
        model, batch = trial.six(sensors)
        forecast = model(batch.x, batch.calendar)
        wanted = (6, 5, sensors, 1)
        expect(forecast.shape == wanted == batch.y.shape, f"the shape is {tuple(forecast.shape)}, not {wanted}")
        expect(torch.isfinite(forecast).all(), f"of {sensors} sensors a forecast is not finite")


@trains
def _the_seed_decides_the_start(trial: ModelTrial) -> None:
    """Parameters are drawn from torch's generator alone: equal seeds start alike, other seeds do not."""
    states = [trial.build(seed=seed)[1].state_dict() for seed in (0, 0, 1)]
    differ = [[name for name in states[0] if not torch.equal(states[0][name], state[name])] for state in states]
    expect(not differ[1], f"two models with seed 0 differ in {', '.join(differ[1])}")
    expect(differ[2], "seeds 0 and 1 start with the same parameters")


@trains
def _gradients_reach_every_parameter(trial: ModelTrial) -> None:
    """Each parameter gets a finite gradient that is not 0, and a step against it lowers the loss."""
    tensors, model = trial.build()
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    before = loss(model, tensors)
    before.backward()
    for name, parameter in model.named_parameters():
        gradient = parameter.grad
        expect(gradient is not None and torch.isfinite(gradient).all(), f"the gradient of {name} is {gradient}")
        expect(gradient is not None and gradient.abs().sum() > 0, f"the gradient of {name} is 0")
    optimizer.step()
    after = loss(model, tensors)
    expect(after < before, f"a step moved the loss from {before:.6f} to {after:.6f}")


@trains
def _bfloat16_is_close_to_float32(trial: ModelTrial) -> None:
    """Under bfloat16 forecasts stay within 0.05 of those in float32."""
    model, batch = trial.six()
    with torch.autocast("cpu", torch.bfloat16):
        rough = model(batch.x, batch.calendar).float()
    exact = model(batch.x, batch.calendar)
    expect(close(rough, exact, 0.05, 0.05), f"they are up to {(rough - exact).abs().max():.3f} apart")


@trains
def _samples_do_not_mix(trial: ModelTrial) -> None:
    """A window's forecast does not depend on the other windows of its batch."""
    model, batch = trial.six()
    alone = model(batch.x[2:3], batch.calendar[2:3])
    together = model(batch.x, batch.calendar)[2:3]
    expect(close(alone, together, rtol=1.3e-6), f"it moves by {(alone - together).abs().max():.6f}")


@trains
def _sensors_mix_only_where_it_is_said(trial: ModelTrial) -> None:
    """A sensor's forecast depends on its own input, and on others' only if card and class say ``mixes_sensors``."""
    model, batch = trial.six()
    said, wanted = model.mixes_sensors, trial.card.mixes_sensors
    expect(said == wanted, f"the class says {said}, its card {wanted}")
    changed = batch.x.clone()
    changed[:, :, 1] += 1
    moved = (model(changed, batch.calendar) - model(batch.x, batch.calendar)).abs().amax((0, 1, 3))
    expect(moved[1] > 0, "a sensor's own input does not move its forecast")
    expect(said or (moved[[0, 2]] == 0).all(), "another sensor's input moves a forecast")


@PROMISES(when=lambda trial: trial.card.trains and not trial.card.mixes_sensors)
def _cells_give_what_windows_give(trial: ModelTrial) -> None:
    """A model that does not mix sensors forecasts a sensor alone, named by ``sensor`` [B, 1], as among all."""
    model, batch = trial.six()
    cell = model(batch.x[:, :, 2:], batch.calendar, torch.full((6, 1), 2))
    window = model(batch.x, batch.calendar)[:, :, 2:]
    expect(close(cell, window, rtol=1.3e-6), f"they are up to {(cell - window).abs().max():.6f} apart")


@trains
def _weights_fit_unseen_sensors_where_it_is_said(trial: ModelTrial) -> None:
    """Weights fit data of other sensors where ``unseen_sensors`` says so; with the card's ``unseen`` options it says so."""
    choices: list[tuple[dict[str, Any], bool]] = [({}, False)]
    choices += [] if trial.card.unseen is None else [(dict(trial.card.unseen), True)]
    for options, claimed in choices:
        (_, model), (tensors, other) = trial.build(6, **options), trial.build(4, **options)
        expect(model.unseen_sensors or not claimed, f"with the options {options} unseen_sensors is False")
        if model.unseen_sensors:
            other.load_state_dict(model.state_dict())
            batch = tensors.batch(tensors.parts.train, np.arange(6))
            expect(torch.isfinite(other(batch.x, batch.calendar)).all(), "a forecast of other sensors is not finite")


# ---- models that mix sensors, under a gate -----------------------------------------------------------------------------
def with_off(model: Forecaster, off: list[int], sensors: int = 6) -> tuple[Gated, Tensor]:
    """The model with some sensors off, and its gate [N]."""
    gate = torch.ones(sensors)
    gate[off] = 0
    return Gated(model, gate), gate


@mixes
def _a_sensor_that_is_off_passes_on_nothing(trial: ModelTrial) -> None:
    """A sensor whose gate is 0 passes nothing on, and is forecast from the others."""
    model, batch = trial.six(6)
    masked, _ = with_off(model, [1, 4])
    before = masked(batch.x, batch.calendar)
    changed = batch.x.clone()
    changed[:, :, [1, 4]] += 3
    expect(torch.equal(masked(changed, batch.calendar), before), "the input of a sensor that is off moves a forecast")
    changed[:, :, [0, 2]] += 3
    moved = (masked(changed, batch.calendar) - before).abs().amax((0, 1, 3))
    expect((moved[[0, 1, 2]] > 0).all(), "a neighbour's input does not move the forecast of a sensor that is off")


@mixes
def _forecast_from_is_forward_under_a_gate(trial: ModelTrial) -> None:
    """``forecast_from``, from the sensors that are on alone, gives what ``forward`` gives with the others' gate at 0."""
    for active in ([3, 0, 5], [2], [0, 1, 2, 3, 4, 5]):
        model, batch = trial.six(6)
        model.eval()
        masked, _ = with_off(model, [sensor for sensor in range(6) if sensor not in active])
        whole = masked(batch.x, batch.calendar)
        on = torch.tensor(active, dtype=torch.long)
        for wanted in (torch.arange(6), on, torch.tensor([4, 1])):
            forecast, expected = model.forecast_from(batch.x[:, :, on], batch.calendar, on, wanted), whole[:, :, wanted]
            expect(close(forecast, expected), f"with {active} on, the forecasts of {wanted.tolist()} differ")


@mixes
def _the_gate_has_a_finite_gradient(trial: ModelTrial) -> None:
    """The loss has a finite gradient in each gate that is not 0, whichever sensors are off."""
    for off in ([], [1, 4], [0, 1, 2, 3, 4], [0, 1, 2, 3, 4, 5]):
        tensors, model = trial.build(6)
        batch = tensors.batch(tensors.parts.train, np.arange(20))
        masked, gate = with_off(model, off)
        gate.requires_grad_(True)
        evaluate.scaled_absolute_error(masked(batch.x, batch.calendar), batch.y, batch.mask).mean().backward()
        gradient = gate.grad
        finite = gradient is not None and torch.isfinite(gradient).all() and (gradient != 0).all()
        expect(finite, f"with {off} off it is {gradient}")
        parts = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
        expect(all(torch.isfinite(part).all() for part in parts), f"with {off} off that of a parameter is not finite")


# ---- forecasts that need no training -----------------------------------------------------------------------------------
@PROMISES(when=lambda trial: not trial.card.trains)
def _naive_forecasts_look_at_the_past_alone(trial: ModelTrial) -> None:
    """``forecast`` gives finite values [B, H, N, C], even where readings are missing, from earlier steps alone."""
    data = small_data(300, 3, 1, 0.3)
    tensors = DataTensors(data, DATA)
    make, windows, train = trial.card.load(), tensors.parts.test, tensors.parts.label == 0
    ids = np.arange(4)
    forecast = make(data.values, train, 3600).forecast(windows, ids)
    expect(forecast.shape == (4, 5, 3, 1), f"the shape is {forecast.shape}")
    expect(np.isfinite(forecast).all(), "a forecast is not finite")
    later = data.values.copy()
    later[windows.origins[3] + 1 :] += 100
    again = make(later, train, 3600).forecast(windows, ids)
    expect(np.array_equal(again, forecast), "readings after the last window's origin move a forecast")


def model_promises(card: Card | str) -> list[Promise]:
    """What a model promises, one by one; ``hold`` checks each."""
    return PROMISES.of(card_of("models", card), ModelTrial)


def check_model(card: Card | str) -> None:
    """Check all that a forecaster promises: a card, or the name of an installed one. Raises BrokenPromise."""
    for promise in model_promises(card):
        promise.hold()
