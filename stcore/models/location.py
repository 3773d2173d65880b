"""Location encoder (STemDist 2026, arXiv 2603.10410): a sensor's identity from its mean inputs, not from a table.

It is a linear map with ReLU, one head of attention among the sensors (Vaswani et al. 2017, arXiv 1706.03762) with a residual
and a normalisation, and a linear map. Or, nearly as good in the paper, a small network on each sensor alone. Its weights fit
any number of any sensors, so a model with it can be trained on clusters of sensors and forecast the sensors themselves.
"""

import math

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
        """[N, P] to [N, D]."""
        rows = functional.relu(self.inner(location))
        if self.looks is not None and self.norm is not None:
            queries, keys, values = self.looks(rows).chunk(3, dim=1)
            share = (queries @ keys.T / math.sqrt(queries.shape[1])).softmax(dim=1)
            rows = self.norm(rows + share @ values)
        identities: Tensor = self.outer(rows)
        return identities


def mean_inputs(setting: Setting) -> Tensor:
    """The sensors' mean inputs [N, L * C]; zeros where the setting does not hold them."""
    if setting.location is None:
        return torch.zeros(setting.sensors, setting.lookback * setting.inputs)
    return torch.as_tensor(setting.location, dtype=torch.float32)


class Moments(nn.Module):
    """Looks up a moment in tables over the slots of the day and the days of the week.

    Where training holds only some of them (``Setting.seen``), the nearest slot that it holds stands in for another one, and
    nothing for another day.
    """

    def __init__(self, setting: Setting) -> None:
        super().__init__()
        slots, days = setting.seen or (np.ones(setting.slots, bool), np.ones(7, bool))
        self.register_buffer("slot", torch.from_numpy(nearest_slots(slots)), persistent=False)
        self.register_buffer("day", torch.from_numpy(days.astype(np.float32)), persistent=False)
        self.all = setting.seen is None

    def forward(self, calendar: Tensor, slot: Tensor, day: Tensor) -> tuple[Tensor, Tensor]:
        """Embeddings [..., D] of moments [..., 2] by tables of slots and days."""
        if self.all:
            return functional.embedding(calendar[..., 0], slot), functional.embedding(calendar[..., 1], day)
        nearest = functional.embedding(self.get_buffer("slot")[calendar[..., 0]], slot)
        return nearest, functional.embedding(calendar[..., 1], day * self.get_buffer("day")[:, None])


def nearest_slots(seen: np.ndarray) -> np.ndarray:
    """For every slot of the day [S] the nearest one that is ``seen`` [S], round the clock; itself where none is."""
    slots = np.flatnonzero(seen)
    if not len(slots):
        return np.arange(len(seen))
    round_the_clock = np.concatenate([slots[-1:] - len(seen), slots, slots[:1] + len(seen)])
    after = np.searchsorted(round_the_clock, np.arange(len(seen)))
    before = np.maximum(after - 1, 0)
    closer = np.arange(len(seen)) - round_the_clock[before] <= round_the_clock[after] - np.arange(len(seen))
    return np.asarray(round_the_clock[np.where(closer, before, after)] % len(seen))
