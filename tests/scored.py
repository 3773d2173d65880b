"""A trace of scores and kept samples."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from stcore.charts.theme import DARK, LIGHT

THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)


def trace_of(epochs: int = 6, count: int = 300, seed: int = 0, freq: str = "5min") -> xr.Dataset:
    """A trace of samples of which some are always kept; the score of a pruned one is carried over."""
    rng = np.random.default_rng(seed)
    level = np.exp(rng.normal(size=count))
    kept = rng.random((epochs, count)) < np.clip(level / 2, 0.1, 1)
    kept[0] = True
    score = (level * np.exp(0.1 * rng.normal(size=(epochs, count)))).astype(np.float16)
    for epoch in range(1, epochs):
        score[epoch] = np.where(kept[epoch], score[epoch], score[epoch - 1])
    coords: dict[str, Any] = {
        "epoch": np.arange(1, epochs + 1),
        "sample": np.arange(count),
        "start": ("sample", np.arange(count)),
        "time": ("sample", pd.date_range("2026-03-02 01:00", periods=count, freq=freq).to_numpy()),
    }
    weight = np.where(kept, 1.5, 0).astype(np.float16)
    names = {"score": score, "kept": kept, "weight": weight}
    return xr.Dataset({name: (("epoch", "sample"), array) for name, array in names.items()}, coords)
