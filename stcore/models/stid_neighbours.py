"""STID with neighbours: each sensor's own history is joined by a mixture of the histories of the sensors that are on.

The mixture's weights are one head of attention (Vaswani et al. 2017, arXiv 1706.03762) between identities of sensors, less
a penalty on their distance; they do not depend on the readings. STID is Shao et al. 2022 (arXiv 2208.05233); the head is
ours.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from stcore.data.graph import BLOCK, haversine
from stcore.models import Setting
from stcore.models.cards import NeighboursOptions
from stcore.models.forecaster import flat_series
from stcore.models.stid import STID

HIDDEN = 64  # units of the encoder
STEEPEST = 10.0  # how far the score of a sensor that is off can exceed the best that is on: bounds its gate's slope
FAINTEST = 1e-3  # the gate under which who is on alone is not heard in full: bounds the slope where all are off
FAR = 1e9  # of a sensor from itself
LEAST = -1e4  # no score of another sensor is as low


class Listening(NamedTuple):
    """What a forecast of M sensors from the histories of K needs besides them."""

    who: Tensor  # [M, D] identities
    gate: Tensor  # [M] how far each one's own history is on
    mass: Tensor  # [M, K] what each makes of the others
    counts: Tensor  # [K] the gates of the others
    own: Tensor | None = None  # [M] where their own histories are among the K, anywhere for those that have none


class StidNeighbours(STID):
    """STID on two histories, a sensor's own and its neighbours', and on whether its own is real."""

    mixes_sensors, gathers = True, True

    def __init__(self, setting: Setting, options: NeighboursOptions) -> None:
        super().__init__(setting._replace(inputs=2 * setting.inputs), options)
        self.setting, width = setting, options.width
        self.unseen_sensors = options.identity == "encoder"
        if self.unseen_sensors:
            del self.sensor  # what the encoder says stands in its place
            inside = self.get_buffer("facts").shape[1]
            self.encoder = nn.Sequential(nn.Linear(inside, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, width))
        self.asks, self.offers = nn.Linear(width, width), nn.Linear(width, width, bias=False)
        self.on = nn.Parameter(torch.zeros(width))
        self.steepness = nn.Parameter(torch.ones(()))

    def settle(self, setting: Setting) -> None:
        """See Forecaster."""
        self.setting = setting
        self.register_buffer("facts", facts(setting), persistent=False)
        self.register_buffer("apart", apart(setting), persistent=False)

    def identities(self) -> Tensor:
        """What tells the sensors apart [N, D]."""
        found: Tensor = self.encoder(self.get_buffer("facts")) if self.unseen_sensors else self.sensor
        return found

    def forward(self, x: Tensor, calendar: Tensor, sensor: Tensor | None = None, gate: Tensor | None = None) -> Tensor:
        """See Forecaster; all sensors are there, so their positions are not read."""
        who = self.identities()
        mass = masses(self.scores(who, who, self.get_buffer("apart")), gate)
        gate = x.new_ones(len(who)) if gate is None else gate
        return self.heard(x, calendar, Listening(who, gate, mass, gate))

    def gathered(self, x: Tensor, calendar: Tensor, active: Tensor, wanted: Tensor) -> Tensor:
        """See Forecaster; computes the wanted sensors alone, from the active ones alone."""
        return self.heard(x, calendar, self.listening(active, wanted))

    def listening(self, active: Tensor, wanted: Tensor) -> Listening:
        """What ``gathered`` needs besides readings, so that many batches under one mask can share it; see ``heard``."""
        who = self.identities()
        asking, apart = who[wanted], self.get_buffer("apart")[wanted[:, None], active]
        mass, ones = masses(self.scores(asking, who[active], apart)), who.new_ones(len(active))
        if torch.equal(active, wanted):
            return Listening(asking, ones, mass, ones)
        place = torch.full((len(who),), -1, device=who.device)
        place[active] = torch.arange(len(active), device=who.device)
        own = place[wanted]
        return Listening(asking, (own >= 0).to(who.dtype), mass, ones, own.clamp(min=0))

    def heard(self, x: Tensor, calendar: Tensor, listening: Listening) -> Tensor:
        """Forecast [B, H, M, C'] from histories [B, L, K, C] that come multiplied by their gates."""
        who, gate, mass, counts, place = listening
        own = x if place is None else x[:, :, place] * gate[:, None]
        both = torch.cat((own, mixture(x, mass, counts)), dim=3)
        series = self.series(flat_series(both)).view(len(x), len(who), -1) + gate[:, None] * self.on
        return self.through((series, who[None], *self.times(calendar)))

    def scores(self, asking: Tensor, offering: Tensor, apart: Tensor) -> Tensor:
        """How much sensors [M, D] would make of others [K, D], ``apart`` [M, K] as they are, before the gate: [M, K]."""
        alike = self.asks(asking) / math.sqrt(asking.shape[1]) @ self.offers(offering).T
        return torch.addcmul(alike, apart, -functional.softplus(self.steepness))


def masses(scores: Tensor, gate: Tensor | None = None) -> Tensor:
    """exp(score) [M, K], in proportion to that of whom each hears best among those that are on."""
    heard = scores.detach() if gate is None else scores.detach().masked_fill(gate == 0, -torch.inf)
    best = heard.amax(1, keepdim=True)
    above = scores - best.where(best > LEAST, 0)
    return above.exp() if gate is None else above.clamp(max=STEEPEST).exp()


def mixture(x: Tensor, mass: Tensor, gate: Tensor) -> Tensor:
    """Mean history of the others [B, L, M, C], weighted by mass [M, K] x gate; 0 where there is nobody.

    From histories [B, L, K, C] that come multiplied by the gate [K], so it stands in the divisor alone: the slope with
    regard to a gate of 0 is what the sensor would change, and finite. One product gives sums and divisors, so that few
    passes are made over the masses.
    """
    rows = torch.cat((x.transpose(2, 3).flatten(0, 2), gate[None]))
    sums = functional.linear(rows, mass)
    mixed = sums[:-1] / sums[-1].clamp(min=FAINTEST)
    return mixed.view(len(x), x.shape[1], x.shape[3], len(mass)).transpose(2, 3)


def facts(setting: Setting) -> Tensor:
    """What is known of each sensor [N, P + 3]: its profile, its place from the middle in spreads, whether that is known."""
    profile = np.zeros((setting.sensors, 48)) if setting.profile is None else setting.profile
    places = np.full((setting.sensors, 2), np.nan) if setting.places is None else setting.places.astype(float)
    known = np.isfinite(places).all(axis=1)
    relative = np.zeros_like(places)
    if known.any():
        first = places[known][0]
        east = (places[known, 1] - first[1] + 180) % 360 - 180  # the date line is no edge
        flat = np.stack([places[known, 0], east * np.cos(np.radians(first[0]))], axis=1)
        middle = flat - flat.mean(axis=0)
        relative[known] = middle / (np.sqrt((middle**2).mean()) or 1.0)
    return torch.from_numpy(np.concatenate([profile, relative, known[:, None]], axis=1).astype(np.float32))


def apart(setting: Setting) -> Tensor:
    """Distances [N, N] as log(1 + d / s), s the middle distance to the fourth neighbour; the middle one where unknown.

    Nobody is a neighbour of itself: the diagonal is as good as infinite.
    """
    found = np.zeros((setting.sensors, setting.sensors), np.float32)
    places = np.full((setting.sensors, 2), np.nan) if setting.places is None else setting.places.astype(float)
    known = np.flatnonzero(np.isfinite(places).all(axis=1))
    if len(known) > 1:
        blocks = np.array_split(places[known], -(-len(known) // BLOCK))
        distance = np.concatenate([haversine(block, places[known]).astype(np.float32) for block in blocks])
        fourth = min(4, len(known) - 1)
        near = np.log1p(distance / (np.median(np.partition(distance, fourth, axis=1)[:, fourth]) or 1))
        found[:] = np.median(near)
        found[np.ix_(known, known)] = near
    np.fill_diagonal(found, FAR)
    return torch.from_numpy(found)
