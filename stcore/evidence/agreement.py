"""How far rankings of sensors agree, and how far sets of sensors do. Each figure stands beside what chance gives."""

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import hypergeom, kendalltau

from stcore.runs import Run
from stcore.runs.trace import trace

RESAMPLES, LEVEL = 500, 0.95
FEWEST, ENOUGH = 4, 10  # sensors to rank at all, and for an interval: a bootstrap of fewer promises too much


class Agreement(NamedTuple):
    """Kendall's tau-b ``tau`` of two rankings, -1 to 1, with its 95 % interval, over so many ``sensors``.

    The figure is a mean over ``pairs`` of runs. It is NaN with fewer than 4 sensors or where all sensors are equal. With
    fewer than 10 sensors the interval is NaN.
    """

    tau: float
    low: float
    high: float
    sensors: int
    pairs: int = 1


def agreement(one: np.ndarray, other: np.ndarray, resamples: int = RESAMPLES, seed: int = 0) -> Agreement:
    """How far two rankings of N sensors agree: [N] against [N], or the rows of [P, N] against those of [P, N], averaged.

    Sensors without a number in either ranking are left out. Tau-b (Kendall 1945, Biometrika 33) counts pairs of sensors
    and leaves out ties. The interval has the percentiles of a bootstrap over sensors (Efron 1979), with the same draw for
    all rows. A sensor that is drawn twice is tied with itself in both rankings, so it counts for nothing.
    """
    left, right = np.atleast_2d(one).astype(float), np.atleast_2d(other).astype(float)
    seen = np.isfinite(left).all(axis=0) & np.isfinite(right).all(axis=0)
    left, right, count = left[:, seen], right[:, seen], int(seen.sum())
    nothing = Agreement(float("nan"), float("nan"), float("nan"), count, len(left))
    if count < FEWEST:
        return nothing
    tau = tau_b(left, right)
    if not np.isfinite(tau) or count < ENOUGH:
        return nothing._replace(tau=tau)
    rng = np.random.default_rng([seed, 17])
    drawn = [tau_b(left[:, places], right[:, places]) for places in rng.integers(count, size=(resamples, count))]
    reach = (1 - LEVEL) / 2
    low, high = np.nanquantile(drawn, [reach, 1 - reach])
    return Agreement(tau, float(low), float(high), count, len(left))


def tau_b(left: np.ndarray, right: np.ndarray) -> float:
    """Mean of tau-b over the rows of two [P, N]; NaN where a row has one value only."""
    taus = [kendalltau(one, other).statistic for one, other in zip(left, right, strict=True)]
    return float(np.mean(taus))


def across_seeds(values: np.ndarray, resamples: int = RESAMPLES) -> Agreement | None:
    """How far the rankings of S runs [S, N] agree: the mean over their pairs. None with fewer than two runs."""
    pairs = np.array(list(combinations(range(len(values)), 2)))
    return agreement(values[pairs[:, 0]], values[pairs[:, 1]], resamples) if len(pairs) else None


# ---- sets ------------------------------------------------------------------------------------------------------------
def jaccard(one: np.ndarray, other: np.ndarray) -> float:
    """The Jaccard index of two sets of sensors [N] bool (Jaccard 1901): shared sensors over all of both. 1 for empty sets."""
    either = int((one | other).sum())
    return float((one & other).sum() / either) if either else 1.0


def jaccard_by_chance(one: int, other: int, count: int) -> float:
    """The expected Jaccard index of two random sets with ``one`` and ``other`` of ``count`` sensors.

    The number of shared sensors is hypergeometric, so the mean is an exact sum.
    """
    shared = np.arange(max(0, one + other - count), min(one, other) + 1)
    either = one + other - shared
    parts = np.divide(shared, either, out=np.ones(len(shared)), where=either > 0)
    return float((hypergeom(count, one, other).pmf(shared) * parts).sum())


def jaccard_at_most(one: int, other: int) -> float:
    """The highest Jaccard index that two sets of these sizes can have: the smaller lies within the larger."""
    return min(one, other) / max(one, other) if max(one, other) else 1.0


EPOCH_COLUMNS = ("epoch", "kept", "before", "before_chance", "last", "last_chance", "last_most")
RUN_COLUMNS = ("run", "other", "kept", "other_kept", "overlap", "chance", "most")


def overlap_by_epoch(active: np.ndarray) -> pd.DataFrame:
    """One row for each epoch (from 1) of ``active`` [E, N] bool: how many are ``kept``, and Jaccard overlaps.

    ``before`` is the overlap with the epoch before (NaN for the first). ``last`` is the overlap with the last epoch. Each
    stands beside the overlap of random sets of these sizes (``_chance``). A set that shrinks cannot stay the same, so
    ``last_most`` gives the highest overlap that the sizes allow.
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


def overlap_between_runs(kept: dict[str, np.ndarray]) -> pd.DataFrame:
    """One row for each pair of runs, by the sets [N] bool that they keep in the end: ``overlap``, ``chance`` and ``most``."""
    rows = []
    for (one, left), (other, right) in combinations(kept.items(), 2):
        sizes = int(left.sum()), int(right.sum())
        rows.append(
            (one, other, *sizes, jaccard(left, right), jaccard_by_chance(*sizes, len(left)), jaccard_at_most(*sizes))
        )
    return pd.DataFrame(rows, columns=list(RUN_COLUMNS))


def final_masks(runs: Sequence[Run]) -> dict[str, np.ndarray]:
    """The sensors [N] bool that each run keeps after its last epoch, for runs whose mask has switched a sensor off."""
    traces = {run.id: trace(run) for run in runs}
    masked = {name: one for name, one in traces.items() if "active" in one and one.sizes["epoch"]}
    last = {name: one["active"].values[-1] for name, one in masked.items()}
    return {name: active for name, active in last.items() if not active.all()}
