"""STID with neighbours: who is listened to, how much, and what is told where there is nobody."""

import numpy as np
import pytest
import torch
from tiny import tiny

from stcore.models import Setting
from stcore.models.cards import NeighboursOptions
from stcore.models.forecaster import Gated
from stcore.models.stid_neighbours import FAR, StidNeighbours, facts, log_distances, masses, mixture
from stcore.options import DataOptions, RunOptions
from stcore.registry import Shape
from stcore.training import cost, evaluate
from stcore.training.build import build_model
from stcore.training.tensors import DataTensors

PLACES = np.array([[48.0, 11.0], [48.0009, 11.0], [48.1, 11.0], [48.5, 11.0], [49.0, 11.0], [50.0, 11.0]])


def built(setting: Setting, **options: str) -> StidNeighbours:
    torch.manual_seed(0)
    return StidNeighbours(setting, NeighboursOptions.read(options))


def bare(sensors: int, places: np.ndarray | None = None) -> Setting:
    return Setting(8, 5, sensors, 2, 1, 24, places=places)


def inputs(sensors: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(4, 8, sensors, 2, generator=generator), torch.zeros(4, 13, 2, dtype=torch.int64)


@pytest.mark.parametrize("identity", ["encoder", "table"])
@pytest.mark.parametrize("sensors", [1, 2, 6])
@pytest.mark.parametrize("places", [None, np.nan, 48.0])
def test_nothing_needs_to_be_known_of_the_sensors(identity: str, sensors: int, places: float | None) -> None:
    where = None if places is None else np.full((sensors, 2), places)
    model = built(bare(sensors, where), identity=identity)
    assert torch.isfinite(model(*inputs(sensors))).all()


def test_one_sensor_hears_nobody_and_says_what_it_would_among_silent_ones() -> None:
    alone, among = built(bare(1)), built(bare(3))
    torch.nn.init.constant_(alone.steepness, -2)  # distance hardly counts, but to be oneself does
    among.load_state_dict(alone.state_dict())
    x, calendar = inputs(3)
    x[:, :, 1:] = 0
    gate = torch.tensor([1.0, 0.0, 0.0])
    torch.testing.assert_close(among(x, calendar, None, gate)[:, :, :1], alone(x[:, :, :1], calendar))
    assert (
        mixture(x[:, :, :1], masses(alone.scores(*torch.ones(2, 1, 16), log_distances(bare(1)))), gate[:1]) == 0
    ).all()


def test_the_near_are_heard_more_where_identities_are_alike() -> None:
    model = built(bare(6, PLACES))
    alike = torch.ones(6, 16)
    scores = model.scores(alike, alike, log_distances(bare(6, PLACES)))
    assert (scores[0, 1:].diff() < 0).all()


def test_distances_tell_sensors_100_m_apart_and_cross_the_date_line() -> None:
    near = log_distances(bare(6, PLACES))
    assert near[0, 1] == near[1, 0] > 0 and near[0, 2] > 10 * near[0, 1]
    line = log_distances(bare(3, np.array([[0, 179.95], [0, -179.95], [0, 179.0]])))
    assert line[0, 1] < line[0, 2]


def test_a_place_that_is_not_known_is_middling_and_so_marked() -> None:
    places = PLACES.copy()
    places[3] = np.nan
    near, told = log_distances(bare(6, places)), facts(bare(6, places))
    known = np.delete(np.arange(6), 3)
    assert near[0, known].min() < near[0, 3] < near[0, known].max()
    assert told[3, -1] == 0 and (told[known, -1] == 1).all() and told[:, 48:50].abs().max() < 5


def test_the_mixture_is_a_mean_of_the_others_that_are_on() -> None:
    x = torch.arange(5.0).expand(2, 8, 5)[..., None]
    gate = torch.tensor([1.0, 1, 0, 1, 0])
    mixed = mixture(x * gate[:, None], masses(-FAR * torch.eye(5), gate), gate)
    torch.testing.assert_close(mixed[0, 0, :, 0], torch.tensor([2.0, 1.5, 4 / 3, 0.5, 4 / 3]))


def test_who_is_near_but_off_does_not_weaken_who_is_far_and_on() -> None:
    x, gate = torch.ones(2, 8, 3, 1), torch.tensor([1.0, 0.0, 1.0])
    scores = torch.tensor([[0.0, 300, -300]]).repeat(3, 1).fill_diagonal_(-FAR)
    mixed = mixture(x * gate[:, None], masses(scores, gate), gate)
    torch.testing.assert_close(mixed, torch.ones_like(mixed))


def test_the_slope_at_a_gate_of_zero_is_what_switching_on_would_change() -> None:
    tensors = DataTensors(tiny(300, 6, 2), DataOptions(lookback=8, horizon=5), dtype=torch.float64)
    model = build_model(tensors, RunOptions(model={"name": "stid-neighbours"}, train={"precision": "float64"}))
    batch = tensors.batch(tensors.parts.train, np.arange(30))

    def loss(gate: torch.Tensor) -> torch.Tensor:
        return evaluate.scaled_absolute_error(Gated(model, gate)(batch.x, batch.calendar), batch.y, batch.mask).mean()

    gate = torch.tensor([1.0, 0.0, 0.5, 1.0, 0.0, 1.0], dtype=torch.float64)
    leaf = gate.clone().requires_grad_(True)
    (slope,) = torch.autograd.grad(loss(leaf), leaf)
    for place in range(6):
        step = torch.zeros_like(gate)
        step[place] = 1e-6
        torch.testing.assert_close(slope[place], (loss(gate + step) - loss(gate)) / 1e-6, atol=1e-5, rtol=1e-3)


def test_what_is_remembered_is_what_the_last_linear_map_was_given() -> None:
    model = built(bare(6, PLACES))
    model.remember = True
    forecast = model(*inputs(6))
    assert model.last is not None and model.last.shape == (4, 6, 64)
    torch.testing.assert_close(model.head(model.last).transpose(1, 2)[..., None], forecast)


def test_only_a_table_is_tied_to_these_sensors() -> None:
    encoder, table = (built(bare(23), identity=identity) for identity in ("encoder", "table"))
    assert encoder.unseen_sensors and not table.unseen_sensors
    assert not any(23 in array.shape for array in encoder.state_dict().values())
    assert [name for name, array in table.state_dict().items() if 23 in array.shape] == ["sensor"]


def test_the_estimate_counts_what_the_neighbours_cost() -> None:
    model = {"name": "stid-neighbours"}
    alone, few, many = (
        cost.model_cost(choice, Shape(12, 12, 1, 1, count)).products
        for choice, count in (({"name": "stid"}, 207), (model, 20), (model, 207))
    )
    assert alone < few < many
