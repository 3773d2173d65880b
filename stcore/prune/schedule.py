"""When and how much to prune: shared by every strategy, so that a budget means the same for all.

``keep`` is a share of all sample visits of a run, its first and last full epochs counted. Ours, after methods that
anneal back to full data (InfoBatch, arXiv 2303.04947, ends with 12.5 % full epochs).
"""

from typing import Literal

import numpy as np

from stcore.options import OptionError, Options, option

SMALLEST_SHARE = 1 - 0.98 * 0.9  # that an epoch can keep with inverse weights: 98 % are pruned with probability 0.9


class ScheduleOptions(Options):
    """How pruning comes and goes over a run, and what it must not touch: for every strategy that decides each epoch."""

    keep: float | None = option(
        0.5,
        "Share of all sample visits over the whole run, full epochs counted; the method's own threshold when none.",
        gt=0,
        le=1,
    )
    anneal: Literal["step", "cosine", "linear"] = option("step", "How pruning gives way to full data.")
    tail: float = option(0.125, "Share of the epochs at the end that see all data.", ge=0, le=1)
    trim: float = option(
        0.0,
        "Share of the hardest samples left out while pruning: broken sensors look hard. Gradients are then biased.",
        ge=0,
        le=0.5,
    )
    floor: float = option(
        0.0, "Smallest share kept of the samples of each hour of the week, so that nights are not lost.", ge=0, le=1
    )


class BudgetOptions(ScheduleOptions):
    """The schedule of methods that cannot do without a share."""

    keep: float = option(0.5, "Share of all sample visits over the whole run, full epochs counted.", gt=0, le=1)


class EvenOptions(BudgetOptions):
    """The schedule of methods that do not anneal in their papers."""

    tail: float = option(0.0, "Share of the epochs at the end that see all data.", ge=0, le=1)


def pruning_curve(epochs: int, anneal: str, tail: float, first: int = 1) -> np.ndarray:
    """Relative pruning of each epoch [E], 0 to 1: none in the ``first`` ones (nothing is scored yet) and in the tail.

    ``step`` prunes evenly until the tail; ``cosine`` and ``linear`` fade from half time to the tail.
    """
    epoch = np.arange(epochs)
    end = epochs - int(np.ceil(tail * epochs - 1e-9))
    fade = np.clip((epoch - epochs / 2) / max(end - epochs / 2, 1e-9), 0, 1)
    curve = {"step": np.ones(epochs), "cosine": 0.5 * (1 + np.cos(np.pi * fade)), "linear": 1 - fade}[anneal]
    return np.where((epoch < first) | (epoch >= end), 0.0, curve)


def plan_visits(
    count: int, epochs: int, options: ScheduleOptions, least: float = SMALLEST_SHARE, first: int = 1
) -> tuple[np.ndarray, list[str]]:
    """Visits per epoch [E] int64 that sum to ``keep`` x E x W, and notes. The ``first`` epochs see everything.

    An epoch keeps at least the share ``least``. Where the tail leaves too little to prune it is shortened, and a note says
    so. Where even no tail is too long, an OptionError names the smallest possible share.
    """
    keep = 1.0 if options.keep is None else options.keep
    pruned = (1 - keep) * epochs
    full_tail = int(np.ceil(options.tail * epochs - 1e-9))
    for tail in range(full_tail, -1, -1):
        curve = pruning_curve(epochs, options.anneal, tail / epochs, first)
        if pruned <= (1 - least) * curve.sum() + 1e-9:
            share = curve * (pruned / curve.sum() if pruned else 0.0)
            visits, thinned = np.full(epochs, count), share > 0
            visits[thinned] = np.diff(np.round(np.cumsum((1 - share[thinned]) * count)), prepend=0)
            visits = np.clip(visits, 1, count).astype(np.int64)
            shorter = (
                f"the last {tail} epochs see all data, not {full_tail}: only so {keep:.0%} of the visits can be met"
            )
            return visits, [shorter] if tail < full_tail else []
    smallest = 1 - (1 - least) * pruning_curve(epochs, options.anneal, 0, first).sum() / epochs
    raise OptionError(
        f"keep = {keep:g} cannot be met in {epochs} epochs, the first of which sees everything; "
        f"the smallest share is {smallest:.3f}"
    )


def full_passes(count: int, epochs: int, keep: float) -> np.ndarray:
    """Visits of full epochs that end when ``keep`` x E x W visits are used up, the last epoch partial."""
    total = max(1, round(keep * epochs * count))
    whole, rest = divmod(total, count)
    return np.array([count] * whole + [rest] * (rest > 0), np.int64)
