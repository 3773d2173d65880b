"""Location encoder (STemDist 2026, arXiv 2603.10410): who a sensor is, told from its mean inputs and not from a table.

Linear map and ReLU, one head of attention among the sensors that are there (Vaswani et al. 2017, arXiv 1706.03762) with a
residual and a normalisation, linear map; or, nearly as good there, a small network on each sensor alone. Its weights
fit any sensors, of any number, so a model with it can be trained on clusters of sensors and forecast the sensors themselves.
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


class Moments(nn.Module):
    """Which rows of the tables over time a moment is looked up in: slots of the day and days of the week as they are, or where
    training holds but some of them (``Setting.seen``), the nearest slot that it holds; of other days, none."""

    def __init__(self, setting: Setting) -> None:
        super().__init__()
        slots, days = setting.seen or (np.ones(setting.slots, bool), np.ones(7, bool))
        self.register_buffer("slot", torch.from_numpy(nearest(slots)), persistent=False)
        self.register_buffer("day", torch.from_numpy(days.astype(np.float32)), persistent=False)
        self.all = setting.seen is None

    def forward(self, calendar: Tensor, slot: Tensor, day: Tensor) -> tuple[Tensor, Tensor]:
        """Embeddings [..., D] of moments [..., 2] by tables of slots and days."""
        if self.all:
            return functional.embedding(calendar[..., 0], slot), functional.embedding(calendar[..., 1], day)
        found = functional.embedding(self.get_buffer("slot")[calendar[..., 0]], slot)
        return found, functional.embedding(calendar[..., 1], day * self.get_buffer("day")[:, None])


def nearest(seen: np.ndarray) -> np.ndarray:
    """For every slot of the day [S] the nearest one that was ``seen`` [S], round the clock; itself where none was."""
    places = np.flatnonzero(seen)
    if not len(places):
        return np.arange(len(seen))
    round_the_clock = np.concatenate([places[-1:] - len(seen), places, places[:1] + len(seen)])
    after = np.searchsorted(round_the_clock, np.arange(len(seen)))
    before = np.maximum(after - 1, 0)
    closer = np.arange(len(seen)) - round_the_clock[before] <= round_the_clock[after] - np.arange(len(seen))
    return np.asarray(round_the_clock[np.where(closer, before, after)] % len(seen))
