"""STID with neighbours: each sensor's own history is joined by a mixture of the histories of the sensors that are on.

The mixture's weights are one head of attention (Vaswani et al. 2017, arXiv 1706.03762) between identities of sensors, less
a penalty on their distance. They do not depend on the readings. STID is of Shao et al. 2022 (arXiv 2208.05233); the head is
ours.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as functional
from torch import Tensor, nn
from typing_extensions import override

from stcore.data.graph import BLOCK, haversine
from stcore.models import Setting
from stcore.models.cards import NeighboursOptions
from stcore.models.forecaster import flat_series
from stcore.models.stid import STID

HIDDEN = 64  # units of the encoder
STEEPEST = 10.0  # by how much the score of a sensor that is off can exceed the best that is on: bounds its gate's slope
FAINTEST = 1e-3  # gates that sum to less are not scaled up to 1: bounds the slope where all are off
FAR = 1e9  # distance of a sensor from itself
LEAST = -1e4  # every score of another sensor is higher


class Listening(NamedTuple):
    """What a forecast of M sensors needs besides the histories of the K that are on."""

    who: Tensor  # [M, D] identities
    gate: Tensor  # [M] how far their own histories are on
    mass: Tensor  # [M, K] how much each hears of the others
    counts: Tensor  # [K] the gates of the others
    own: Tensor | None = None  # [M] positions of their own histories among the K; any position for those without


class StidNeighbours(STID):
    """STID on two histories, a sensor's own and that of its neighbours, and on whether its own is on."""

    mixes_sensors, gathers = True, True

    def __init__(self, setting: Setting, options: NeighboursOptions) -> None:
        super().__init__(setting._replace(inputs=2 * setting.inputs), options)
        self.setting, width = setting, options.width
        self.unseen_sensors = options.identity == "encoder"
        if self.unseen_sensors:
            del self.sensor  # the encoder's output stands in its place
            inside = self.get_buffer("facts").shape[1]
            self.encoder = nn.Sequential(nn.Linear(inside, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, width))
        self.asks, self.offers = nn.Linear(width, width), nn.Linear(width, width, bias=False)
        self.on = nn.Parameter(torch.zeros(width))
        self.steepness = nn.Parameter(torch.ones(()))

    @override
    def settle(self, setting: Setting) -> None:
        self.setting = setting
        self.register_buffer("facts", facts(setting), persistent=False)
        self.register_buffer("apart", log_distances(setting), persistent=False)

    @override
    def identities(self) -> Tensor:
        identities: Tensor = self.encoder(self.get_buffer("facts")) if self.unseen_sensors else self.sensor
        return identities

    @override
    def forward(self, x: Tensor, calendar: Tensor, sensor: Tensor | None = None, gate: Tensor | None = None) -> Tensor:
        """``x`` always holds all sensors, so ``sensor`` is not read."""
        who = self.identities()
        mass = masses(self.scores(who, who, self.get_buffer("apart")), gate)
        gate = x.new_ones(len(who)) if gate is None else gate
        return self.forecast_heard(x, calendar, Listening(who, gate, mass, gate))

    @override
    def forecast_from(self, x: Tensor, calendar: Tensor, active: Tensor, wanted: Tensor) -> Tensor:
        """Computes the wanted sensors alone, from the active ones alone."""
        return self.forecast_heard(x, calendar, self.listening(active, wanted))

    def listening(self, active: Tensor, wanted: Tensor) -> Listening:
        """What ``forecast_from`` needs besides readings; many batches under one mask can share it."""
        who = self.identities()
        asking, apart = who[wanted], self.get_buffer("apart")[wanted[:, None], active]
        mass, ones = masses(self.scores(asking, who[active], apart)), who.new_ones(len(active))
        if torch.equal(active, wanted):
            return Listening(asking, ones, mass, ones)
        position = torch.full((len(who),), -1, device=who.device)
        position[active] = torch.arange(len(active), device=who.device)
        own = position[wanted]
        return Listening(asking, (own >= 0).to(who.dtype), mass, ones, own.clamp(min=0))

    def forecast_heard(self, x: Tensor, calendar: Tensor, listening: Listening) -> Tensor:
        """Forecast [B, H, M, C'] from histories [B, L, K, C] that come multiplied by their gates."""
        who, gate, mass, counts, position = listening
        own = x if position is None else x[:, :, position] * gate[:, None]
        both = torch.cat((own, mixture(x, mass, counts)), dim=3)
        series = self.series(flat_series(both)).view(len(x), len(who), -1) + gate[:, None] * self.on
        return self.through((series, who[None], *self.times(calendar)))

    def scores(self, asking: Tensor, offering: Tensor, apart: Tensor) -> Tensor:
        """[M, K] how much sensors [M, D] would hear of others [K, D] at the distances ``apart`` [M, K], before the gate."""
        alike = self.asks(asking) / math.sqrt(asking.shape[1]) @ self.offers(offering).T
        return torch.addcmul(alike, apart, -functional.softplus(self.steepness))


def masses(scores: Tensor, gate: Tensor | None = None) -> Tensor:
    """exp(score) [M, K], relative to the sensor that each hears best among those that are on."""
    heard = scores.detach() if gate is None else scores.detach().masked_fill(gate == 0, -torch.inf)
    best = heard.amax(1, keepdim=True)
    above = scores - best.where(best > LEAST, 0)
    return above.exp() if gate is None else above.clamp(max=STEEPEST).exp()


def mixture(x: Tensor, mass: Tensor, gate: Tensor) -> Tensor:
    """Mean history of the others [B, L, M, C], weighted by mass [M, K] x gate; 0 where there are no others.

    The histories [B, L, K, C] come multiplied by the gate [K], so it stands in the divisor alone: the slope with regard to a
    gate of 0 is what the sensor would change, and finite. One product gives sums and divisors, so that few passes go over
    the masses.
    """
    rows = torch.cat((x.transpose(2, 3).flatten(0, 2), gate[None]))
    sums = functional.linear(rows, mass)
    mixed = sums[:-1] / sums[-1].clamp(min=FAINTEST)
    return mixed.view(len(x), x.shape[1], x.shape[3], len(mass)).transpose(2, 3)


def facts(setting: Setting) -> Tensor:
    """What is known of each sensor [N, P + 3]: its profile, its location from the middle in stds, whether that is known."""
    profile = np.zeros((setting.sensors, 48)) if setting.profile is None else setting.profile
    locations = np.full((setting.sensors, 2), np.nan) if setting.places is None else setting.places.astype(float)
    known = np.isfinite(locations).all(axis=1)
    relative = np.zeros_like(locations)
    if known.any():
        first = locations[known][0]
        east = (locations[known, 1] - first[1] + 180) % 360 - 180  # the date line is no edge
        flat = np.stack([locations[known, 0], east * np.cos(np.radians(first[0]))], axis=1)
        middle = flat - flat.mean(axis=0)
        relative[known] = middle / (np.sqrt((middle**2).mean()) or 1.0)
    return torch.from_numpy(np.concatenate([profile, relative, known[:, None]], axis=1).astype(np.float32))


def log_distances(setting: Setting) -> Tensor:
    """Distances [N, N] as log(1 + d / s), s the median distance to the fourth neighbour; their median where unknown.

    No sensor is a neighbour of itself: the diagonal is as good as infinite.
    """
    distances = np.zeros((setting.sensors, setting.sensors), np.float32)
    locations = np.full((setting.sensors, 2), np.nan) if setting.places is None else setting.places.astype(float)
    known = np.flatnonzero(np.isfinite(locations).all(axis=1))
    if len(known) > 1:
        blocks = np.array_split(locations[known], -(-len(known) // BLOCK))
        distance = np.concatenate([haversine(block, locations[known]).astype(np.float32) for block in blocks])
        fourth = min(4, len(known) - 1)
        near = np.log1p(distance / (np.median(np.partition(distance, fourth, axis=1)[:, fourth]) or 1))
        distances[:] = np.median(near)
        distances[np.ix_(known, known)] = near
    np.fill_diagonal(distances, FAR)
    return torch.from_numpy(distances)
