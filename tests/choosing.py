"""A trace of which samples were chosen."""

from typing import Any

import numpy as np
import xarray as xr

from stcore.evidence.replay import Setting


def trace_of(kept: np.ndarray, score: np.ndarray | None = None, **more: np.ndarray) -> xr.Dataset:
    """A trace of ``kept`` [E, W] with scores that are new wherever a sample was kept."""
    epochs, count = kept.shape
    if score is None:
        score = np.zeros(kept.shape, np.float16)
        for epoch in range(epochs):
            score[epoch] = np.where(kept[epoch] > 0, 1 + epoch, score[epoch - 1] if epoch else np.nan)
    weight = np.where(kept > 0, 2.0, 0.0)
    by_epoch = {
        "kept_count": kept.sum(axis=1).astype(float),
        "effective": kept.sum(axis=1).astype(float),
        "largest_weight": np.full(epochs, 2.0),
        "threshold": np.where(np.arange(epochs) > 0, 0.5, np.nan),
        "easy": np.full(epochs, 0.6),
        "validation_mae": np.ones(epochs),
    }
    variables: dict[str, Any] = {name: ("epoch", column) for name, column in by_epoch.items()}
    for name, array in {"kept": kept, "score": score, "weight": weight, **more}.items():
        variables[name] = (("epoch", "sample"), array)
    coords = {"epoch": np.arange(1, epochs + 1), "sample": np.arange(count)}
    return xr.Dataset(variables, coords)


def setting(epochs: int, count: int, seed: int = 0) -> Setting:
    features = {"stationarity": np.linspace(0, 1, count), "hour": np.arange(count) % 168, "series": np.eye(count, 64)}
    return Setting(epochs, seed, 16, lambda name: features.get(name, np.zeros(count, int)))
