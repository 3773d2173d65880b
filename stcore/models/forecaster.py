"""What every trained model promises."""

import torch
from torch import Tensor, nn


class Forecaster(nn.Module):
    """A forecaster over B samples: ``forward(x, calendar, sensor)`` gives [B, H, N, C'] in training spreads.

    ``x`` [B, L, N, C] holds z-scores (0 where not measured), ``calendar`` [B, L + H, 2] slot of the day and day of the
    week, ``sensor`` [B, N] the sensors' positions where they are not simply 0..N-1.
    """

    mixes_sensors: bool = False  # whether a sensor's forecast depends on another sensor's input
    unseen_sensors: bool = False  # whether it runs on sensors that it was not trained on
    remember: bool = False  # set it to have ``last`` filled by every forward pass
    last: Tensor | None = None  # what the last linear map was given [B, N, D], detached

    def forward(self, x: Tensor, calendar: Tensor, sensor: Tensor | None = None) -> Tensor:
        """Forecast; see the class."""
        raise TypeError(f"{type(self).__name__} has no forward")


def flat_series(x: Tensor) -> Tensor:
    """[B, L, N, C] to one row per cell, [B * N, L * C]."""
    batch, lookback, sensors, channels = x.shape
    return x.transpose(1, 2).reshape(batch * sensors, lookback * channels)


def unflat(rows: Tensor, batch: int, horizon: int) -> Tensor:
    """[B * N, H * C'] back to [B, H, N, C']."""
    return rows.view(batch, -1, horizon, rows.shape[1] // horizon).transpose(1, 2)


def table(rows: int, width: int) -> nn.Parameter:
    """A table of embeddings [rows, width] with Glorot's uniform start."""
    return nn.Parameter(nn.init.xavier_uniform_(torch.empty(rows, width)))
