"""Trace: a run's folder as one xarray dataset, the whole analysis API of app and notebook."""

from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
import xarray as xr

from stcore.data.metrics import METRICS
from stcore.runs.rows import ROWS, read
from stcore.runs.spec import RunError, Spec

AGAIN = "bring the file back, or train the run again with --config and its spec.json"


class Record(Protocol):
    """What a trace needs to know of a run."""

    @property
    def path(self) -> Path:
        """The run's folder."""

    @property
    def spec(self) -> Spec:
        """What was asked of it, and of which data."""

    @property
    def id(self) -> str:
        """The folder's name."""

    @property
    def samples(self) -> int:
        """How many samples can be pruned."""

    def epochs(self) -> list[dict[str, Any]]:
        """The epoch events, in order of their epochs."""


def trace(run: Record) -> xr.Dataset:
    """Dims (epoch, sample, sensor), epochs counted from 1.

    Over (epoch, sample): ``score`` (NaN where never scored), ``level`` (the error at which a sample was last met, in
    training spreads), ``kept``, ``weight``; of runs on cells these are means over a window's cells, ``kept`` is a share,
    and ``sensor_kept``, ``sensor_score`` over (epoch, sensor) tell the same of each sensor. Over (epoch, sensor) too:
    ``sensor_error`` in the target's unit, ``importance``, and of a run with a mask whether a sensor is ``active`` and its
    ``mask_score``; over sensor, once finished, ``test_sensor_error``; over epoch: losses, metrics, visits, seconds.
    ``time`` [sample] is the first forecast step of a window, ``start`` its first input step. Large arrays are maps of the
    files, not copies.
    """
    data, epochs = run.spec.data, run.epochs()
    starts = _starts(run)
    count = {"sample": len(starts), "sensor": len(data.sensors)}
    first, lookback = pd.Timestamp(data.first_step), run.spec.lookback
    variables: dict[str, Any] = {
        name: (("epoch", row.dim), _rows(run, name, len(epochs), count[row.dim]))
        for name, row in ROWS.items()
        if row.dim in count and (run.path / "rows" / f"{name}.bin").exists()
    }
    if "kept_share" in variables:
        variables["kept"] = variables.pop("kept_share")
    variables |= {name: ("epoch", column) for name, column in _columns(epochs).items()}
    coords: dict[str, Any] = {
        "epoch": np.array([event["epoch"] + 1 for event in epochs], int),
        "sample": np.arange(len(starts)),
        "sensor": np.array(data.sensors, str),
        "start": ("sample", starts),
        "time": ("sample", times(first, data.step_seconds, starts + lookback)),
    }
    tested = run.path / "rows" / "test_sensor_error.bin"
    if tested.is_file() and tested.stat().st_size == 8 * count["sensor"]:
        variables["test_sensor_error"] = ("sensor", np.fromfile(tested, "<f8"))
    if data.locations:
        places = np.array(data.locations, float)
        coords |= {"lat": ("sensor", places[:, 0]), "lon": ("sensor", places[:, 1])}
    return xr.Dataset(variables, coords, {"run": run.id, "title": data.title})


def _starts(run: Record) -> np.ndarray:
    """First step of each training window [W]. RunError where they are missing or cut."""
    with suppress(OSError):
        starts = np.fromfile(run.path / "starts.bin", "<i8")
        if len(starts) == run.spec.windows.train:
            return starts
    raise RunError(f"Run {run.id} is damaged: its file starts.bin is missing or cut.")


def _rows(run: Record, name: str, epochs: int, length: int) -> np.ndarray:
    """Rows [E, length] of an array. RunError where its file is cut."""
    try:
        return read(run.path / "rows", name, epochs, length)
    except (OSError, ValueError):
        said = f"Run {run.id} is damaged: its file {name}.bin holds fewer than {epochs} epochs"
        raise RunError(f"{said}; {AGAIN}.") from None


def check_rows(seen: xr.Dataset, *names: str) -> None:
    """RunError where a trace lacks rows of these names, which every epoch writes."""
    if missing := [name for name in names if name not in seen]:
        raise RunError(f"Run {seen.attrs['run']} is damaged: its file {missing[0]}.bin is missing; {AGAIN}.")


def table(run: Record) -> pd.DataFrame:
    """One row an epoch, counted from 1: losses, validation metrics, kept and pruned samples, seconds by kind of work.

    ``train_loss`` is the weighted mean over the visited samples, in training spreads, measured while the model still
    learned; ``train_mae`` the same in the unit of ``validation_mae``. ``visits`` are those up to the
    epoch's end; ``best`` marks the best weights so far.
    """
    epochs, spread = run.epochs(), run.spec.scale.std
    frame = pd.DataFrame(_columns(epochs)).drop(columns="kept_count")
    frame.insert(0, "epoch", [event["epoch"] + 1 for event in epochs])
    frame["kept"] = np.array([event["kept"] for event in epochs], int)
    unit = spread[0] if len(spread) == 1 else 1.0
    frame.insert(2, "train_mae", frame["train_loss"] * unit)
    frame["pruned"] = run.samples - frame["kept"]
    frame["visits"] = frame["visits"].astype(int)
    frame["best"] = np.array([event["best"] for event in epochs], bool)
    return frame


def times(first: pd.Timestamp, step_seconds: float, steps: np.ndarray) -> np.ndarray:
    """Instants of steps, given the first step's. RunError where they lie beyond every calendar, as only damage has it."""
    try:
        return (first + pd.to_timedelta(np.asarray(steps) * step_seconds, unit="s")).to_numpy()
    except (OverflowError, ValueError):
        raise RunError(f"A run is damaged: its steps of {step_seconds:g} s lead beyond every calendar.") from None


def _columns(epochs: list[dict[str, Any]]) -> dict[str, np.ndarray]:
    """One number an epoch."""
    table = {
        "train_loss": [event["train_loss"] for event in epochs],
        **{f"validation_{name}": [event["validation"].get(name) for event in epochs] for name in METRICS},
        "visits": [event["visits"] for event in epochs],
        "kept_count": [event["kept"] for event in epochs],
        "learning_rate": [event["learning_rate"] for event in epochs],
        **{
            f"seconds_{kind}": [event["seconds"][kind] for event in epochs]
            for kind in ("train", "score", "select", "evaluate")
        },
        **{
            name: [event["selection"].get(name) for event in epochs]
            for name in ("easy", "threshold", "largest_weight", "effective")
        },
    }
    return {name: np.array(values, float) for name, values in table.items()}


def forecasts(run: Record) -> tuple[np.ndarray, np.ndarray] | None:
    """Start steps [K] and forecasts [K, H, N, C'] (z-scores, float16, a map of the file) of a finished run, or None."""
    path = run.path / "rows"
    if not (path / "forecast.bin").exists():
        return None
    starts = np.fromfile(path / "forecast_start.bin", "<i8")
    shape = (len(starts), run.spec.horizon, len(run.spec.data.sensors), len(run.spec.targets))
    return starts, np.memmap(path / "forecast.bin", "<f2", "r", shape=shape) if len(starts) else np.empty(shape, "<f2")


def forecast(run: Record, start: int) -> np.ndarray | None:
    """The best weights' forecast [H, N, C'] in units of the window that starts at step ``start``; None if not stored."""
    stored = forecasts(run)
    if stored is None:
        return None
    place = np.searchsorted(stored[0], start)
    if place == len(stored[0]) or stored[0][place] != start:
        return None
    scale = run.spec.scale
    return stored[1][place].astype(np.float32) * np.array(scale.std, np.float32) + np.array(scale.mean, np.float32)
