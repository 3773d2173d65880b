"""Training dynamics in the form of Dataset Cartography, so that its tools and plots can read a regression run.

Swayamdipta et al. 2020, "Dataset Cartography: Mapping and Diagnosing Datasets with Training Dynamics"; the fields are those
of the ``td_metrics.jsonl`` of its published code, which is for classification. The regression versions are ours:

- the chance of the true class becomes p = 1 / (1 + level), level the sample's error in training spreads: 1 for a perfect
  forecast, 1/2 where it errs by one spread;
- correct becomes: a level below the median of all samples' levels after that epoch;
- an epoch counts for a sample only where the sample was met in it, since a pruned sample shows nothing new.

``guid`` is the instant of the window's first forecast step, ``index`` the sample. ``confidence`` is the mean of p,
``variability`` its standard deviation, ``threshold_closeness`` = confidence (1 - confidence), ``correctness`` the share of
epochs in which it was correct (the original counts them, which pruning would distort), ``forgetfulness`` how often it went
from correct to not (Toneva et al. 2019), 1000 where it never was correct.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from stcore.evidence.choices import met_epochs
from stcore.exports.tables import check_writable
from stcore.options import OptionError
from stcore.runs import Run

NEVER_LEARNT = 1000  # as in the published code


def cartography(run: Run) -> pd.DataFrame:
    """One row a sample that was met at least once; columns as above. Of runs on cells, samples are windows."""
    trace = run.trace()
    level = (trace["level"] if "level" in trace else trace["score"]).values.astype(np.float64)  # [E, W]
    met = met_epochs(trace) & np.isfinite(level)
    found = dynamics(level, met)
    found.insert(0, "guid", [moment.isoformat() for moment in pd.DatetimeIndex(trace["time"].values)])
    found.insert(1, "index", trace["sample"].values)
    return found[met.any(axis=0)].reset_index(drop=True)


def dynamics(level: np.ndarray, met: np.ndarray) -> pd.DataFrame:
    """The measures of each sample [W] from its ``level`` [E, W] and in which epochs it was ``met`` [E, W] bool."""
    count = np.maximum(met.sum(axis=0), 1)
    chance = np.where(met, 1 / (1 + np.where(met, level, 0)), 0)
    confidence = chance.sum(axis=0) / count
    spread = np.where(met, chance - confidence, 0)
    middle = [np.median(row[np.isfinite(row)]) if np.isfinite(row).any() else np.nan for row in level]
    correct = met & (level < np.array(middle)[:, None])
    return pd.DataFrame(
        {
            "threshold_closeness": confidence * (1 - confidence),
            "confidence": confidence,
            "variability": np.sqrt((spread**2).sum(axis=0) / count),
            "correctness": correct.sum(axis=0) / count,
            "forgetfulness": forgetfulness(correct, met),
        }
    )


def forgetfulness(correct: np.ndarray, met: np.ndarray) -> np.ndarray:
    """How often each sample [W] went from correct to not, over the epochs [E, W] in which it was met."""
    times, learnt = np.zeros(correct.shape[1], int), np.zeros(correct.shape[1], bool)
    for right, here in zip(correct, met, strict=True):
        times += here & learnt & ~right
        learnt = np.where(here, right, learnt)
    return np.where(correct.any(axis=0), times, NEVER_LEARNT)


def check_cartography(out: Path) -> None:
    """OptionError where training dynamics cannot be written to ``out``, before any work is done."""
    if out.suffix != ".jsonl":
        raise OptionError(f"{out.name!r} has to end in .jsonl.")
    check_writable(out)


def write_cartography(run: Run, out: Path) -> int:
    """Write ``cartography`` as JSON lines to ``out`` (.jsonl) and give the number of rows. OptionError."""
    check_cartography(out)
    if not run.epochs():
        raise OptionError(f"Run {run.id} has no finished epoch yet, so there are no training dynamics.")
    rows = cartography(run).to_dict("records")
    out.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    return len(rows)
