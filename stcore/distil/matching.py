"""Gradient matching: how different the gradients of real and of synthetic windows are, row by row of a model's weights.

The distance is DC's (Zhao, Mopuri, Bilen 2021, arXiv 2006.05929) as STemDist (arXiv 2603.10410) uses it: the sum of 1 - cosine
over the output rows of all tensors with two or more dimensions. Vectors are left out.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from stcore.models.forecaster import Forecaster

SMALL = 1e-12


class Part(NamedTuple):
    """Windows of some clusters: ``x`` [B, L, n, C], ``calendar`` [B, L + H, 2], ``y`` [B, H, n, C'], ``mask`` like ``y``
    (None: no target is missing), and the clusters' ``weight`` [n] with mean 1."""

    x: Tensor
    calendar: Tensor
    y: Tensor
    mask: Tensor | None
    weight: Tensor


def squared_error(model: Forecaster, part: Part) -> Tensor:
    """Mean squared error in z-scores, weighted by cluster. Missing targets are left out."""
    error = (model(part.x, part.calendar) - part.y).square() * part.weight[:, None]
    if part.mask is None:
        return error.mean()
    return (error * part.mask).sum() / part.mask.sum().clamp(min=1)


def gradients(model: Forecaster, part: Part, parameters: Sequence[Tensor], graph: bool) -> list[Tensor | None]:
    """Gradients of the error for the parameters. With ``graph`` they can be differentiated again."""
    slopes = torch.autograd.grad(squared_error(model, part), list(parameters), create_graph=graph, allow_unused=True)
    return [None if slope is None else slope if graph else slope.detach() for slope in slopes]


def distance(real: Sequence[Tensor | None], synthetic: Sequence[Tensor | None]) -> Tensor:
    """The sum of 1 - cosine over all rows of all tensors."""
    total = torch.zeros(())
    for of_real, of_synthetic in zip(real, synthetic, strict=True):
        if of_real is None or of_synthetic is None:
            continue
        a, b = of_real.flatten(1), of_synthetic.flatten(1)
        length = (a.square().sum(1) * b.square().sum(1) + SMALL**2).sqrt() + SMALL
        total = total + (1 - (a * b).sum(1) / length).sum()
    return total
