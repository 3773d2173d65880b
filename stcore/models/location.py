"""Location encoder (STemDist 2026, arXiv 2603.10410): who a sensor is, told from its mean inputs and not from a table.

Linear map and ReLU, one head of attention among the sensors that are there (Vaswani et al. 2017, arXiv 1706.03762) with a
residual and a normalisation, linear map; or, nearly as good there, a small network on each sensor alone. Its weights
fit any sensors, of any number, so a model with it can be trained on clusters of sensors and forecast the sensors themselves.
"""

import math
from typing import Any

import numpy as np
import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from stcore.models import Setting

HIDDEN = {"attention": 32, "mlp": 64}  # units of the encoder, as in the paper


class LocationEncoder(nn.Module):
    """Mean inputs [N, P] to identities [N, D]."""

    def __init__(self, inside: int, width: int, kind: str) -> None:
        super().__init__()
        hidden = HIDDEN[kind]
        self.inner = nn.Linear(inside, hidden)
        self.looks = nn.Linear(hidden, 3 * hidden) if kind == "attention" else None
        self.norm = nn.LayerNorm(hidden) if kind == "attention" else None
        self.outer = nn.Linear(hidden, width)

    def forward(self, location: Tensor) -> Tensor:
        """See the class."""
        rows = functional.relu(self.inner(location))
        if self.looks is not None and self.norm is not None:
            asks, offers, says = self.looks(rows).chunk(3, dim=1)
            share = (asks @ offers.T / math.sqrt(asks.shape[1])).softmax(dim=1)
            rows = self.norm(rows + share @ says)
        found: Tensor = self.outer(rows)
        return found


def location(setting: Setting) -> Tensor:
    """The sensors' mean inputs [N, L * C]; zeros where the setting does not hold them."""
    if setting.location is None:
        return torch.zeros(setting.sensors, setting.lookback * setting.inputs)
    return torch.as_tensor(setting.location, dtype=torch.float32)


def forgotten(table: nn.Parameter, seen: np.ndarray | None) -> nn.Parameter:
    """A table of embeddings [rows, D] whose rows that training never meets are 0: what it has not seen adds nothing."""
    if seen is not None:
        with torch.no_grad():
            table[torch.from_numpy(~seen)] = 0
    return table


def seen(setting: Setting) -> tuple[Any, Any]:
    """Which slots of the day and days of the week training holds, or None twice."""
    return (None, None) if setting.seen is None else setting.seen
