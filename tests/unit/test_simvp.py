"""SimVP: cells lie where the grid says, see so far, begin at persistence, and what is off is known to be off."""

import numpy as np
import pytest
import torch
from tiny import tiny
from torch import Tensor

from stcore.models import Setting
from stcore.models.cards import SimVPOptions
from stcore.models.simvp import SimVP
from stcore.options import OptionError, RunOptions
from stcore.runs.create import resolve


def model(grid: tuple[int, int], cells: np.ndarray, blocks: int = 2) -> SimVP:
    torch.manual_seed(0)
    setting = Setting(4, 3, len(cells), 2, 1, 24, grid=grid, cells=cells)
    return SimVP(setting, SimVPOptions(width=8, blocks=blocks)).double()


def inputs(sensors: int) -> tuple[Tensor, Tensor]:
    rng = np.random.default_rng(0)
    clock = np.stack([rng.integers(0, size, (2, 7)) for size in (24, 7)], axis=2)
    return torch.from_numpy(rng.normal(size=(2, 4, sensors, 2))), torch.from_numpy(clock)


def test_the_order_of_the_sensors_does_not_matter() -> None:
    cells, order = np.array([0, 1, 4, 5, 8, 13, 14]), np.array([3, 0, 6, 2, 1, 5, 4])
    one, other = model((4, 5), cells), model((4, 5), cells[order])
    other.load_state_dict(one.state_dict())
    with torch.no_grad():
        other.sensor.copy_(one.sensor[order])
    x, calendar = inputs(7)
    torch.testing.assert_close(other(x[:, :, order], calendar), one(x, calendar)[:, :, order])


@pytest.mark.parametrize("grid", [(1, 1), (1, 6), (2, 2), (5, 7), (8, 8)])
def test_grids_of_any_shape(grid: tuple[int, int]) -> None:
    cells = np.arange(grid[0] * grid[1])
    x, calendar = inputs(len(cells))
    forecast = model(grid, cells)(x, calendar)
    assert forecast.shape == (2, 3, len(cells), 1) and torch.isfinite(forecast).all()


def test_a_cell_that_is_off_differs_from_one_at_its_mean() -> None:
    x, calendar = inputs(35)
    x[:, :, 9] = 0
    of, gate = model((5, 7), np.arange(35)), torch.ones(35).double()
    gate[9] = 0
    torch.testing.assert_close(of(x, calendar), of(x, calendar, None, torch.ones(35).double()))
    assert not torch.allclose(of(x, calendar), of(x, calendar, None, gate))


def test_a_cell_sees_its_surroundings_and_no_further() -> None:
    """The last kernel reaches 1 cell, the block's 3 cells of the halved grid from there, the first two 1 cell each."""
    of, (x, calendar) = model((1, 40), np.arange(40), blocks=1), inputs(40)
    x.requires_grad_(True)
    (slope,) = torch.autograd.grad(of(x, calendar)[:, :, 0].sum(), x)
    seen = torch.nonzero(slope.abs().sum((0, 1, 3)))[:, 0]
    assert seen.tolist() == list(range(1 + 2 * 3 + 1 + 1))


def test_sensors_on_no_grid_are_refused_with_the_models_that_need_none() -> None:
    options = RunOptions.read({"model": {"name": "simvp"}, "prune": {"name": "full"}})
    with pytest.raises(OptionError, match=r"needs sensors that are cells of a grid.*stid"):
        resolve(tiny(300), options)
    assert resolve(tiny(300, grid=(2, 2)), options)[0].model["name"] == "simvp"
