"""Learned windows: what the distillers share that move synthetic windows.

The windows begin as real windows of the clusters, drawn at random and in the order of time (STemDist, arXiv 2603.10410). Ours:
a missing reading begins as the mean of all readings.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor
from typing_extensions import override

from stcore.distil.distiller import Distiller
from stcore.distil.ground import Ground
from stcore.distil.matching import Part, squared_error
from stcore.distil.options import FEWEST_CLUSTERS, MatchingOptions, with_schedule
from stcore.distil.small import Small, cut_out, set_sizes
from stcore.distil.surrogate import Surrogates
from stcore.models.forecaster import Forecaster
from stcore.training.build import flatten_parameters


class LearnedWindows(Distiller, ABC):
    """Synthetic windows ``x`` [M, L, K, C] and ``y`` [M, H, K, C'] in z-scores. Adam moves them."""

    def __init__(
        self, options: MatchingOptions, ground: Ground, model: Mapping[str, Any], seed: int, subsets: int | None = None
    ) -> None:
        self.options = plan = with_schedule(options)
        self.ground, self.seed = ground, seed
        self.rounds, self.steps, self.check = plan.rounds or 1, plan.steps or 1, plan.check or 1
        self.trained, self.epochs = plan.trained or 1, plan.epochs or 1
        self.subsets = subsets or int(getattr(plan, "subsets", 1))
        windows, count, self.notes = set_sizes(ground, plan, FEWEST_CLUSTERS * self.subsets)
        self.clusters = ground.clusters(count, seed)
        self.subsets = min(self.subsets, self.clusters.count)
        series = ground.means(self.clusters)
        rng = np.random.default_rng([seed, 17])
        ids = rng.choice(len(ground.windows), windows, replace=False)
        seen = ground.tensors.seen(ids)
        self.surrogates = Surrogates(model, ground.among(self.clusters, series)._replace(seen=seen))
        self._set_real(series)
        small = cut_out(series, ground, ids, self.clusters)
        self._set_synthetic(small if plan.real == "means" else self._of_members(small, rng))

    def _set_real(self, series: np.ndarray) -> None:
        """Store the real series as tensors: those of the clusters, or of all sensors."""
        tensors = self.ground.tensors
        series = series if self.options.real == "means" else self.ground.scaled
        seen, clean = np.isfinite(series), np.nan_to_num(series)
        self.inputs = torch.from_numpy(clean[..., tensors.inputs])
        self.targets, self.mask = (torch.from_numpy(part[..., tensors.targets]).float() for part in (clean, seen))
        self.location = torch.from_numpy(tensors.location_of(self.inputs))
        self.weight = torch.from_numpy(self.clusters.weight / self.clusters.weight.mean()).float()

    def _of_members(self, small: Small, rng: np.random.Generator) -> Small:
        """The same windows with the readings of members. Each window draws other members."""
        values, every = np.empty_like(small.values), np.arange(self.clusters.count)
        for window, first in enumerate(small.origin):
            values[window] = self.ground.scaled[first : first + self.ground.length, self.members(rng, every)]
        return small._replace(values=values)

    def _set_synthetic(self, small: Small) -> None:
        """Store the windows that are moved. They begin as ``small``."""
        tensors, lookback = self.ground.tensors, self.ground.setting.lookback
        values, self.origin = np.nan_to_num(small.values), small.origin
        self.x = torch.from_numpy(values[:, :lookback][..., tensors.inputs]).requires_grad_(True)
        self.y = torch.from_numpy(values[:, lookback:][..., tensors.targets]).requires_grad_(True)
        self.calendar = tensors.calendar[torch.from_numpy(self.origin[:, None] + np.arange(self.ground.length))]
        self.mover = torch.optim.Adam([self.x, self.y], lr=self.options.rate or 1e-3)

    # ---- parts of the data -----------------------------------------------------------------------------------------
    def real(self, ids: np.ndarray, clusters: np.ndarray, rng: np.random.Generator) -> tuple[Part, Tensor]:
        """Real windows ``ids`` [B] of some clusters [n] or of one member of each, and their mean inputs [n, L * C]."""
        steps = torch.from_numpy(self.ground.windows.steps(ids))
        before, after = steps[:, : self.ground.setting.lookback], steps[:, self.ground.setting.lookback :]
        columns = torch.from_numpy(clusters if self.options.real == "means" else self.members(rng, clusters))
        x = self.inputs[before[:, :, None], columns]
        y, mask = (part[after[:, :, None], columns] for part in (self.targets, self.mask))
        weight = self.shares(torch.from_numpy(clusters))
        return Part(x, self.ground.tensors.calendar[steps], y, mask, weight), self.location[columns]

    def members(self, rng: np.random.Generator, clusters: np.ndarray) -> np.ndarray:
        """One random sensor of each of the ``clusters`` [n]."""
        return np.array([rng.choice(np.flatnonzero(self.clusters.label == cluster)) for cluster in clusters])

    def synthetic(self, clusters: np.ndarray, still: bool) -> Part:
        """All synthetic windows of some clusters. With ``still`` they are for training and are not moved."""
        columns = torch.from_numpy(clusters)
        x, y = self.x[:, :, columns], self.y[:, :, columns]
        return Part(x.detach() if still else x, self.calendar, y.detach() if still else y, None, self.shares(columns))

    def shares(self, clusters: Tensor) -> Tensor:
        """The weights of some clusters [n], scaled to a mean of 1."""
        weight = self.weight[clusters]
        return weight / weight.mean()

    def profiles(self, part: Part) -> Tensor:
        """Mean inputs [n, L * C] of the synthetic windows of a part."""
        return part.x.mean(0).transpose(0, 1).flatten(1)

    def cuts(self, rng: np.random.Generator) -> list[np.ndarray]:
        """The clusters in random subsets."""
        return [np.sort(part) for part in np.array_split(rng.permutation(self.clusters.count), self.subsets)]

    # ---- working ---------------------------------------------------------------------------------------------------
    @override
    def round(self, number: int) -> Iterator[float]:
        """Matching steps with a fresh surrogate, which is trained on the set between them."""
        rng = np.random.default_rng([self.seed, number, 19])
        model = self.surrogates.fresh([self.seed, number])
        learner = torch.optim.Adam([flatten_parameters(model)], lr=getattr(self.options, "inner_rate", None) or 1e-3)
        order = rng.permutation(len(self.ground.windows))
        for step in range(self.steps):
            ids = np.resize(np.roll(order, -step * self.options.batch), min(self.options.batch, len(order)))
            losses = [self.step(model, self.real(ids, clusters, rng), clusters) for clusters in self.cuts(rng)]
            yield float(np.mean(losses))
            if step + 1 < self.steps:
                self.train(model, learner, rng)

    @abstractmethod
    def step(self, model: Forecaster, real: tuple[Part, Tensor], clusters: np.ndarray) -> float:
        """One matching step with real windows and their mean inputs. Returns its loss."""

    def move(self, loss: Tensor) -> float:
        """Move the synthetic windows so that the loss falls."""
        self.x.grad, self.y.grad = torch.autograd.grad(loss, [self.x, self.y])
        self.mover.step()
        return float(loss.detach())

    def train(self, model: Forecaster, learner: torch.optim.Optimizer, rng: np.random.Generator) -> None:
        """Train the surrogate on the current set."""
        for _ in range(getattr(self.options, "inner", None) or 0):
            for clusters in self.cuts(rng):
                part = self.synthetic(clusters, still=True)
                loss = squared_error(self.surrogates.among(model, clusters, self.profiles(part)), part)
                learner.zero_grad(set_to_none=False)
                loss.backward()
                learner.step()

    # ---- results ------------------------------------------------------------------------------------------------
    @override
    def current(self) -> Small:
        tensors, lookback = self.ground.tensors, self.ground.setting.lookback
        shape = (len(self.x), self.ground.length, self.clusters.count, len(tensors.data.channels))
        values = np.full(shape, np.nan, np.float32)
        values[:, :lookback, :, tensors.inputs] = self.x.detach().numpy()
        values[:, lookback:, :, tensors.targets] = self.y.detach().numpy()
        return Small(values, self.origin, self.clusters)

    @override
    def state_dict(self) -> dict[str, Any]:
        return {"x": self.x.detach(), "y": self.y.detach(), "mover": self.mover.state_dict()}

    @override
    def load_state_dict(self, state: dict[str, Any]) -> None:
        with torch.no_grad():
            self.x.copy_(state["x"])
            self.y.copy_(state["y"])
        self.mover.load_state_dict(state["mover"])
