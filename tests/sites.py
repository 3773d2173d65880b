"""Small datasets, sites and masks over them, for the tests of masks."""

import numpy as np
from tiny import tiny

from stcore import registry
from stcore.data import STData
from stcore.sensors.mask import Ranked
from stcore.sensors.options import MaskOptions
from stcore.sensors.sites import Sites

NOBODY = np.empty(0, np.int64)


def with_values(values: np.ndarray, **edges: np.ndarray) -> STData:
    """The tiny dataset with other readings [T, N] and, where given, other edges."""
    ds = tiny(len(values), values.shape[1]).ds.copy(deep=True)
    ds["value"][:] = values[..., None]
    if edges:
        ds = ds.drop_dims("edge").assign({name: ("edge", array) for name, array in edges.items()})
        ds.attrs["graph"] = "by hand"
    return STData.of(ds)


def without_places(data: STData, graph: str) -> STData:
    return STData.of(data.ds.drop_vars(["lat", "lon"]), answers={"graph": graph})


def begun(name: str, data: STData, **options: object) -> Ranked:
    """A mask that has decided."""
    card = registry.card("masks", name)
    settings = card.options.read(options)
    mask: Ranked = card.load()(settings, Sites(data, settings), 1, 0)
    mask.begin(0, lambda masks: np.zeros(len(masks)))
    return mask


def sites(count: int = 6, **options: object) -> Sites:
    return Sites(tiny(100, count), MaskOptions.read(options))


def grouped(rng: np.random.Generator, noise: float = 0.01) -> np.ndarray:
    """[T, 9] readings: three groups of three copies, one after the other."""
    real = rng.normal(size=(500, 3)) * [3, 2, 1]
    return np.repeat(real, 3, axis=1) + rng.normal(0, noise, (500, 9))


def city(seed: int = 0, count: int = 7) -> np.ndarray:
    """[T, R] readings with a memory, the last a copy of the first."""
    series = np.random.default_rng(seed).normal(size=(400, count)).cumsum(axis=0)
    series[:, -1] = series[:, 0] + 0.1 * np.random.default_rng(seed + 1).normal(size=400)
    return series - series.mean(axis=0)
