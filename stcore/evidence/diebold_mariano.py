"""Diebold-Mariano test: whether two arms forecast equally well, horizon by horizon.

Diebold and Mariano 1995, "Comparing predictive accuracy"; small-sample correction and Student's t by Harvey, Leybourne and
Newbold 1997; variance by Newey and West 1987. Bandwidth and its use in the correction are ours, see ``bandwidth``.

Dimensions: W windows, H horizon, S seeds.
"""

import numpy as np
from scipy.special import stdtr

from stcore.evidence.paired import Paired


def diebold_mariano(difference: np.ndarray, horizon: int, place: np.ndarray | None = None) -> tuple[float, float]:
    """Statistic and two-sided p of mean ``difference`` = 0, losses of one arm less the other's [W] in order of time.

    ``horizon`` is how many steps ahead; ``place`` [W] the windows' steps on a line, where some are left out. NaN where the
    difference is constant, or the windows fewer than three or too few for the horizon.
    """
    place = np.arange(len(difference)) if place is None else place
    seen = np.isfinite(difference)
    difference, place = difference[seen], place[seen]
    count = len(difference)
    lags = bandwidth(count, horizon)
    if count < 3 or lags >= count - 1:
        return np.nan, np.nan
    line = np.zeros(int(place[-1] - place[0]) + 1)
    line[place - place[0]] = difference - difference.mean()  # what is left out weighs nothing
    variance = newey_west(line, lags) / count**2
    if variance <= 1e-30 * max(1.0, difference.mean() ** 2):
        return np.nan, np.nan
    ahead = lags + 1
    small = (count + 1 - 2 * ahead + ahead * (ahead - 1) / count) / count
    statistic = float(difference.mean() / np.sqrt(variance) * np.sqrt(small))
    return statistic, float(2 * stdtr(count - 1, -abs(statistic)))


def bandwidth(count: int, horizon: int) -> int:
    """Lags of the variance: 1.3 sqrt(W) (Lazarus et al. 2018), at least twice the overlap of h - 1 steps.

    Errors h steps ahead of windows one step apart share h - 1 steps, and Bartlett weights would halve what a bandwidth of
    just that covers. The correction is for h - 1 lags; it is applied with the lags that are used.
    """
    return max(2 * (horizon - 1), int(np.ceil(1.3 * np.sqrt(count))))


def newey_west(line: np.ndarray, lags: int) -> float:
    """The variance of the sum of a centred series with Bartlett weights over ``lags`` lags; never negative."""
    total = float(line @ line)
    for lag in range(1, min(lags, len(line) - 1) + 1):
        total += 2 * (1 - lag / (lags + 1)) * float(line[lag:] @ line[:-lag])
    return max(total, 0.0)


def holm(chances: np.ndarray) -> np.ndarray:
    """Holm's 1979 adjustment of p-values for how many there are; NaN stays NaN and does not count."""
    adjusted = np.full(len(chances), np.nan)
    order = [place for place in np.argsort(chances, kind="stable") if np.isfinite(chances[place])]
    highest = 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, float(chances[place]) * (len(order) - rank)))
        adjusted[place] = highest
    return adjusted


def horizon_tests(pair: Paired) -> list[dict[str, float]]:
    """One record a horizon of a method beside its control: MAE of both, relative difference, statistic, p, Holm's p.

    The losses are mean absolute errors per window, averaged over the seeds.
    """
    count, place = pair.one.count, pair.one.start - pair.one.start[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        loss = pair.error.mean(axis=1) / count  # [2, W, H]; NaN where nothing was observed
        method, control = pair.error.mean(axis=1).sum(axis=1) / count.sum(axis=0, dtype=np.float64)  # [H]
        ratio = method / control - 1
    tests = [diebold_mariano(loss[0, :, h] - loss[1, :, h], h + 1, place) for h in range(count.shape[1])]
    adjusted = holm(np.array([chance for _, chance in tests]))
    return [
        {
            "horizon": h + 1,
            "mae": method[h],
            "control_mae": control[h],
            "difference": ratio[h],
            "statistic": statistic,
            "p": chance,
            "p_holm": adjusted[h],
        }
        for h, (statistic, chance) in enumerate(tests)
    ]
