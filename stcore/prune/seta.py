"""SeTa (CVPR 2025, arXiv 2503.13385): a window that slides over groups of samples from easy to hard, again and again.

Each epoch leaves out a random part. K-means cuts the last losses of the rest into k groups. The window is a share alpha of
the groups, side by side; it moves on by one group in each epoch, and only its samples are trained on. At the end everything
but the random part is trained on. Weights stay 1. Ours, with ``keep``: the groups are of equal size and the window is as
wide as the budget, so that it is met exactly, and the epochs at the end see everything.
"""

import numpy as np
from typing_extensions import override

from stcore.options import option
from stcore.prune.dynamic import Dynamic
from stcore.prune.schedule import ScheduleOptions, pruning_curve
from stcore.prune.strategy import Samples
from stcore.registry import StrategyCard


def group_bounds(ordered: np.ndarray, groups: int) -> np.ndarray:
    """Bounds [k + 1] of the k-means groups of ascending losses [W]: Lloyd's algorithm from the quantiles.

    Groups of numbers are stretches of their order, so each step is a search for k - 1 middles. Equal losses: equal chunks.
    """
    bounds = np.linspace(0, len(ordered), groups + 1).round().astype(np.int64)
    if ordered[0] == ordered[-1]:
        return bounds
    total = np.concatenate([[0.0], np.cumsum(ordered, dtype=np.float64)])
    for _ in range(300):
        size, alone = np.diff(bounds), ordered[np.minimum(bounds[:-1], len(ordered) - 1)]
        centres = np.where(size > 0, np.diff(total[bounds]) / np.maximum(size, 1), alone)
        middles = np.searchsorted(ordered, (centres[1:] + centres[:-1]) / 2)
        if (middles == bounds[1:-1]).all():
            break
        bounds[1:-1] = middles
    return bounds


def seta(ordered: np.ndarray, turn: int, groups: int, width: int) -> tuple[int, int]:
    """First and end position of the window in ascending losses: ``width`` of ``groups`` groups, from one further each turn."""
    bounds, first = group_bounds(ordered, groups), turn % (groups - width + 1)
    return int(bounds[first]), int(bounds[first + width])


def seta_by_budget(count: int, kept: int, turn: int, groups: int) -> tuple[int, int]:
    """The same for equal groups and a window of ``kept`` of ``count`` samples; it goes from end to end. Ours."""
    turns = groups - max(1, groups * kept // count) + 1
    first = round(turn % turns * (count - kept) / max(turns - 1, 1))
    return first, first + kept


class SeTaOptions(ScheduleOptions):
    """Options of SeTa; the defaults are those of its code, the random part that of its first experiment."""

    keep: float | None = option(
        None,
        "Share of all sample visits, full epochs counted, met by the window's width; the paper's groups when none.",
        gt=0,
        le=1,
    )
    random: float = option(0.1, "Share left out by chance in every epoch (the paper's r).", ge=0, le=0.9)
    groups: int = option(10, "Groups of similar loss (the paper's k).", ge=1, le=1000)
    width: float = option(0.5, "Share of the groups in the window, where keep is none (the paper's alpha).", gt=0, le=1)


class SeTa(Dynamic):
    """Scores are last losses; a sample that was never visited counts as hard."""

    options: SeTaOptions

    def __init__(self, options: SeTaOptions, samples: Samples) -> None:
        super().__init__(options, samples)
        self.slides = pruning_curve(samples.epochs, options.anneal, options.tail) > 0

    @override
    def prunes(self, epoch: int) -> bool:
        if self.options.keep is not None:
            return super().prunes(epoch)
        return bool(self.options.random > 0 or self.slides[epoch])

    @override
    def probability(self, epoch: int, pool: np.ndarray, kept: float, rng: np.random.Generator) -> np.ndarray:
        options, budget = self.options, None if self.options.keep is None else max(round(kept), 1)
        rest = max(round((1 - options.random) * len(pool)), budget or 1)
        part = rng.permutation(len(pool))[:rest]  # in random order, so that chance breaks ties
        losses = np.nan_to_num(self.scores[pool[part]], nan=np.inf)
        order, groups = np.argsort(losses, kind="stable"), min(options.groups, rest)
        if budget is not None:
            first, end = seta_by_budget(rest, budget, epoch, groups)
        elif self.slides[epoch]:
            ordered = np.minimum(losses[order], losses[np.isfinite(losses)].max(initial=0.0))
            first, end = seta(ordered, epoch, groups, max(1, round(options.width * groups)))
        else:
            first, end = 0, rest
        inside = losses[order[first:end]]
        self.report = {"easiest": float(inside[0]), "hardest": float(inside[-1])} if np.isfinite(inside).all() else {}
        chance = np.zeros(len(pool))
        chance[part[order[first:end]]] = 1.0
        return chance


CARD = StrategyCard(
    "seta",
    "Slides a window over groups of samples from easy to hard, again and again, after leaving out a part by chance.",
    "SeTa, CVPR 2025, arXiv 2503.13385; the exact budget is ours",
    "stcore.prune.seta:SeTa",
    SeTaOptions,
    title="SeTa",
)
