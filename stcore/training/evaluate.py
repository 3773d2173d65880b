"""Forecasts and metrics of a model over any windows, in units."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from stcore.data.metrics import Errors
from stcore.data.windows import Windows
from stcore.models import Setting, naive
from stcore.ranks import Ranks
from stcore.training.losses import MAE, Loss
from stcore.training.tensors import DataTensors

CELLS = 16_384  # (window, sensor) cells forecast at once
STEPS = 24  # input steps of a cell, beyond which there are fewer of them at once
MOST = float(np.finfo(np.float16).max)


def chunks(tensors: DataTensors, count: int) -> Iterator[np.ndarray]:
    """Positions 0..count-1 in runs that fit in memory."""
    size = windows_at_once(tensors.setting)
    for first in range(0, count, size):
        yield np.arange(first, min(first + size, count))


def windows_at_once(setting: Setting) -> int:
    """Windows forecast at once."""
    return max(1, CELLS * STEPS // (max(STEPS, setting.lookback) * setting.sensors))


@torch.no_grad()
def forecast(model: nn.Module, tensors: DataTensors, windows: Windows, ids: np.ndarray) -> np.ndarray:
    """[B, H, N, C'] float32 in units for the windows ``ids``."""
    training = model.training
    model.eval()
    batch = tensors.batch(windows, ids)
    scaled = model(batch.x, batch.calendar).float().cpu().numpy()
    model.train(training)
    return tensors.target_scale.undo(scaled).astype(np.float32)


def forecast_errors(model: nn.Module, tensors: DataTensors, windows: Windows, ranks: Ranks | None = None) -> Errors:
    """Errors over all ``windows``, shared out among the ranks and summed."""
    shape = (tensors.setting.horizon, tensors.setting.sensors, tensors.setting.targets)
    found = Errors(shape, tensors.options.mape_floor, len(windows), tensors.target_scale.spread, tensors.seasonal_scale)
    rank, world = (ranks.rank, ranks.world) if ranks else (0, 1)
    for place, ids in enumerate(chunks(tensors, len(windows))):
        if place % world == rank:
            found.add(forecast(model, tensors, windows, ids), tensors.truths(windows, ids), ids)
    if ranks:
        for name in ("sums", "windows"):
            setattr(found, name, ranks.sum(torch.from_numpy(getattr(found, name))).numpy())
    return found


def error_metrics(found: Errors, tensors: DataTensors) -> dict[str, Any]:
    """The metrics of ``found`` in plain values."""
    return found.metrics(tensors.names, tensors.target_scale.spread)


def naive_metrics(tensors: DataTensors) -> dict[str, Any]:
    """Test metrics of persistence and the seasonal naive, each with a note that says what it repeats."""
    values = tensors.data.values[..., tensors.targets]
    train, windows, found = tensors.parts.label == 0, tensors.parts.test, {}
    for name, make in (("persistence", naive.persistence), ("seasonal_naive", naive.seasonal_naive)):
        rule = make(values, train, tensors.data.step_seconds)
        shape = tensors.setting.horizon, tensors.setting.sensors, tensors.setting.targets
        total = Errors(shape, tensors.options.mape_floor, scale=tensors.seasonal_scale)
        for ids in chunks(tensors, len(windows)):
            total.add(rule.forecast(windows, ids), tensors.truths(windows, ids))
        found[name] = error_metrics(total, tensors) | {"note": rule.note}
    return found


def gradient_importance(
    model: nn.Module, tensors: DataTensors, windows: Windows, loss: Loss = MAE, most: int = 64
) -> np.ndarray:
    """Each sensor's share [N] of the loss's slope in the inputs: the mean of |x dL/dx| over time and ``most`` windows.

    Gradient times input, as in Shrikumar et al. 2016, arXiv 1605.01713. For a model that does not mix sensors this says
    how much a sensor's own forecast leans on its history.
    """
    ids = np.unique(np.linspace(0, len(windows) - 1, most).astype(int))
    total = torch.zeros(tensors.setting.sensors, dtype=torch.float64)
    training = model.training
    model.eval()
    for part in np.array_split(ids, -(-len(ids) // windows_at_once(tensors.setting))):
        batch = tensors.batch(windows, part)
        x = batch.x.clone().requires_grad_(True)
        (gradient,) = torch.autograd.grad(
            loss.value(signed_error(model(x, batch.calendar), batch.y, batch.mask)).sum(), x
        )
        total += (x * gradient).detach().abs().sum((0, 1, 3)).double().cpu()
    model.train(training)
    return (total / total.sum().clamp(min=1e-30)).numpy()


def signed_error(scaled: Tensor, truth: Tensor, mask: Tensor) -> Tensor:
    """Signed error [B, H, N, C'] in training spreads, 0 where the truth is missing."""
    return (scaled - truth) * mask


def scaled_absolute_error(scaled: Tensor, truth: Tensor, mask: Tensor) -> Tensor:
    """Absolute error [B, H, N, C'] in training spreads, 0 where the truth is missing."""
    return signed_error(scaled, truth, mask).abs()


def choose_forecasts(tensors: DataTensors, hardest: np.ndarray, megabytes: int, seed: int) -> np.ndarray:
    """Start steps [K] of the windows whose forecasts are kept: all where they fit, else the test's, the thousand hardest
    training windows (``hardest`` [W] positions, hardest first) and a random thousand, thinned evenly to fit."""
    setting, parts = tensors.setting, tensors.parts
    room = int(megabytes * 2**20 // (2 * setting.horizon * setting.sensors * setting.targets))
    starts = [part.starts for part in parts[:3]]
    if sum(map(len, starts)) > room:
        drawn = np.random.default_rng([seed, 3]).permutation(parts.train.starts)[:1000]
        wanted = [parts.test.starts, parts.train.starts[hardest[:1000]], drawn]
        share = min(1.0, room / sum(map(len, wanted)))
        starts = [part[np.linspace(0, len(part) - 1, int(share * len(part))).astype(int)] for part in wanted]
    return np.unique(np.concatenate(starts))


def store_forecasts(model: nn.Module, tensors: DataTensors, starts: np.ndarray) -> dict[str, np.ndarray]:
    """``forecast`` [K, H, N, C'] in z-scores, float16, of the windows that begin at ``forecast_start`` [K]."""
    windows, scale = Windows(starts, tensors.parts.train.lookback, tensors.parts.train.horizon), tensors.target_scale
    parts = (forecast(model, tensors, windows, ids) for ids in chunks(tensors, len(starts)))
    scaled = [scale.apply(part).clip(-MOST, MOST).astype(np.float16) for part in parts]
    shape = (0, windows.horizon, tensors.setting.sensors, tensors.setting.targets)
    return {"forecast": np.concatenate([np.empty(shape, np.float16), *scaled]), "forecast_start": starts}
