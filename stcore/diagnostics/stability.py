"""How stable a mask is: which sensors it keeps from epoch to epoch, and from run to run."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from stcore.diagnostics.agreement import jaccard, jaccard_at_most, jaccard_by_chance
from stcore.runs import Run
from stcore.runs.trace import trace

EPOCH_COLUMNS = ("epoch", "kept", "before", "before_chance", "last", "last_chance", "last_most")
RUN_COLUMNS = ("run", "other", "kept", "other_kept", "overlap", "chance", "most")


def through_epochs(active: np.ndarray) -> pd.DataFrame:
    """One row an epoch (from 1) of ``active`` [E, N] bool: how many are ``kept``, and Jaccard overlaps.

    ``before``: with the set of the epoch before (NaN of the first). ``last``: with the set of the last epoch. Each beside
    what random sets of the same sizes would share (``_chance``), and the latter beside the most that their sizes allow
    (``last_most``), as a set that shrinks cannot be the same.
    """
    sizes, count = active.sum(axis=1).tolist(), active.shape[1]
    rows = []
    for place, now in enumerate(active):
        before = place - 1 if place else None
        with_before = (
            (float("nan"), float("nan"))
            if before is None
            else (jaccard(active[before], now), jaccard_by_chance(sizes[before], sizes[place], count))
        )
        chance = jaccard_by_chance(sizes[place], sizes[-1], count)
        rows.append(
            (
                place + 1,
                sizes[place],
                *with_before,
                jaccard(now, active[-1]),
                chance,
                jaccard_at_most(sizes[place], sizes[-1]),
            )
        )
    return pd.DataFrame(rows, columns=list(EPOCH_COLUMNS))


def between_runs(kept: dict[str, np.ndarray]) -> pd.DataFrame:
    """One row a pair of runs, by the sets [N] bool that they keep in the end: Jaccard ``overlap``, ``chance`` and ``most``."""
    rows = []
    for (one, left), (other, right) in combinations(kept.items(), 2):
        sizes = int(left.sum()), int(right.sum())
        rows.append(
            (one, other, *sizes, jaccard(left, right), jaccard_by_chance(*sizes, len(left)), jaccard_at_most(*sizes))
        )
    return pd.DataFrame(rows, columns=list(RUN_COLUMNS))


def kept_at_last(runs: Sequence[Run]) -> dict[str, np.ndarray]:
    """[N] bool of every run with a mask that has switched any sensor off: what it keeps after its last epoch."""
    found = {run.id: trace(run) for run in runs}
    last = {name: seen["active"].values[-1] for name, seen in found.items() if "active" in seen and seen.sizes["epoch"]}
    return {name: active for name, active in last.items() if not active.all()}
