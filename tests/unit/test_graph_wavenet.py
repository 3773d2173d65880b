"""Graph WaveNet: its short cuts are the plain arithmetic, and a sensor that is off is not heard."""

import numpy as np
import pytest
import torch
from torch import Tensor

from stcore.models import Setting
from stcore.models.cards import GraphWaveNetOptions
from stcore.models.graph_wavenet import GraphWaveNet, learned_graph, transitions

EDGES = (np.array([0, 1, 2, 0, 3]), np.array([1, 2, 0, 2, 1]), np.array([1.0, 0.5, 2.0, 1.0, 3.0]))


def model(lookback: int = 12, edges: tuple[np.ndarray, ...] | None = EDGES, sensors: int = 5) -> GraphWaveNet:
    torch.manual_seed(0)
    setting = Setting(lookback, 3, sensors, 2, 1, 24, edges=edges)  # type: ignore[arg-type]
    return GraphWaveNet(setting, GraphWaveNetOptions(width=4, skip=8, nodes=3)).double()


def inputs(lookback: int = 12, sensors: int = 5, batch: int = 3) -> tuple[Tensor, Tensor]:
    rng = np.random.default_rng(0)
    clock = np.stack([rng.integers(0, size, (batch, lookback + 3)) for size in (24, 7)], axis=2)
    return torch.from_numpy(rng.normal(size=(batch, lookback, sensors, 2))), torch.from_numpy(clock)


def plain(of: GraphWaveNet, x: Tensor, calendar: Tensor, gate: Tensor) -> Tensor:
    """The paper's arithmetic step by step: every step of every layer, dense graphs and their squares."""
    lookback = x.shape[1]
    graphs = [walk.matrix.to_dense() for walk in of.walks] + [learned_graph(of.sources, of.destinations)]
    graphs = [graph * gate / (graph * gate).sum(1, keepdim=True).clamp(min=0.01) for graph in graphs]
    when = of.slot[calendar[:, :lookback, 0]] + of.day[calendar[:, :lookback, 1]]
    state = of.series(x) + when[:, :, None] + of.sensor  # [B, L, N, D]
    total: Tensor | float = 0.0
    for depth, layer in enumerate(of.layers):
        back = 2**depth
        before = torch.cat([torch.zeros_like(state[:, :back]), state[:, :-back]], dim=1)[:, : state.shape[1]]
        value, openness = layer.gated(torch.cat([before, state], dim=3)).chunk(2, dim=3)
        hidden = value.tanh() * openness.sigmoid()
        after = layer.own(hidden) + state
        for graph, first, second in zip(graphs, *layer.heard.unflatten(0, (2, -1)), strict=True):
            after = after + graph @ hidden @ first + graph @ graph @ hidden @ second
        state, total = after, total + layer.skip(after[:, -1])
    rows = torch.relu(of.end(torch.relu(total)))
    return of.head(rows).view(len(x), -1, 3, 1).transpose(1, 2)


@pytest.mark.parametrize("edges", [EDGES, None])
@pytest.mark.parametrize("lookback", [1, 2, 8, 16])
def test_short_cuts_are_the_plain_arithmetic(lookback: int, edges: tuple[np.ndarray, ...] | None) -> None:
    """Where the lookback is a power of two; otherwise only what is taken to be before the first step differs."""
    of, (x, calendar) = model(lookback, edges), inputs(lookback)
    for gate in (torch.ones(5), torch.tensor([1, 0.3, 0, 1, 0.7])):
        gate = gate.double()
        expected = plain(of, x * gate[:, None], calendar, gate)
        torch.testing.assert_close(of(x * gate[:, None], calendar, None, gate), expected, atol=1e-12, rtol=1e-9)
    every = torch.ones(5).double()  # the rows' sums are one up to float32
    torch.testing.assert_close(of(x, calendar), plain(of, x, calendar, every), atol=1e-7, rtol=1e-6)


@pytest.mark.parametrize("lookback", [1, 3, 7, 12, 13, 24])
def test_every_step_of_the_input_counts(lookback: int) -> None:
    of, (x, calendar) = model(lookback), inputs(lookback)
    x.requires_grad_(True)
    of(x, calendar).square().sum().backward()
    assert (x.grad is not None) and (x.grad.abs().sum((0, 2, 3)) > 0).all()


@pytest.mark.parametrize("active", [[0, 2, 3], [4], [0, 1, 2, 3, 4]])
@pytest.mark.parametrize("wanted", [[0, 1, 2, 3, 4], [3, 0], [1]])
def test_gathered_is_forward_with_the_others_off(active: list[int], wanted: list[int]) -> None:
    of, (x, calendar) = model(), inputs()
    gate = torch.zeros(5).double()
    gate[active] = 1
    some = of.forecast_from(x[:, :, active], calendar, torch.tensor(active), torch.tensor(wanted))
    whole = of(x * gate[:, None], calendar, None, gate)[:, :, wanted]
    torch.testing.assert_close(some, whole, atol=1e-12, rtol=1e-9)


def test_a_sensor_that_is_off_passes_on_nothing_at_second_hand_either() -> None:
    """In a chain 0 -> 1 -> 2 without a learned graph, 2 hears of 0 through 1 only."""
    chain = (np.array([1, 2]), np.array([0, 1]), np.ones(2))
    of, (x, calendar) = model(edges=chain, sensors=3), inputs(sensors=3)
    torch.nn.init.zeros_(of.sources)
    with torch.no_grad():
        for layer in of.layers:
            layer.heard.unflatten(0, (2, -1))[:, -1] = 0  # the learned graph is not listened to
    for open_ in (True, False):
        gate = torch.tensor([1.0, float(open_), 1.0]).double()
        x.requires_grad_(True)
        (slope,) = torch.autograd.grad(of(x, calendar, None, gate)[:, :, 2].sum(), x)
        assert bool((slope[:, :, 0] != 0).any()) is open_
        assert (slope[:, :, 2] != 0).any()


def test_slopes_of_the_gate_are_finite_and_reach_sensors_that_are_off() -> None:
    of, (x, calendar) = model(), inputs()
    gate = torch.tensor([1, 0, 1, 0, 0.5]).double().requires_grad_(True)
    of(x * gate[:, None], calendar, None, gate).square().sum().backward()
    assert gate.grad is not None and torch.isfinite(gate.grad).all() and (gate.grad != 0).all()
    gate = torch.zeros(5).double().requires_grad_(True)
    of(x * gate[:, None], calendar, None, gate).square().sum().backward()
    assert gate.grad is not None and torch.isfinite(gate.grad).all()


def test_transitions_are_means_over_successors_and_predecessors() -> None:
    along, against = (matrix.to_dense().numpy() for matrix in transitions(Setting(2, 1, 5, 1, 1, 24, edges=EDGES)))
    np.testing.assert_allclose(along[0], [0, 0.5, 0.5, 0, 0])
    np.testing.assert_allclose(against[1], [0.25, 0, 0, 0.75, 0])
    assert not along[4].any() and not against[3].any()
    assert transitions(Setting(2, 1, 5, 1, 1, 24)) == []


def test_weights_do_not_hold_the_graph() -> None:
    assert not [name for name in model().state_dict() if "walk" in name]
