"""The samples of a run as a table: one row a training window, with what training thought of it up to an epoch."""

import numpy as np
import pandas as pd
import xarray as xr

from stcore.data import STData

REGIONS = ("easy", "ambiguous", "hard")
BORDER = 2 / 3  # ambiguous: the third that varies most; hard: of all others, those in the third with the largest mean


def sample_table(
    trace: xr.Dataset,
    epoch: int | None = None,
    *,
    clock: pd.DatetimeIndex | None = None,
    incident: np.ndarray | None = None,
) -> pd.DataFrame:
    """The training windows as they stood after ``epoch`` (counted from 1, default the last), indexed by sample id.

    ``start`` first input step, ``time`` first forecast step (``clock`` [W] instead of the trace's own), ``score`` the
    latest score, ``mean`` of the scores over the epochs in which it was scored and ``variability``, their standard deviation
    as a share of that mean, ``scored`` how many epochs those were, ``kept_share`` over the epochs so far, ``kept`` (of
    cells: the share of them) and ``weight`` of the epoch itself, ``region`` (easy, ambiguous, hard; none until it was
    scored twice), ``incident`` (where given [W]). Scores are in training spreads.
    """
    count = trace.sizes["epoch"] if epoch is None else epoch
    score = trace["score"].values[:count].astype(np.float32)
    kept = trace["kept"].values[:count]
    fresh = freshly_scored(score, kept)
    scored, mean, variability = _moments(score, fresh)
    length = score.shape[1]
    table = pd.DataFrame(
        {
            "start": trace["start"].values,
            "time": pd.DatetimeIndex(trace["time"].values) if clock is None else clock,
            "score": score[-1] if count else np.full(length, np.nan, np.float32),
            "mean": mean,
            "variability": variability,
            "scored": scored,
            "kept_share": kept.mean(axis=0, dtype=np.float32) if count else np.full(length, np.nan, np.float32),
            "kept": kept[-1] if count else np.zeros(length, bool),
            "weight": trace["weight"].values[count - 1].astype(np.float32) if count else np.zeros(length, np.float32),
        },
        index=pd.Index(trace["sample"].values, name="sample"),
    )
    table["region"] = region_names(table)
    return table if incident is None else table.assign(incident=incident)


def freshly_scored(score: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """[E, W] in which epochs a sample's score is new, not carried over: it was visited, or its score has changed.

    The first epoch is left out where there are three: there a score says when a sample came, not how hard it is.
    """
    fresh = kept > 0
    fresh[1:] |= score[1:] != score[:-1]
    if len(score) >= 3:
        fresh[0] = False
    return fresh & np.isfinite(score)


def _moments(score: np.ndarray, fresh: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How many fresh scores, their mean and their variability [W]; NaN where there are none, or fewer than two."""
    scored = fresh.sum(axis=0)
    known = np.where(fresh, score, 0).astype(np.float64)
    mean = known.sum(axis=0) / np.maximum(scored, 1)
    apart = np.where(fresh, score - mean, 0)
    spread = np.sqrt((apart**2).sum(axis=0) / np.maximum(scored, 1))
    variability = np.divide(spread, mean, out=np.zeros_like(mean), where=mean > 0)
    return scored, np.where(scored > 0, mean, np.nan), np.where(scored > 1, variability, np.nan)


def borders(table: pd.DataFrame) -> tuple[float, float]:
    """The mean above which a steady sample is hard, and the variability above which a sample is ambiguous; NaN if unknown."""
    known = table.dropna(subset=["mean", "variability"])
    if known.empty:
        return float("nan"), float("nan")
    return float(known["mean"].quantile(BORDER)), float(known["variability"].quantile(BORDER))


def region_names(table: pd.DataFrame) -> pd.Categorical:
    """[W] easy, ambiguous or hard, after the data maps of Swayamdipta et al. 2020; by thirds, which is our own reading."""
    hard, ambiguous = borders(table)
    known = table["variability"].notna()
    names = np.select(
        [known & (table["variability"] > ambiguous), known & (table["mean"] > hard), known],
        ["ambiguous", "hard", "easy"],
        "",
    )
    return pd.Categorical(pd.Series(names).where(names != "", None), categories=REGIONS)


def planted_incidents(data: STData) -> pd.DataFrame | None:
    """The dataset's planted incidents as ``first`` and ``last`` step and wall-clock ``start`` and ``end``, or None."""
    if "incident_start" not in data.ds or "incident_end" not in data.ds:
        return None
    ends = [pd.DatetimeIndex(data.ds[f"incident_{name}"].values) for name in ("start", "end")]
    step = pd.Timedelta(data.step_seconds, "s")
    first, last = (np.asarray((instants - data.time[0]) // step).astype(np.int64) for instants in ends)
    return pd.DataFrame({"first": first, "last": last, "start": data.clock(first), "end": data.clock(last)})


def overlaps_incident(planted: pd.DataFrame, starts: np.ndarray, length: int) -> np.ndarray:
    """Whether the windows of ``length`` steps that begin at ``starts`` [W] share a step with an incident [W] bool."""
    first, last = planted["first"].to_numpy(), planted["last"].to_numpy()
    return ((starts[:, None] <= last) & (starts[:, None] + length > first)).any(axis=1)
