"""Gradient matching: how differently real and synthetic windows would change a model, row by row of its weights.

The distance is DC's (Zhao, Mopuri, Bilen 2021, arXiv 2006.05929) as STemDist (arXiv 2603.10410) uses it: 1 - cosine of every
output row of every tensor with two and more dimensions, summed; vectors are left out.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from stcore.models.forecaster import Forecaster

SMALL = 1e-12


class Part(NamedTuple):
    """Windows of some clusters: ``x`` [B, L, n, C], ``calendar`` [B, L + H, 2], ``y`` [B, H, n, C'], ``mask`` alike (None: all
    known), and the clusters' ``weight`` [n], 1 in the mean."""

    x: Tensor
    calendar: Tensor
    y: Tensor
    mask: Tensor | None
    weight: Tensor


def squared_error(model: Forecaster, part: Part) -> Tensor:
    """Mean squared error in z-scores, each cluster by its weight; missing targets left out."""
    error = (model(part.x, part.calendar) - part.y).square() * part.weight[:, None]
    if part.mask is None:
        return error.mean()
    return (error * part.mask).sum() / part.mask.sum().clamp(min=1)


def gradients(model: Forecaster, part: Part, parameters: Sequence[Tensor], graph: bool) -> list[Tensor | None]:
    """Slopes of the error with regard to the parameters; with a ``graph``, so that they can be derived again."""
    found = torch.autograd.grad(squared_error(model, part), list(parameters), create_graph=graph, allow_unused=True)
    return [None if slope is None else slope if graph else slope.detach() for slope in found]


def distance(real: Sequence[Tensor | None], synthetic: Sequence[Tensor | None]) -> Tensor:
    """Sum over tensors and their rows of 1 - cosine."""
    total = torch.zeros(())
    for one, other in zip(real, synthetic, strict=True):
        if one is None or other is None:
            continue
        a, b = one.flatten(1), other.flatten(1)
        length = (a.square().sum(1) * b.square().sum(1) + SMALL**2).sqrt() + SMALL
        total = total + (1 - (a * b).sum(1) / length).sum()
    return total
