"""Per-sample columns against plain loops and against autograd."""

import numpy as np
import pytest
import torch

from stcore.options import OptionError
from stcore.ranks import Ranks
from stcore.training import scores
from stcore.training.losses import LOSSES, MAE, MSE, Loss


def average(values: np.ndarray, otherwise: float) -> float:
    """The mean of what was observed."""
    return float(np.nanmean(values)) if np.isfinite(values).any() else otherwise


def found(
    error: torch.Tensor, mask: torch.Tensor, *needs: str, last: torch.Tensor | None = None, loss: Loss = MAE
) -> dict[str, np.ndarray]:
    """The columns of one batch."""
    columns = scores.Columns(error.shape[1], needs, mask.sum((1, 2, 3)).clamp(min=1), loss)
    losses = loss.value(error)
    columns.take(scores.Step(torch.arange(len(error)), error, mask, losses, losses.sum((1, 2, 3)), last))
    return columns.merged(Ranks())[1]


def some(batch: int = 9, missing: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    """Signed errors [B, 4, 5, 1] and their mask; the first window never saw sensor 2."""
    rng = np.random.default_rng(0)
    mask = (rng.random((batch, 4, 5, 1)) >= missing).astype(np.float32)
    mask[0, :, 2] = 0
    return (rng.normal(size=mask.shape) * mask).astype(np.float32), mask


def test_columns_equal_plain_loops() -> None:
    error, mask = some()
    ids = np.array([3, 0, 5, 1, 9, 10, 11, 7, 8])
    counts = np.zeros(12, np.float32)
    counts[ids] = mask.sum(axis=(1, 2, 3))
    ids, observed = np.array([3, 0, 5, 1, 9, 10, 11, 7, 8]), torch.ones(12)
    observed[ids] = torch.from_numpy(mask.sum((1, 2, 3)))
    columns = scores.Columns(4, ("squared", "sensor_std", "horizon_std", "batch"), observed)
    for number, part in enumerate(np.array_split(np.arange(9), 4)):
        place, missed, held = (torch.from_numpy(array[part]) for array in (ids, error, mask))
        columns.take(scores.Step(place, missed, held, missed.abs(), missed.abs().sum((1, 2, 3)), None, number))
    indices, told = columns.merged(Ranks())
    np.testing.assert_array_equal(indices, ids)
    seen = np.where(mask > 0, np.abs(error), np.nan)[..., 0]
    np.testing.assert_allclose(told["error"], np.nanmean(seen, axis=(1, 2)), rtol=1e-5)
    np.testing.assert_allclose(told["squared"], np.sqrt(np.nanmean(seen**2, axis=(1, 2))), rtol=1e-5)
    by_sensor = np.array([[average(seen[b, :, n], np.nan) for n in range(5)] for b in range(9)])
    np.testing.assert_allclose(told["sensor_std"], np.nanstd(by_sensor, axis=1), rtol=1e-4)
    by_step = np.array([[average(seen[b, h], 0.0) for h in range(4)] for b in range(9)])
    usual = by_step.mean(axis=0)
    np.testing.assert_allclose(told["horizon_std"], (by_step * usual.mean() / usual).std(axis=1), rtol=1e-4)
    np.testing.assert_array_equal(told["batch"], [0, 0, 0, 1, 1, 2, 2, 3, 3])


def test_growth_with_the_horizon_is_no_spread() -> None:
    error = torch.arange(1.0, 5).view(1, 4, 1, 1).expand(6, 4, 3, 1)
    told = found(error, torch.ones_like(error), "horizon_std")
    np.testing.assert_allclose(told["horizon_std"], 0, atol=1e-6)


def test_a_step_without_readings_is_no_spread() -> None:
    error = torch.ones(3, 4, 2, 1)
    mask = torch.ones_like(error)
    mask[0, 1:3] = 0
    np.testing.assert_array_equal(found(error * mask, mask, "horizon_std")["horizon_std"], 0)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_slope_is_the_derivative_of_its_loss(loss: str) -> None:
    error = torch.tensor([-3.0, -1.0, -0.2, 0.0, 0.7, 1.0, 1.5], dtype=torch.float64, requires_grad=True)
    values = LOSSES[loss].value(error)
    (slope,) = torch.autograd.grad(values.sum(), error)
    torch.testing.assert_close(slope, LOSSES[loss].slope(error.detach()))
    assert values[3] == 0 and (values >= 0).all()


def test_the_error_of_a_sample_is_its_mean_loss() -> None:
    error, mask = some()
    told = found(torch.from_numpy(error), torch.from_numpy(mask), loss=MSE)
    np.testing.assert_allclose(told["error"], (error**2).sum((1, 2, 3)) / mask.sum((1, 2, 3)), rtol=1e-5)


def test_columns_go_by_the_names_that_they_were_asked_for_by() -> None:
    """Strategies of other people may still ask for the names of before."""
    error, mask = (torch.from_numpy(array) for array in some())
    old, new = (
        found(error, mask, "level", "sensor_spread", "horizon_spread"),
        found(error, mask, "sensor_std", "horizon_std"),
    )
    for before, now in (("level", "error"), ("sensor_spread", "sensor_std"), ("horizon_spread", "horizon_std")):
        np.testing.assert_array_equal(old[before], new[now])


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("sensors", [1, 5])
def test_the_gradient_is_that_of_the_last_layer(sensors: int, loss: str) -> None:
    rng = torch.Generator().manual_seed(0)
    last = torch.randn(6, sensors, 7, generator=rng)
    truth = torch.randn(6, 4, sensors, 1, generator=rng)
    mask = (torch.rand(6, 4, sensors, 1, generator=rng) < 0.7).float()
    head = torch.nn.Linear(7, 4)
    norms, errors = [], []
    for one in range(6):
        head.zero_grad()
        error = (head(last[one]).T[..., None] - truth[one]) * mask[one]
        (LOSSES[loss].value(error).sum() / mask[one].sum().clamp(min=1)).backward()
        norms.append(torch.sqrt(head.weight.grad.square().sum() + head.bias.grad.square().sum()).item())
        errors.append(error.detach())
    told = found(torch.stack(errors), mask, "gradient", "gradients", last=last, loss=LOSSES[loss])
    np.testing.assert_allclose(told["gradient"], norms, rtol=1e-5)
    assert told["gradients"].shape == (6, 64)


def test_projected_gradients_keep_their_lengths_about() -> None:
    error, mask = (torch.from_numpy(array) for array in some(200, 0.0))
    last = torch.randn(200, 5, 40, generator=torch.Generator().manual_seed(1))
    sketch = np.linalg.norm(found(error, mask, "gradients", last=last)["gradients"], axis=1)
    pull = error.sign() / mask.sum((1, 2, 3))[:, None, None, None]
    whole = torch.einsum("bhnc,bnd->bhcd", pull, last).flatten(1).norm(dim=1).numpy()
    assert (sketch / whole).mean() == pytest.approx(1, abs=0.05)
    assert np.abs(sketch / whole - 1).max() < 0.5


def test_a_short_embedding_stays_what_it_is() -> None:
    error, mask = (torch.from_numpy(array) for array in some())
    last = torch.randn(9, 5, 6, generator=torch.Generator().manual_seed(2))
    embedding = found(error, mask, "embedding", last=last)["embedding"]
    np.testing.assert_allclose(embedding[:, :6], last.mean(1).numpy(), rtol=1e-6)
    assert not embedding[:, 6:].any()


def test_a_model_that_shows_nothing_is_refused_in_words() -> None:
    error, mask = (torch.from_numpy(array) for array in some())
    with pytest.raises(OptionError, match="such as stid"):
        found(error, mask, "gradient")


def test_an_unknown_column_is_answered_with_the_known() -> None:
    with pytest.raises(ValueError, match="error, squared"):
        scores.Columns(4, ("colour",), torch.ones(3))
