"""MTGNN (Wu et al. 2020, arXiv 2005.11650), in the form that STemDist (arXiv 2603.10410) distils with.

It has convolutions of several lengths over time, and propagates in several steps over a graph that is learned from the
sensors' identities. As in STemDist, states are normalised over channels and time of each sensor alone, so that no parameter
depends on the number of sensors. Ours: the messages of a sensor are multiplied by its gate.
"""

import math

import torch
import torch.nn.functional as functional
from torch import Tensor, nn
from typing_extensions import override

from stcore.models import Setting
from stcore.models.cards import MTGNNOptions
from stcore.models.forecaster import Forecaster, table
from stcore.models.location import LocationEncoder, mean_inputs

KERNELS = (2, 3, 6, 7)  # lengths of the convolutions, in steps
STEEP = 3.0  # tanh-alpha
OWN = 0.05  # prop-alpha: how much of its own state a sensor keeps at each step of the propagation
DEPTH = 2  # steps of the propagation


class MTGNN(Forecaster):
    """Hidden states are [B, D, N, T]."""

    mixes_sensors = True

    def __init__(self, setting: Setting, options: MTGNNOptions) -> None:
        super().__init__()
        self.neighbours, self.dropout = options.neighbours, options.dropout
        self.unseen_sensors = options.identity != "table"
        self.settle(setting)
        width, nodes, reach = options.width, options.nodes, max(KERNELS) - 1
        if self.unseen_sensors:
            inside = setting.lookback * setting.inputs
            self.encoders = nn.ModuleList(LocationEncoder(inside, nodes, options.identity) for _ in range(2))
        else:
            self.tables = nn.ParameterList(table(setting.sensors, nodes) for _ in range(2))
        self.maps = nn.ModuleList(nn.Linear(nodes, nodes) for _ in range(2))
        self.steps = max(setting.lookback, 1 + options.layers * reach)  # shorter inputs are padded
        lengths = [self.steps - reach * (number + 1) for number in range(options.layers)]
        self.start = nn.Conv2d(setting.inputs, width, 1)
        self.first = nn.Conv2d(setting.inputs, 2 * width, (1, self.steps))
        self.layers = nn.ModuleList(Layer(width, length) for length in lengths)
        self.last_skip = nn.Conv2d(width, 2 * width, (1, lengths[-1]))
        self.end = nn.Linear(2 * width, 4 * width)
        self.head = nn.Linear(4 * width, setting.horizon * setting.targets)

    @override
    def settle(self, setting: Setting) -> None:
        self.setting = setting
        if self.unseen_sensors:
            self.register_buffer("location", mean_inputs(setting), persistent=False)

    @override
    def forward(self, x: Tensor, calendar: Tensor, sensor: Tensor | None = None, gate: Tensor | None = None) -> Tensor:
        """The calendar is not read."""
        graph = self.graph()
        weights = [hearing_weights(part, gate) for part in (graph, graph.T)]
        state = functional.pad(x.permute(0, 3, 2, 1), (self.steps - x.shape[1], 0))
        skip = self.first(functional.dropout(state, self.dropout, self.training))
        state = self.start(state)
        for layer in self.layers:
            state, more = layer(state, weights, self.dropout)
            skip = skip + more
        skip = functional.relu(skip + self.last_skip(state))
        rows = functional.relu(self.end(skip.squeeze(3).transpose(1, 2)))
        if self.remember:
            self.last = rows.detach()
        forecast: Tensor = self.head(rows).view(len(x), -1, self.setting.horizon, self.setting.targets)
        return forecast.transpose(1, 2)

    def graph(self) -> Tensor:
        """[N, N] how much each sensor hears each: at most one direction of every pair, and only the ``neighbours`` heaviest."""
        if self.unseen_sensors:
            identities = [encoder(self.get_buffer("location")) for encoder in self.encoders]
        else:
            identities = list(self.tables)
        one, other = (torch.tanh(STEEP * to(part)) for to, part in zip(self.maps, identities, strict=True))
        heard = functional.relu(torch.tanh(STEEP * (one @ other.T - other @ one.T)))
        if self.neighbours >= len(heard):
            return heard
        kept = heard.topk(self.neighbours, dim=1).indices
        return heard * torch.zeros_like(heard).scatter_(1, kept, 1.0)


class Layer(nn.Module):
    """Gated convolutions over time, then propagation along the graph and against it, with a residual."""

    def __init__(self, width: int, length: int) -> None:
        super().__init__()
        self.value, self.openness = Inception(width), Inception(width)
        self.along, self.against = (nn.Conv2d((DEPTH + 1) * width, width, 1) for _ in range(2))
        self.skip = nn.Conv2d(width, 2 * width, (1, length))

    def forward(self, state: Tensor, weights: list[Tensor], dropout: float) -> tuple[Tensor, Tensor]:
        """States [B, D, N, T] to [B, D, N, T - 6], and their part [B, 2 D, N, 1] of the skip."""
        hidden = self.value(state).tanh() * self.openness(state).sigmoid()
        hidden = functional.dropout(hidden, dropout, self.training)
        skip = self.skip(hidden)
        mixed = self.along(propagation(hidden, weights[0])) + self.against(propagation(hidden, weights[1]))
        after = mixed + state[..., -hidden.shape[3] :]
        middle = after.mean((1, 3), keepdim=True)
        return (after - middle) / (after.var((1, 3), unbiased=False, keepdim=True) + 1e-5).sqrt(), skip


class Inception(nn.Module):
    """Convolutions of several lengths over time, side by side, cut to the shortest."""

    def __init__(self, width: int) -> None:
        super().__init__()
        share = math.ceil(width / len(KERNELS))
        sizes = [min(share, width - share * number) for number in range(len(KERNELS))]
        self.parts = nn.ModuleList(
            nn.Conv2d(width, size, (1, kernel)) for size, kernel in zip(sizes, KERNELS, strict=True)
        )

    def forward(self, state: Tensor) -> Tensor:
        """[B, D, N, T] to [B, D, N, T - 6]."""
        length = state.shape[3] - max(KERNELS) + 1
        return torch.cat([part(state)[..., -length:] for part in self.parts], dim=1)


def hearing_weights(graph: Tensor, gate: Tensor | None) -> Tensor:
    """[N, N] rows of sum 1: how much each sensor hears of the others, by their gates, and of itself."""
    heard = graph if gate is None else graph * gate
    heard = heard + torch.eye(len(graph), device=graph.device)
    return heard / heard.sum(1, keepdim=True)


def propagation(state: Tensor, weights: Tensor) -> Tensor:
    """States [B, D, N, T] after 0, 1, ... steps of propagation, side by side [B, 3 D, N, T]."""
    states = [state]
    for _ in range(DEPTH):
        states.append(OWN * state + (1 - OWN) * torch.einsum("nm,bdmt->bdnt", weights, states[-1]))
    return torch.cat(states, dim=1)
