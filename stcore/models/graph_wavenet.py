"""Graph WaveNet (Wu et al. 2019, arXiv 1906.00121), compact: gated dilated convolution over time, diffusion over the graph.

Ours: only the steps that the last one depends on are computed (a tree of dilated convolutions with kernel 2: the same
function at half the steps in every layer). Diffusion is summed from the highest power down, so that one product by the weights
comes before all products by a graph. Nothing is normalised over the batch, so samples do not mix. Sensors and slots of the
day have embeddings, as in STID. A sensor that is off passes on nothing, at first or at second hand: its messages are
multiplied by its gate, and the sum of the messages is divided by the weight that is left.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as functional
from torch import Tensor, nn
from typing_extensions import override

from stcore.models import Setting
from stcore.models.cards import GraphWaveNetOptions
from stcore.models.forecaster import Forecaster, table
from stcore.models.location import LocationEncoder, Moments, mean_inputs

LEAST = 0.01  # share of a sensor's incoming weight that must be on for the rest to be brought to a sum of one
Hearing = Callable[[Tensor], Tensor]  # from the messages of n sensors [n, R] to what each of them hears [n, R]


class GraphWaveNet(Forecaster):
    """Hidden states are [N, B, T, D]: sensors first, so that a step of diffusion is one matrix product."""

    mixes_sensors = True
    gathers = True

    def __init__(self, setting: Setting, options: GraphWaveNetOptions) -> None:
        super().__init__()
        width, self.sizes = options.width, [options.nodes, options.nodes, options.width]
        self.unseen_sensors = options.identity != "table"
        self.settle(setting)
        # Other sensors may have no graph, or another one.
        given = [] if self.unseen_sensors else transitions(setting)
        self.walks = nn.ModuleList(Walk(matrix) for matrix in given)
        if self.unseen_sensors:
            self.encoder = LocationEncoder(setting.lookback * setting.inputs, sum(self.sizes), options.identity)
            self.series = nn.Linear(setting.inputs, width)
        else:
            self.sources, self.destinations = (table(setting.sensors, options.nodes) for _ in range(2))
            self.series = nn.Linear(setting.inputs, width)
            self.sensor = table(setting.sensors, width)
        self.slot = table(setting.slots, width)
        self.moments = Moments(setting)
        self.day = nn.Parameter(torch.zeros(7, width))  # a day that training has not seen adds nothing
        depth = max(1, (setting.lookback - 1).bit_length())
        self.layers = nn.ModuleList(Layer(width, options.skip, len(self.walks) + 1) for _ in range(depth))
        self.end = nn.Linear(options.skip, options.skip)
        self.head = nn.Linear(options.skip, setting.horizon * setting.targets)

    @override
    def settle(self, setting: Setting) -> None:
        self.setting = setting
        if self.unseen_sensors:
            self.register_buffer("location", mean_inputs(setting), persistent=False)

    def identities(self) -> tuple[Tensor, Tensor, Tensor]:
        """Each sensor as a hearer [N, R] and as a source [N, R] of the learned graph, and its own embedding [N, D]."""
        if not self.unseen_sensors:
            return self.sources, self.destinations, self.sensor
        hearers, heard, who = self.encoder(self.get_buffer("location")).split(self.sizes, dim=1)
        return hearers, heard, who

    @override
    def forward(self, x: Tensor, calendar: Tensor, sensor: Tensor | None = None, gate: Tensor | None = None) -> Tensor:
        """``x`` always holds all sensors, so ``sensor`` is not read."""
        hearers, heard, who = self.identities()
        products: list[Hearing] = [*self.given, learned_graph(hearers, heard).matmul]
        if gate is not None:
            column = gate[:, None]
            products = [renormalise(product, product(column), lambda rows: rows * column) for product in products]
        return self.forecast(x, calendar, who, products)

    @override
    def forecast_from(self, x: Tensor, calendar: Tensor, active: Tensor, wanted: Tensor) -> Tensor:
        """Computes for the sensors that are on or wanted; messages come from those that are on."""
        nodes, position = torch.cat([active, wanted]).unique(return_inverse=True)
        senders, asked = position.split([len(active), len(wanted)])
        whole = x.new_zeros(len(x), x.shape[1], len(nodes), x.shape[3]).index_copy(2, senders, x)
        hearers, heard, who = self.identities()
        products: list[Hearing] = [walk.between(nodes, active) for walk in self.given]
        products.append(learned_graph(hearers[nodes], heard)[:, active].matmul)
        column = x.new_ones(len(active), 1)
        products = [renormalise(product, product(column), lambda rows: rows[senders]) for product in products]
        return self.forecast(whole, calendar, who[nodes], products)[:, :, asked]

    @property
    def given(self) -> list["Walk"]:
        """The walks over the given graph, with their own type."""
        return [walk for walk in self.walks if isinstance(walk, Walk)]

    def forecast(self, x: Tensor, calendar: Tensor, who: Tensor, graphs: Sequence[Hearing]) -> Tensor:
        """[B, H, n, C'] from readings [B, L, n, C] of n sensors, their embeddings [n, D] and graphs among them."""
        batch, lookback, sensors, _ = x.shape
        slot, day = self.moments(calendar[:, :lookback], self.slot, self.day)
        state = self.series(x.permute(2, 0, 1, 3)) + (slot + day) + who[:, None, None]
        total: Tensor | None = None
        for layer in self.layers:
            state, skip = layer(state, graphs)
            total = skip if total is None else total + skip
        assert total is not None
        rows = functional.relu(self.end(functional.relu(total))).transpose(0, 1)
        if self.remember:
            self.last = rows.detach()
        forecast: Tensor = self.head(rows).view(batch, sensors, self.setting.horizon, self.setting.targets)
        return forecast.transpose(1, 2)


def learned_graph(hearers: Tensor, heard: Tensor) -> Tensor:
    """[n, N] how much each of n sensors hears each of N in the learned graph, by their embeddings; rows sum to 1."""
    return functional.relu(hearers @ heard.T).softmax(dim=1)


class Layer(nn.Module):
    """Two neighbouring steps to one by a gated convolution, then diffusion, with a residual."""

    def __init__(self, width: int, skip: int, graphs: int) -> None:
        super().__init__()
        self.gated = nn.Linear(2 * width, 2 * width)
        self.own = nn.Linear(width, width)
        self.heard = nn.Parameter(torch.randn(2 * graphs, width, width) * (width * (1 + 2 * graphs)) ** -0.5)
        # The skip comes after diffusion. The paper's comes before it, and wastes the last layer.
        self.skip = nn.Linear(width, skip)

    def forward(self, state: Tensor, graphs: Sequence[Hearing]) -> tuple[Tensor, Tensor]:
        """States [n, B, T, D] to [n, B, T / 2, D], and the newest step's part of the skip [n, B, D']."""
        sensors, batch, steps, width = state.shape
        if steps % 2:
            state = functional.pad(state, (0, 0, 1, 0))  # the step before the first is unknown
        pairs = state.reshape(sensors, batch, -1, 2 * width)
        value, openness = self.gated(pairs).chunk(2, dim=3)
        hidden = value.tanh() * openness.sigmoid()
        sent = torch.matmul(hidden.reshape(-1, width), self.heard).view(2, len(graphs), sensors, -1)
        after = self.own(hidden) + pairs[..., width:]
        for hear, first, second in zip(graphs, *sent, strict=True):
            after = after + hear(first + hear(second)).view_as(after)
        return after, self.skip(after[:, :, -1])


def renormalise(product: Hearing, share: Tensor, send: Hearing) -> Hearing:
    """Hearing where ``share`` [n, 1] of the weight is on, and ``send`` makes the messages."""
    return lambda rows: product(send(rows)) / share.clamp(min=LEAST)


class Walk(nn.Module):
    """What sensors hear over a given graph: a product by a constant sparse matrix [N, N]."""

    def __init__(self, matrix: Tensor) -> None:
        super().__init__()
        self.register_buffer("matrix", matrix, persistent=False)
        self.register_buffer("transposed", matrix.T.coalesce(), persistent=False)

    def forward(self, rows: Tensor) -> Tensor:
        """[N, R] to [N, R]."""
        matrix = self.get_buffer("matrix")
        heard: Tensor = Product.apply(matrix, self.get_buffer("transposed"), rows.to(matrix.dtype))
        return heard

    def between(self, nodes: Tensor, senders: Tensor) -> Hearing:
        """The same from some sensors to some others."""
        part = self.get_buffer("matrix").index_select(0, nodes).index_select(1, senders)
        return lambda rows: torch.sparse.mm(part, rows.to(part.dtype))


class Product(torch.autograd.Function):
    """A constant sparse matrix times rows; PyTorch's own transposes it at every step."""

    @staticmethod
    def forward(ctx: Any, matrix: Tensor, transposed: Tensor, rows: Tensor) -> Tensor:
        """[N, R] from a matrix [N, M], its transposed and rows [M, R]."""
        ctx.transposed = transposed
        return torch.sparse.mm(matrix, rows)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[None, None, Tensor]:
        """Only the rows have a slope."""
        return None, None, torch.sparse.mm(ctx.transposed, slope)


def transitions(setting: Setting) -> list[Tensor]:
    """Sparse transition matrices [N, N] of random walks along the edges and against them, rows of sum 1; none without edges.

    Li et al. 2018, DCRNN, arXiv 1707.01926.
    """
    if setting.edges is None or not len(setting.edges[0]):
        return []
    start, end, weight = (np.asarray(part) for part in setting.edges)
    matrices = []
    for hearer, source in ((start, end), (end, start)):
        share = weight / np.maximum(np.bincount(hearer, weight, setting.sensors), np.finfo(float).tiny)[hearer]
        pairs = torch.from_numpy(np.stack([hearer, source]))
        size = (setting.sensors, setting.sensors)
        matrices.append(
            torch.sparse_coo_tensor(pairs, torch.from_numpy(share).float(), size, check_invariants=True).coalesce()
        )
    return matrices
