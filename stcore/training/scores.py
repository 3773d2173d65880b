"""Per-sample columns of an epoch, from the errors of its batches: what a strategy observes."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as functional
from torch import Tensor

from stcore.options import OptionError
from stcore.ranks import Ranks
from stcore.training.features import SKETCH, projection
from stcore.training.losses import MAE, Loss

TOGETHER = 65_536  # (window, sensor) cells whose columns are computed at once
WIDTHS = dict.fromkeys(("error", "squared", "sensor_std", "horizon_std", "gradient", "batch"), 1) | {
    "gradients": SKETCH,
    "embedding": SKETCH,
}
"""Columns and how many numbers each has; ``horizon_std`` keeps one a step until the epoch ends."""
OLD_NAMES = {"level": "error", "sensor_spread": "sensor_std", "horizon_spread": "horizon_std"}  # of an earlier version


class Step(NamedTuple):
    """What a batch of B samples gave: ``ids`` [B], ``error`` [B, H, N, C'] signed and 0 where missing, ``mask`` alike,
    ``losses`` what each error costs and ``total`` [B] that summed, ``last`` [B, N, D] what the model's last linear
    map was given, and the ``number`` of the batch in its epoch."""

    ids: Tensor
    error: Tensor
    mask: Tensor
    losses: Tensor
    total: Tensor
    last: Tensor | None = None
    number: int = 0


class Columns:
    """Per-sample columns of one epoch, on the training device until the epoch ends.

    They follow the run's ``loss``, in training spreads: ``error`` is the mean loss over the observed readings, with the usual
    loss the mean absolute error. ``squared`` is the root of the mean squared error, whatever the loss. ``sensor_std`` is the
    standard deviation of the loss over sensors, ``horizon_std`` that over horizon steps after dividing by the epoch's mean
    loss at each step, so that the usual growth of error with the horizon does not count (our reading of ST-Prune, arXiv
    2602.19113). ``gradient`` is the norm of the mean loss's gradient in the last linear map, ``gradients`` [K, D] that
    gradient in few numbers, ``embedding`` [K, D] the mean over sensors of what that map was given; ``batch`` the number of the
    batch.

    ``error`` and ``batch`` are nearly free: the loss has summed the errors anyway, and how many targets each sample has,
    ``observed`` [W], is known beforehand. The others are computed for many batches at once.
    """

    def __init__(self, horizon: int, needs: Iterable[str], observed: Tensor, loss: Loss = MAE) -> None:
        self.horizon, self.observed, self.loss = horizon, observed, loss
        self.asked = tuple(dict.fromkeys(("error", *needs)))
        self.needs = tuple(dict.fromkeys(OLD_NAMES.get(name, name) for name in self.asked))
        if unknown := [name for name in self.needs if name not in WIDTHS]:
            raise ValueError(f"there is no column {unknown[0]!r}: {', '.join(WIDTHS)}")
        self.more = [name for name in self.needs if name not in ("error", "batch")]
        self.remembers = bool({"gradient", "gradients", "embedding"} & set(self.more))
        self.steps: list[tuple[Tensor, Tensor, int]] = []  # ids, total, number
        self.waiting: list[Step] = []
        self.cells = 0
        self.done: dict[str, list[Tensor]] = {name: [] for name in self.more}

    def take(self, step: Step) -> None:
        """Take in a batch."""
        self.steps.append((step.ids, step.total, step.number))
        if self.more:
            self.waiting.append(step)
            self.cells += step.error.shape[0] * step.error.shape[2]
            if self.cells >= TOGETHER:
                self._compute()

    def _compute(self) -> None:
        if not self.waiting:
            return
        waiting, self.waiting, self.cells = self.waiting, [], 0
        mask = torch.cat([step.mask for step in waiting])
        ways: dict[str, Callable[[], Tensor]] = {}
        if {"sensor_std", "horizon_std"} & set(self.more):
            losses = torch.cat([step.losses for step in waiting])
            ways["sensor_std"] = lambda: sensor_std(losses, mask)
            ways["horizon_std"] = lambda: losses.sum((2, 3)) / mask.sum((2, 3))  # NaN: nothing observed at a step
        if self.remembers or "squared" in self.more:
            error = torch.cat([step.error for step in waiting])
            last = torch.cat([require_last(step.last) for step in waiting]) if self.remembers else error
            ways["squared"] = lambda: (error.square().sum((1, 2, 3)) / mask.sum((1, 2, 3)).clamp(min=1)).sqrt()
            ways["gradient"] = lambda: last_gradient(self.loss.slope(error), mask, last)
            ways["gradients"] = lambda: sketch_gradient(self.loss.slope(error), mask, last)
            ways["embedding"] = lambda: project(last.mean(1))
        for name in self.more:
            self.done[name].append(ways[name]())

    def gathered(self) -> tuple[Tensor, dict[str, Tensor]]:
        """The visited samples [K] in the order of their visits, and their columns [K] or [K, D]."""
        self._compute()
        ids = torch.cat([step[0] for step in self.steps])
        found = {"error": torch.cat([step[1] for step in self.steps]) / self.observed[ids]}
        if "batch" in self.needs:
            counts = torch.tensor([len(step[0]) for step in self.steps])
            found["batch"] = torch.tensor([float(step[2]) for step in self.steps]).repeat_interleave(counts)
        return ids, found | {name: torch.cat(parts) for name, parts in self.done.items()}

    def merged(self, ranks: Ranks) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """The columns of all ranks: samples [K] in no certain order and their columns, [K] or [K, D] float32.

        Among several ranks by one dense float64 sum, never by gathering (index, value) pairs.
        """
        if ranks.world > 1:
            ids, found = sum_over_ranks(self, ranks)
        else:
            ids, found = self.gathered()
        if "horizon_std" in found:
            found["horizon_std"] = horizon_std(found["horizon_std"])
        columns = {name: found[name].float().cpu().numpy() for name in self.needs}
        return ids.cpu().numpy(), {name: columns[OLD_NAMES.get(name, name)] for name in self.asked}


def sum_over_ranks(columns: Columns, ranks: Ranks) -> tuple[Tensor, dict[str, Tensor]]:
    """The gathered columns of all ranks, ids ascending. A rank that saw nothing adds nothing."""
    widths = {name: columns.horizon if name == "horizon_std" else WIDTHS[name] for name in columns.needs}
    dense = torch.zeros(len(columns.observed), 1 + sum(widths.values()), dtype=torch.float64)
    if columns.steps:
        ids, found = columns.gathered()
        rows = [found[name].reshape(len(ids), -1).double().cpu() for name in widths]
        dense[ids.cpu()] = torch.cat([torch.ones(len(ids), 1, dtype=torch.float64), *rows], dim=1)
    ranks.sum(dense)
    seen = dense[:, 0].nonzero()[:, 0]
    parts = dense[seen, 1:].split(list(widths.values()), dim=1)
    flat = [name for name in widths if WIDTHS[name] == 1 and name != "horizon_std"]
    return seen, {name: part[:, 0] if name in flat else part for name, part in zip(widths, parts, strict=True)}


def require_last(last: Tensor | None) -> Tensor:
    """What the model remembers of its last linear map. OptionError where it remembers nothing."""
    if last is None:
        raise OptionError("this method needs a model that shows what its last layer was given, such as stid or dlinear")
    return last


def last_gradient(slope: Tensor, mask: Tensor, last: Tensor) -> Tensor:
    """Norm [B] of the gradient of each sample's mean loss in the last linear map and its bias.

    From the loss's slopes and mask [B, H, N, C'] and the map's input [B, N, D]; exact for a map shared by all sensors, after
    GraNd (Paul et al. 2021, arXiv 2107.07075) with last layers only, as in DeepCore.
    """
    pull = slope / mask.sum((1, 2, 3)).clamp(min=1)[:, None, None, None]
    if slope.shape[2] == 1:  # one sensor: an outer product, whose norm is the product of the norms
        return pull.square().sum((1, 2, 3)).sqrt() * (1 + last.square().sum((1, 2))).sqrt()
    weight = torch.einsum("bhnc,bnd->bhcd", pull, last)
    return (weight.square().sum((1, 2, 3)) + pull.sum(2).square().sum((1, 2))).sqrt()


def sketch_gradient(slope: Tensor, mask: Tensor, last: Tensor) -> Tensor:
    """That gradient as 64 numbers [B, 64] by a fixed random projection, which keeps distances (Johnson, Lindenstrauss 1984).

    The projection is ours; without it a gradient has H x C' x D numbers. See ``stcore.training.features.projection``.
    """
    pull = slope / mask.sum((1, 2, 3)).clamp(min=1)[:, None, None, None]
    weight = torch.einsum("bhnc,bnd->bhcd", pull, last).flatten(1)
    return project(weight)


def project(rows: Tensor) -> Tensor:
    """Rows [B, D] as [B, 64]: as they are where they fit, else by a fixed random projection."""
    if rows.shape[1] <= SKETCH:
        return functional.pad(rows, (0, SKETCH - rows.shape[1]))
    return rows @ torch.from_numpy(projection(rows.shape[1])).to(rows)


def horizon_std(by_step: Tensor) -> Tensor:
    """Standard deviation over horizon steps [K] of mean errors [K, H], after dividing each step by its usual error.

    Steps at which a sample observed nothing are NaN and left out.
    """
    seen = by_step.isfinite()
    whole = bool(seen.all())
    errors = by_step if whole else by_step.nan_to_num()
    observed = seen.any(dim=0)
    usual = (errors.sum(dim=0) / seen.sum(dim=0).clamp(min=1)).clamp(min=1e-12)
    factor = usual[observed].mean() / usual
    count = len(factor) if whole else seen.sum(dim=1).clamp(min=1)
    middle, squares = errors @ factor / count, errors.square() @ factor.square() / count
    return (squares - middle.square()).clamp(min=0).sqrt()


def sensor_std(error: Tensor, mask: Tensor) -> Tensor:
    """Standard deviation over the observed sensors of their mean errors [B], from errors and mask [B, H, N, C']."""
    if error.shape[2] == 1:
        return error.new_zeros(len(error))
    seen = mask.sum((1, 3))
    sensor, present = error.sum((1, 3)) / seen.clamp(min=1), (seen > 0).to(error.dtype)
    count = present.sum(1).clamp(min=1)
    middle = (sensor * present).sum(1) / count
    return (((sensor - middle[:, None]) * present) ** 2).sum(1).div(count).sqrt()
