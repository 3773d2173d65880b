"""What a distillation leaves to be looked at: figures and windows of every round, clusters, the nearest real windows."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from stcore.data import STData
from stcore.data.metrics import METRICS
from stcore.data.scale import fit
from stcore.data.windows import cut
from stcore.distil.clusters import SHOWN, Clusters, cluster_means, even_positions
from stcore.runs.folder import Run
from stcore.runs.rows import read
from stcore.runs.spec import RunError

COLUMNS = ("round", "loss", *METRICS, "best", "windows", "seconds")
AGAIN = "bring the file back, or distil again with --config and its spec.json"


class Beside(NamedTuple):
    """The real windows nearest to those that are shown of a set: when each begins on the wall clock (``time`` [S]), its mean
    squared distance ``apart`` [S] over all clusters, and its ``values`` [S, L + H, S] as in ``pictures``."""

    time: np.ndarray
    apart: np.ndarray
    values: np.ndarray


def rounds(run: Run) -> pd.DataFrame:
    """One row a round, counted from 1: the matching ``loss``, metrics of the models trained on the set where the round ended
    in a validation (else NaN), whether the set was the ``best`` so far, its ``windows``, and seconds of work."""
    rows = [
        (
            event["epoch"] + 1,
            event["train_loss"],
            *map(event["validation"].get, METRICS),
            bool(event["best"]),
            event["kept"],
            sum(event["seconds"].values()),
        )
        for event in run.epochs()
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    numbers = dict.fromkeys(("loss", *METRICS, "seconds"), float)
    return frame.astype({**numbers, "round": int, "windows": int, "best": bool})


def length(run: Run) -> int:
    """Steps of a window, L + H."""
    return run.spec.lookback + run.spec.horizon


def pictures(run: Run) -> np.ndarray:
    """[E, 8, L + H, 8] float32 z-scores of the first target: of each round some windows and some clusters, evenly chosen.

    NaN where a set has fewer. RunError where the file is missing or cut.
    """
    epochs, steps = len(run.epochs()), length(run)
    try:
        rows = read(run.path / "rows", "synthetic", epochs, SHOWN * steps * SHOWN)
    except (OSError, ValueError):
        said = (
            f"Distillation {run.id} is damaged: its file synthetic.bin is missing or holds fewer than {epochs} rounds"
        )
        raise RunError(f"{said}; {AGAIN}.") from None
    return np.asarray(rows, np.float32).reshape(epochs, SHOWN, steps, SHOWN)


def clusters(run: Run) -> Clusters | None:
    """The clusters of the best set; None before the end. RunError where the file is damaged."""
    if (run.result or {}).get("status") != "done":
        return None
    sensors = len(run.spec.data.sensors)
    try:
        label = np.fromfile(run.path / "rows" / "cluster.bin", "<i4").astype(np.int64)
    except OSError:
        label = np.empty(0, np.int64)
    # what is no cluster's number must not decide how much is counted
    sound = len(label) == sensors and label.min() >= -1 and label.max() < sensors
    weight = np.bincount(label[label >= 0]) if sound else np.empty(0)
    if not len(weight) or not weight.all():
        raise RunError(
            f"Distillation {run.id} is damaged: its file cluster.bin is missing, cut or no list of clusters; {AGAIN}."
        )
    return Clusters(label, weight.astype(float))


def beside(run: Run, data: STData, small: STData) -> Beside:
    """The real training windows nearest to some of a finished set, by the mean squared distance of all clusters' means of the
    first target. ``data`` are those it was distilled from. RunError where set and clusters do not belong together."""
    options, target = run.spec.options.data, run.spec.target
    groups, steps = clusters(run), length(run)
    if groups is None or len(small.sensors) != groups.count or target not in small.channels:
        raise RunError(f"Distillation {run.id} is damaged: its set and its clusters do not belong together; {AGAIN}.")
    parts, channel = cut(data, options), data.channels.index(target)
    scale = fit(data.values[parts.label == 0][..., [channel]])
    series = cluster_means(scale.apply(data.values[..., [channel]]), groups)[..., 0]
    starts = np.sort(small.ds["start"].values)
    some, these = even_positions(len(starts)), even_positions(groups.count)
    blocks = small.values[starts[some][:, None] + np.arange(steps)][..., [small.channels.index(target)]]
    places, apart = nearest(scale.apply(blocks)[..., 0], series, parts.train.starts)
    found = np.full((SHOWN, steps, SHOWN), np.nan, np.float32)
    begun = parts.train.starts[places]
    found[: len(some), :, : len(these)] = series[begun[:, None] + np.arange(steps)][:, :, these]
    return Beside(data.clock(begun).to_numpy(), apart, found)


def nearest(windows: np.ndarray, series: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each of ``windows`` [M, S, K] the position among ``starts`` [W] of the window of ``series`` [T, K] that is nearest.

    Gives positions [M] and mean squared distances [M] over what both know; a window that shares nothing with any is at
    infinity.
    """
    places, apart = np.zeros(len(windows), np.int64), np.full(len(windows), np.inf)
    for number, window in enumerate(windows):
        total, count = np.zeros(len(starts)), np.zeros(len(starts), np.int64)
        for step, values in enumerate(window):
            squared = np.square(series[starts + step] - values)
            total += np.nansum(squared, axis=1, dtype=np.float64)
            count += np.isfinite(squared).sum(axis=1)
        mean = np.where(count > 0, total / np.maximum(count, 1), np.inf)
        places[number] = mean.argmin()
        apart[number] = mean[places[number]]
    return places, apart
