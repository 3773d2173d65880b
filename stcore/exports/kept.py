"""The samples that a run kept and pruned, epoch by epoch, with the times that each of them covers."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from stcore.exports.tables import check_writable
from stcore.options import OptionError
from stcore.runs import Run, RunError
from stcore.runs.trace import times

KEPT_FORMATS = (".csv", ".parquet")


def kept_table(run: Run) -> pd.DataFrame:
    """One row for each epoch and sample: epoch (from 1), sample, first, last, set, share, weight.

    ``first`` and ``last`` are the times of the sample's first input step and last forecast step, on the clock of the file.
    ``set`` is ``kept`` or ``removed``. Where cells were pruned, a row is a window: it is kept if any of its cells was, and
    ``share`` is the share of cells kept; else ``share`` is 1 or 0. ``weight`` is the weight in training, 0 where removed;
    for cells it is the mean over those kept.
    """
    parts = list(kept_by_epoch(run))
    return pd.concat(parts, ignore_index=True) if parts else _rows(run, 0, np.empty(0), np.empty(0), np.empty(0, int))


def kept_by_epoch(run: Run) -> Iterator[pd.DataFrame]:
    """The rows of ``kept_table``, one epoch after another."""
    trace = run.trace()
    if missing := {"kept", "weight"} - set(trace):
        raise RunError(f"Run {run.id} is damaged: its file {missing.pop()}.bin is missing.")
    starts = trace["start"].values
    for row, epoch in enumerate(trace["epoch"].values):
        share = trace["kept"][row].values.astype(np.float32)
        weight = np.where(share > 0, trace["weight"][row].values.astype(np.float32), np.float32(0))
        yield _rows(run, int(epoch), share, weight, starts)


def _rows(run: Run, epoch: int, share: np.ndarray, weight: np.ndarray, starts: np.ndarray) -> pd.DataFrame:
    first, step = pd.Timestamp(run.spec.data.first_step), run.spec.data.step_seconds
    return pd.DataFrame(
        {
            "epoch": np.full(len(starts), epoch),
            "sample": np.arange(len(starts)),
            "first": times(first, step, starts),
            "last": times(first, step, starts + run.spec.lookback + run.spec.horizon - 1),
            "set": np.where(share > 0, "kept", "removed"),
            "share": share,
            "weight": weight,
        }
    )


def check_kept(out: Path) -> None:
    """Raise OptionError, before any work, where kept samples cannot be written to ``out``."""
    if out.suffix not in KEPT_FORMATS:
        raise OptionError(f"{out.name!r} must end in {' or '.join(KEPT_FORMATS)}.")
    check_writable(out)


def write_kept(run: Run, out: Path) -> int:
    """Write ``kept_table`` to ``out`` (.csv or .parquet), an epoch at a time; gives the number of rows. Raises OptionError."""
    check_kept(out)
    if not run.epochs():
        raise OptionError(f"Run {run.id} has no finished epoch yet, so nothing was kept or removed.")
    write: Callable[[Run, Path], int] = _csv if out.suffix == ".csv" else _parquet
    return write(run, out)


def _csv(run: Run, out: Path) -> int:
    rows = 0
    with open(out, "w", encoding="utf-8", newline="") as file:
        for part in kept_by_epoch(run):
            part.to_csv(file, index=False, header=rows == 0)
            rows += len(part)
    return rows


def _parquet(run: Run, out: Path) -> int:
    """One row group for each epoch."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows, writer = 0, None
    try:
        for part in kept_by_epoch(run):
            rows_of_epoch = pa.Table.from_pandas(part, preserve_index=False)
            writer = writer or pq.ParquetWriter(out, rows_of_epoch.schema)
            writer.write_table(rows_of_epoch)
            rows += len(part)
    finally:
        if writer:
            writer.close()
    return rows
