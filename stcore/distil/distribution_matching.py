"""Distribution matching (DM; Zhao, Bilen 2023, arXiv 2110.04181) on clusters of sensors.

Real and synthetic windows shall have the same mean under models with random weights. Ours, for forecasting: we compare each
cluster's mean forecast by such a model, and its mean targets.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor
from typing_extensions import override

from stcore.distil.ground import Ground
from stcore.distil.learned import LearnedWindows
from stcore.distil.matching import Part
from stcore.distil.options import MatchingOptions
from stcore.models.forecaster import Forecaster


class DistributionMatching(LearnedWindows):
    """A new random model for every step, never trained."""

    def __init__(self, options: MatchingOptions, ground: Ground, model: Mapping[str, Any], seed: int) -> None:
        super().__init__(options, ground, model, seed, subsets=1)

    @override
    def round(self, number: int) -> Iterator[float]:
        rng = np.random.default_rng([self.seed, number, 19])
        batch = min(self.options.batch, len(self.ground.windows))
        for step in range(self.steps):
            model = self.surrogates.fresh([self.seed, number, step])
            ids = rng.choice(len(self.ground.windows), batch, replace=False)
            clusters = np.arange(self.clusters.count)
            yield self.step(model, self.real(ids, clusters, rng), clusters)

    def step(self, model: Forecaster, real: tuple[Part, Tensor], clusters: np.ndarray) -> float:
        """Compare mean forecasts and mean targets."""
        (part, location), synthetic = real, self.synthetic(clusters, still=False)
        among_real = self.surrogates.among(model, clusters, location)
        among_synthetic = self.surrogates.among(model, clusters, self.profiles(synthetic))
        seen = torch.ones_like(part.y) if part.mask is None else part.mask
        mean_forecast = among_real(part.x, part.calendar).mean(0).detach()
        forecast = (among_synthetic(synthetic.x, synthetic.calendar).mean(0) - mean_forecast).square().sum((0, 2))
        truth = (part.y * seen).sum(0) / seen.sum(0).clamp(min=1)
        targets = (synthetic.y.mean(0) - truth).square().sum((0, 2))
        return self.move(((forecast + targets) * part.weight).sum())
