"""How a run chose its samples: by hour of the week, how often, what changed between epochs, and with which weights.

Functions of ``run.trace()``. ``kept`` [E, W] is yes or no for windows; where cells were pruned it is the share of a window's
cells, and every function reads it as such.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr


class Bounds(NamedTuple):
    """The share of the pruned epochs from which a sample counts as kept ``always``, and up to which as ``never``."""

    always: float
    never: float
    names: tuple[str, str, str]  # of those above, between and below


FIXED = Bounds(
    0.9, 0.1, ("always", "sometimes", "never")
)  # after Raju et al. 2021, arXiv 2111.12621, the limits are ours
LEEWAY = 1e-9  # so that 9 epochs of 10 are 0.9


def pruned_epochs(trace: xr.Dataset) -> np.ndarray:
    """Positions [P] of the epochs in which any sample was pruned."""
    return np.flatnonzero(kept_shares(trace) < 1 - LEEWAY)


def kept_shares(trace: xr.Dataset) -> np.ndarray:
    """The share of all samples [E] that each epoch kept, 0 to 1."""
    return np.asarray(trace["kept"].values.mean(axis=1, dtype=np.float64))


def mean_share(trace: xr.Dataset) -> float:
    """The mean kept share of the pruned epochs. 1 where there are none."""
    epochs = pruned_epochs(trace)
    return float(kept_shares(trace)[epochs].mean()) if len(epochs) else 1.0


# ---- when ----------------------------------------------------------------------------------------------------------
def choices_by_hour(time: pd.DatetimeIndex, often: np.ndarray, score: np.ndarray) -> pd.DataFrame:
    """Kept share and mean complexity of the samples of each hour of the week, in order of time from Monday midnight.

    ``time`` [W] first forecast steps on the wall clock, ``often`` [W] as from ``kept_often``, ``score`` [W] complexity in
    training spreads, NaN where unknown. Columns weekday (0 = Monday), hour, kept, complexity, samples; hours without any
    sample are left out.
    """
    frame = pd.DataFrame({"weekday": time.day_of_week, "hour": time.hour, "kept": often, "complexity": score})
    grouped = frame.astype({"complexity": float}).groupby(["weekday", "hour"])
    return grouped[["kept", "complexity"]].mean().assign(samples=grouped.size()).reset_index()


def extremes(hours: pd.DataFrame, share: float = 0.1) -> tuple[float, float]:
    """Kept share of the hardest and of the easiest tenth of the hours of ``choices_by_hour``, at least one hour each."""
    known = hours.dropna(subset=["complexity"]).sort_values("complexity", kind="stable")
    count = max(1, round(share * len(known)))
    hard, easy = (float(np.average(part["kept"], weights=part["samples"])) for part in (known[-count:], known[:count]))
    return hard, easy


# ---- how often -----------------------------------------------------------------------------------------------------
def kept_often(trace: xr.Dataset) -> np.ndarray:
    """The share of the pruned epochs [W] in which each sample was kept. NaN where no epoch was pruned."""
    kept = trace["kept"].values[pruned_epochs(trace)]
    return kept.mean(axis=0, dtype=np.float64) if len(kept) else np.full(kept.shape[1], np.nan)


def kept_often_by_chance(shares: np.ndarray, cells: int = 1) -> np.ndarray:
    """The chance [P x cells + 1] that a sample is kept 0, 1, ... P x cells times if each epoch kept ``shares`` [P] at random.

    With equal shares this is the binomial; with others the Poisson binomial, by its characteristic function (Hong 2013,
    Computational Statistics & Data Analysis 59). ``cells``: draws a sample and epoch, more than 1 where cells are pruned.
    """
    length = len(shares) * cells + 1
    turn = np.exp(-2j * np.pi * np.arange(length // 2 + 1) / length)
    spectrum = np.ones(len(turn), complex)
    for share in shares:
        spectrum *= (1 - share + share * turn) ** cells
    chance = np.clip(np.fft.irfft(spectrum, length), 0, 1)
    return np.asarray(chance / chance.sum())


def bounds_around(share: float) -> Bounds:
    """Bounds relative to the mean ``share`` kept, for runs that keep shares or small rounds and so keep nothing always.

    Often is at least one and a half times the mean, seldom at most half of it. Above a mean of one half the same holds for
    the share left out. These bounds are ours.
    """
    half = min(share, 1 - share) / 2
    return Bounds(share + half, share - half, ("often", "sometimes", "seldom"))


def group_shares(often: np.ndarray, weight: np.ndarray | None = None, bounds: Bounds = FIXED) -> dict[str, float]:
    """Shares of samples kept always (in at least 90 % of the pruned epochs), sometimes, and never (at most 10 %).

    ``often`` [K] as from ``kept_often``, or the values of a distribution with its ``weight`` [K]. Other ``bounds`` give
    other groups, by their names.
    """
    weight = np.ones(len(often)) if weight is None else weight
    always, never = often >= bounds.always - LEEWAY, often <= bounds.never + LEEWAY
    total = max(float(weight.sum()), LEEWAY)
    found = [float(weight[part].sum()) / total for part in (always, ~(always | never), never)]
    return dict(zip(bounds.names, found, strict=True))


def often_table(trace: xr.Dataset, cells: int = 1, bins: int = 20) -> pd.DataFrame:
    """How often samples were kept, beside what a random choice of the same shares would give.

    Columns low, high (share of the pruned epochs, a bin's ends), samples, chance (shares of all samples). While there are
    few possible numbers of epochs, a bin around each of them. Empty where no epoch was pruned.
    """
    epochs = pruned_epochs(trace)
    if not len(epochs):
        return pd.DataFrame({name: np.empty(0) for name in ("low", "high", "samples", "chance")})
    chance = kept_often_by_chance(kept_shares(trace)[epochs], cells)
    each = len(chance) <= bins
    number = len(chance) if each else bins
    width = 1 / (number - 1) if each else 1 / bins

    def place(often: np.ndarray) -> np.ndarray:
        return np.minimum(often / width + (0.5 if each else LEEWAY), number - 1).astype(int)

    samples = np.bincount(place(kept_often(trace)), minlength=number)
    low = width * (np.arange(number) - 0.5 * each)
    expected = np.bincount(place(np.linspace(0, 1, len(chance))), chance, minlength=number)
    return pd.DataFrame({"low": low, "high": low + width, "samples": samples / samples.sum(), "chance": expected})


# ---- what changed --------------------------------------------------------------------------------------------------
def churn(trace: xr.Dataset) -> pd.DataFrame:
    """What each pruned epoch newly pruned and brought back since the pruned epoch before it, as shares of all samples.

    Columns epoch, newly_pruned, revived, chance: the mean of both if each epoch had chosen as many at random. Steps from and
    to full epochs are left out. Of cells only the net change inside each window is known: the first two are at least so much.
    """
    epochs = pruned_epochs(trace)
    kept = trace["kept"].values[epochs].astype(np.float32)
    change, share = kept[1:] - kept[:-1], kept_shares(trace)[epochs]
    before, after = share[:-1], share[1:]
    return pd.DataFrame(
        {
            "epoch": trace["epoch"].values[epochs[1:]],
            "newly_pruned": np.clip(-change, 0, None).mean(axis=1, dtype=np.float64),
            "revived": np.clip(change, 0, None).mean(axis=1, dtype=np.float64),
            "chance": (before * (1 - after) + (1 - before) * after) / 2,
        }
    )


# ---- weights and threshold -----------------------------------------------------------------------------------------
def weight_table(trace: xr.Dataset) -> pd.DataFrame:
    """Columns epoch, kept, effective, effective_share, largest_weight: how much the weights cost in each epoch.

    ``effective`` is how many equally weighted samples carry as much as the kept ones with their weights (Kish 1965).
    """
    frame = pd.DataFrame(
        {
            "epoch": trace["epoch"].values,
            "kept": trace["kept_count"].values,
            "effective": trace["effective"].values,
            "largest_weight": trace["largest_weight"].values,
        }
    )
    frame.insert(3, "effective_share", frame["effective"] / frame["kept"].where(frame["kept"] > 0))
    return frame


def threshold_table(trace: xr.Dataset) -> pd.DataFrame:
    """Columns epoch, threshold (complexity in training spreads) and easy (share of samples below it); epochs without left out.

    Empty for strategies that go by no threshold.
    """
    frame = pd.DataFrame({name: trace[name].values for name in ("epoch", "threshold", "easy")})
    return frame.dropna(subset=["threshold"]).reset_index(drop=True)


# ---- staleness -----------------------------------------------------------------------------------------------------
AGES = {0: "this epoch", 1: "1 epoch ago", 2: "2 epochs", 3: "3 to 4", 5: "5 to 9", 10: "10 and more"}
UNSEEN = "never"


def met_epochs(trace: xr.Dataset) -> np.ndarray:
    """Whether each epoch met each sample [E, W] bool: the sample was kept, or its last recorded error has changed.

    Older runs recorded their method's score alone. It may change without a meeting, as where it is relative to other samples.
    """
    found = trace["kept"].values > 0
    values = (trace["level"] if "level" in trace else trace["score"]).values
    known = np.isfinite(values)
    found[1:] |= known[1:] & ((values[1:] != values[:-1]) | ~known[:-1])
    return found


def score_ages(trace: xr.Dataset) -> np.ndarray:
    """How many epochs ago each sample was last met [E, W] int32: 0 in that epoch itself, -1 where it never was."""
    epochs = np.arange(trace.sizes["epoch"], dtype=np.int32)[:, None]
    last = np.maximum.accumulate(np.where(met_epochs(trace), epochs, np.int32(-1)), axis=0)
    return np.asarray(np.where(last >= 0, epochs - last, -1))


def staleness(trace: xr.Dataset) -> pd.DataFrame:
    """How old the scores were after each epoch: one row for each epoch and age, columns epoch, age, share of all samples."""
    limits = np.array([*AGES, np.iinfo(np.int32).max])
    rows = []
    for epoch, found in zip(trace["epoch"].values, score_ages(trace), strict=True):
        group = np.searchsorted(limits, found, side="right") - 1  # -1 for never
        count = np.bincount(group + 1, minlength=len(AGES) + 1)
        names = [*AGES.values(), UNSEEN]
        rows += [(int(epoch), name, share) for name, share in zip(names, np.roll(count, -1) / len(found), strict=True)]
    return pd.DataFrame(rows, columns=["epoch", "age", "share"])
