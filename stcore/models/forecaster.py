"""What every trained model is: a forecaster. Its promises are checked by ``stcore.testing.check_model``."""

import copy
from typing import Self

import torch
from torch import Tensor, nn

from stcore.models import Setting


class Forecaster(nn.Module):
    """A forecaster over B samples: ``forward(x, calendar, sensor, gate)`` gives [B, H, N, C'] in training stds.

    ``x`` [B, L, N, C] holds z-scores (0 where not measured), ``calendar`` [B, L + H, 2] slot of the day and day of the
    week, ``sensor`` [B, N] the sensors' positions where they are not simply 0..N-1. ``gate`` [N] says how far each sensor
    is on, from 0 (off) to 1; ``x`` comes multiplied by it. Only models that mix sensors read it. They weight by it what a
    sensor passes on, so that one that is off passes on nothing. The gate has a finite gradient everywhere.
    """

    mixes_sensors: bool = False  # whether a sensor's forecast depends on the input of others
    unseen_sensors: bool = False  # whether its weights fit other sensors, of another number, with their own Setting
    gathers: bool = False  # whether ``forecast_from`` computes for fewer sensors, instead of multiplying by zero
    setting: Setting  # the data that it was built for
    remember: bool = False  # whether every forward pass fills ``last``
    last: Tensor | None = None  # the input of the last linear map [B, N, D], detached
    calendar_tables: tuple[str, ...] = ("slot", "day")  # parameters over time of day and week, by their first name

    def forward(self, x: Tensor, calendar: Tensor, sensor: Tensor | None = None, gate: Tensor | None = None) -> Tensor:
        """Forecast; see the class."""
        raise TypeError(f"{type(self).__name__} has no forward")

    def settle(self, setting: Setting) -> None:
        """Take in what a setting says of the sensors: once when the model is built, and again in ``among``."""
        self.setting = setting

    def among(self, setting: Setting) -> Self:
        """The same model for another number of other sensors; only for models with ``unseen_sensors``.

        Both share their parameters, so training one trains the other.
        """
        if not self.unseen_sensors:
            raise TypeError(f"the weights of this {type(self).__name__} fit its own sensors alone")
        twin = copy.copy(self)
        twin._buffers = dict(self._buffers)
        twin.settle(setting)
        device = next(self.parameters()).device
        twin._buffers = {name: part if part is None else part.to(device) for name, part in twin._buffers.items()}
        return twin

    def forecast_from(self, x: Tensor, calendar: Tensor, active: Tensor, wanted: Tensor) -> Tensor:
        """Forecast [B, H, M, C'] of the sensors at ``wanted`` [M] from those that are on: the same as ``forward`` with the
        gate of the others at 0.

        ``x`` [B, L, K, C] belongs to the positions ``active`` [K] of the N sensors. This form fills in zeros and computes
        all; models with ``gathers`` have a faster one.
        """
        sensors = self.setting.sensors
        whole = x.new_zeros(len(x), x.shape[1], sensors, x.shape[3])
        whole[:, :, active] = x
        gate = x.new_zeros(sensors)
        gate[active] = 1
        return self(whole, calendar, None, gate)[:, :, wanted]


class Gated(nn.Module):
    """A forecaster under a ``gate`` [N]; it is used like one without."""

    def __init__(self, model: Forecaster, gate: Tensor) -> None:
        super().__init__()
        self.model, self.gate = model, gate

    def forward(self, x: Tensor, calendar: Tensor, sensor: Tensor | None = None) -> Tensor:
        """Forecast; see ``Forecaster``."""
        forecast: Tensor = self.model(x * self.gate[:, None], calendar, sensor, self.gate)
        return forecast

    @property
    def remember(self) -> bool:
        """The model's own."""
        return self.model.remember

    @remember.setter
    def remember(self, remember: bool) -> None:
        self.model.remember = remember

    @property
    def last(self) -> Tensor | None:
        """The model's own."""
        return self.model.last


def under_gate(model: Forecaster, gate: Tensor | None) -> Forecaster | Gated:
    """The model under a gate; the model itself without one."""
    return model if gate is None else Gated(model, gate)


def flat_series(x: Tensor) -> Tensor:
    """[B, L, N, C] to one row per cell, [B * N, L * C]."""
    batch, lookback, sensors, channels = x.shape
    return x.transpose(1, 2).reshape(batch * sensors, lookback * channels)


def unflat(rows: Tensor, batch: int, horizon: int) -> Tensor:
    """[B * N, H * C'] back to [B, H, N, C']."""
    return rows.view(batch, -1, horizon, rows.shape[1] // horizon).transpose(1, 2)


def table(rows: int, width: int) -> nn.Parameter:
    """A table of embeddings [rows, width], drawn as Glorot's uniform start."""
    return nn.Parameter(nn.init.xavier_uniform_(torch.empty(rows, width)))
