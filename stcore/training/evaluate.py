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
from stcore.training.tensors import Feed

CELLS = 16_384  # (window, sensor) cells forecast at once
STEPS = 24  # input steps of a cell, beyond which there are fewer of them at once
MOST = float(np.finfo(np.float16).max)


def chunks(feed: Feed, count: int) -> Iterator[np.ndarray]:
    """Positions 0..count-1 in runs that fit in memory."""
    size = at_once(feed.setting)
    for first in range(0, count, size):
        yield np.arange(first, min(first + size, count))


def at_once(setting: Setting) -> int:
    """Windows forecast at once."""
    return max(1, CELLS * STEPS // (max(STEPS, setting.lookback) * setting.sensors))


@torch.no_grad()
def forecast(model: nn.Module, feed: Feed, windows: Windows, ids: np.ndarray) -> np.ndarray:
    """[B, H, N, C'] float32 in units for the windows ``ids``."""
    training = model.training
    model.eval()
    batch = feed.batch(windows, ids)
    scaled = model(batch.x, batch.calendar).float().cpu().numpy()
    model.train(training)
    return feed.target_scale.undo(scaled).astype(np.float32)


def errors(model: nn.Module, feed: Feed, windows: Windows, ranks: Ranks | None = None) -> Errors:
    """Errors over all ``windows``, shared out among the ranks and summed."""
    shape = (feed.setting.horizon, feed.setting.sensors, feed.setting.targets)
    found = Errors(shape, feed.options.mape_floor, len(windows), feed.target_scale.spread, feed.seasonal_scale)
    rank, world = (ranks.rank, ranks.world) if ranks else (0, 1)
    for place, ids in enumerate(chunks(feed, len(windows))):
        if place % world == rank:
            found.add(forecast(model, feed, windows, ids), feed.truths(windows, ids), ids)
    if ranks:
        for name in ("sums", "windows"):
            setattr(found, name, ranks.sum(torch.from_numpy(getattr(found, name))).numpy())
    return found


def metrics(found: Errors, feed: Feed) -> dict[str, Any]:
    """The metrics of ``found`` in plain values."""
    return found.metrics(feed.names, feed.target_scale.spread)


def naive_metrics(feed: Feed) -> dict[str, Any]:
    """Test metrics of persistence and the seasonal naive, each with a note that says what it repeats."""
    values = feed.data.values[..., feed.targets]
    train, windows, found = feed.parts.label == 0, feed.parts.test, {}
    for name, make in (("persistence", naive.persistence), ("seasonal_naive", naive.seasonal_naive)):
        rule = make(values, train, feed.data.step_seconds)
        shape = feed.setting.horizon, feed.setting.sensors, feed.setting.targets
        total = Errors(shape, feed.options.mape_floor, scale=feed.seasonal_scale)
        for ids in chunks(feed, len(windows)):
            total.add(rule.forecast(windows, ids), feed.truths(windows, ids))
        found[name] = metrics(total, feed) | {"note": rule.note}
    return found


def importance(model: nn.Module, feed: Feed, windows: Windows, loss: Loss = MAE, most: int = 64) -> np.ndarray:
    """Share of each sensor [N] in the loss's pull on the inputs: mean of |x dL/dx| over time and ``most`` windows.

    Gradient times input, as in Shrikumar et al. 2016, arXiv 1605.01713. For a model that does not mix sensors this says
    how much a sensor's own forecast leans on its history.
    """
    ids = np.unique(np.linspace(0, len(windows) - 1, most).astype(int))
    total = torch.zeros(feed.setting.sensors, dtype=torch.float64)
    training = model.training
    model.eval()
    for part in np.array_split(ids, -(-len(ids) // at_once(feed.setting))):
        batch = feed.batch(windows, part)
        x = batch.x.clone().requires_grad_(True)
        (gradient,) = torch.autograd.grad(loss.value(missed(model(x, batch.calendar), batch.y, batch.mask)).sum(), x)
        total += (x * gradient).detach().abs().sum((0, 1, 3)).double().cpu()
    model.train(training)
    return (total / total.sum().clamp(min=1e-30)).numpy()


def missed(scaled: Tensor, truth: Tensor, mask: Tensor) -> Tensor:
    """Signed error [B, H, N, C'] in training spreads, 0 where the truth is missing."""
    return (scaled - truth) * mask


def absolute(scaled: Tensor, truth: Tensor, mask: Tensor) -> Tensor:
    """Absolute error [B, H, N, C'] in training spreads, 0 where the truth is missing."""
    return missed(scaled, truth, mask).abs()


def worth_storing(feed: Feed, hardest: np.ndarray, megabytes: int, seed: int) -> np.ndarray:
    """Start steps [K] of the windows whose forecasts are kept: all where they fit, else the test's, the thousand hardest
    training windows (``hardest`` [W] positions, hardest first) and a random thousand, thinned evenly to fit."""
    setting, parts = feed.setting, feed.parts
    room = int(megabytes * 2**20 // (2 * setting.horizon * setting.sensors * setting.targets))
    starts = [part.starts for part in parts[:3]]
    if sum(map(len, starts)) > room:
        drawn = np.random.default_rng([seed, 3]).permutation(parts.train.starts)[:1000]
        wanted = [parts.test.starts, parts.train.starts[hardest[:1000]], drawn]
        share = min(1.0, room / sum(map(len, wanted)))
        starts = [part[np.linspace(0, len(part) - 1, int(share * len(part))).astype(int)] for part in wanted]
    return np.unique(np.concatenate(starts))


def stored(model: nn.Module, feed: Feed, starts: np.ndarray) -> dict[str, np.ndarray]:
    """``forecast`` [K, H, N, C'] in z-scores, float16, of the windows that begin at ``forecast_start`` [K]."""
    windows, scale = Windows(starts, feed.parts.train.lookback, feed.parts.train.horizon), feed.target_scale
    parts = (forecast(model, feed, windows, ids) for ids in chunks(feed, len(starts)))
    scaled = [scale.apply(part).clip(-MOST, MOST).astype(np.float16) for part in parts]
    shape = (0, windows.horizon, feed.setting.sensors, feed.setting.targets)
    return {"forecast": np.concatenate([np.empty(shape, np.float16), *scaled]), "forecast_start": starts}
