"""STemDist (arXiv 2603.10410, ICDE 2026): a dataset distilled in space and time at once.

    sensors become clusters; synthetic windows of the clusters begin as real ones
    for each round: a fresh surrogate
        for each step: the clusters are cut at random into K subsets, and for each
            the gradients of the surrogate's error on real and on synthetic windows are compared
            the synthetic windows move so that the two come nearer
        between steps the surrogate is trained on the synthetic windows, subset by subset
    now and then models trained on the set are measured on real validation windows; the best set stays

The surrogate knows a sensor only by its mean inputs, so a model trained on clusters can forecast sensors. From the authors'
published code: rows of tensors with two or more dimensions, clusters weighted by their sizes, squared errors. Ours: missing
targets are left out; both errors are in z-scores; tables over the time of day are not compared.
"""

import numpy as np
from torch import Tensor

from stcore.distil.learned import LearnedWindows
from stcore.distil.matching import Part, distance, gradients
from stcore.distil.surrogate import compared_parameters
from stcore.models.forecaster import Forecaster


class STemDist(LearnedWindows):
    """Gradient matching by subsets."""

    def step(self, model: Forecaster, real: tuple[Part, Tensor], clusters: np.ndarray) -> float:
        """Compare gradients, as in the paper."""
        parameters, synthetic = compared_parameters(model), self.synthetic(clusters, still=False)
        among_real = self.surrogates.among(model, clusters, real[1])
        among_synthetic = self.surrogates.among(model, clusters, self.profiles(synthetic))
        real_gradients = gradients(among_real, real[0], parameters, graph=False)
        synthetic_gradients = gradients(among_synthetic, synthetic, parameters, graph=True)
        return self.move(distance(real_gradients, synthetic_gradients))
