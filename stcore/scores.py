"""What a strategy needs to know of a sample while training: columns from a batch's errors."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as functional
from torch import Tensor

from stcore.features import SKETCH, projection
from stcore.options import OptionError
from stcore.ranks import Ranks

TOGETHER = 65_536  # (window, sensor) cells whose columns are computed at once
WIDTHS = dict.fromkeys(("level", "squared", "sensor_spread", "horizon_spread", "gradient", "batch"), 1) | {
    "gradients": SKETCH,
    "embedding": SKETCH,
}
"""Columns and how many numbers each has; ``horizon_spread`` keeps one a step until the epoch ends."""


class Step(NamedTuple):
    """What a batch of B samples gave: ``ids`` [B], ``error`` [B, H, N, C'] signed and 0 where missing, ``mask`` alike,
    ``last`` [B, N, D] what the model's last linear map was given, and the ``number`` of the batch in its epoch."""

    ids: Tensor
    error: Tensor
    mask: Tensor
    last: Tensor | None = None
    number: int = 0


class Columns:
    """Per-sample columns of one epoch, on the training device until the epoch ends.

    Errors come in training spreads. ``level`` is the masked mean absolute error, ``squared`` the root of the mean squared
    one, ``sensor_spread`` the standard deviation of the absolute error over sensors, ``horizon_spread`` that over horizon
    steps after dividing by the epoch's mean error at each step, so that the usual growth of error with the horizon does
    not count (our reading of ST-Prune, arXiv 2602.19113). ``gradient`` is the norm of the last linear map's gradient of
    the mean absolute error, ``gradients`` [K, D] that gradient in few numbers, ``embedding`` [K, D] the mean over sensors
    of what that map was given; ``batch`` the number of the batch.
    """

    def __init__(self, horizon: int, needs: Iterable[str]) -> None:
        self.horizon, self.needs = horizon, tuple(dict.fromkeys(("level", *needs)))
        unknown = [name for name in self.needs if name not in WIDTHS]
        if unknown:
            raise ValueError(f"there is no column {unknown[0]!r}: {', '.join(WIDTHS)}")
        self.waiting: list[Step] = []
        self.cells = 0
        self.ids: list[Tensor] = []
        self.done: list[Tensor] = []

    @property
    def remembers(self) -> bool:
        """Whether the model has to show what its last linear map was given."""
        return bool({"gradient", "gradients", "embedding"} & set(self.needs))

    def take(self, step: Step) -> None:
        """Take in a batch; worked off many at a time."""
        self.waiting.append(step)
        self.cells += step.error.shape[0] * step.error.shape[2]
        if self.cells >= TOGETHER:
            self._work_off()

    def _work_off(self) -> None:
        if not self.waiting:
            return
        ids = torch.cat([step.ids for step in self.waiting])
        error = torch.cat([step.error for step in self.waiting])
        mask = torch.cat([step.mask for step in self.waiting])
        counts = torch.tensor([len(step.ids) for step in self.waiting], device=error.device)
        numbers = torch.tensor([float(step.number) for step in self.waiting], device=error.device)
        rest = {"batch": lambda: numbers.repeat_interleave(counts)}
        if self.remembers:
            last = torch.cat([known(step.last) for step in self.waiting])
            rest |= {
                "gradient": lambda: last_gradient(error, mask, last),
                "gradients": lambda: sketched(error, mask, last),
                "embedding": lambda: compressed(last.mean(1)),
            }
        self.waiting, self.cells = [], 0
        absolute = error.abs()
        seen = mask.sum((1, 2, 3)).clamp(min=1)
        ways = {
            "level": lambda: absolute.sum((1, 2, 3)) / seen,
            "squared": lambda: (error.square().sum((1, 2, 3)) / seen).sqrt(),
            "sensor_spread": lambda: sensor_spread(absolute, mask),
            "horizon_spread": lambda: (
                absolute.sum((2, 3)) / mask.sum((2, 3))
            ),  # NaN where nothing was observed at a step
            **rest,
        }
        found = [ways[name]().to(error.dtype) for name in self.needs]
        self.ids.append(ids)
        self.done.append(torch.cat([part if part.ndim > 1 else part[:, None] for part in found], dim=1))

    def merge(self, ranks: Ranks, count: int) -> None:
        """Every rank gets what all have seen of the ``count`` samples: one dense float64 sum."""
        self._work_off()
        if ranks.world == 1:
            return
        width = 1 + sum(self.horizon if name == "horizon_spread" else WIDTHS[name] for name in self.needs)
        dense = torch.zeros(count, width, dtype=torch.float64)
        for ids, rows in zip(self.ids, self.done, strict=True):
            dense[ids, 0], dense[ids, 1:] = 1.0, rows.double().cpu()
        ranks.sum(dense)
        seen = dense[:, 0].nonzero()[:, 0]
        self.ids, self.done = [seen], [dense[seen, 1:]]

    def columns(self) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """The visited samples [K], in the order of their visits, and their columns [K] or [K, D] float32."""
        self._work_off()
        indices = torch.cat(self.ids).cpu().numpy()
        rows = torch.cat(self.done).cpu().numpy()
        self.ids, self.done = [], []
        named, place = {}, 0
        for name in self.needs:
            width = self.horizon if name == "horizon_spread" else WIDTHS[name]
            part = rows[:, place : place + width]
            named[name] = horizon_spread(part) if name == "horizon_spread" else part[:, 0] if width == 1 else part
            place += width
        return indices, {name: column.astype(np.float32, copy=False) for name, column in named.items()}


def known(last: Tensor | None) -> Tensor:
    """What the model remembers of its last linear map. OptionError where it remembers nothing."""
    if last is None:
        raise OptionError("this method needs a model that shows what its last layer was given, such as stid or dlinear")
    return last


def last_gradient(error: Tensor, mask: Tensor, last: Tensor) -> Tensor:
    """Norm [B] of the gradient of each sample's mean absolute error in the last linear map and its bias.

    From signed errors and mask [B, H, N, C'] and the map's input [B, N, D]; exact for a map shared by all sensors, after
    GraNd (Paul et al. 2021, arXiv 2107.07075) with last layers only, as in DeepCore.
    """
    pull = error.sign() / mask.sum((1, 2, 3)).clamp(min=1)[:, None, None, None]
    if error.shape[2] == 1:  # one sensor: an outer product, whose norm is the product of the norms
        return pull.square().sum((1, 2, 3)).sqrt() * (1 + last.square().sum((1, 2))).sqrt()
    weight = torch.einsum("bhnc,bnd->bhcd", pull, last)
    return (weight.square().sum((1, 2, 3)) + pull.sum(2).square().sum((1, 2))).sqrt()


def sketched(error: Tensor, mask: Tensor, last: Tensor) -> Tensor:
    """That gradient as 64 numbers [B, 64] by a fixed random projection, which keeps distances (Johnson, Lindenstrauss 1984).

    The projection is ours; without it a gradient has H x C' x D numbers. See ``stcore.features.projection``.
    """
    pull = error.sign() / mask.sum((1, 2, 3)).clamp(min=1)[:, None, None, None]
    weight = torch.einsum("bhnc,bnd->bhcd", pull, last).flatten(1)
    return compressed(weight)


def compressed(rows: Tensor) -> Tensor:
    """Rows [B, D] as [B, 64]: as they are where they fit, else by a fixed random projection."""
    if rows.shape[1] <= SKETCH:
        return functional.pad(rows, (0, SKETCH - rows.shape[1]))
    return rows @ torch.from_numpy(projection(rows.shape[1])).to(rows)


def horizon_spread(by_step: np.ndarray) -> np.ndarray:
    """Standard deviation over horizon steps [K] of mean errors [K, H], after dividing each step by its usual error.

    Steps at which a sample observed nothing are NaN and left out.
    """
    seen = np.isfinite(by_step)
    errors = np.where(seen, by_step, 0)
    usual = np.maximum(errors.sum(axis=0) / np.maximum(seen.sum(axis=0), 1), 1e-12)
    errors = errors * (usual[seen.any(axis=0)].mean() / usual)
    count = np.maximum(seen.sum(axis=1), 1)
    middle = errors.sum(axis=1) / count
    return np.sqrt((np.where(seen, errors - middle[:, None], 0) ** 2).sum(axis=1) / count)


def sensor_spread(error: Tensor, mask: Tensor) -> Tensor:
    """Standard deviation over the observed sensors of their mean errors [B], from errors and mask [B, H, N, C']."""
    seen = mask.sum((1, 3))
    sensor, present = error.sum((1, 3)) / seen.clamp(min=1), (seen > 0).to(error.dtype)
    count = present.sum(1).clamp(min=1)
    middle = (sensor * present).sum(1) / count
    return (((sensor - middle[:, None]) * present) ** 2).sum(1).div(count).sqrt()
