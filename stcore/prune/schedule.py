"""When and how much to prune: shared by every strategy, so that a budget means the same for all.

``keep`` is a share of all sample visits of a run, its first and last full epochs counted. Ours, after methods that
anneal back to full data (InfoBatch, arXiv 2303.04947, ends with 12.5 % full epochs).
"""

from typing import Literal

import numpy as np

from stcore.options import OptionError, Options, option

LEAST = 1 - 0.98 * 0.9  # smallest share an epoch can keep: 98 % easy samples dropped with probability 0.9


class ScheduleOptions(Options):
    """How pruning comes and goes over a run."""

    keep: float | None = option(
        0.5,
        "Share of all sample visits over the whole run, full epochs counted; the method's own threshold when none.",
        gt=0,
        le=1,
    )
    anneal: Literal["step", "cosine", "linear"] = option("step", "How pruning gives way to full data.")
    tail: float = option(0.125, "Share of the epochs at the end that see all data.", ge=0, le=1)


def shape(epochs: int, anneal: str, tail: float) -> np.ndarray:
    """Relative pruning of each epoch [E], 0 to 1: none in the first (nothing is scored yet) and in the tail.

    ``step`` prunes evenly until the tail; ``cosine`` and ``linear`` fade from half time to the tail.
    """
    epoch = np.arange(epochs)
    end = epochs - int(np.ceil(tail * epochs - 1e-9))
    fade = np.clip((epoch - epochs / 2) / max(end - epochs / 2, 1e-9), 0, 1)
    level = {"step": np.ones(epochs), "cosine": 0.5 * (1 + np.cos(np.pi * fade)), "linear": 1 - fade}[anneal]
    return np.where((epoch == 0) | (epoch >= end), 0.0, level)


def budget(count: int, epochs: int, options: ScheduleOptions, least: float = LEAST) -> tuple[np.ndarray, list[str]]:
    """Visits per epoch [E] int64 that sum to ``keep`` x E x W, and notes.

    Where the tail leaves too little to prune it is shortened, and a note says so; where even no tail is too much, an
    OptionError names the smallest possible share.
    """
    keep = 1.0 if options.keep is None else options.keep
    dropped = (1 - keep) * epochs
    full_tail = int(np.ceil(options.tail * epochs - 1e-9))
    for tail in range(full_tail, -1, -1):
        level = shape(epochs, options.anneal, tail / epochs)
        if dropped <= (1 - least) * level.sum() + 1e-9:
            share = level * (dropped / level.sum() if dropped else 0.0)
            visits, thinned = np.full(epochs, count), share > 0
            visits[thinned] = np.diff(np.round(np.cumsum((1 - share[thinned]) * count)), prepend=0)
            visits = np.clip(visits, 1, count).astype(np.int64)
            shorter = (
                f"the full epochs at the end are {tail}, not {full_tail}, so that {keep:.0%} of the visits can be met"
            )
            return visits, [shorter] if tail < full_tail else []
    smallest = 1 - (1 - least) * shape(epochs, options.anneal, 0).sum() / epochs
    raise OptionError(
        f"keep = {keep:g} cannot be met in {epochs} epochs, the first of which sees everything; "
        f"the smallest share is {smallest:.3f}"
    )
