"""Picked windows: what the distillers share that pick real windows. They have one round, and one validation measures it."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from typing_extensions import override

from stcore.distil.clusters import Clusters
from stcore.distil.distiller import Distiller
from stcore.distil.ground import Ground
from stcore.distil.options import PickOptions
from stcore.distil.small import Small, cut_out, drop_silent, set_sizes
from stcore.prune.k_center import k_center
from stcore.training.features import Features


class PickedWindows(Distiller, ABC):
    """A set of real windows. A distiller says which ones in ``pick``. It needs no surrogate, so ``model`` is ignored."""

    rounds, steps, check = 1, 1, 1

    def __init__(self, options: PickOptions, ground: Ground, model: Mapping[str, Any], seed: int) -> None:
        self.options, self.ground, self.seed = options, ground, seed
        self.trained, self.epochs = options.trained or 1, options.epochs or 5
        self.windows, self.count, self.notes = set_sizes(ground, options)
        self.rng = np.random.default_rng([seed, 17])
        self.picked: Small | None = None

    @abstractmethod
    def pick(self) -> np.ndarray:
        """Positions of ``self.windows`` training windows."""

    @override
    def round(self, number: int) -> Iterator[float]:
        clusters = self.sensors()
        picked = cut_out(self.ground.means(clusters), self.ground, self.pick(), clusters)
        self.picked, left_out = drop_silent(picked, self.ground, self.options.targets == "teacher")
        self.notes += left_out
        yield 0.0

    def sensors(self) -> Clusters:
        """The sensors, or the clusters of sensors, of the set."""
        sensors = self.ground.setting.sensors
        if self.options.sensors == "clusters":
            return self.ground.clusters(self.count, self.seed)
        rng = np.random.default_rng([self.seed, 23])
        if self.options.sensors == "random":
            chosen = rng.permutation(sensors)[: self.count]
        else:
            chosen = np.flatnonzero(k_center(self.ground.rows, self.count, rng))
        label = np.full(sensors, -1)
        label[np.sort(chosen)] = np.arange(len(chosen))
        return Clusters(label, np.ones(len(chosen)))

    def rows(self) -> np.ndarray:
        """The targets of each window [W, 64], projected to 64 numbers (ours).

        They are of all sensors, even if the set has only some of them, or means.
        """
        tensors = self.ground.tensors
        return Features(tensors.data, self.ground.windows, tensors.targets, tensors.target_scale).series()

    @override
    def current(self) -> Small:
        assert self.picked is not None
        return self.picked

    def state_dict(self) -> dict[str, Any]:
        """Nothing: the seed determines what is picked."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Pick again, as there is no state to load."""
        list(self.round(0))
