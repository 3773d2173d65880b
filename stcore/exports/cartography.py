"""Training dynamics in the form of Dataset Cartography, so that its tools and plots can read a regression run.

Swayamdipta et al. 2020, "Dataset Cartography: Mapping and Diagnosing Datasets with Training Dynamics"; the fields are those
of the ``td_metrics.jsonl`` of its published code, which is for classification. The regression versions are ours:

- the probability of the true class becomes p = 1 / (1 + error), with the error of the sample in training stds: 1 for a
  perfect forecast, 1/2 for an error of one std;
- a sample is correct if its error is below the median error of all samples after that epoch;
- an epoch counts for a sample only if the sample was visited in it, since a pruned sample shows nothing new.

``guid`` is the time of the window's first forecast step, ``index`` the sample. ``confidence`` is the mean of p,
``variability`` its standard deviation, ``threshold_closeness`` = confidence (1 - confidence), ``correctness`` the share of
epochs in which it was correct (the original counts epochs, which pruning would distort), ``forgetfulness`` how often it
went from correct to not correct (Toneva et al. 2019), 1000 if it never was correct.
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
    """One row for each sample that was visited at least once; columns as above. In runs on cells, samples are windows."""
    trace = run.trace()
    error = (trace["level"] if "level" in trace else trace["score"]).values.astype(np.float64)  # [E, W]
    visited = met_epochs(trace) & np.isfinite(error)
    frame = dynamics(error, visited)
    frame.insert(0, "guid", [moment.isoformat() for moment in pd.DatetimeIndex(trace["time"].values)])
    frame.insert(1, "index", trace["sample"].values)
    return frame[visited.any(axis=0)].reset_index(drop=True)


def dynamics(error: np.ndarray, visited: np.ndarray) -> pd.DataFrame:
    """The measures of each sample [W] from its ``error`` [E, W], over the epochs in which it was ``visited`` [E, W] bool."""
    count = np.maximum(visited.sum(axis=0), 1)
    chance = np.where(visited, 1 / (1 + np.where(visited, error, 0)), 0)
    confidence = chance.sum(axis=0) / count
    deviation = np.where(visited, chance - confidence, 0)
    median = [np.median(row[np.isfinite(row)]) if np.isfinite(row).any() else np.nan for row in error]
    correct = visited & (error < np.array(median)[:, None])
    return pd.DataFrame(
        {
            "threshold_closeness": confidence * (1 - confidence),
            "confidence": confidence,
            "variability": np.sqrt((deviation**2).sum(axis=0) / count),
            "correctness": correct.sum(axis=0) / count,
            "forgetfulness": forgetfulness(correct, visited),
        }
    )


def forgetfulness(correct: np.ndarray, visited: np.ndarray) -> np.ndarray:
    """How often each sample [W] went from correct to not correct, over the epochs [E, W] in which it was visited."""
    times, learnt = np.zeros(correct.shape[1], int), np.zeros(correct.shape[1], bool)
    for right, here in zip(correct, visited, strict=True):
        times += here & learnt & ~right
        learnt = np.where(here, right, learnt)
    return np.where(correct.any(axis=0), times, NEVER_LEARNT)


def check_cartography(out: Path) -> None:
    """Raise OptionError, before any work, where training dynamics cannot be written to ``out``."""
    if out.suffix != ".jsonl":
        raise OptionError(f"{out.name!r} must end in .jsonl.")
    check_writable(out)


def write_cartography(run: Run, out: Path) -> int:
    """Write ``cartography`` as JSON lines to ``out`` (.jsonl); gives the number of rows. Raises OptionError."""
    check_cartography(out)
    if not run.epochs():
        raise OptionError(f"Run {run.id} has no finished epoch yet, so there are no training dynamics.")
    rows = cartography(run).to_dict("records")
    out.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    return len(rows)
