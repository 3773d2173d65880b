"""Data on which every mask is tried: parts, holes, copies, a grid, one sensor."""

from functools import cache

import numpy as np
from tiny import tiny

from stcore.data import STData


@cache
def plain(sensors: int = 12) -> STData:
    return tiny(300, sensors, missing=0.02)


@cache
def parts() -> STData:
    """Two rings of six sensors, and nothing between them."""
    start = np.arange(12)
    end = (start + 1) % 6 + start // 6 * 6
    edges = {"edge_from": ("edge", start), "edge_to": ("edge", end), "edge_weight": ("edge", 0.5 + start / 24)}
    return STData.of(plain().ds.drop_dims("edge").assign(edges))


@cache
def bare() -> STData:
    """Neither places nor graph."""
    return STData.of(plain().ds.drop_dims("edge").drop_vars(["lat", "lon"]), answers={"graph": "none"})


@cache
def half_placed() -> STData:
    """Two sensors without a place."""
    ds = plain().ds.copy(deep=True)
    ds["lat"][3:5], ds["lon"][3:5] = np.nan, np.nan
    return STData.of(ds)


@cache
def odd() -> STData:
    """A sensor that measured nothing yet in training, a constant one, one that misses most, two that are copies."""
    ds = plain().ds.copy(deep=True)
    values = ds["value"].values
    values[:200, 2], values[:, 3], values[::2, 4], values[::3, 4], values[:, 6] = (
        np.nan,
        50,
        np.nan,
        np.nan,
        values[:, 5],
    )
    return STData.of(ds)


@cache
def grid() -> STData:
    """4 x 6 cells but the last three, which are sea: 2 x 3 regions of up to four."""
    return tiny(300, 21, grid=(4, 6))


DATA = {
    "plain": plain,
    "parts": parts,
    "bare": bare,
    "half placed": half_placed,
    "odd": odd,
    "grid": grid,
    "one": lambda: plain(1),
    "two": lambda: plain(2),
}
