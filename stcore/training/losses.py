"""Losses: what a forecast costs that is off by so much. A loss is a function of one error, in training spreads.

Whatever speaks of a sample's loss follows from it: the loss of a batch, the error of a sample that a strategy observes, and
the gradient that is its score. So adding a loss means one entry here and its name in ``train.loss``.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor


class Loss(NamedTuple):
    """``value`` of signed errors of any shape, 0 for an error of 0, and ``slope``, its derivative."""

    value: Callable[[Tensor], Tensor]
    slope: Callable[[Tensor], Tensor]


MAE = Loss(torch.abs, torch.sign)
MSE = Loss(torch.square, lambda error: 2 * error)


def huber(error: Tensor) -> Tensor:
    """Half the square of errors up to 1, the absolute value less a half beyond (Huber 1964, Annals of Mathematical Statistics
    35)."""
    size = error.abs()
    return torch.where(size <= 1, size.square() / 2, size - 0.5)


HUBER = Loss(huber, lambda error: error.clamp(-1, 1))
LOSSES = {"mae": MAE, "mse": MSE, "huber": HUBER}
